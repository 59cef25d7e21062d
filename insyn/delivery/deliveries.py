"""Secure delivery: files wait behind a link, a code to the mailbox opens them for a short while, and each fetch is logged.

The link is 256 random bits of which only a hash is stored; it goes by letter and opens nothing by itself. Everything ends
after some days or fetches, and the files are then destroyed.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.cases.casebook import Casebook
from insyn.cases.kinds import KINDS, enough
from insyn.cases.transitions import State
from insyn.clock import Clock
from insyn.delivery.files import CaseFiles, FileView, remove_files
from insyn.identity.address import EmailAddress
from insyn.identity.challenge import Challenges, Limited, Outcome
from insyn.letters import compose
from insyn.outbox.queue import Outbox
from insyn.own_data.holdings import OwnData, as_json
from insyn.own_data.page import page
from insyn.store.engine import Store
from insyn.store.models import Case, Delivery, DeliveryFile, DeliveryPass

PURPOSE = "delivery"
PASS_LASTS = timedelta(minutes=15)
LINK_BYTES = 32
_FORM = re.compile(r"[A-Za-z0-9_-]{43}")

# Insyn's own data belong to the answer of these rights (GDPR art. 15, 20).
WITH_OWN_DATA = frozenset({"request.access", "request.portability"})

_SENDABLE = frozenset({State.OPEN, State.IN_PROGRESS, State.EXTENDED, State.COMPLETED, State.PARTLY_REFUSED})


class NotDeliverable(Exception):
    """Nothing of this case may be sent now; `says` tells the staff why, in Swedish."""

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self.says = says


class NoSuchDelivery(Exception):
    """No such link, or its time or its fetches are over, or its case is not what it was. Which one is told to nobody."""


@dataclass(frozen=True)
class Sent:
    """A delivery on its way."""

    delivery_id: str
    files: int
    expires_at: datetime


@dataclass(frozen=True)
class Waiting:
    """What someone with the link alone may know."""

    expires_at: datetime


@dataclass(frozen=True)
class Opened:
    """What came of a code; `token` lets fetch for a quarter of an hour, `files` can be fetched still."""

    outcome: Outcome
    token: str = ""
    files: tuple[FileView, ...] = ()


@dataclass(frozen=True)
class Download:
    """A file to give out, a piece at a time. `size` in bytes."""

    name: str
    size: int
    pieces: Iterator[bytes]


class Deliveries:
    """Sends deliveries and gives them out."""

    def __init__(
        self,
        store: Store,
        files: CaseFiles,
        own_data: OwnData,
        casebook: Casebook,
        challenges: Challenges,
        outbox: Outbox,
        audit: AuditLog,
        clock: Clock,
        *,
        public_url: str,
        days: int,
        fetches: int,
    ) -> None:
        self._store = store
        self._files = files
        self._own_data = own_data
        self._casebook = casebook
        self._challenges = challenges
        self._outbox = outbox
        self._audit = audit
        self._clock = clock
        self._public_url = public_url
        self._lifetime = timedelta(days=days)
        self._fetches = fetches

    # -- the staff's side

    def send(self, case_id: str, *, by: str) -> Sent:
        """Puts the case's unsent files behind a new link and queues the letter that names it.

        What Insyn itself holds goes with an access or portability case. Raises `NotDeliverable`.
        """
        with self._store.write() as session:
            case = session.get(Case, case_id, with_for_update=True, populate_existing=True)
            reason = self._hindrance(session, case)
            if case is None or reason:
                raise NotDeliverable(reason)
            details = self._casebook.details(session, case)
            if case.kind in WITH_OWN_DATA:
                self._attach_own_data(session, case, details["address"])
            files = session.scalars(
                select(DeliveryFile).where(
                    DeliveryFile.case_id == case.id,
                    DeliveryFile.delivery_id.is_(None),
                    DeliveryFile.complete.is_(True),
                )
            ).all()
            if not files:
                raise NotDeliverable("Ärendet har inga filer att skicka.")
            now, link = self._clock(), secrets.token_urlsafe(LINK_BYTES)
            delivery = Delivery(
                id=str(uuid.uuid4()), case_id=case.id, link_hash=_hash(link), sent_by=by,
                created_at=now, expires_at=now + self._lifetime,
            )  # fmt: skip
            session.add(delivery)
            session.flush()
            for file in files:
                file.delivery_id = delivery.id
            self._post(session, case, delivery, details, f"{self._public_url}/hamta/{link}", len(files))
            self._audit.append(session, "delivery.sent", case.id, delivery=delivery.id, files=len(files), by=by)
            return Sent(delivery.id, len(files), delivery.expires_at)

    def take_back(self, case_id: str, delivery_id: str, *, by: str) -> bool:
        """Ends a delivery at once: its link opens nothing more and its files are destroyed. False where there is none that holds."""
        with self._store.write() as session:
            delivery = session.get(Delivery, delivery_id, with_for_update=True, populate_existing=True)
            now = self._clock()
            if (
                delivery is None
                or delivery.case_id != case_id
                or delivery.shredded_at is not None
                or delivery.expires_at <= now
            ):
                return False
            shred_delivery(session, delivery, now)
            self._audit.append(session, "delivery.taken_back", case_id, delivery=delivery.id, by=by)
            return True

    def _hindrance(self, session: Session, case: Case | None) -> str:
        if case is None or case.shredded_at is not None:
            return "Ärendet finns inte eller är gallrat."
        if not KINDS[case.kind].is_right or State(case.state) not in _SENDABLE:
            return "I det här läget lämnas ingenting ut i ärendet."
        situation = self._casebook.situation(session, case)
        if not enough(situation.kind, situation.proof) or situation.in_doubt:
            return "Det bevis som rätten kräver saknas, eller det finns tvivel om vem personen är."
        return "" if case.address_index else "Ingen e-postadress är känd, så länken kan inte skickas."

    def _attach_own_data(self, session: Session, case: Case, address: str) -> None:
        holdings = self._own_data.of_address(session, case.address_index or b"", address)
        self._files.put_small(session, case, "insyn-om-dig.json", as_json(holdings).encode(), by="insyn")
        if case.kind == "request.access":
            self._files.put_small(session, case, "insyn-om-dig.html", page(holdings).encode(), by="insyn")

    def _post(
        self, session: Session, case: Case, delivery: Delivery, details: dict[str, str], link: str, files: int
    ) -> None:
        """Queues the letter. The case keeps its words without the link, and the outbox forgets it once it is sent."""
        letter = compose.delivery_letter(case, details, link, delivery.expires_at, files)
        kept = f"{letter.subject}\n\n{letter.text}".replace(link, "[länken]")
        note = self._casebook.keep_letter(session, case, "delivery", kept)
        self._outbox.queue(
            session, "delivery", letter, unique_key=f"delivery:{delivery.id}", data_key_id=case.data_key_id, case_id=case.id
        )  # fmt: skip
        self._audit.append(session, "letter.queued", case.id, kind="delivery", note=note)

    # -- the person's side

    def waiting(self, link: str) -> Waiting:
        """What waits behind a link; looking changes nothing. Raises `NoSuchDelivery`."""
        with self._store.read() as session:
            delivery, _ = self._find(session, link)
            return Waiting(delivery.expires_at)

    def ask_code(self, link: str) -> datetime | None:
        """Queues a code to the case's address; returns until when none may be sent, where limits forbid it now.

        Raises `NoSuchDelivery`.
        """
        with self._store.write() as session:
            delivery, case = self._find(session, link)
            address = EmailAddress.parse(self._casebook.details(session, case)["address"])
            try:
                issued = self._challenges.issue(session, delivery.id, PURPOSE, address, turn_id=str(uuid.uuid4()))
            except Limited as limit:
                self._audit.append(session, "challenge.limited", delivery.id)
                return limit.until
            if issued is not None:
                letter = compose.delivery_code_letter(str(address), issued.code, issued.expires_at)
                self._outbox.queue(
                    session, "code", letter, unique_key=f"code:{issued.challenge_id}", data_key_id=case.data_key_id
                )
            return None

    def open(self, link: str, code: str) -> Opened:
        """Tries a code; the right one gives a token and the files. Raises `NoSuchDelivery`."""
        with self._store.write() as session:
            delivery, case = self._find(session, link)
            digest = self._challenges.digest(delivery.id, re.sub(r"[\s-]", "", code))
            checked = self._challenges.check(session, delivery.id, PURPOSE, digest, turn_id=str(uuid.uuid4()))
            if checked.outcome is not Outcome.RIGHT:
                return Opened(checked.outcome)
            if checked.address_index != case.address_index:
                return Opened(Outcome.DEAD)
            token = secrets.token_urlsafe(LINK_BYTES)
            session.add(
                DeliveryPass(token_hash=_hash(token), delivery_id=delivery.id, expires_at=self._clock() + PASS_LASTS)
            )
            self._audit.append(session, "delivery.opened", case.id, delivery=delivery.id)
            files = [self._files.view(session, row) for row in self._left(session, delivery)]
            files.sort(key=lambda file: (file.put_by == "insyn", file.put_at, file.name))
            return Opened(Outcome.RIGHT, token, tuple(files))

    def fetch(self, link: str, token: str, file_id: str) -> Download | None:
        """A file, counted and logged before its first byte leaves; None when the token or the file is not (or no longer) good.

        Raises `NoSuchDelivery`.
        """
        with self._store.write() as session:
            delivery, case = self._find(session, link)
            held = session.get(DeliveryPass, _hash(token))
            if held is None or held.delivery_id != delivery.id or held.expires_at <= self._clock():
                return None
            counted = session.execute(
                update(DeliveryFile)
                .where(
                    DeliveryFile.id == file_id,
                    DeliveryFile.delivery_id == delivery.id,
                    DeliveryFile.fetches < self._fetches,
                )
                .values(fetches=DeliveryFile.fetches + 1)
            )
            if counted.rowcount != 1:  # type: ignore[attr-defined]
                return None
            row = session.get_one(DeliveryFile, file_id, populate_existing=True)
            self._audit.append(
                session, "delivery.fetched", case.id, delivery=delivery.id, file=row.id, time=row.fetches
            )
            view = self._files.view(session, row)
        return Download(view.name, view.size, self._files.read(file_id))

    # -- within a transaction

    def _find(self, session: Session, link: str) -> tuple[Delivery, Case]:
        """The delivery behind a link that still holds. Raises `NoSuchDelivery`."""
        if not _FORM.fullmatch(link):
            raise NoSuchDelivery
        delivery = session.scalar(select(Delivery).where(Delivery.link_hash == _hash(link)))
        if delivery is None or delivery.shredded_at is not None or delivery.expires_at <= self._clock():
            raise NoSuchDelivery
        case = session.get_one(Case, delivery.case_id)
        if self._hindrance(session, case) or not self._left(session, delivery):
            raise NoSuchDelivery
        return delivery, case

    def _left(self, session: Session, delivery: Delivery) -> list[DeliveryFile]:
        """The files of a delivery that can still be fetched."""
        return list(
            session.scalars(
                select(DeliveryFile).where(
                    DeliveryFile.delivery_id == delivery.id, DeliveryFile.fetches < self._fetches
                )
            )
        )


def shred_delivery(session: Session, delivery: Delivery, now: datetime) -> None:
    """Destroys the files of a delivery; that it was sent, and when, stays with the case."""
    delivery.shredded_at = now
    session.execute(delete(DeliveryPass).where(DeliveryPass.delivery_id == delivery.id))
    remove_files(session, session.scalars(select(DeliveryFile.id).where(DeliveryFile.delivery_id == delivery.id)).all())


def _hash(secret: str) -> bytes:
    """Of 256 random bits a plain hash gives nothing away."""
    return hashlib.sha256(secret.encode()).digest()
