"""A person who was asked to show more clearly who they are logs in at a provider, for one case and nothing else.

Kept is that it happened: where, how, when, a keyed fingerprint of whom, and whether the name was the one the request was
made in. The name itself is compared and forgotten. What was refused is in the case's log, with its reason.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.cases.casebook import Casebook
from insyn.cases.kinds import KINDS
from insyn.cases.transitions import Event, ForbiddenTransition
from insyn.clock import Clock
from insyn.identity.oidc import Identified, OidcClient, OidcRefused, Reason, Started
from insyn.identity.same_name import same_name
from insyn.identity.step_up import PATH, Invitations
from insyn.store.engine import Store
from insyn.store.identity_tables import StepUpLink, StrongIdentification
from insyn.store.models import Case

SUBJECT = "oidc"  # of what cannot be tied to a case


class NoSuchInvitation(Exception):
    """No such link, or it has been used or run out, or the doubt is settled. Which one is told to nobody."""


@dataclass(frozen=True)
class Asked:
    """What someone with the link may know: what kind of request it is about, and where one logs in."""

    noun: str
    provider: str


@dataclass(frozen=True)
class Shown:
    """What came of it; `settled` when the doubt ended with it, otherwise a human looks at it."""

    reference: str
    settled: bool


class StepUp:
    """The person's side of it."""

    def __init__(
        self,
        store: Store,
        casebook: Casebook,
        invitations: Invitations,
        client: OidcClient,
        audit: AuditLog,
        clock: Clock,
        public_url: str,
    ) -> None:
        self._store = store
        self._casebook = casebook
        self._invitations = invitations
        self._client = client
        self._audit = audit
        self._clock = clock
        self._back = f"{public_url}{PATH}/klart"

    async def close(self) -> None:
        """Lets the connections to the provider go."""
        await self._client.close()

    async def look(self, link: str) -> Asked:
        """What is asked for and where; nothing is changed. Raises `NoSuchInvitation`."""
        return (await asyncio.to_thread(self._look, link))[0]

    async def begin(self, link: str) -> Started:
        """Sends the browser to the provider. Raises `NoSuchInvitation`, `OidcRefused`."""
        _, invitation_id = await asyncio.to_thread(self._look, link)
        try:
            return await self._client.begin(self._back, invitation_id)
        except OidcRefused as refused:
            await asyncio.to_thread(self._note, refused)
            raise

    async def finish(self, answer: Mapping[str, str], cookie: str | None) -> Shown:
        """Takes who came back, for the case it was begun for. Raises `NoSuchInvitation`, `OidcRefused`."""
        try:
            identified = await self._client.finish(answer, cookie)
            return await asyncio.to_thread(self._record, identified)
        except OidcRefused as refused:
            await asyncio.to_thread(self._note, refused)
            raise

    def _look(self, link: str) -> tuple[Asked, str]:
        with self._store.read() as session:
            invitation, case = self._doubted(session, self._invitations.find(session, link))
            return Asked(KINDS[case.kind].noun, self._client.provider.name), invitation.id

    def _record(self, identified: Identified) -> Shown:
        with self._store.write() as session:
            invitation, case = self._doubted(session, self._invitations.by_id(session, identified.about), locked=True)
            same = same_name(self._casebook.details(session, case).get("name", ""), identified.name)
            if same is False:
                raise OidcRefused(Reason.OTHER_NAME, invitation.id)
            now = self._clock()
            invitation.used_at = now
            session.add(
                StrongIdentification(
                    id=str(uuid.uuid4()), case_id=case.id, provider=identified.issuer, acr=identified.acr, at=identified.at,
                    subject=identified.subject, same_name=same,
                )
            )  # fmt: skip
            try:
                self._casebook.move(
                    session, case, Event.STRONGLY_IDENTIFIED, by="person", proof="stark legitimering",
                    provider=identified.issuer, acr=identified.acr, same_name=same,
                )  # fmt: skip
            except ForbiddenTransition as error:
                raise NoSuchInvitation from error
            return Shown(case.reference, same is True)

    def _note(self, refused: OidcRefused) -> None:
        """Writes down that somebody was refused: with the case where it is known, and on its own where it is not."""
        with self._store.write() as session:
            invitation = session.get(StepUpLink, refused.about) if refused.about else None
            case = session.get(Case, invitation.case_id) if invitation else None
            if case is None:
                self._audit.append(session, "oidc.refused", SUBJECT, reason=refused.reason.value)
            else:
                self._audit.append(session, "case.identification_refused", case.id, reason=refused.reason.value)

    def _doubted(
        self, session: Session, invitation: StepUpLink | None, *, locked: bool = False
    ) -> tuple[StepUpLink, Case]:
        if invitation is None:
            raise NoSuchInvitation
        case = self._casebook.locked(session, invitation.case_id) if locked else session.get(Case, invitation.case_id)
        if case is None or self._casebook.is_closed(case) or not self._casebook.situation(session, case).in_doubt:
            raise NoSuchInvitation
        return invitation, case
