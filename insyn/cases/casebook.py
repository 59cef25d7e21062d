"""The casebook: opening cases and moving them along the table, each step audited in the same transaction."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog, Value
from insyn.cases.deadline import due_for
from insyn.cases.kinds import KINDS, Kind, Proof, enough
from insyn.cases.reference import new_reference
from insyn.cases.transitions import CLOSED, Event, State, after
from insyn.clock import Clock
from insyn.identity.address import EmailAddress
from insyn.privacy.keys import BlindIndex, DataKeyring, seal, unseal
from insyn.store.models import Case

Details = dict[str, Any]


class ProofMissing(Exception):
    """The case cannot be acted on: the proof its right needs has not been shown."""


class Casebook:
    """All writes to cases go through here. Each call is part of the caller's transaction."""

    def __init__(self, keyring: DataKeyring, index: BlindIndex, audit: AuditLog, clock: Clock) -> None:
        self._keyring = keyring
        self._index = index
        self._audit = audit
        self._clock = clock

    def open(
        self,
        session: Session,
        kind_id: str,
        *,
        opening_key: str,
        received_at: datetime,
        channel: str,
        conversation_id: str | None,
        group_id: str,
        position: int = 0,
        details: Details | None = None,
        urgent: bool = False,
    ) -> Case:
        """A new case whose clock runs from `received_at`; the same `opening_key` gives the same case again."""
        known = session.scalar(select(Case).where(Case.opening_key == opening_key))
        if known is not None:
            return known
        kind = KINDS[kind_id]
        now = self._clock()
        case = Case(
            id=str(uuid.uuid4()),
            reference=new_reference(),
            kind=kind.id,
            state=State.RECEIVED if kind.is_right else State.OPEN,
            channel=channel,
            conversation_id=conversation_id,
            group_id=group_id,
            position=position,
            opening_key=opening_key,
            received_at=received_at,
            due_on=due_for(received_at).due if kind.is_right else None,
            urgent=urgent,
            proof="none",
            data_key_id=self._keyring.create(session, now),
            sealed=b"",
            created_at=now,
            changed_at=now,
        )
        self._seal(session, case, details or {})
        session.add(case)
        session.flush()
        self._audit.append(
            session, "case.received", case.id, kind=kind.id, state=case.state, channel=channel,
            received=received_at.isoformat(), due=case.due_on.isoformat() if case.due_on else None,
        )  # fmt: skip
        return case

    def give_address(self, session: Session, case: Case, address: EmailAddress) -> None:
        """Records where the person can be reached; a case that had none is from now on awaiting verification."""
        state = State(case.state)
        if KINDS[case.kind].is_right and state in (State.RECEIVED, State.AWAITING_VERIFICATION):
            case.state = after(state, Event.ADDRESS_GIVEN)
        self._change_details(session, case, {"address": str(address)})
        case.address_index = self.address_index(address)
        case.proof, case.proved_at = "address", None  # what was proved was proved of the address before
        self._log(session, case, "case.address_given")

    def add_details(self, session: Session, case: Case, **details: str) -> None:
        """Adds facts to a case; the log says which, not what."""
        self._change_details(session, case, details)
        self._log(session, case, "case.details_added", fields=",".join(sorted(details)))

    def mailbox_proved(self, session: Session, case: Case, at: datetime) -> None:
        """Records that a one-time code from the case's mailbox was given back (evidence of control, nothing more)."""
        case.proof, case.proved_at = "mailbox", at
        self._log(session, case, "case.mailbox_proved", proof="e-postkontroll")

    def confirm(self, session: Session, case: Case) -> None:
        """The person stands by the request: it is opened for work. Raises `ProofMissing`, `ForbiddenTransition`."""
        if not enough(KINDS[case.kind], self.proof_of(case)):
            raise ProofMissing(case.kind)
        self.move(session, case, Event.CONFIRMED)

    def move(self, session: Session, case: Case, event: Event, **data: Value) -> None:
        """Takes one step of the table. Raises `ForbiddenTransition`."""
        before = case.state
        case.state = after(State(before), event)
        self._log(session, case, f"case.{event}", before=before, **data)

    def details(self, session: Session, case: Case) -> Details:
        """What is known of the case. Raises `Shredded`."""
        key = self._keyring.open(session, case.data_key_id)
        plain: Details = json.loads(unseal(key, case.sealed, f"case/{case.id}"))
        return plain

    def by_reference(self, session: Session, reference: str) -> Case | None:
        """The case with this reference in its standard form."""
        return session.scalar(select(Case).where(Case.reference == reference))

    def unfinished(self, session: Session, conversation_id: str) -> Sequence[Case]:
        """The requests of a conversation that have been expressed but not confirmed, in the order wished."""
        return session.scalars(
            select(Case)
            .where(
                Case.conversation_id == conversation_id,
                Case.state.in_([State.RECEIVED, State.AWAITING_VERIFICATION]),
            )
            .order_by(Case.created_at, Case.position)
        ).all()

    def of_conversation(self, session: Session, conversation_id: str) -> Sequence[Case]:
        """All cases opened in a conversation, oldest first."""
        return session.scalars(
            select(Case).where(Case.conversation_id == conversation_id).order_by(Case.created_at, Case.position)
        ).all()

    def address_index(self, address: EmailAddress) -> bytes:
        """The blind index by which cases of an address are found."""
        return self._index.of("address", address.canonical)

    @staticmethod
    def proof_of(case: Case) -> Proof:
        """What has been proved for a case."""
        return case.proof if case.proof in ("none", "address", "mailbox") else "none"  # type: ignore[return-value]

    @staticmethod
    def kind_of(case: Case) -> Kind:
        return KINDS[case.kind]

    @staticmethod
    def is_closed(case: Case) -> bool:
        return State(case.state) in CLOSED

    def _change_details(self, session: Session, case: Case, changes: Details) -> None:
        self._seal(session, case, {**self.details(session, case), **changes})

    def _seal(self, session: Session, case: Case, details: Details) -> None:
        key = self._keyring.open(session, case.data_key_id)
        case.sealed = seal(key, json.dumps(details, ensure_ascii=False).encode(), f"case/{case.id}")

    def _log(self, session: Session, case: Case, event: str, **data: Value) -> None:
        case.changed_at = self._clock()
        self._audit.append(session, event, case.id, state=case.state, **data)
