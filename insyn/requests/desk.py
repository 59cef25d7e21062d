"""The desk: what a person in a conversation can have done, each a use case in one transaction.

Every call names the turn it belongs to. The same turn may ask again (an answer was lost, Rasa repeated an action): nothing
is then done twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.cases.casebook import Casebook
from insyn.cases.kinds import KINDS, enough
from insyn.cases.transitions import NAMES, Event, State
from insyn.clock import Clock, swedish_date
from insyn.conversation.channels import MAIL
from insyn.identity.address import AddressInvalid, EmailAddress
from insyn.identity.challenge import Challenges, Checked, Issued, Limited, Outcome
from insyn.letters import compose
from insyn.letters.elements import Wording
from insyn.letters.post import InThread, Post, in_no_thread
from insyn.outbox.queue import Outbox
from insyn.privacy.vault import PLACEHOLDER, Vault
from insyn.store.engine import Store
from insyn.store.models import Case, Conversation, Turn

CONFIRM = "confirm-request"
LINK_PATH = "/bekrafta"
OWN_DATA = "own-data"
# What a code is for, as its letter says it; any other purpose is a case of its address.
ASKED = {CONFIRM: "gör din begäran", OWN_DATA: "bad att få se eller radera det som Insyn har om dig"}
ASKED_OF_A_CASE = "frågade om ditt ärende"
PROOF_LASTS = timedelta(hours=1)
TELLING = timedelta(minutes=15)
CASES_SHOWN = 10


@dataclass(frozen=True)
class Here:
    """Where in a conversation something is asked for."""

    conversation_id: str
    turn_id: str


@dataclass(frozen=True)
class CaseView:
    """What may be said of a case to the person it belongs to."""

    id: str
    reference: str
    kind: str
    name: str
    noun: str
    state: str
    status: str
    received_on: date
    due_on: date | None
    closed: bool

    def public(self) -> dict[str, str | None]:
        """The `case` of a chat message."""
        return {
            "reference": self.reference,
            "kind": self.kind,
            "kind_name": self.name,
            "status": self.state,
            "status_name": self.status,
            "received": self.received_on.isoformat(),
            "due": self.due_on.isoformat() if self.due_on else None,
        }


@dataclass(frozen=True)
class Sent:
    """Whether a code is on its way; `until` says when the next may be, where limits forbid one now.

    `just_sent`: all that forbids it is that one was sent less than a minute ago.
    """

    until: datetime | None = None
    another_day: bool = False
    just_sent: bool = False


class RequestDesk:
    """Requests, reports and their proofs, for whatever channel the conversation runs in."""

    def __init__(
        self,
        store: Store,
        casebook: Casebook,
        challenges: Challenges,
        vault: Vault,
        outbox: Outbox,
        audit: AuditLog,
        clock: Clock,
        alarm_address: str,
        public_url: str,
        in_thread: InThread = in_no_thread,
    ) -> None:
        self._store = store
        self._casebook = casebook
        self._challenges = challenges
        self._vault = vault
        self._outbox = outbox
        self._audit = audit
        self._clock = clock
        self._alarm_address = alarm_address
        self._public_url = public_url
        self._post = Post(outbox, casebook, audit, in_thread)

    # -- claiming rights

    def begin(self, here: Here, rights: Sequence[str], words: str) -> list[CaseView]:
        """Opens a case for each right, in the order wished; the clock runs from the turn in which it was expressed.

        A right that the conversation has already expressed and not finished goes on as the same case.
        """
        with self._store.write() as session:
            conversation, turn = self._place(session, here)
            unfinished = {case.kind: case for case in self._casebook.unfinished(session, conversation.id, held=True)}
            group_id = next((case.group_id for case in unfinished.values()), str(uuid.uuid4()))
            cases = []
            for position, right in enumerate(rights, start=len(unfinished)):
                case = unfinished.get(right) or self._casebook.open(
                    session,
                    right,
                    opening_key=f"{here.turn_id}:{right}",
                    received_at=turn.at,
                    channel=turn.channel,
                    conversation_id=conversation.id,
                    group_id=group_id,
                    position=position,
                    ordered=position > 0,
                    details={"words": self._vault.reveal(session, conversation, words)},
                )
                if unfinished and right not in unfinished:
                    self._join(session, case, next(iter(unfinished.values())))
                cases.append(case)
            return [self._view(case) for case in cases]

    def _join(self, session: Session, case: Case, sibling: Case) -> None:
        """A right added to a request under way shares what has been given and proved for it."""
        known = self._casebook.details(session, sibling)
        shared = {field: known[field] for field in ("relation", "name", "concerns") if field in known}
        if shared:
            self._casebook.add_details(session, case, **shared)
        if "address" in known:
            self._casebook.give_address(session, case, EmailAddress.parse(known["address"]))
        if self._casebook.is_proved(sibling) and sibling.proved_at and sibling.address_index == case.address_index:
            self._casebook.mailbox_proved(session, case, sibling.proved_at)

    def keep_only(self, here: Here, right: str) -> None:
        """Takes back every unfinished request of the conversation but one."""
        with self._store.write() as session:
            self._place(session, here)
            for case in self._casebook.unfinished(session, here.conversation_id, held=True):
                if case.kind != right:
                    self._casebook.move(session, case, Event.WITHDRAWN, by="person")

    def add_detail(self, here: Here, field: str, text: str) -> None:
        """Adds a fact to the unfinished requests; placeholders in `text` are resolved into the case's own sealed store."""
        with self._store.write() as session:
            conversation, _ = self._place(session, here)
            value = self._vault.reveal(session, conversation, text)
            for case in self._casebook.unfinished(session, conversation.id, held=True):
                if self._casebook.details(session, case).get(field) != value:
                    self._casebook.add_details(session, case, **{field: value})

    def give_address(self, here: Here, placeholder: str) -> None:
        """Records the address behind a placeholder on the unfinished requests. Raises `AddressInvalid`."""
        with self._store.write() as session:
            conversation, _ = self._place(session, here)
            address = self._address(session, conversation, placeholder)
            index = self._casebook.address_index(session, address)
            for case in self._casebook.unfinished(session, conversation.id, held=True):
                if case.address_index != index:
                    self._casebook.give_address(session, case, address)
                    if self._proved_lately(conversation, case):
                        self._casebook.mailbox_proved(session, case, self._clock())

    def is_address(self, here: Here, placeholder: str) -> bool:
        """Whether mail can be sent to the address behind a placeholder."""
        with self._store.read() as session:
            try:
                self._address(session, session.get_one(Conversation, here.conversation_id), placeholder)
            except AddressInvalid:
                return False
            return True

    def send_code(self, here: Here, placeholder: str, *, purpose: str = CONFIRM) -> Sent:
        """Queues a one-time code to the address behind a placeholder. Raises `AddressInvalid`."""
        with self._store.write() as session:
            conversation, _ = self._place(session, here)
            address = self._address(session, conversation, placeholder)
            return self._send_code(session, here, conversation, purpose, address)

    def show_mailbox(self, here: Here, placeholder: str) -> Outcome:
        """Checks a code asked for to see or erase what Insyn holds; a right one renews the session's token."""
        with self._store.write() as session:
            conversation, _ = self._place(session, here)
            digest = self._vault.value(session, conversation, placeholder) or ""
            checked = self._challenges.check(session, conversation.id, OWN_DATA, digest, turn_id=here.turn_id)
            if checked.outcome is Outcome.RIGHT:
                self._verified(conversation, checked, here, self._clock())
            return checked.outcome

    def has_shown_mailbox(self, here: Here) -> bool:
        """Whether a code has shown within the hour that this conversation reaches a mailbox."""
        with self._store.read() as session:
            at = session.get_one(Conversation, here.conversation_id).verified_at
            return at is not None and self._clock() - at <= PROOF_LASTS

    def check_code(self, here: Here, placeholder: str) -> Outcome:
        """Checks a typed code; a right one proves the mailbox for the unfinished requests and renews the session's token."""
        with self._store.write() as session:
            conversation, _ = self._place(session, here)
            unfinished = self._casebook.unfinished(session, conversation.id, held=True)  # cases before the log
            digest = self._vault.value(session, conversation, placeholder) or ""
            checked = self._challenges.check(session, conversation.id, CONFIRM, digest, turn_id=here.turn_id)
            if checked.outcome is not Outcome.RIGHT:
                return checked.outcome
            now = self._clock()
            for case in unfinished:
                # A code proves the mailbox it was sent to, not the one the person has changed to since.
                if case.address_index == checked.address_index:
                    self._casebook.mailbox_proved(session, case, now)
            self._verified(conversation, checked, here, now)
            return Outcome.RIGHT

    def is_proved(self, here: Here) -> bool:
        """Whether every unfinished request of the conversation has the mailbox proved."""
        with self._store.read() as session:
            cases = self._casebook.unfinished(session, here.conversation_id)
            return bool(cases) and all(self._casebook.is_proved(case) for case in cases)

    def unfinished(self, here: Here) -> list[CaseView]:
        """The requests expressed and not yet confirmed."""
        with self._store.read() as session:
            return [self._view(case) for case in self._casebook.unfinished(session, here.conversation_id)]

    def submit(self, here: Here) -> list[CaseView]:
        """Opens the confirmed requests for work and queues one receipt; the answer to a mail is itself the receipt.

        Raises `ProofMissing`.
        """
        with self._store.write() as session:
            _, turn = self._place(session, here)
            done = session.scalars(
                select(Case).where(Case.confirming_turn == here.turn_id).order_by(Case.position)
            ).all()
            if done:
                return [self._view(case) for case in done]
            cases = self._casebook.unfinished(session, here.conversation_id, held=True)
            return self.open_confirmed(session, here, cases, receipt=turn.channel != MAIL)

    def open_confirmed(
        self, session: Session, here: Here, cases: Sequence[Case], *, receipt: bool = True
    ) -> list[CaseView]:
        """Opens requests that the person stands by, with one receipt, in the caller's transaction. Raises `ProofMissing`."""
        receipts = []
        for case in cases:
            self._casebook.confirm(session, case)
            case.confirming_turn = here.turn_id
            receipts.append((case, self._casebook.details(session, case)))
        if receipts and receipt:
            letter = compose.receipt_letter(receipts, receipts[0][1]["address"])
            self._post.send(session, "receipt", letter, cases[0], f"receipt:{here.turn_id}")
        return [self._view(case) for case in cases]

    def submit_provable(self, here: Here) -> list[CaseView]:
        """Opens those requests that need no more proof than has been shown: they are not to wait for the others' (art. 21(3), 7(3))."""
        with self._store.write() as session:
            self._place(session, here)
            opened = []
            for case in self._casebook.unfinished(session, here.conversation_id):
                if enough(KINDS[case.kind], self._casebook.proof_of(case)) and KINDS[case.kind].proof == "address":
                    self._casebook.confirm(session, case)
                    case.confirming_turn = here.turn_id
                    opened.append(self._view(case))
            return opened

    def hand_to_employer(self, here: Here) -> list[CaseView]:
        """The data are in a customer's system: the person is led to the employer and the hand-off is recorded."""
        with self._store.write() as session:
            self._place(session, here)
            cases = self._casebook.unfinished(session, here.conversation_id, held=True)
            for case in cases:
                case.confirming_turn = here.turn_id
                self._casebook.move(session, case, Event.HANDED_OVER, to="employer")
                details = self._casebook.details(session, case)
                if "address" in details:
                    draft = compose.step_letter(
                        Event.HANDED_OVER, case, details, Wording(), signed=compose.SIGNED_BY_INSYN
                    )
                    self._post.send(session, draft.template, draft.finished(), case, f"handed_over:{case.id}")
            cases = cases or session.scalars(select(Case).where(Case.confirming_turn == here.turn_id)).all()
            return [self._view(case) for case in cases]

    def note_referral(self, here: Here) -> None:
        """Records that the person was told to turn to the employer for what is in the payroll system."""
        with self._store.write() as session:
            self._place(session, here)
            for case in self._casebook.unfinished(session, here.conversation_id, held=True):
                if "referred" not in self._casebook.details(session, case):
                    self._casebook.add_details(session, case, referred="employer")

    def abandon(self, here: Here) -> None:
        """The person breaks off: unfinished requests are taken back."""
        with self._store.write() as session:
            self._place(session, here)
            for case in self._casebook.unfinished(session, here.conversation_id, held=True):
                self._casebook.move(session, case, Event.WITHDRAWN, by="person")

    # -- reports and people

    def report(self, here: Here, kind: str, words: str, *, note: str, urgent: bool = False) -> CaseView:
        """Opens an incident, complaint or question at once, without proof; an incident alarms the staff."""
        with self._store.write() as session:
            conversation, turn = self._place(session, here)
            case = self._casebook.open(
                session,
                kind,
                opening_key=f"{here.turn_id}:{kind}",
                received_at=turn.at,
                channel=turn.channel,
                conversation_id=conversation.id,
                group_id=str(uuid.uuid4()),
                details={"words": self._vault.reveal(session, conversation, words), "note": note},
                urgent=urgent,
            )
            if kind == "report.incident" and self._alarm_address:
                letter = compose.alarm_letter(case, self._alarm_address)
                self._post.send(session, "alarm", letter, case, f"alarm:{case.id}")
            return self._view(case)

    def add_address_to_report(self, here: Here, reference: str, placeholder: str) -> CaseView | None:
        """Notes where the reporter can be reached; None if the report is not this conversation's. Raises `AddressInvalid`."""
        with self._store.write() as session:
            conversation, turn = self._place(session, here)
            case = self._report(session, conversation, reference)
            if case is None:
                return None
            address = self._address(session, conversation, placeholder)
            index = self._casebook.address_index(session, address)
            if case.address_index != index:
                self._casebook.give_address(session, case, address)
                if turn.channel != MAIL:  # the answer to a mail acknowledges it
                    letter = compose.acknowledged_letter(case, str(address))
                    self._post.send(session, "acknowledged", letter, case, f"acknowledged:{case.id}:{index.hex()[:16]}")
            return self._view(case)

    def add_to_report(self, here: Here, reference: str, words: str) -> CaseView | None:
        """More words to a report that was made in this conversation a moment ago (`TELLING`); None if there is none to add to."""
        with self._store.write() as session:
            conversation, turn = self._place(session, here)
            case = self._report(session, conversation, reference)
            if case is None or turn.at - case.received_at > TELLING:
                return None
            self._remind_once(session, case, here, self._vault.reveal(session, conversation, words))
            return self._view(case)

    def lacks_address(self, here: Here, reference: str) -> bool:
        """Whether a report of this conversation says nowhere how its person is reached."""
        with self._store.read() as session:
            conversation, _ = self._place(session, here)
            case = self._report(session, conversation, reference)
            return case is not None and case.address_index is None

    def _report(self, session: Session, conversation: Conversation, reference: str) -> Case | None:
        """An open report, complaint or question of this conversation."""
        case = self._casebook.by_reference(session, reference)
        if case is None or case.conversation_id != conversation.id or KINDS[case.kind].is_right:
            return None
        return None if self._casebook.is_closed(case) else case

    def pass_on(self, here: Here, words: str, *, note: str) -> CaseView:
        """What is not for a machine reaches a human: with a case of the conversation that is being worked on, else as a question."""
        with self._store.write() as session:
            conversation, _ = self._place(session, here)
            unfinished = {case.id for case in self._casebook.unfinished(session, conversation.id)}
            worked_on = [
                case
                for case in self._casebook.of_conversation(session, conversation.id)
                if case.id not in unfinished and not self._casebook.is_closed(case)
            ]
            if worked_on:
                case = self._casebook.locked(session, worked_on[-1].id)
                if case.opening_key.partition(":")[0] != here.turn_id:  # the same turn asks again
                    self._remind_once(session, case, here, self._vault.reveal(session, conversation, words))
                return self._view(case)
        return self.report(here, "question", words, note=note)

    def _remind_once(self, session: Session, case: Case, here: Here, words: str) -> None:
        if case.reminding_turn != here.turn_id:
            case.reminding_turn = here.turn_id
            self._casebook.remind(session, case, words)

    # -- existing requests

    def cases_of_writer(self, here: Here, placeholder: str) -> list[CaseView]:
        """The cases of the address a mail came from, newest first. Whatever is said of them goes to that address alone."""
        with self._store.read() as session:
            conversation, _ = self._place(session, here)
            index = self._casebook.address_index(session, self._address(session, conversation, placeholder))
            cases = session.scalars(
                select(Case)
                .where(Case.address_index == index, Case.state != State.WITHDRAWN)
                .order_by(Case.received_at.desc(), Case.position)
                .limit(CASES_SHOWN)
            )
            return [self._view(case) for case in cases]

    def reference_of(self, here: Here, placeholder: str) -> str:
        """The case reference behind a placeholder, in its standard form."""
        with self._store.read() as session:
            conversation, _ = self._place(session, here)
            return self._reference(session, conversation, placeholder)

    def code_for_reply(self, session: Session, here: Here) -> Issued | Sent | None:
        """The code to stand in the answer to a mail, if one is asked for; `Sent` says when there can be one. Part of the caller's transaction."""
        conversation, _ = self._place(session, here)
        match conversation.dialogue.get("requested_slot"):
            case "code":
                case = next(iter(self._casebook.unfinished(session, conversation.id)), None)
                purpose = CONFIRM
            case "lookup_code":
                reference = str((conversation.dialogue.get("slots") or {}).get("reference"))
                case = self._casebook.by_reference(session, self._reference(session, conversation, reference))
                purpose = f"case:{case.id}" if case else ""
            case _:
                return None
        address = self._casebook.details(session, case).get("address") if case else None
        if not address:
            return None
        try:
            return self._challenges.issue(
                session, conversation.id, purpose, EmailAddress.parse(address), turn_id=here.turn_id, with_link=purpose == CONFIRM,
            )  # fmt: skip
        except Limited as limit:
            self._audit.append(session, "challenge.limited", here.conversation_id)
            another_day = swedish_date(limit.until) != swedish_date(self._clock())
            return Sent(limit.until, another_day, limit.just_sent)

    def own_cases(self, here: Here) -> list[CaseView]:
        """The conversation's own requests, when its mailbox has been proved in it."""
        with self._store.read() as session:
            conversation, _ = self._place(session, here)
            if conversation.verified_at is None:
                return []
            cases = self._casebook.of_conversation(session, conversation.id)
            return [
                self._view(case)
                for case in cases
                if self._casebook.is_proved(case) or self._is_theirs(conversation, case)
            ]

    def ask_for_case(self, here: Here, reference: str) -> Sent:
        """Queues a code to the address in a case. Says the same whether or not the case exists."""
        with self._store.write() as session:
            conversation, _ = self._place(session, here)
            case = self._casebook.by_reference(session, self._reference(session, conversation, reference))
            address = self._casebook.details(session, case).get("address") if case else None
            if case is not None and address:
                try:
                    self._send_code(
                        session,
                        here,
                        conversation,
                        f"case:{case.id}",
                        EmailAddress.parse(address),
                        strict=True,
                    )
                except Limited:
                    self._audit.append(session, "challenge.limited", here.conversation_id)
            return Sent()

    def open_case(self, here: Here, reference: str, code_placeholder: str) -> CaseView | None:
        """The case of a reference, when the code sent to its address is given; otherwise None, whatever the reason."""
        with self._store.write() as session:
            conversation, _ = self._place(session, here)
            case = self._casebook.by_reference(session, self._reference(session, conversation, reference))
            digest = self._vault.value(session, conversation, code_placeholder) or ""
            if case is None:
                return None
            purpose = f"case:{case.id}"
            checked = self._challenges.check(session, conversation.id, purpose, digest, turn_id=here.turn_id)
            if checked.outcome is not Outcome.RIGHT or checked.address_index != case.address_index:
                return None
            self._verified(conversation, checked, here, self._clock())
            return self._view(case)

    def opened_case(self, here: Here, reference: str) -> CaseView | None:
        """A case by reference, if this conversation has proved the mailbox it belongs to; otherwise None."""
        with self._store.read() as session:
            conversation, _ = self._place(session, here)
            case = self._proved_case(session, conversation, reference)
            return self._view(case) if case else None

    def withdraw(self, here: Here, reference: str) -> CaseView | None:
        """Takes a request back for someone who has proved its mailbox, and confirms by mail; None if not proved.

        A reported incident stays open whatever the reporter wishes; the wish is noted.
        """
        with self._store.write() as session:
            conversation, turn = self._place(session, here)
            case = self._proved_case(session, conversation, reference)
            if case is None:
                return None
            case = self._casebook.locked(session, case.id)  # a handler may be deciding it
            if case.kind == "report.incident" and not self._casebook.is_closed(case):
                self._casebook.remind(session, case, "Den som rapporterade vill ta tillbaka rapporten.")
            elif not self._casebook.is_closed(case):
                self._casebook.move(session, case, Event.WITHDRAWN, by="person")
                address = self._casebook.details(session, case).get("address")
                if address and turn.channel != MAIL:
                    letter = compose.withdrawn_letter(case, address)
                    self._post.send(session, "withdrawn", letter, case, f"withdrawn:{case.id}")
            return self._view(case)

    def mail_is_slow(self) -> bool:
        """Whether mail has been waiting after a failure: then nobody is told that one has arrived."""
        with self._store.read() as session:
            return self._outbox.waiting_since(session) is not None

    # -- within a transaction

    def _place(self, session: Session, here: Here) -> tuple[Conversation, Turn]:
        """Conversation and turn. Other writers of the conversation wait: the same turn may be asking twice at once."""
        conversation = session.get_one(Conversation, here.conversation_id, with_for_update={"key_share": True})
        turn = session.scalars(select(Turn).where(Turn.id == here.turn_id)).one()
        if turn.conversation_id != conversation.id:
            raise LookupError("the turn belongs to another conversation")
        return conversation, turn

    def _reference(self, session: Session, conversation: Conversation, text: str) -> str:
        """A case reference given as such or behind a placeholder."""
        return (self._vault.value(session, conversation, text) or "") if PLACEHOLDER.fullmatch(text) else text

    def _address(self, session: Session, conversation: Conversation, placeholder: str) -> EmailAddress:
        value = self._vault.value(session, conversation, placeholder)
        if value is None:
            raise AddressInvalid
        return EmailAddress.parse(value)

    def _send_code(
        self,
        session: Session,
        here: Here,
        conversation: Conversation,
        purpose: str,
        address: EmailAddress,
        *,
        strict: bool = False,
    ) -> Sent:
        try:
            # Only what a page can say in full is confirmed by a link: a request, not the way into an old case.
            issued = self._challenges.issue(
                session, conversation.id, purpose, address, turn_id=here.turn_id, with_link=purpose == CONFIRM
            )
        except Limited as limit:
            if strict:
                raise
            self._audit.append(session, "challenge.limited", here.conversation_id)
            another_day = swedish_date(limit.until) != swedish_date(self._clock())
            return Sent(limit.until, another_day, limit.just_sent)
        if issued is not None:
            link = f"{self._public_url}{LINK_PATH}/{issued.link}" if issued.link else None
            letter = compose.code_letter(
                str(address),
                issued.code,
                issued.expires_at,
                asked=ASKED.get(purpose, ASKED_OF_A_CASE),
                link=link,
            )
            self._outbox.queue(
                session,
                "code",
                letter,
                unique_key=f"code:{issued.challenge_id}",
                data_key_id=conversation.data_key_id,
            )
        return Sent()

    def _proved_lately(self, conversation: Conversation, case: Case) -> bool:
        """Whether this conversation has proved the case's mailbox within the last hour."""
        at = conversation.verified_at
        return at is not None and conversation.verified_index == case.address_index and self._clock() - at < PROOF_LASTS

    @staticmethod
    def _verified(conversation: Conversation, checked: Checked, here: Here, now: datetime) -> None:
        if conversation.token_rotated_by != here.turn_id:
            conversation.verified_at = now
            conversation.verified_index = checked.address_index
            conversation.token_epoch += 1
            conversation.token_rotated_by = here.turn_id

    def _proved_case(self, session: Session, conversation: Conversation, reference: str) -> Case | None:
        case = self._casebook.by_reference(session, self._reference(session, conversation, reference))
        return case if case is not None and self._is_theirs(conversation, case) else None

    @staticmethod
    def _is_theirs(conversation: Conversation, case: Case) -> bool:
        """Whether this conversation has proved the mailbox that a case belongs to."""
        if conversation.verified_at is None or case.address_index is None:
            return False
        return case.address_index == conversation.verified_index

    @staticmethod
    def _view(case: Case) -> CaseView:
        return CaseView(
            id=case.id,
            reference=case.reference,
            kind=case.kind,
            name=KINDS[case.kind].name,
            noun=KINDS[case.kind].noun,
            state=case.state,
            status=NAMES[State(case.state)],
            received_on=swedish_date(case.received_at),
            due_on=case.due_on,
            closed=Casebook.is_closed(case),
        )
