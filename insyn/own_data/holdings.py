"""Everything Insyn holds about whoever can read a mailbox: for the person, at once, without anyone else (GDPR art. 15, 20).

A person is known by the mailbox they have shown that they reach. What someone wrote elsewhere and only said belonged to
that address is theirs, not the mailbox's: of that only the facts are told that letters to the address tell as well.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.audit.story import story
from insyn.cases.casebook import Casebook
from insyn.cases.kinds import KINDS
from insyn.cases.transitions import NAMES, State
from insyn.clock import STOCKHOLM, Clock, swedish_date, written_date
from insyn.conversation.transcript import Transcript
from insyn.identity.address import EmailAddress
from insyn.identity.levels import LEVEL
from insyn.mail.inbox import Inbox
from insyn.mail.reading import read
from insyn.own_data.wording import Wording
from insyn.privacy.keys import BlindIndex
from insyn.privacy.retention import ABOUT_STAFF, Period
from insyn.privacy.vault import Vault
from insyn.requests.desk import Here
from insyn.store.engine import Store
from insyn.store.mail_tables import IncomingMail
from insyn.store.models import (
    AddressFailure,
    AuditRow,
    Case,
    Challenge,
    Conversation,
    Delivery,
    DeliveryFile,
    OutgoingMail,
    Turn,
    VaultValue,
)
from insyn.store.review_tables import ConversationMark, Correction

PROOF_LASTS = timedelta(hours=1)

Holdings = dict[str, Any]

NOT_SHOWN_TO_BE_YOURS = (
    "Ingen har visat att det var du som skrev detta, bara att din adress angavs. Därför visas inte innehållet."
)
NOTES_WITHHELD = (
    "Handläggarnas interna anteckningar lämnas inte ut automatiskt, eftersom de kan röra andra. "
    "Vill du ha dem, begär en kopia av dina uppgifter, så prövar en människa det."
)
MAIL_UNREAD = "Mejlet gick inte att läsa maskinellt, så innehållet visas inte här. En människa läser det."
MAIL_CONTENT_GONE = "Mejlets innehåll är raderat. Kvar finns bara att det kom och hur det slutade."
MAIL_IN_PART = (
    "Bilagor och det som var citerat ur andra mejl visas inte här, eftersom det kan röra andra. "
    "Vill du ha det, begär en kopia av dina uppgifter, så prövar en människa det."
)

_MARKS = {"reviewed": "granskat", "flagged": "flaggat"}
_PURPOSES = {
    "confirm-request": "att bekräfta en begäran",
    "delivery": "att hämta filer",
    "own-data": "att se eller radera det Insyn har om dig",
}
_MAIL_STATES = {
    "received": "har kommit in",
    "decided": "behandlas",
    "answered": "besvarat",
    "ignored": "behövde inget svar",
    "human": "läses av en människa",
    "quarantined": "satt åt sidan för en människa att läsa",
}
MAIL_SETTLED = "en människa har tagit hand om det"
_AUTHORS = {"person": "Du", "insyn": "Insyn", "staff": "En handläggare"}
_DETAILS = {
    "words": "Det du skrev",
    "relation": "Koppling till Kontek",
    "concerns": "Vad det gäller",
    "name": "Namn",
    "address": "E-postadress",
    "referred": "Hänvisning",
    "note": "Anmärkning",
}


class NotVerified(Exception):
    """The conversation has not lately shown that it reaches a mailbox."""


class OwnData:
    """Collects what is held about a mailbox's owner."""

    def __init__(
        self,
        store: Store,
        index: BlindIndex,
        casebook: Casebook,
        inbox: Inbox,
        vault: Vault,
        transcript: Transcript,
        audit: AuditLog,
        clock: Clock,
        periods: dict[str, Period],
        wording: Wording,
    ) -> None:
        self._store = store
        self._index = index
        self._casebook = casebook
        self._inbox = inbox
        self._vault = vault
        self._transcript = transcript
        self._audit = audit
        self._clock = clock
        self._periods = periods
        self._wording = wording

    def collect(self, here: Here) -> Holdings:
        """All that is held, as JSON-ready data; that it was given is logged. Raises `NotVerified`."""
        with self._store.write() as session:
            conversation = verified_conversation(session, here, self._clock())
            address = self._address(session, conversation)
            holdings = self.of_address(session, conversation.verified_index or b"", address)
            self._audit.append(
                session, "own_data.given", conversation.id,
                conversations=len(holdings["conversations"]), cases=len(holdings["cases"]),
            )  # fmt: skip
            return holdings

    def of_address(self, session: Session, address_index: bytes, address: str) -> Holdings:
        """All that is held under a blind index, as part of the caller's transaction, which answers for whose it is."""
        conversations = session.scalars(
            select(Conversation).where(Conversation.verified_index == address_index).order_by(Conversation.created_at)
        ).all()
        cases = session.scalars(
            select(Case).where(Case.address_index == address_index).order_by(Case.received_at, Case.position)
        ).all()
        mine = {conversation.id for conversation in conversations}
        return {
            "about": address,
            "made": self._moment(self._clock()),
            "processing": self._processing(),
            "conversations": [self._conversation(session, each) for each in conversations],
            "cases": [self._case(session, case) if is_theirs(case, mine) else self._outline(case) for case in cases],
            "mails": [self._received(session, mail, mine) for mail in mails_of(session, address_index, mine)],
            "letters": self._mails(session, conversations, cases),
            "codes": self._codes(session, address_index),
        }

    # -- parts

    def _processing(self) -> dict[str, Any]:
        """What art. 15(1) a-h wants told beside the data themselves."""
        return {
            "controller": "Kontek, dpo@kontek.se",
            "purposes": "Att svara på frågor om personuppgifter, ta emot och handlägga begäranden, och kunna visa hur det gick till.",
            "legal_basis": "Rättslig förpliktelse (dataskyddsförordningen, artikel 6.1 c) och för frågor berättigat intresse (artikel 6.1 f).",
            "categories": "Det du skriver, e-postadress, namn och andra uppgifter du lämnar, ärenden med brev, och tidpunkter.",
            "recipients": "Handläggare hos Kontek och de som sköter driften på Konteks uppdrag. Ingen annan.",
            "source": "Du själv, genom chatten eller e-post.",
            "automated_decisions": "Inga. En människa avgör alla begäranden.",
            "retention": [
                {"what": each.name, "period": each.written(), "from": each.since, "reason": each.reason}
                for each in self._periods.values()
                if each.kind not in ABOUT_STAFF
            ],
            "rights": "Du kan begära rättelse, radering, begränsning och dataportabilitet och invända. Skriv till Insyn eller dpo@kontek.se.",
            "complaint": "Du kan klaga hos Integritetsskyddsmyndigheten, IMY (imy.se).",
        }

    def _conversation(self, session: Session, conversation: Conversation) -> dict[str, Any]:
        turns = self._transcript.turns(session, conversation.id)
        values = session.scalars(
            select(VaultValue).where(VaultValue.conversation_id == conversation.id).order_by(VaultValue.id)
        ).all()
        slots = {name: value for name, value in (conversation.dialogue.get("slots") or {}).items() if value is not None}
        return {
            "channel": conversation.channel,
            "began": self._moment(conversation.created_at),
            "last_activity": self._moment(conversation.last_activity_at),
            "mailbox_shown": self._moment(conversation.verified_at),
            "kept_until": _kept_until(conversation, self._periods["verified_chats"]),
            "messages": [
                {
                    "at": self._moment(turn.at),
                    "author": _AUTHORS.get(turn.author, turn.author),
                    "text": self._vault.reveal(session, conversation, turn.text),
                    "understood_as": self._wording.topic(turn.topic) if turn.topic else None,
                    "confidence": turn.confidence,
                    "feedback": turn.feedback,
                }
                for turn in turns
            ],
            "values": [
                {"kind": row.placeholder.strip("⟨⟩").rpartition(" ")[0], "value": self._vault.value(session, conversation, row.placeholder)}
                for row in values
                if not row.placeholder.startswith("⟨kod ")  # of a code there is only a fingerprint
            ],
            "state": {
                self._wording.slot(name): self._vault.reveal(session, conversation, self._wording.value(name, value))
                for name, value in slots.items()
            },
            "review": self._review(session, conversation.id),
            "log": self._conversation_log(session, conversation.id),
        }  # fmt: skip

    def _review(self, session: Session, conversation_id: str) -> list[dict[str, Any]]:
        """What the staff have noted about a conversation to make the answers better."""
        marks = session.scalars(
            select(ConversationMark)
            .where(ConversationMark.conversation_id == conversation_id)
            .order_by(ConversationMark.at, ConversationMark.mark)
        )
        corrections = session.execute(
            select(Correction.at, Correction.intent, Correction.text)
            .join(Turn, Turn.seq == Correction.turn_seq)
            .where(Turn.conversation_id == conversation_id)
            .order_by(Correction.turn_seq)
        )
        noted = [
            {"at": self._moment(row.at), "text": f"Markerat: {_MARKS.get(row.mark, row.mark.partition(':')[2])}."}
            for row in marks
        ]
        return noted + [
            {
                "at": self._moment(at),
                "text": f"Ett meddelande borde ha lästs som ”{self._wording.topic(intent)}”: ”{text}”.",
            }
            for at, intent, text in corrections
        ]

    def _conversation_log(self, session: Session, conversation_id: str) -> list[dict[str, Any]]:
        rows = session.scalars(select(AuditRow).where(AuditRow.subject == conversation_id).order_by(AuditRow.seq))
        return [
            {
                "at": self._moment(row.at),
                "text": self._wording.event(row.event),
            }
            for row in rows
        ]

    def _outline(self, case: Case) -> dict[str, Any]:
        nothing: Holdings = {"details": {}, "letters": [], "reminders": [], "files": [], "log": []}
        return {**self._facts(case), **nothing, "withheld": NOT_SHOWN_TO_BE_YOURS}

    def _facts(self, case: Case) -> dict[str, Any]:
        return {
            "reference": case.reference,
            "kind": case.kind,
            "name": KINDS[case.kind].name,
            "status": NAMES[State(case.state)],
            "channel": case.channel,
            "received": written_date(swedish_date(case.received_at)),
            "due": written_date(case.due_on) if case.due_on else None,
            "closed": written_date(swedish_date(case.closed_at)) if case.closed_at else None,
            "proof": LEVEL[Casebook.proof_of(case)].name,
        }

    def _case(self, session: Session, case: Case) -> dict[str, Any]:
        notes = self._casebook.notes(session, case)
        return {
            **self._facts(case),
            "details": {
                _DETAILS.get(field, field): self._wording.relation(value) if field == "relation" else value
                for field, value in self._casebook.details(session, case).items()
            },
            "letters": [{"at": self._moment(note.at), "text": note.text} for note in notes if note.kind == "letter"],
            "reminders": [
                {"at": self._moment(note.at), "text": note.text} for note in notes if note.kind == "reminder"
            ],
            "files": self._files(session, case),
            "log": [
                {"at": self._moment(sentence.at), "text": sentence.text}
                for sentence in story(session, case.id, name_of=lambda _: "en handläggare")
            ],
            "withheld": NOTES_WITHHELD if any(note.kind not in ("letter", "reminder") for note in notes) else None,
        }

    def _files(self, session: Session, case: Case) -> list[dict[str, Any]]:
        rows = session.execute(
            select(DeliveryFile.size, DeliveryFile.fetches, Delivery.created_at, Delivery.expires_at)
            .join(Delivery, DeliveryFile.delivery_id == Delivery.id)
            .where(DeliveryFile.case_id == case.id)
            .order_by(Delivery.created_at)
        )
        return [
            {
                "size": size,
                "fetches": fetches,
                "sent": self._moment(sent),
                "can_be_fetched_until": self._moment(until),
            }
            for size, fetches, sent, until in rows
        ]

    def _received(self, session: Session, mail: IncomingMail, mine: set[str]) -> dict[str, Any]:
        """A mail that came from the address: its words where the mailbox is shown to be whose mail it is."""
        told: Holdings = {
            "received": self._moment(mail.received_at),
            "status": MAIL_SETTLED if mail.settled_at else _MAIL_STATES[mail.status],
            "answered": self._moment(mail.replied_at),
            "size": mail.size,
            "subject": None,
            "text": None,
            "attachments": [],
        }
        if mail.conversation_id not in mine:
            return {**told, "withheld": NOT_SHOWN_TO_BE_YOURS}
        raw = self._inbox.raw(session, mail)
        if raw is None:
            return {**told, "withheld": MAIL_CONTENT_GONE}
        if mail.status == "quarantined":
            return {**told, "withheld": MAIL_UNREAD}
        content = read(raw)
        return {
            **told,
            "subject": content.subject,
            "text": content.new_text,
            "attachments": [each.media_type for each in content.attachments],
            "withheld": MAIL_IN_PART if content.attachments or content.quoted else None,
        }

    def _mails(
        self, session: Session, conversations: Sequence[Conversation], cases: Sequence[Case]
    ) -> list[dict[str, Any]]:
        """When mail went out; the words of letters stand with their cases."""
        keys = [each.data_key_id for each in conversations] + [each.data_key_id for each in cases]
        rows = session.scalars(
            select(OutgoingMail).where(OutgoingMail.data_key_id.in_(keys)).order_by(OutgoingMail.created_at)
        )
        return [
            {"kind": row.kind, "status": row.status, "queued": self._moment(row.created_at), "sent": self._moment(row.sent_at)}
            for row in rows
            if row.kind != "alarm"  # to the staff
        ]  # fmt: skip

    def _codes(self, session: Session, address_index: bytes) -> list[dict[str, Any]]:
        codes = session.scalars(
            select(Challenge).where(Challenge.address_index == address_index).order_by(Challenge.created_at)
        )
        failures = session.scalars(
            select(AddressFailure.at).where(AddressFailure.address_index == address_index).order_by(AddressFailure.at)
        )
        sent = [
            {"at": self._moment(code.created_at), "text": f"En kod skickades för {_purpose(code.purpose)}."}
            for code in codes
        ]
        return sent + [{"at": self._moment(at), "text": "En fel kod skrevs in för adressen."} for at in failures]

    def _address(self, session: Session, conversation: Conversation) -> str:
        values = session.scalars(
            select(VaultValue.placeholder).where(
                VaultValue.conversation_id == conversation.id, VaultValue.placeholder.like("⟨e-post %")
            )
        )
        for placeholder in values:
            text = self._vault.value(session, conversation, placeholder) or ""
            canonical = EmailAddress.parse(text).canonical
            if conversation.verified_index in self._index.candidates("address", canonical):
                return text
        return ""

    @staticmethod
    def _moment(moment: datetime | None) -> str | None:
        return moment.astimezone(STOCKHOLM).isoformat(timespec="seconds") if moment else None


def verified_conversation(session: Session, here: Here, now: datetime) -> Conversation:
    """The conversation, when it has shown within the hour that it reaches its mailbox. Raises `NotVerified`."""
    conversation = session.get(Conversation, here.conversation_id)
    if (
        conversation is None
        or conversation.verified_index is None
        or conversation.verified_at is None
        or now - conversation.verified_at > PROOF_LASTS
    ):
        raise NotVerified
    return conversation


def mails_of(session: Session, address_index: bytes, conversation_ids: set[str]) -> Sequence[IncomingMail]:
    """The mails that came from an address or into its owner's conversations, oldest first."""
    return session.scalars(
        select(IncomingMail)
        .where(or_(IncomingMail.address_index == address_index, IncomingMail.conversation_id.in_(conversation_ids)))
        .order_by(IncomingMail.received_at, IncomingMail.id)
    ).all()


def is_theirs(case: Case, conversation_ids: set[str]) -> bool:
    """Whether a case under an address was opened by whoever reaches its mailbox."""
    shown = Casebook.is_proved(case)
    return shown or case.conversation_id in conversation_ids


def as_json(holdings: Holdings) -> str:
    """The holdings as a JSON file: structured, machine-readable, with Swedish letters as they are (GDPR art. 20(1))."""
    return json.dumps(holdings, ensure_ascii=False, indent=2) + "\n"


def _kept_until(conversation: Conversation, period: Period) -> str:
    if conversation.on_hold:
        return "tills vidare, för ett rättsligt anspråk"
    if conversation.ends_at is not None:
        return written_date(swedish_date(conversation.ends_at))
    return written_date(swedish_date(conversation.last_activity_at + period.length))


def _purpose(purpose: str) -> str:
    return _PURPOSES.get(purpose.partition(":")[0], "att se ett ärende")
