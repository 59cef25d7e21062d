"""The page that a working day begins with: what waits, each number a link to the list behind it."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from insyn.review.unanswered import LATELY, questions
from insyn.staff.today import QUEUES, Moment
from insyn.web.staff import pages
from insyn.web.staff.access import PREFIX
from insyn.web.staff.gate import Visit, gate


def today_router() -> APIRouter:
    """/konsol."""
    router = APIRouter(prefix=PREFIX)

    @router.get("")
    def today(visit: Visit = Depends(gate)) -> Response:
        moment = Moment(visit.services.clock(), visit.services.settings.due_notice_days)
        with visit.services.store.read() as session:
            waiting = [(queue, queue.count(session, moment)) for queue in QUEUES if visit.may(queue.entry)]
            unanswered = questions(session, moment.now) if visit.may("POST /konsol/samtal/sok") else []
        return pages.page(visit, "today.html.j2", waiting=waiting, unanswered=unanswered, days=LATELY.days)

    return router
