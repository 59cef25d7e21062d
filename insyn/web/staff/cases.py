"""The lists of cases: trays and filters, search, and what can be done with several at once.

An exact address is searched for by POST, so that it stands in no address and no log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from insyn.cases import finding
from insyn.cases.finding import NOBODY, Tray, Wanted
from insyn.cases.kinds import KINDS
from insyn.cases.reference import canonical
from insyn.cases.transitions import CLOSED, NAMES, ForbiddenTransition, GuardFailed, State
from insyn.casework.work import NoSuchCase
from insyn.identity.address import AddressInvalid, EmailAddress
from insyn.staff.members import Member
from insyn.staff.roles import Role
from insyn.staff.today import QUEUES
from insyn.store.models import Case
from insyn.web.staff import pages
from insyn.web.staff.access import PREFIX
from insyn.web.staff.forms import day_in
from insyn.web.staff.gate import Visit, gate

HERE = f"{PREFIX}/arenden"
AT_ONCE = 200
CHANNELS = {"chat": "chatt", "email": "e-post", "staff": "personal"}
PROOFS = {
    "none": "inget",
    "address": "adress angiven",
    "mailbox": "e\u2011postkontroll",
    "strong": "e\u2011legitimation",
    "staff": "handläggares bedömning",
}
NOT_READ = "Skriv ett ärendenummer, till exempel INS-7KQ4-2M9D, eller en hel e-postadress."
BACKWARDS = "Från-dagen ligger efter till-dagen, så ingenting kan stämma. Byt plats på dem."
NOT_FOUND = "Det finns inget ärende med det numret."


@dataclass(frozen=True)
class Done:
    """What came of an action on one of several cases."""

    reference: str
    succeeded: bool
    says: str


def cases_router() -> APIRouter:
    """/konsol/arenden, without the pages of single cases."""
    router = APIRouter(prefix=HERE)

    @router.get("")
    def show(visit: Visit = Depends(gate)) -> Response:
        return _list(visit)

    @router.post("/sok")
    def search(visit: Visit = Depends(gate)) -> Response:
        words = visit.form["q"].strip()
        if "@" in words:
            return _of_address(visit, words)
        reference = canonical(words)
        if reference is None:
            return _list(visit, wrong=NOT_READ)
        with visit.services.store.read() as session:
            found = visit.services.casebook.by_reference(session, reference)
        return pages.onward(f"{HERE}/{reference}") if found else _list(visit, wrong=NOT_FOUND)

    @router.post("/samlat")
    def together(visit: Visit = Depends(gate)) -> Response:
        chosen = visit.form.all("case")[:AT_ONCE]
        act = _ACTS.get(visit.form["act"])
        if act is None or not chosen:
            return _list(visit, wrong="Markera minst ett ärende och välj vad som ska göras.")
        done = [_one(visit, case_id, act) for case_id in chosen]
        return pages.page(visit, "cases_together.html.j2", done=done, back=_back(visit.form["back"]))

    return router


# -- the list


def wanted_from(query: Mapping[str, str], visit: Visit) -> Wanted:
    """What the fields of the filter ask for; what they cannot mean is left out."""
    tray = query.get("fack", "")
    state = query.get("lage", "open" if "fack" not in query else "")
    assignee = query.get("hos", "")
    return Wanted(
        tray=Tray(tray) if tray in set(Tray) else None,
        state=state if state in {"open", "closed", "", *State} else "open",
        kind=query.get("galler", "") if query.get("galler", "") in KINDS else "",
        channel=query.get("kanal", "") if query.get("kanal", "") in CHANNELS else "",
        assignee=visit.by if assignee == "jag" else assignee[:36],
        due_from=day_in(query.get("senast_fran", "")),
        due_to=day_in(query.get("senast_till", "")),
        received_from=day_in(query.get("mottaget_fran", "")),
        received_to=day_in(query.get("mottaget_till", "")),
    )


def _list(visit: Visit, *, wrong: str = "") -> Response:
    services, query = visit.services, visit.request.query_params
    wanted = wanted_from(query, visit)
    wrong = wrong or (BACKWARDS if wanted.is_backwards else "")
    now, notice = services.clock(), services.settings.due_notice_days
    with services.store.read() as session:
        found = finding.page(session, wanted, now, notice_days=notice, after=query.get("efter"))
        members = services.members.all(session)
    names, handlers = {member.id: member.name for member in members}, workers(members)
    asked = {key: value for key, value in query.items() if key != "efter" and value}
    return pages.page(
        visit, "cases.html.j2", status=422 if wrong else 200, wrong=wrong, wanted=wanted, cases=found.cases,
        after=f"{HERE}?{urlencode({**asked, 'efter': found.after})}" if found.after else "",
        first=f"{HERE}?{urlencode(asked)}" if "efter" in query else "",
        back=f"{HERE}?{urlencode(dict(query))}", names=names, handlers=handlers,
        title=_title(wanted), filtered=_is_filtered(wanted), searched="", **_words(visit),
    )  # fmt: skip


def _of_address(visit: Visit, words: str) -> Response:
    try:
        address = EmailAddress.parse(words)
    except AddressInvalid:
        return _list(visit, wrong=NOT_READ)
    services = visit.services
    with services.store.read() as session:
        cases = services.casebook.of_address(session, address)[:AT_ONCE]
        members = services.members.all(session)
    names, handlers = {member.id: member.name for member in members}, workers(members)
    return pages.page(
        visit, "cases.html.j2", wrong="", wanted=Wanted(state=""), cases=cases, after="", first="", back=HERE, names=names,
        handlers=handlers, title="Ärenden för adressen", filtered=False, searched=words, **_words(visit),
    )  # fmt: skip


def _words(visit: Visit) -> dict[str, Any]:
    trays = [queue for queue in QUEUES if queue.path == HERE]
    return {"KINDS": KINDS, "STATES": NAMES, "CLOSED": CLOSED, "CHANNELS": CHANNELS, "PROOFS": PROOFS, "trays": trays, "me": visit.by, "NOBODY": NOBODY}  # fmt: skip


def _title(wanted: Wanted) -> str:
    if wanted.tray is not None:
        return "Ärenden: " + next(queue.title for queue in QUEUES if queue.id == wanted.tray)
    if wanted.state == "open":
        return "Öppna ärenden"
    if wanted.state == "closed":
        return "Avslutade ärenden"
    return f"Ärenden: {NAMES[State(wanted.state)]}" if wanted.state else "Alla ärenden"


def _is_filtered(wanted: Wanted) -> bool:
    return replace(wanted, tray=None) not in (Wanted(), Wanted(state=""))


def workers(members: list[Member]) -> list[Member]:
    """Those who can be given a case."""
    return [member for member in members if member.is_active and member.roles & {Role.HANDLER, Role.DPO}]


# -- several at once


def _take_up(visit: Visit, case: Case) -> str:
    visit.services.casework.take_up(case.id, by=visit.by)
    return "Handläggningen har börjat."


def _assign(visit: Visit, case: Case) -> str:
    to = visit.form["to"]
    with visit.services.store.read() as session:
        member = next((each for each in workers(visit.services.members.all(session)) if each.id == to), None)
    if to and member is None:
        raise NotWorker
    visit.services.casework.assign(case.id, to or None, by=visit.by)
    return f"Hos {member.name}." if member else "Ingen har ärendet nu."


class NotWorker(Exception):
    """A case was to be given to someone who works no cases."""


_ACTS: dict[str, Callable[[Visit, Case], str]] = {"ta-upp": _take_up, "tilldela": _assign}


def _one(visit: Visit, case_id: str, act: Callable[[Visit, Case], str]) -> Done:
    with visit.services.store.read() as session:
        case = session.get(Case, case_id)
    if case is None:
        return Done("–", False, "Ärendet finns inte.")
    try:
        return Done(case.reference, True, act(visit, case))
    except GuardFailed as error:
        return Done(case.reference, False, error.guard.says)
    except ForbiddenTransition:
        return Done(case.reference, False, f"Det går inte när ärendet är {NAMES[State(case.state)]}.")
    except (NoSuchCase, NotWorker):
        return Done(case.reference, False, "Det gick inte: personen eller ärendet finns inte längre.")


def _back(address: str) -> str:
    """The list one came from, if it is one."""
    return address if address == HERE or address.startswith(f"{HERE}?") else HERE
