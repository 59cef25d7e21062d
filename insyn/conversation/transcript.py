"""Turns as rows and as messages: what is stored of a conversation, and what the person sees of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from insyn.conversation.channels import CHAT
from insyn.policy.answers import AnswerBook
from insyn.privacy.vault import Vault
from insyn.store.models import Conversation, Turn

Message = dict[str, Any]

PARENTS = {"out_of_scope": "out_of_scope", "handover": "handover.human", "own_data": "assistant.privacy"}


def public_topic(intent: str) -> str:
    """The topic id that a (sub-)intent is reported under."""
    return PARENTS.get(intent.split(".")[0], intent)


@dataclass(frozen=True)
class Transcript:
    """Writes and reads the turns of conversations."""

    book: AnswerBook
    vault: Vault
    policy_url: str

    def said(
        self, conversation_id: str, text: str, data: dict[str, Any], *, at: datetime, answers: str | None,
        english: bool, status: str = "said", channel: str = CHAT,
    ) -> Turn:  # fmt: skip
        """A row for something Insyn says; `data` is what an action attached (topic, sources, choices, case, expects)."""
        turn_id = str(uuid.uuid4())
        choices = [
            {
                "id": f"{turn_id}.{number}",
                "title": choice["title"],
                "payload": choice["payload"],
                "topic": public_topic(choice["topic"]) if choice.get("topic") else None,
            }
            for number, choice in enumerate(data.get("choices") or [])
        ]
        if english and data.get("english"):
            text = f"{data['english']}\n\nPå svenska: {text}"
        content = {
            "sources": data.get("sources"),
            "basis": data.get("basis"),
            "choices": choices,
            "case": data.get("case"),
            "files": data.get("files"),
            "ends": data.get("ends"),
        }
        return Turn(
            id=turn_id,
            conversation_id=conversation_id,
            author="insyn",
            channel=channel,
            at=at,
            text=text,
            answers_id=answers,
            status=status,
            expects=data.get("expects"),
            topic=public_topic(data["topic"]) if data.get("topic") else None,
            content={key: value for key, value in content.items() if value},
        )

    def message(self, session: Session, conversation: Conversation, turn: Turn) -> Message:
        """A turn as the person sees it, with the person's own values in place."""
        content = turn.content or {}
        message: Message = {
            "id": turn.id,
            "text": self.vault.reveal(session, conversation, turn.text),
            "sources": [self._source(each) for each in content.get("sources") or []],
            "choices": [
                {key: choice[key] for key in ("id", "title", "topic") if choice.get(key)}
                for choice in content.get("choices") or []
            ],
        }
        if content.get("basis"):
            message["sources"].append(
                {
                    "section": "law",
                    "title": content["basis"],
                    "url": "https://eur-lex.europa.eu/eli/reg/2016/679/oj/swe",
                }
            )
        optional = {
            "topic": turn.topic,
            "case": content.get("case"),
            "files": content.get("files"),
            "ended": content.get("ends"),
            "expects": turn.expects,
            "feedback": turn.feedback,
        }
        message.update({key: value for key, value in optional.items() if value})
        return message

    def entries(self, session: Session, conversation: Conversation, turns: Sequence[Turn]) -> list[Message]:
        """A whole transcript for the person: each message with its author and time."""
        return [
            {**self.message(session, conversation, turn), "author": turn.author, "at": turn.at.isoformat()}
            for turn in turns
        ]

    def turns(self, session: Session, conversation_id: str, *, after: int = 0) -> Sequence[Turn]:
        """The turns of a conversation in order, from after a sequence number."""
        return session.scalars(
            select(Turn).where(Turn.conversation_id == conversation_id, Turn.seq > after).order_by(Turn.seq)
        ).all()

    def _source(self, section_id: str) -> dict[str, str]:
        section = self.book.sections[section_id]
        return {"section": section.id, "title": section.title, "url": f"{self.policy_url}#{section.anchor}"}
