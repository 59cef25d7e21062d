"""The understanding as it runs: Rasa with the trained model."""

from tests.fixtures.running import system

__all__ = ["system"]
