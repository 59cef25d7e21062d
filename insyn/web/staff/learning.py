"""Learning: corrections on their way to the model, each read by a human, and what the latest evaluation found."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from insyn.learning.comparing import AND
from insyn.learning.corrections import NotCorrectable, State
from insyn.learning.examples import NotAnExample, words_to_check
from insyn.web.staff import pages
from insyn.web.staff.access import PREFIX
from insyn.web.staff.forms import number_in
from insyn.web.staff.gate import Visit, gate

HERE = f"{PREFIX}/larande"
PAGE = 50
GONE = "Rättelsen finns inte längre, eller ingår redan i modellen."


def learning_router() -> APIRouter:
    """The routes under /konsol/larande."""
    router = APIRouter(prefix=HERE)

    @router.get("")
    def show(visit: Visit = Depends(gate)) -> Response:
        return _page(visit)

    @router.post("/samlat")
    def together(visit: Visit = Depends(gate)) -> Response:
        numbers = [number_in(each) for each in visit.form.all("lektion")[:PAGE]]
        chosen = [each for each in numbers if each is not None]
        refused = visit.services.corrections.approve_all(chosen, by=visit.by)
        return _page(
            visit, refused=refused, done=f"{len(chosen) - len(refused)} exempel är godkända." if chosen else ""
        )

    @router.post("/{turn_seq}")
    def judge(turn_seq: str, visit: Visit = Depends(gate)) -> Response:
        form, corrections, seq = visit.form, visit.services.corrections, number_in(turn_seq) or 0
        try:
            if form["act"] == "avsla":
                corrections.reject(seq, by=visit.by)
            else:
                corrections.approve(seq, form["intent"], form["text"], by=visit.by)
        except NotAnExample as error:
            return _page(visit, refused={seq: error.says}, written={seq: form["text"]})
        except NotCorrectable:
            return _page(visit, wrong=GONE)
        return pages.onward(HERE, said="avslagen" if form["act"] == "avsla" else "godkand")

    return router


def _page(
    visit: Visit, *, wrong: str = "", done: str = "", refused: dict[int, str] | None = None,
    written: dict[int, str] | None = None,
) -> Response:  # fmt: skip
    services, after = visit.services, visit.request.query_params.get("efter", "")
    with services.store.read() as session:
        waiting = services.corrections.of_state(session, State.WAITING, after=number_in(after), limit=PAGE + 1)
        approved = services.corrections.of_state(session, State.APPROVED, limit=PAGE)
        counts = services.corrections.counts(session)
        names = services.members.names(session)
    shown = waiting[:PAGE]
    return pages.page(
        visit, "learning.html.j2", status=422 if wrong or refused else 200, wrong=wrong, done=done, refused=refused or {},
        written=written or {}, waiting=shown, approved=approved, counts=counts, names=names, intents=services.intents,
        older=shown[-1][0].turn_seq if len(waiting) > PAGE else None, report=services.workshop.report(),
        AND=AND, check={row.turn_seq: words_to_check(row.text, services.vocabulary) for row, _ in shown},
    )  # fmt: skip
