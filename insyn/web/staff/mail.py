"""The pages of the mailbox: what waits for someone, why each mail is where it is, its words masked."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy import select

from insyn.mail.inbox import waits
from insyn.staff import mail as mailbox
from insyn.staff.mail import Tray
from insyn.staff.viewing import NoReason, NothingThere
from insyn.store.models import Case
from insyn.web.delivery import attachment
from insyn.web.staff import pages
from insyn.web.staff.access import PREFIX
from insyn.web.staff.gate import Visit, gate

HERE = f"{PREFIX}/post"
TRAYS = {
    Tray.HUMAN: "väntar på en människa",
    Tray.QUARANTINED: "i karantän",
    Tray.UNDER_WAY: "på väg in",
    Tray.ANSWERED: "besvarade",
    Tray.IGNORED: "utan svar",
}
STATUSES = {
    "received": "mottaget",
    "decided": "bedömt",
    "answered": "besvarat",
    "ignored": "utan svar",
    "human": "till en människa",
    "quarantined": "i karantän",
}
PARTS = {"from": "Från", "subject": "Ämne", "text": "Nytt i mejlet"}
NO_REASON = "Skriv varför du behöver se det, minst en kort mening."
NOT_THERE = "Det finns inte, eller är gallrat."


def mail_router() -> APIRouter:
    """The routes under /konsol/post."""
    router = APIRouter(prefix=HERE)

    @router.get("")
    def show(visit: Visit = Depends(gate), fack: str = Tray.HUMAN, efter: str | None = None) -> Response:
        tray = Tray(fack) if fack in set(Tray) else Tray.HUMAN
        with visit.services.store.read() as session:
            found = mailbox.page(session, tray, after=efter)
            wanted = [mail.case_id for mail in found.mails if mail.case_id]
            references = {case.id: case.reference for case in session.scalars(select(Case).where(Case.id.in_(wanted)))}
        return pages.page(
            visit, "mails.html.j2", tray=tray, TRAYS=TRAYS, STATUSES=STATUSES, mails=found.mails, references=references,
            after=f"{HERE}?fack={tray}&efter={found.after}" if found.after else "", newest=efter is None,
        )  # fmt: skip

    @router.get("/{mail_id}")
    def look(mail_id: str, visit: Visit = Depends(gate)) -> Response:
        return _mail(visit, mail_id)

    @router.post("/{mail_id}/visa")
    def reveal(mail_id: str, visit: Visit = Depends(gate)) -> Response:
        what = visit.form["what"]
        try:
            value = visit.services.mail_desk.reveal(mail_id, what, visit.form["reason"], by=visit.by)
        except NoReason:
            return _mail(visit, mail_id, wrong=NO_REASON)
        except NothingThere:
            return _mail(visit, mail_id, wrong=NOT_THERE)
        if visit.is_htmx:
            return pages.page(visit, "case_value.html.j2", what=what, value=value, wrong="", base=f"{HERE}/{mail_id}")
        return _mail(visit, mail_id, shown={what: value})

    @router.post("/{mail_id}/hamta")
    def take_out(mail_id: str, visit: Visit = Depends(gate)) -> Response:
        try:
            raw = visit.services.mail_desk.take_out(mail_id, visit.form["reason"], by=visit.by)
        except NoReason:
            return _mail(visit, mail_id, wrong=NO_REASON)
        except NothingThere:
            return _mail(visit, mail_id, wrong=NOT_THERE)
        headers = {
            **pages.PRIVATE,
            "Content-Disposition": attachment("mejl.eml"),
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        return Response(raw, media_type="application/octet-stream", headers=headers)

    @router.post("/{mail_id}/klart")
    def settle(mail_id: str, visit: Visit = Depends(gate)) -> Response:
        if not visit.services.mail_desk.settle(mail_id, by=visit.by):
            return _mail(visit, mail_id, wrong="Mejlet väntar inte längre på någon.")
        return pages.onward(HERE, said="mejl-klart")

    return router


def _mail(visit: Visit, mail_id: str, *, wrong: str = "", shown: dict[str, str] | None = None) -> Response:
    view = visit.services.mail_desk.look(mail_id, by=visit.by)
    if view is None:
        return pages.missing(visit)
    with visit.services.store.read() as session:
        case = session.get(Case, view.mail.case_id) if view.mail.case_id else None
        names = visit.services.members.names(session)
    return pages.page(
        visit, "mail.html.j2", status=422 if wrong else 200, wrong=wrong, view=view, mail=view.mail, case=case, names=names, waits=waits(view.mail),
        shown=shown or {}, base=f"{HERE}/{mail_id}", PARTS=PARTS, STATUSES=STATUSES,
    )  # fmt: skip
