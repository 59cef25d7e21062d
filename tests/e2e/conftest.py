"""End to end: people who write over HTTP to service and Rasa with the trained model."""

from tests.fixtures.running import address, chat, filed

__all__ = ["address", "chat", "filed"]
