"""Accounts and the log of log-ins, for administrators (the log also for the data-protection officer)."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from insyn.staff.log_in import SAYS
from insyn.staff.members import NoSuchMember, NotPossible
from insyn.staff.roles import Role
from insyn.web.staff import pages
from insyn.web.staff.access import PREFIX
from insyn.web.staff.forms import number_in
from insyn.web.staff.gate import Visit, gate

HERE = f"{PREFIX}/konton"
LOG_PAGE = 50


def accounts_router() -> APIRouter:
    """The routes under /konsol/konton, and /konsol/inloggningar."""
    router = APIRouter(prefix=PREFIX)

    @router.get("/konton")
    def show(visit: Visit = Depends(gate)) -> Response:
        return _page(visit)

    @router.post("/konton")
    def invite(visit: Visit = Depends(gate)) -> Response:
        form = visit.form
        try:
            member_id, link = visit.services.members.invite(form["name"], form["email"], _roles(visit), by=visit.by)
        except NotPossible as error:
            return _page(visit, wrong=error.says)
        return _page(visit, link=_address(visit, link), link_for=member_id)

    @router.post("/konton/{member_id}/roller")
    def set_roles(member_id: str, visit: Visit = Depends(gate)) -> Response:
        return _done(visit, lambda: visit.services.members.set_roles(member_id, _roles(visit), by=visit.by), "roller")

    @router.post("/konton/{member_id}/stang")
    def close(member_id: str, visit: Visit = Depends(gate)) -> Response:
        return _done(visit, lambda: visit.services.members.close(member_id, by=visit.by), "stangt")

    @router.post("/konton/{member_id}/lank")
    def new_link(member_id: str, visit: Visit = Depends(gate)) -> Response:
        return _with_link(visit, member_id, lambda: visit.services.members.new_link(member_id, by=visit.by))

    @router.post("/konton/{member_id}/oppna")
    def reopen(member_id: str, visit: Visit = Depends(gate)) -> Response:
        return _with_link(visit, member_id, lambda: visit.services.members.reopen(member_id, by=visit.by))

    @router.get("/inloggningar")
    def log_ins(visit: Visit = Depends(gate), fore: str = "") -> Response:
        before = number_in(fore)
        lines = visit.services.log_in.attempts(before=before, limit=LOG_PAGE + 1)
        with visit.services.store.read() as session:
            names = visit.services.members.names(session)
        older = lines[LOG_PAGE - 1].seq if len(lines) > LOG_PAGE else None
        return pages.page(
            visit, "log_ins.html.j2", lines=lines[:LOG_PAGE], older=older, names=names, says=SAYS, newest=before is None
        )

    return router


def _roles(visit: Visit) -> list[Role]:
    """The roles that are ticked; what is not a role counts as none."""
    return [role for role in Role if role in visit.form.all("role")]


def _done(visit: Visit, change: Callable[[], None], said: str) -> Response:
    try:
        change()
    except NoSuchMember:
        return pages.missing(visit)
    except NotPossible as error:
        return _page(visit, wrong=error.says)
    return pages.onward(HERE, said=said)


def _with_link(visit: Visit, member_id: str, make: Callable[[], str]) -> Response:
    try:
        link = make()
    except NoSuchMember:
        return pages.missing(visit)
    except NotPossible as error:
        return _page(visit, wrong=error.says)
    return _page(visit, link=_address(visit, link), link_for=member_id)


def _address(visit: Visit, link: str) -> str:
    return f"{visit.services.settings.public_url}{PREFIX}/valkommen/{link}"


def _page(visit: Visit, *, wrong: str = "", link: str = "", link_for: str = "") -> Response:
    with visit.services.store.read() as session:
        members = visit.services.members.all(session)
    return pages.page(
        visit, "accounts.html.j2", status=422 if wrong else 200, members=members, roles=list(Role), wrong=wrong,
        link=link, link_for=next((member for member in members if member.id == link_for), None),
    )  # fmt: skip
