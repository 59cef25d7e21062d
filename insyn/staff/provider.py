"""Logging in by the organisation's own OpenID provider, instead of password and authenticator.

An account is tied to a person at the provider by that person: by the one-time link, or while logged in. What is kept is a
keyed fingerprint of issuer and subject. Second factors are then the provider's to ask for (`INSYN_STAFF_ACR_VALUES`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy import delete, select

from insyn.audit.chain import AuditLog
from insyn.identity.oidc import Identified, OidcClient, Started
from insyn.staff.log_in import LogIn
from insyn.staff.members import Members, NotPossible, hash_of
from insyn.store.engine import Store
from insyn.store.staff_tables import StaffInvitation, StaffMember

BACK = "/konsol/organisation/klart"


class Errand(StrEnum):
    """What somebody was sent to the provider for."""

    COME_IN = "in"
    TIE = "tie"
    SET_UP = "set-up"


class NotKnown(Exception):
    """The provider has vouched for someone who has no account here."""


class ProviderLogIn:
    """Sends members to the provider and takes those who come back."""

    def __init__(
        self, store: Store, members: Members, log_in: LogIn, client: OidcClient, audit: AuditLog, back: str
    ) -> None:
        self._store = store
        self._members = members
        self._log_in = log_in
        self._client = client
        self._audit = audit
        self._back = back
        self.name = client.provider.name

    async def close(self) -> None:
        """Lets the connections to the provider go."""
        await self._client.close()

    async def begin(self, errand: Errand, about: str = "") -> Started:
        """Sends a browser off; `about` is the member's id for `TIE`, the link's secret for `SET_UP`. Raises `OidcRefused`."""
        return await self._client.begin(self._back, f"{errand}:{about}")

    async def finish(
        self, answer: Mapping[str, str], cookie: str | None, *, present: str | None, address: str
    ) -> tuple[Errand, str]:
        """Who came back: `(errand, member id)`. `present` is the id of whoever is logged in, `address` where it comes from.

        Raises `OidcRefused`, `NotKnown`, `NotPossible`, `NoSuchLink`.
        """
        identified = await self._client.finish(answer, cookie)
        errand, _, about = identified.about.partition(":")
        return await asyncio.to_thread(self._take, Errand(errand), about, identified, present, address)

    def _take(
        self, errand: Errand, about: str, identified: Identified, present: str | None, address: str
    ) -> tuple[Errand, str]:
        if errand is Errand.TIE:
            if about != present:
                raise NotPossible("Logga in på nytt och försök igen.")
            self._tie(about, identified.subject)
            return errand, about
        member_id = self._set_up(about, identified.subject) if errand is Errand.SET_UP else self._known(identified)
        self._log_in.by_provider(member_id, address=address)
        return errand, member_id

    def _known(self, identified: Identified) -> str:
        with self._store.read() as session:
            found = session.scalar(
                select(StaffMember.id).where(
                    StaffMember.oidc_subject == identified.subject, StaffMember.status == "active"
                )
            )
        if found is None:
            raise NotKnown
        return found

    def _tie(self, member_id: str, subject: bytes) -> None:
        with self._store.write() as session:
            self._audit.append(session, "staff.provider_tied", member_id)
            other = session.scalar(select(StaffMember).where(StaffMember.oidc_subject == subject))
            if other is not None and other.id != member_id:
                raise NotPossible("Inloggningen hör redan till ett annat konto.")
            session.get_one(StaffMember, member_id).oidc_subject = subject

    def _set_up(self, link: str, subject: bytes) -> str:
        member = self._members.welcome(link).member
        if not member.email:
            raise NotPossible("Den första administratören väljer lösenord. Koppla inloggningen under Mitt konto sedan.")
        self._tie(member.id, subject)
        with self._store.write() as session:
            session.get_one(StaffMember, member.id).status = "active"
            session.execute(delete(StaffInvitation).where(StaffInvitation.token_hash == hash_of(link)))
            self._audit.append(session, "staff.set_up", member.id, how="provider")
        return member.id
