"""Accounts of the staff: invited by a one-time link, set up by their owner, closed but never deleted.

Names and addresses are sealed. The staff are few, so an account is found by opening all of them; no fingerprint of an
address needs to be kept, and an unknown address takes the time of a known one.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.clock import Clock
from insyn.identity.address import AddressInvalid, EmailAddress
from insyn.privacy.keys import DataKeyring, seal, unseal
from insyn.staff import passwords, second_factor
from insyn.staff.roles import Role
from insyn.store.engine import Store
from insyn.store.staff_tables import StaffInvitation, StaffMember, StaffSession

LINK_LASTS = timedelta(hours=48)
LINK_BYTES = 32


@dataclass(frozen=True)
class Member:
    """Someone on the staff, opened."""

    id: str
    name: str
    email: str
    roles: frozenset[Role]
    status: str

    @property
    def is_active(self) -> bool:
        return self.status == "active"


@dataclass(frozen=True)
class Welcome:
    """What someone who follows a one-time link may know, and the secret for their authenticator."""

    member: Member
    totp_secret: str
    totp_address: str


class NoSuchMember(Exception):
    """No account has this id."""


class NoSuchLink(Exception):
    """The link was never made, has been used, was replaced, or its time is over. Which one is told to nobody."""


class NotPossible(Exception):
    """What was asked for cannot be done with this account; `says` tells why, in Swedish."""

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self.says = says


class Members:
    """Makes, changes and opens accounts. `by` is the id of whoever does it: a member, `cli` or `insyn`."""

    def __init__(
        self, store: Store, keyring: DataKeyring, audit: AuditLog, clock: Clock, *, token_key: str, code_key: str
    ) -> None:
        self._store = store
        self._keyring = keyring
        self._audit = audit
        self._clock = clock
        self._token_key = token_key.encode()
        self.code_key = code_key.encode()

    # -- looking

    def all(self, session: Session) -> list[Member]:
        """Every account, those in use first, by name."""
        members = [self.opened(session, row) for row in session.scalars(select(StaffMember))]
        order = {"active": 0, "invited": 1, "closed": 2}
        return sorted(members, key=lambda member: (order[member.status], member.name.casefold()))

    def names(self, session: Session) -> dict[str, str]:
        """What to call each member, by id."""
        return {member.id: member.name or "(ännu utan namn)" for member in self.all(session)}

    def get(self, session: Session, member_id: str) -> Member:
        """One account. Raises `NoSuchMember`."""
        return self.opened(session, self._row(session, member_id))

    def find(self, session: Session, email: str) -> StaffMember | None:
        """The account of an address; all are opened, whether or not it is found."""
        try:
            wanted = EmailAddress.parse(email).canonical
        except AddressInvalid:
            wanted = ""
        found = None
        for row in session.scalars(select(StaffMember)):
            address = self.opened(session, row).email
            if address and EmailAddress.parse(address).canonical == wanted:
                found = row
        return found

    def opened(self, session: Session, row: StaffMember) -> Member:
        """An account with its name and address."""
        details = json.loads(unseal(self._key(session, row), row.sealed, f"staff/{row.id}"))
        roles = frozenset(Role(role) for role in row.roles)
        return Member(row.id, details["name"], details["email"], roles, row.status)

    def totp_secret(self, session: Session, row: StaffMember) -> str | None:
        """The secret of the account's authenticator."""
        if row.sealed_totp is None:
            return None
        return unseal(self._key(session, row), row.sealed_totp, f"staff-totp/{row.id}").decode()

    def anyone_active(self, session: Session) -> bool:
        """Whether anybody can log in."""
        return session.scalar(select(StaffMember.id).where(StaffMember.status == "active").limit(1)) is not None

    # -- accounts, as an administrator sees them

    def invite(self, name: str, email: str, roles: Iterable[Role], *, by: str) -> tuple[str, str]:
        """A new account and the one-time link's secret: `(member id, secret)`. Raises `NotPossible`."""
        with self._store.write() as session:
            wanted = frozenset(roles)
            if not wanted:
                raise NotPossible("Välj minst en roll.")
            if not name.strip():
                raise NotPossible("Skriv ett namn.")
            row = self._new(session, name.strip(), self._free_address(session, email), wanted, by)
            return row.id, self._link(session, row)

    def first_link(self) -> str | None:
        """A link for a first administrator, whose name nobody knows yet; None when someone can log in already."""
        with self._store.write() as session:
            if self.anyone_active(session):
                return None
            waiting = session.scalars(select(StaffMember).where(StaffMember.status == "invited"))
            row = next((row for row in waiting if not self.opened(session, row).email), None)
            return self._link(session, row or self._new(session, "", "", frozenset({Role.ADMIN}), "insyn"))

    def new_link(self, member_id: str, *, by: str) -> str:
        """A new one-time link for an account: whoever has lost password or authenticator begins anew.

        What is set stays until the link is used. Raises `NoSuchMember`, `NotPossible`.
        """
        with self._store.write() as session:
            row = self._row(session, member_id)
            if row.status == "closed":
                raise NotPossible("Kontot är stängt. Öppna det först.")
            self._audit.append(session, "staff.link_made", row.id, by=by)
            return self._link(session, row)

    def set_roles(self, member_id: str, roles: Iterable[Role], *, by: str) -> None:
        """Gives an account other roles; its sessions end. Raises `NoSuchMember`, `NotPossible`."""
        with self._store.write() as session:
            row, wanted = self._row(session, member_id), frozenset(roles)
            if not wanted:
                raise NotPossible("Välj minst en roll.")
            if Role.ADMIN not in wanted:
                self._keep_an_administrator(session, row)
            if wanted != frozenset(row.roles):
                row.roles = sorted(wanted)
                self._audit.append(session, "staff.roles_changed", row.id, by=by, roles=",".join(sorted(wanted)))
                self._end_sessions(session, row.id)

    def close(self, member_id: str, *, by: str) -> None:
        """Closes an account: its sessions end, its links stop working. Raises `NoSuchMember`, `NotPossible`."""
        with self._store.write() as session:
            row = self._row(session, member_id)
            self._keep_an_administrator(session, row)
            if row.status != "closed":
                row.status = "closed"
                self._audit.append(session, "staff.closed", row.id, by=by)
            self._end_sessions(session, row.id)
            session.execute(delete(StaffInvitation).where(StaffInvitation.member_id == row.id))

    def reopen(self, member_id: str, *, by: str) -> str:
        """Opens a closed account; it is set up anew by the one-time link whose secret is returned. Raises `NoSuchMember`."""
        with self._store.write() as session:
            row = self._row(session, member_id)
            if row.status == "closed":
                row.status, row.password_hash, row.sealed_totp, row.oidc_subject = "invited", None, None, None
                self._audit.append(session, "staff.reopened", row.id, by=by)
            return self._link(session, row)

    # -- setting up, as its owner does

    def welcome(self, link: str) -> Welcome:
        """What is behind a one-time link; looking changes nothing. Raises `NoSuchLink`."""
        with self._store.read() as session:
            member = self.opened(session, self._behind(session, link))
            secret = second_factor.secret_of(self._token_key, link)
            return Welcome(member, secret, second_factor.address_for(secret, member.email or "administratör"))

    def set_up(self, link: str, *, name: str, email: str, password: str, code: str) -> tuple[str, list[str]] | None:
        """Sets password and authenticator: `(member id, recovery codes)`; None when the code is not the authenticator's.

        `name` and `email` count only where the account has none yet. Raises `NoSuchLink`, `NotPossible`, `PasswordTooWeak`.
        """
        member = self.welcome(link).member
        secret = second_factor.secret_of(self._token_key, link)
        step = second_factor.step_of(secret, code, self._clock())
        if step is None:
            return None
        if not (member.name or name.strip()):
            raise NotPossible("Skriv ditt namn.")
        password_hash = passwords.hashed(password, known=(member.name or name, member.email or email))
        with self._store.write() as session:
            row = self._behind(session, link)
            if not member.email:
                self._seal(session, row, name.strip(), self._free_address(session, email))
            gone = session.execute(delete(StaffInvitation).where(StaffInvitation.token_hash == hash_of(link)))
            if gone.rowcount != 1:  # type: ignore[attr-defined]
                raise NoSuchLink
            row.password_hash, row.totp_step, row.status = password_hash, step, "active"
            row.sealed_totp = seal(self._key(session, row), secret.encode(), f"staff-totp/{row.id}")
            session.execute(delete(StaffInvitation).where(StaffInvitation.member_id == row.id))
            self._end_sessions(session, row.id)
            codes = second_factor.new_recovery_codes(session, self.code_key, row.id)
            self._audit.append(session, "staff.set_up", row.id)
            return row.id, codes

    def change_password(self, member_id: str, present: str, new: str, *, keep: bytes) -> bool:
        """Changes the password and ends all sessions but the one whose hash is `keep`; False when `present` is wrong.

        Raises `PasswordTooWeak`.
        """
        with self._store.read() as session:
            row = self._row(session, member_id)
            member = self.opened(session, row)
        if not passwords.matches(row.password_hash, present):
            return False
        password_hash = passwords.hashed(new, known=(member.name, member.email))
        with self._store.write() as session:
            self._row(session, member_id).password_hash = password_hash
            self._end_sessions(session, member_id, keep=keep)
            self._audit.append(session, "staff.password_changed", member_id)
        return True

    def renew_recovery_codes(self, member_id: str, password: str) -> list[str] | None:
        """New recovery codes in place of the old ones; None when the password is wrong."""
        with self._store.read() as session:
            row = self._row(session, member_id)
        if not passwords.matches(row.password_hash, password):
            return None
        with self._store.write() as session:
            self._audit.append(session, "staff.recovery_codes_renewed", member_id)
            return second_factor.new_recovery_codes(session, self.code_key, member_id)

    # -- within a transaction

    def _new(self, session: Session, name: str, email: str, roles: frozenset[Role], by: str) -> StaffMember:
        now = self._clock()
        row = StaffMember(
            id=str(uuid.uuid4()), data_key_id=self._keyring.create(session, now), sealed=b"", roles=sorted(roles),
            status="invited", totp_step=0, created_at=now,
        )  # fmt: skip
        self._seal(session, row, name, email)
        session.add(row)
        session.flush()
        self._audit.append(session, "staff.invited", row.id, by=by, roles=",".join(sorted(roles)))
        return row

    def _link(self, session: Session, row: StaffMember) -> str:
        """A fresh secret; a link made before stops working."""
        now, secret = self._clock(), secrets.token_urlsafe(LINK_BYTES)
        session.execute(delete(StaffInvitation).where(StaffInvitation.member_id == row.id))
        session.add(
            StaffInvitation(token_hash=hash_of(secret), member_id=row.id, created_at=now, expires_at=now + LINK_LASTS)
        )
        return secret

    def _behind(self, session: Session, link: str) -> StaffMember:
        invitation = session.get(StaffInvitation, hash_of(link))
        if invitation is None or invitation.expires_at <= self._clock():
            raise NoSuchLink
        return self._row(session, invitation.member_id)

    def _free_address(self, session: Session, email: str) -> str:
        """The address in its standard form, if nobody has it. The log's head is held, so that two do not take it at once."""
        try:
            address = EmailAddress.parse(email)
        except AddressInvalid:
            raise NotPossible("E-postadressen går inte att läsa.") from None
        self._audit.hold(session)
        if self.find(session, email) is not None:
            raise NotPossible("Det finns redan ett konto med den adressen.")
        return str(address)

    def _keep_an_administrator(self, session: Session, row: StaffMember) -> None:
        self._audit.hold(session)
        others = session.scalars(select(StaffMember).where(StaffMember.status == "active", StaffMember.id != row.id))
        if row.status == "active" and Role.ADMIN in row.roles and not any(Role.ADMIN in each.roles for each in others):
            raise NotPossible("Det måste finnas minst en administratör. Ge någon annan rollen först.")

    def _row(self, session: Session, member_id: str) -> StaffMember:
        row = session.get(StaffMember, member_id)
        if row is None:
            raise NoSuchMember(member_id)
        return row

    def _seal(self, session: Session, row: StaffMember, name: str, email: str) -> None:
        plain = json.dumps({"name": name, "email": email}, ensure_ascii=False).encode()
        row.sealed = seal(self._key(session, row), plain, f"staff/{row.id}")

    def _key(self, session: Session, row: StaffMember) -> bytes:
        return self._keyring.open(session, row.data_key_id)

    @staticmethod
    def _end_sessions(session: Session, member_id: str, *, keep: bytes = b"") -> None:
        session.execute(
            delete(StaffSession).where(StaffSession.member_id == member_id, StaffSession.token_hash != keep)
        )


def hash_of(secret: str) -> bytes:
    """Of 256 random bits a plain hash gives nothing away."""
    return hashlib.sha256(secret.encode()).digest()
