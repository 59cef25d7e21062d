"""Logging in: address, password and a code in one step, so that nothing is told about which of them was wrong.

Every attempt is noted, also for addresses that nobody has. The work is the same for known and unknown ones: one argon2id
comparison, the codes of one authenticator, one row. Limits on attempts are the entry's business (`insyn.web.staff.entry`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from insyn.audit.chain import AuditLog
from insyn.clock import Clock
from insyn.staff import passwords, second_factor
from insyn.staff.members import Members
from insyn.store.engine import Store
from insyn.store.staff_tables import StaffLogIn

_NOBODYS_SECRET = base64.b32encode(b"the secret of no one").decode()
ORIGIN_LENGTH = 12


class Outcome(StrEnum):
    """What came of an attempt."""

    IN = "in"
    IN_WITH_RECOVERY_CODE = "recovery"
    IN_BY_PROVIDER = "provider"
    WRONG = "wrong"
    PROVIDER_REFUSED = "provider-refused"
    PROVIDER_SILENT = "provider-silent"
    PROVIDER_UNKNOWN = "provider-unknown"
    LIMITED = "limited"
    OUT = "out"


SAYS = {
    Outcome.IN: "loggade in",
    Outcome.IN_WITH_RECOVERY_CODE: "loggade in med återställningskod",
    Outcome.IN_BY_PROVIDER: "loggade in genom organisationens inloggning",
    Outcome.WRONG: "fel adress, lösenord eller kod",
    Outcome.PROVIDER_REFUSED: "organisationens inloggning godtogs inte",
    Outcome.PROVIDER_SILENT: "organisationens inloggning svarade inte",
    Outcome.PROVIDER_UNKNOWN: "inget konto hör till den som loggade in hos organisationen",
    Outcome.LIMITED: "stoppat: för många försök på kort tid",
    Outcome.OUT: "loggade ut",
}


@dataclass(frozen=True)
class Attempt:
    """A line of the log of log-ins."""

    seq: int
    at: datetime
    member_id: str | None
    outcome: Outcome
    origin: str


class LogIn:
    """Lets members in."""

    def __init__(self, store: Store, members: Members, audit: AuditLog, clock: Clock, *, token_key: str) -> None:
        self._store = store
        self._members = members
        self._audit = audit
        self._clock = clock
        self._key = token_key.encode()

    def attempt(self, email: str, password: str, code: str, *, address: str) -> str | None:
        """The id of the member who may come in, or None. `address` is the network address it comes from."""
        with self._store.read() as session:
            row = self._members.find(session, email)
            secret = self._members.totp_secret(session, row) if row else None
        right = passwords.matches(row.password_hash if row else None, password)
        digits = "".join(code.split())
        step = second_factor.step_of(secret or _NOBODYS_SECRET, digits, self._clock())
        with self._store.write() as session:
            outcome = Outcome.WRONG
            if row is not None and row.status == "active" and right:
                if step is not None and second_factor.use_step(session, row.id, step):
                    outcome = Outcome.IN
                elif not digits.isdigit() and second_factor.use_recovery_code(
                    session, self._members.code_key, row.id, digits
                ):
                    outcome = Outcome.IN_WITH_RECOVERY_CODE
            member_id = row.id if row else None
            session.add(self._line(member_id, outcome, address))
            if outcome is Outcome.WRONG or member_id is None:
                return None
            self._audit.append(session, "staff.logged_in", member_id, how=outcome)
            return member_id

    def by_provider(self, member_id: str, *, address: str) -> None:
        """Notes that an identity provider has vouched for a member."""
        with self._store.write() as session:
            session.add(self._line(member_id, Outcome.IN_BY_PROVIDER, address))
            self._audit.append(session, "staff.logged_in", member_id, how=Outcome.IN_BY_PROVIDER)

    def note(self, member_id: str | None, outcome: Outcome, *, address: str) -> None:
        """Notes what is decided elsewhere: by a limit, by an identity provider, or by whoever logs out."""
        with self._store.write() as session:
            session.add(self._line(member_id, outcome, address))

    def attempts(self, *, before: int | None = None, limit: int) -> Sequence[Attempt]:
        """The log, newest first, from before a line's number."""
        rows = select(StaffLogIn).order_by(StaffLogIn.seq.desc()).limit(limit)
        with self._store.read() as session:
            return [
                Attempt(row.seq, row.at, row.member_id, Outcome(row.outcome), row.origin)
                for row in session.scalars(rows if before is None else rows.where(StaffLogIn.seq < before))
            ]

    def origin(self, address: str) -> str:
        """A fingerprint of a network address: the same place looks the same, and which place it is cannot be read."""
        return hmac.new(self._key, f"origin\0{address}".encode(), hashlib.sha256).hexdigest()[:ORIGIN_LENGTH]

    def device(self, member_id: str) -> str:
        """What a browser keeps from which a member has come in before."""
        return f"{member_id}.{hmac.new(self._key, f'device{chr(0)}{member_id}'.encode(), hashlib.sha256).hexdigest()}"

    def member_of_device(self, device: str) -> str | None:
        """Whose device it is, if that is true."""
        member_id = device.partition(".")[0]
        return member_id if hmac.compare_digest(device.encode(), self.device(member_id).encode()) else None

    def _line(self, member_id: str | None, outcome: Outcome, address: str) -> StaffLogIn:
        return StaffLogIn(at=self._clock(), member_id=member_id, outcome=outcome, origin=self.origin(address))
