"""The approved answers: what each rests on, who stands for it, and which are to be read again."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from insyn.policy.fingerprint import NotAPolicy
from insyn.policy.standing import NoSuchAnswer, Status, TextChanged
from insyn.web.staff import pages
from insyn.web.staff.access import PREFIX
from insyn.web.staff.gate import Visit, gate

HERE = f"{PREFIX}/svar"
NAMES = {
    Status.POLICY_CHANGED: "policyn har ändrats",
    Status.TEXT_CHANGED: "texten har ändrats",
    Status.DRAFT: "utkast, inte godkänt",
    Status.APPROVED: "godkänt",
}
ORIGINS = {"policy": "policyn", "law": "lagen", "assistant": "Insyn"}
CHANGED_MEANWHILE = "Svarets text har ändrats sedan sidan öppnades. Läs den igen innan du godkänner."


def answers_router() -> APIRouter:
    """The routes under /konsol/svar."""
    router = APIRouter(prefix=HERE)

    @router.get("")
    def show(visit: Visit = Depends(gate)) -> Response:
        return _page(visit)

    @router.post("/policy")
    def read_policy(visit: Visit = Depends(gate)) -> Response:
        try:
            visit.services.approvals.read_policy(visit.form["policy"], by=visit.by)
        except NotAPolicy as error:
            return _page(visit, wrong=error.says)
        return pages.onward(HERE, said="policy")

    @router.post("/{topic}/godkann")
    def approve(topic: str, visit: Visit = Depends(gate)) -> Response:
        try:
            visit.services.approvals.approve(topic, visit.form["text_hash"], by=visit.by)
        except NoSuchAnswer:
            return pages.missing(visit)
        except TextChanged:
            return _page(visit, wrong=CHANGED_MEANWHILE)
        return pages.onward(HERE, said="svar")

    return router


def _page(visit: Visit, *, wrong: str = "") -> Response:
    services, wanted = visit.services, visit.request.query_params.get("lage", "")
    with services.store.read() as session:
        standings = services.approvals.all(session)
        latest = services.approvals.latest(session)
        names = services.members.names(session)
    counts = {status: sum(1 for each in standings if each.status is status) for status in Status}
    shown = [each for each in standings if not wanted or each.status == wanted]
    return pages.page(
        visit, "answers.html.j2", status=422 if wrong else 200, wrong=wrong, standings=shown, counts=counts, wanted=wanted,
        latest=latest, names=names, book=services.book, NAMES=NAMES, ORIGINS=ORIGINS, total=len(standings),
        policy_url=services.settings.policy_url,
    )  # fmt: skip
