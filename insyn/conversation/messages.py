"""Messages on their way in and replies on their way out, and what can go wrong between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from insyn.conversation.channels import MAIL
from insyn.conversation.transcript import Message
from insyn.store.models import Conversation, Turn

MAX_BYTES = 8192
NOT_WORDS = "/ \t\n"


class Refused(Exception):
    """The message cannot be taken; `reason` names why and `text` says it in Swedish."""

    def __init__(self, status: int, reason: str, text: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.text = text


@dataclass(frozen=True)
class Reply:
    """What to give back: messages, a new token when the old one has just died, and whether the conversation is erased."""

    messages: list[Message]
    token: str | None = None
    ended: bool = False


class TurnFailed(Exception):
    """An action could not do its work: the message is as it was before it was tried. `error_id` stands in the log."""

    def __init__(self, error_id: str) -> None:
        super().__init__(error_id)
        self.error_id = error_id


@dataclass(frozen=True)
class Writer:
    """Who wrote a mail, as placeholders of the conversation's vault: the address it came from, and a name it was signed with."""

    address: str
    name: str | None = None


@dataclass(frozen=True)
class Heard:
    """A stored message on its way to Rasa."""

    conversation_id: str
    turn_id: str
    for_rasa: str
    dialogue: dict[str, Any]
    epoch: int
    writer: Writer | None = None  # of a mail

    @property
    def metadata(self) -> dict[str, str]:
        """What the actions are told of the turn besides its words."""
        known = {"turn": self.turn_id}
        if self.writer is not None:
            known |= {"channel": MAIL, "address": self.writer.address}
            known |= {"name": self.writer.name} if self.writer.name else {}
        return known

    @classmethod
    def of(cls, conversation: Conversation, turn: Turn, writer: Writer | None = None) -> Heard:
        """What Rasa is to hear of a turn."""
        for_rasa = turn.choice or _no_command(turn.text)
        return cls(conversation.id, turn.id, for_rasa, dict(conversation.dialogue), conversation.token_epoch, writer)

    @property
    def in_english(self) -> bool:
        """Whether the person wrote English so far."""
        return bool(self.dialogue.get("english"))


def _no_command(text: str) -> str:
    """What a person wrote, without the form that Rasa would take for an intent of the gateway's (`/intent{...}`)."""
    if not text.lstrip().startswith("/"):
        return text
    words = text.lstrip(NOT_WORDS)
    return words.partition("{")[0].strip() or words
