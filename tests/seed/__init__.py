"""A store full of invented cases and conversations, for looking at and measuring lists."""
