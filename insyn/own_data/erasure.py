"""Erasing what Insyn holds about a person, at once: all but what must be kept, which is named with its reason.

GDPR art. 17(1) and 17(3) b and e; `legal.md`: the facts of the procedure are kept, not the matter.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.cases.casebook import Casebook
from insyn.cases.shredding import shred_case, shred_mail
from insyn.clock import Clock, swedish_date, written_date
from insyn.own_data.holdings import is_theirs, mails_of, verified_conversation
from insyn.privacy.incoming import shred_incoming
from insyn.privacy.keys import DataKeyring
from insyn.privacy.traces import leave_no_trace
from insyn.requests.desk import Here
from insyn.store.engine import Store
from insyn.store.mail_tables import IncomingMail
from insyn.store.models import AddressFailure, Case, Challenge, Conversation

OPEN = "Ärendet pågår, och utan uppgifterna kan vi inte svara dig. Du kan ta tillbaka det först, så kan det raderas."
OPEN_REPORT = "Rapporten utreds, och det måste kunna visas hur den hanterades (dataskyddsförordningen, artikel 33)."
HELD = "Uppgifterna behövs för ett rättsligt anspråk (dataskyddsförordningen, artikel 17.3 e)."
PROCEDURE = (
    "Ärendets innehåll är raderat. Nummer, slag, datum och utfall finns kvar utan koppling till din adress, "
    "så att vi kan visa att begäran hanterades (dataskyddsförordningen, artikel 5.2)."
)
SOMEONE_ELSES = "Din adress angavs, men ingen har visat att det var du. Det kan vara någon annans begäran."
CODES = (
    "Spår av engångskoder finns kvar i ett dygn, som skydd mot att någon gissar sig in. De raderas sedan av sig själva."
)
LOG = (
    "Granskningsloggen innehåller inga personuppgifter i klartext, bara slumpade nummer och tidpunkter. "
    "Den visar bland annat att raderingen gjordes (artikel 5.2)."
)
MAIL_WAITS = (
    "En människa ska läsa det och svara dig. Innehållet raderas när det är gjort och tiden för rättelse har gått."
)
TALK = "Den raderas så snart du har läst svaret, senast efter ett dygn."


@dataclass(frozen=True)
class Kept:
    """Something that was not erased, and why. In Swedish."""

    what: str
    reason: str


@dataclass(frozen=True)
class Erased:
    """What came of it."""

    conversations: int
    cases: int
    mails: int
    kept: tuple[Kept, ...]

    def text(self) -> str:
        """In Swedish, for the person."""
        talks = "1 konversation" if self.conversations == 1 else f"{self.conversations} konversationer"
        cases = "1 ärende" if self.cases == 1 else f"{self.cases} ärenden"
        content = f"{cases} och {self.mails} mejl" if self.mails else cases
        lines = [
            f"Nu är {talks} och innehållet i {content} raderade. De kan inte återskapas.",
            "",
            "Det här finns kvar:",
        ]
        return "\n".join([*lines, *(f"- {each.what}: {each.reason}" for each in self.kept)])


class Erasure:
    """Erases what is held about a mailbox's owner."""

    def __init__(self, store: Store, audit: AuditLog, clock: Clock) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock

    def erase(self, here: Here, *, spare_here: bool = False) -> Erased:
        """Erases all that need not be kept. Raises `NotVerified`.

        `spare_here` leaves the conversation it is asked in for the moment, so that the answer can be given in it;
        whoever asks so erases it afterwards (`Gateway.erase`).
        """
        with self._store.write() as session:
            conversation = verified_conversation(session, here, self._clock())
            index = conversation.verified_index or b""
            conversations = session.scalars(
                select(Conversation).where(Conversation.verified_index == index).with_for_update(key_share=True)
            ).all()
            cases = session.scalars(
                select(Case)
                .where(Case.address_index == index)
                .order_by(Case.received_at, Case.position)
                .with_for_update()  # a handler may be deciding one
                .execution_options(populate_existing=True)
            ).all()
            kept: list[Kept] = []
            mine = {each.id for each in conversations}
            shredded = [case for case in cases if self._shred(session, case, mine, kept)]
            held = {each.id for each in conversations if each.on_hold}
            mails = [
                mail for mail in mails_of(session, index, mine) if self._shred_mail(session, mail, mine, held, kept)
            ]
            spared = here.conversation_id if spare_here else None
            gone = [each for each in conversations if self._remove(session, each, spared, kept)]
            if self._counted(session, index):
                kept.append(Kept("Engångskoder", CODES))
            kept.append(Kept("Granskningsloggen", LOG))
            self._audit.append(
                session, "own_data.erased", here.conversation_id, conversations=len(gone), cases=len(shredded), mails=len(mails),
                kept=len(kept),
            )  # fmt: skip
            erased = Erased(len(gone), len(shredded), len(mails), tuple(kept))
        leave_no_trace(self._store)
        return erased

    def is_held(self, here: Here) -> bool:
        """Whether the conversation is on hold, so that it is not erased."""
        with self._store.read() as session:
            conversation = session.get(Conversation, here.conversation_id)
            return conversation is not None and conversation.on_hold

    def _shred(self, session: Session, case: Case, mine: set[str], kept: list[Kept]) -> bool:
        reason = _reason_to_keep(case, mine)
        kept.append(Kept(f"Ärende {case.reference}", reason or PROCEDURE))
        if reason is not None:
            return False
        shred_case(session, case, self._clock())
        self._audit.append(session, "case.shredded", case.id, by="person")
        return True

    @staticmethod
    def _shred_mail(session: Session, mail: IncomingMail, mine: set[str], held: set[str], kept: list[Kept]) -> bool:
        if mail.sealed_raw is None:
            return False
        case = session.get(Case, mail.case_id) if mail.case_id else None
        day = written_date(swedish_date(mail.received_at))
        reason = _reason_to_keep_mail(mail, case, held)
        if reason is not None:
            kept.append(Kept(f"Mejlet från dig den {day}", reason))
            return False
        if mail.conversation_id not in mine and session.get(Conversation, mail.conversation_id or "") is not None:
            kept.append(Kept(f"Samtalet som började med ett mejl från din adress den {day}", SOMEONE_ELSES))
        shred_incoming(session, IncomingMail.id == mail.id)
        return True

    def _remove(self, session: Session, conversation: Conversation, spared: str | None, kept: list[Kept]) -> bool:
        if conversation.on_hold:
            kept.append(Kept("En konversation", HELD))
            return False
        if conversation.id == spared:
            kept.append(Kept("Den här konversationen", TALK))
            return False
        shred_mail(session, conversation.data_key_id)
        DataKeyring.shred(session, conversation.data_key_id)
        session.delete(conversation)
        self._audit.append(session, "conversation.erased", conversation.id, by="person")
        return True

    @staticmethod
    def _counted(session: Session, index: bytes) -> bool:
        """Whether codes or failures of the address are still counted against guessing."""
        return any(
            session.scalar(select(func.count()).select_from(table).where(table.address_index == index))
            for table in (Challenge, AddressFailure)
        )


def _reason_to_keep(case: Case, mine: set[str]) -> str | None:
    if case.on_hold:
        return HELD
    if not is_theirs(case, mine):
        return SOMEONE_ELSES
    if Casebook.is_closed(case):
        return None
    return OPEN_REPORT if case.kind == "report.incident" else OPEN


def _reason_to_keep_mail(mail: IncomingMail, case: Case | None, held: set[str]) -> str | None:
    if mail.conversation_id in held or (case is not None and case.on_hold):
        return HELD
    if mail.status not in ("human", "quarantined") or mail.settled_at is not None:
        return None
    return None if case is not None and Casebook.is_closed(case) else MAIL_WAITS
