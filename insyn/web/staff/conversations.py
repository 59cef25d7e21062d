"""The list of conversations: filters, search, and marks on several at once.

Words are searched for by POST, so that they stand in no address and no log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response

from insyn.review import bands, finding
from insyn.review.bands import Band
from insyn.review.finding import Wanted
from insyn.review.marks import FLAGGED, REVIEWED, NotATag, tag_mark, tag_of
from insyn.web.staff import pages
from insyn.web.staff.access import PREFIX
from insyn.web.staff.forms import Form
from insyn.web.staff.gate import Visit, gate

HERE = f"{PREFIX}/samtal"
AT_ONCE = 200
CHANNELS = {"chat": "chatt", "email": "e-post"}
THUMBS = {"up": "tumme upp", "down": "tumme ner"}
YES_NO = {"ja": True, "nej": False}
FIELDS = ("kanal", "amne", "sakerhet", "ej_forstatt", "tumme", "manniska", "granskat", "flaggat", "etikett", "vantar")
NOTHING_CHOSEN = "Markera minst ett samtal och välj vad som ska göras."


def conversations_router() -> APIRouter:
    """/konsol/samtal, without the pages of single conversations."""
    router = APIRouter(prefix=HERE)

    @router.get("")
    def show(visit: Visit = Depends(gate)) -> Response:
        query = visit.request.query_params
        return _list(visit, {field: query.get(field, "") for field in FIELDS}, after=query.get("efter"))

    @router.post("/sok")
    def search(visit: Visit = Depends(gate)) -> Response:
        asked = {field: visit.form[field] for field in FIELDS}
        words = visit.form["ord"].strip()
        if not words:
            return RedirectResponse(_address(asked), status_code=303, headers=pages.PRIVATE)
        return _list(visit, asked, words=words, after=visit.form["efter"] or None)

    @router.post("/samlat")
    def together(visit: Visit = Depends(gate)) -> Response:
        asked = {field: visit.form[field] for field in FIELDS}
        chosen = visit.form.all("samtal")[:AT_ONCE]
        try:
            mark = mark_from(visit.form)
        except NotATag as error:
            return _list(visit, asked, words=visit.form["ord"], wrong=error.says)
        if mark is None or not chosen:
            return _list(visit, asked, words=visit.form["ord"], wrong=NOTHING_CHOSEN)
        done = visit.services.marks.add(chosen, mark, by=visit.by)
        missing = sum(1 for there in done.values() if not there)
        said = f"{len(chosen) - missing} samtal är markerade."
        if missing:
            said += f" {missing} finns inte längre."
        return _list(visit, asked, words=visit.form["ord"], done=said)

    return router


def mark_from(form: Form) -> str | None:
    """The mark that a form's button stands for; None for none of them. Raises `NotATag`."""
    act = form["act"]
    if act == "etikett":
        return tag_mark(tag_of(form["ny_etikett"]))
    return {"granskat": REVIEWED, "flagga": FLAGGED}.get(act)


def wanted_from(asked: Mapping[str, str], words: str = "") -> Wanted:
    """What the fields of the filter ask for; what they cannot mean is left out."""
    band = asked.get("sakerhet", "")
    return Wanted(
        channel=asked.get("kanal", "")[:20],
        topic=asked.get("amne", "")[:80],
        band=Band(band) if band in set(Band) else None,
        words=words[:200],
        not_understood=asked.get("ej_forstatt") == "ja",
        thumb=asked.get("tumme", "") if asked.get("tumme") in THUMBS else "",
        handed_over=asked.get("manniska") == "ja",
        reviewed=YES_NO.get(asked.get("granskat", "")),
        flagged=asked.get("flaggat") == "ja",
        tag=asked.get("etikett", "")[:40],
        waiting=asked.get("vantar") == "ja",
    )


def _list(
    visit: Visit,
    asked: Mapping[str, str],
    *,
    words: str = "",
    after: str | None = None,
    wrong: str = "",
    done: str = "",
) -> Response:
    services = visit.services
    wanted = wanted_from(asked, words)
    with services.store.read() as session:
        found = finding.page(session, wanted, after=after)
        tags = services.marks.tags(session)
    return pages.page(
        visit, "conversations.html.j2", status=422 if wrong else 200, wrong=wrong, done=done, found=found, wanted=wanted,
        asked=asked, words=words, tags=tags, intents=services.intents, topics=_topics(visit), BANDS=bands.NAMES,
        CHANNELS=CHANNELS, THUMBS=THUMBS, first=_address(asked) if after and not words else "",
        onward=_address(asked, found.after) if found.after and not words else "",
        filtered=any(asked.values()) or bool(words),
    )  # fmt: skip


def _topics(visit: Visit) -> dict[str, str]:
    """The topics that are reported to people, by title."""
    book = visit.services.book
    titles = {topic: visit.services.intents.title(topic) for topic in {*book.answers, *_OTHERS}}
    return dict(sorted(titles.items(), key=lambda item: item[1].casefold()))


_OTHERS = (
    "request.access", "request.rectification", "request.erasure", "request.restriction", "request.portability",
    "request.objection", "request.objection.marketing", "request.withdraw_consent", "request.status", "request.cancel",
    "report.incident", "complaint", "handover.human", "out_of_scope", "fallback.clarify",
)  # fmt: skip


def _address(asked: Mapping[str, str], after: str | None = None) -> str:
    fields: dict[str, Any] = {key: value for key, value in asked.items() if value}
    if after:
        fields["efter"] = after
    return f"{HERE}?{urlencode(fields)}" if fields else HERE
