"""Deciding what happens to a mail: a sequence of named decisions that ends in answered, ignored or human.

`insyn.mail.deciding.sequence.decide(mail: ReadMail, context: Context) -> Decision` is the way in.
"""

from insyn.mail.deciding.decision import Context, Decision, Holding, Kind, Reading

__all__ = ["Context", "Decision", "Holding", "Kind", "Reading"]
