"""Swedish understanding and the gateway channel, run inside Rasa."""
