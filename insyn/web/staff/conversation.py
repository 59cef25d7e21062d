"""One conversation: how each message was read and what came of it; correcting, marking, revealing, answering."""

from __future__ import annotations

import asyncio
import uuid

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from insyn.learning.corrections import NotCorrectable
from insyn.review import reading
from insyn.review.marks import FLAGGED, REVIEWED, NotATag, tag_mark
from insyn.review.replying import NotSaid
from insyn.staff.viewing import NoReason, NothingThere
from insyn.web.staff import pages
from insyn.web.staff.casefile import NO_REASON, NOT_THERE
from insyn.web.staff.conversations import CHANNELS, HERE, THUMBS, mark_from
from insyn.web.staff.forms import number_in
from insyn.web.staff.gate import Visit, gate

GONE = "Samtalet finns inte längre. Personen kan ha raderat det, eller så är det gallrat."
NOT_CORRECTABLE = "Meddelandet kan inte rättas: det har inte lästs av assistenten, eller så finns inte avsikten."


def conversation_router() -> APIRouter:
    """The routes under /konsol/samtal/{conversation_id}."""
    router = APIRouter(prefix=f"{HERE}/{{conversation_id}}")

    @router.get("")
    def show(conversation_id: str, visit: Visit = Depends(gate)) -> Response:
        return conversation_page(visit, conversation_id, view=True)

    @router.post("/ratta")
    def correct(conversation_id: str, visit: Visit = Depends(gate)) -> Response:
        turn_seq, corrections = number_in(visit.form["turn"]) or 0, visit.services.corrections
        try:
            if visit.form["act"] == "angra":
                corrections.withdraw(conversation_id, turn_seq, by=visit.by)
            else:
                corrections.correct(conversation_id, turn_seq, visit.form["intent"], by=visit.by)
        except NotCorrectable:
            return conversation_page(visit, conversation_id, wrong=NOT_CORRECTABLE)
        return pages.onward(f"{HERE}/{conversation_id}", said="rattat")

    @router.post("/markera")
    def mark(conversation_id: str, visit: Visit = Depends(gate)) -> Response:
        marks, form = visit.services.marks, visit.form
        away = {"ej-granskat": REVIEWED, "ej-flagga": FLAGGED, "ej-etikett": tag_mark(form["etikett"])}
        try:
            added = mark_from(form)
        except NotATag as error:
            return conversation_page(visit, conversation_id, wrong=error.says)
        if added is not None:
            done = marks.add([conversation_id], added, by=visit.by)
        elif form["act"] in away:
            done = marks.remove([conversation_id], away[form["act"]], by=visit.by)
        else:
            return conversation_page(visit, conversation_id, wrong="Välj vad som ska göras.")
        if not all(done.values()):
            return pages.missing(visit)
        return pages.onward(f"{HERE}/{conversation_id}", said="markerat")

    @router.post("/visa")
    def reveal(conversation_id: str, visit: Visit = Depends(gate)) -> Response:
        what, reason = visit.form["what"], visit.form["reason"]
        value, wrong = "", ""
        try:
            value = visit.services.viewing.reveal_in_conversation(conversation_id, what, reason, by=visit.by)
        except NoReason:
            wrong = NO_REASON
        except NothingThere:
            wrong = NOT_THERE
        if visit.is_htmx:
            return pages.page(
                visit, "case_value.html.j2", status=422 if wrong else 200, what=what, value=value, wrong=wrong,
                base=f"{HERE}/{conversation_id}",
            )  # fmt: skip
        return conversation_page(visit, conversation_id, wrong=wrong, revealed={what: value})

    @router.post("/svara")
    async def reply(conversation_id: str, visit: Visit = Depends(gate)) -> Response:
        form = visit.form
        try:
            await visit.services.replies.reply(
                conversation_id,
                form["text"],
                by=visit.by,
                key=form["key"][:36] or str(uuid.uuid4()),
                mail=form["mail"] == "ja",
                seen=number_in(form["seen"]),
            )
        except NotSaid as error:
            return await asyncio.to_thread(_not_said, visit, conversation_id, error.says)
        return pages.onward(f"{HERE}/{conversation_id}", said="svarat")

    @router.post("/ta-over")
    async def take_over(conversation_id: str, visit: Visit = Depends(gate)) -> Response:
        if not await visit.services.gateway.take_over(conversation_id, by=visit.by):
            return pages.missing(visit)
        return pages.onward(f"{HERE}/{conversation_id}", said="tagit-over")

    @router.post("/lamna")
    async def give_back(conversation_id: str, visit: Visit = Depends(gate)) -> Response:
        if not await visit.services.gateway.give_back(conversation_id, by=visit.by):
            return pages.missing(visit)
        return pages.onward(f"{HERE}/{conversation_id}", said="lamnat")

    @router.get("/nytt")
    def news(conversation_id: str, visit: Visit = Depends(gate)) -> Response:
        """What has been said after the message `efter`, for a page that is open; 204 where that is nothing."""
        after = number_in(visit.request.query_params.get("efter", "")) or 0
        return conversation_page(visit, conversation_id, template="conversation_news.html.j2", after=after)

    return router


def _not_said(visit: Visit, conversation_id: str, says: str) -> Response:
    """The conversation as it is now, what was written for it still in the field; or if it is gone, on a page of its own."""
    text = visit.form["text"]
    shown = conversation_page(visit, conversation_id, wrong=says, answer=text)
    if shown.status_code != 404 or not text.strip():
        return shown
    return pages.kept(visit, 404, "Svaret är inte skickat", says, onward=HERE, onward_is="Till samtalen")


def conversation_page(
    visit: Visit, conversation_id: str, *, wrong: str = "", view: bool = False, answer: str = "",
    revealed: dict[str, str] | None = None, template: str = "conversation.html.j2", after: int = 0,
) -> Response:  # fmt: skip
    """The page of a conversation; `view` where someone opens it, which is logged, `revealed` what is shown this once.

    Another `template` shows a part of it, with the messages after the number `after`.
    """
    services = visit.services
    with services.store.read() as session:
        names = services.members.names(session)
        if after and not reading.has_news(session, conversation_id, after):
            return Response(status_code=204, headers=pages.PRIVATE)
        file = reading.read(session, conversation_id, lambda member_id: names.get(member_id, "någon"))
        mailable = services.replies.mailable(session, conversation_id) if file else None
    if file is None:
        return pages.notice(visit, GONE) if visit.is_htmx else pages.missing(visit)
    if view:
        services.viewing.view_conversation(conversation_id, by=visit.by)
    return pages.page(
        visit, template, status=422 if wrong else 200, wrong=wrong, file=file, names=names,
        intents=services.intents, CHANNELS=CHANNELS, THUMBS=THUMBS, mailable=mailable, answer=answer, revealed=revealed or {},
        key=str(uuid.uuid4()), entries=[entry for entry in file.entries if entry.turn.seq > after],
        has_human=services.takeover.is_human(file.conversation), idle_minutes=services.settings.human_idle_minutes,
    )  # fmt: skip
