"""Who has looked at what, for the data-protection officer."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy import select

from insyn.staff.viewing import Look
from insyn.store.models import Case
from insyn.web.staff import pages
from insyn.web.staff.access import PREFIX
from insyn.web.staff.casefile import DETAILS
from insyn.web.staff.forms import number_in
from insyn.web.staff.gate import Visit, gate

PAGE = 50
DID = {
    "case.viewed": "öppnade ärendet",
    "case.revealed": "visade",
    "case.exported": "tog ut hela ärendet",
    "conversation.viewed": "öppnade samtalet",
    "conversation.revealed": "visade",
    "mail.viewed": "öppnade ett mejl",
    "mail.revealed": "visade",
}
MAIL = {
    "from": "avsändaren av ett mejl",
    "subject": "ämnet för ett mejl",
    "text": "ett mejl",
    "raw": "ett mejl som fil",
}


def viewing_log_router() -> APIRouter:
    """/konsol/insynslogg."""
    router = APIRouter(prefix=PREFIX)

    @router.get("/insynslogg")
    def show(visit: Visit = Depends(gate), fore: str = "", arende: str = "") -> Response:
        services, subject, wrong, before = visit.services, None, "", number_in(fore)
        with services.store.read() as session:
            names = services.members.names(session)
            if arende:
                case = services.case_filing.find(session, arende)
                subject, wrong = (case.id, "") if case else (None, "Det finns inget ärende med det numret.")
        looks = [] if wrong else services.viewing.looks(before=before, subject=subject, limit=PAGE + 1)
        shown = looks[:PAGE]
        with services.store.read() as session:
            cases = session.scalars(select(Case).where(Case.id.in_({look.subject for look in shown})))
            references = {case.id: case.reference for case in cases}
        return pages.page(
            visit, "viewing_log.html.j2", status=422 if wrong else 200, looks=shown, names=names, references=references,
            older=shown[-1].seq if len(looks) > PAGE else None, newest=before is None, asked=arende, wrong=wrong,
            DID=DID, what=_what,
        )  # fmt: skip

    return router


def _what(look: Look) -> str:
    """Which value was shown, in words."""
    if look.what.startswith("note:"):
        return "en text i tidslinjen"
    if look.what.startswith("⟨"):
        return f"{look.what.strip('⟨⟩')} i samtalet"
    return {"": "", "all": "", **MAIL}.get(look.what, DETAILS.get(look.what, look.what).lower())
