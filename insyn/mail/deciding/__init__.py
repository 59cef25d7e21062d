"""Deciding what happens to a mail: a sequence of named decisions that ends in answered, ignored or human."""

from insyn.mail.deciding.decision import Context, Decision, Holding, Kind, Reading
from insyn.mail.deciding.sequence import decide, needs_understanding

__all__ = ["Context", "Decision", "Holding", "Kind", "Reading", "decide", "needs_understanding"]
