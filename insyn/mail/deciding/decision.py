"""The outcome of deciding, and what a decision rests on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Kind = Literal["answered", "ignored", "human"]


class Holding(StrEnum):
    """Which kind reply is due while a human takes over; `NONE` where an automatic word could start a loop."""

    NONE = ""
    GENERAL = "general"
    REPRESENTATIVE = "representative"  # agents, guardians, minors' parents, estates
    PROTECTED = "protected"
    DISTRESS = "distress"
    LAWYER = "lawyer"
    AUTHORITY = "authority"
    PRESS = "press"
    UNREADABLE = "unreadable"  # encrypted, or only attachments


@dataclass(frozen=True)
class Reading:
    """How a part of the new text was understood by Rasa's model.

    `plainly` tells that it stands outside of any sentence worded like an automatic reply.
    """

    intent: str
    confidence: float
    plainly: bool = True


@dataclass(frozen=True)
class Context:
    """What a decision needs to know besides the mail.

    `readings` are the accepted readings of the mail's text, one for each thing found in it; empty as long as the text
    has not been given to Rasa, which `needs_understanding` says whether to do.
    """

    own_addresses: frozenset[str]  # lower case; every address Insyn or its organisation answers from
    envelope_sender: str | None = None  # MAIL FROM; "" is the null sender, None is not known
    automatic_replies: int = 0  # sent to this sender in the last 24 hours
    max_automatic_replies: int = 3
    known_thread: bool = False  # answers a mail of ours
    already_seen: bool = False  # a mail with this Message-ID and sender has been taken in
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True)
class Decision:
    """What happens to a mail. `name` is a stable identifier, `reason` a Swedish sentence for the staff who see it.

    `reply_to` is the only address an automatic reply may go to, or None when none may be sent. `unreachable` lists the
    addresses a bounce reports as gone. `evidence` is what a human may want to know besides, as stable identifiers.

    That a mail goes to a human takes nothing from a request read in it: its case is opened and its clock runs.
    """

    kind: Kind
    name: str
    reason: str
    reply_to: str | None = None
    holding: Holding = Holding.NONE
    unreachable: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
