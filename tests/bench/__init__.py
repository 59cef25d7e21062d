"""`make bench`: how fast and how large Insyn is, beside Rasa as `rasa init` configures it."""
