"""Letters: the mails Insyn writes, from templates in `templates/`, as plain text and as simple HTML of the same words.

A template's first line is the subject, the rest is text in paragraphs; the HTML is made from those paragraphs.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from insyn.cases.casebook import Casebook, Details
from insyn.cases.clocks import extension
from insyn.cases.deadline import due_for
from insyn.cases.grounds import GROUNDS
from insyn.cases.kinds import KINDS
from insyn.cases.reference import PATTERN as REFERENCE
from insyn.cases.transitions import Event
from insyn.clock import STOCKHOLM, swedish_date, written_date
from insyn.letters.elements import Element, Facts, IncompleteLetter, Wording, missing
from insyn.outbox.queue import Letter
from insyn.store.models import Case

SIGNED_BY_INSYN = "Insyn, Konteks dataskyddsassistent"
SIGNED_BY_STAFF = "Kontek, dataskydd\ndpo@kontek.se"

# What stands in a draft where a human has not written yet; such a letter is never sent (see `elements.UNFILLED`).
MISSING = {
    "reasons": "[SKRIV SKÄLEN]",
    "answer": "[SKRIV VAD SOM ÄR GJORT]",
    "asks": "[SKRIV VAD VI BEHÖVER]",
    "ground": "[VÄLJ GRUND]",
    "earlier": "[INGET TIDIGARE ÄRENDE]",
}

# Stands in a draft for the secret link, which is made when the letter is sent; whoever edits the letter may take it out.
LINK = "⟨länk⟩"

TEMPLATES = {
    Event.IDENTITY_DOUBTED: "identity",
    Event.EXTENDED: "extended",
    Event.COMPLETED: "completed",
    Event.PARTLY_REFUSED: "partly_refused",
    Event.REFUSED: "refused",
    Event.HANDED_OVER: "handed_over",
    Event.CLOSED_UNIDENTIFIED: "closed_unidentified",
    Event.ATTACHED: "attached",
}

_TEMPLATES = Path(__file__).parent / "templates"


def _unbroken(line: str) -> Markup:
    """A line in which no case reference is broken at its hyphens; its characters stay, so that it can be copied."""
    return Markup(REFERENCE.sub(lambda found: f'<span style="white-space:nowrap">{found[0]}</span>', str(escape(line))))


_text = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=False,
)
_html = Environment(loader=FileSystemLoader(_TEMPLATES), undefined=StrictUndefined, autoescape=True)
for _environment in (_text, _html):
    _environment.filters["written"] = written_date
_text.globals["MISSING"] = MISSING
_html.filters["unbroken"] = _unbroken


@dataclass(frozen=True)
class Draft:
    """A letter as it would be sent, and what it lacks."""

    template: str
    letter: Letter
    missing: tuple[Element, ...]

    def finished(self) -> Letter:
        """The letter. Raises `IncompleteLetter` naming what is missing."""
        if self.missing:
            raise IncompleteLetter(self.missing)
        return self.letter


def code_letter(to: str, code: str, expires_at: datetime, *, asked: str, link: str | None = None) -> Letter:
    """The one-time code, and the link that does the same. `asked` ends "the chat in which you …": what the code is for."""
    until = expires_at.astimezone(STOCKHOLM).strftime("%H.%M")
    return _compose("code", to, code=f"{code[:4]} {code[4:]}", until=until, asked=asked, link=link)


def delivery_code_letter(to: str, code: str, expires_at: datetime) -> Letter:
    """The one-time code that opens a delivery."""
    until = expires_at.astimezone(STOCKHOLM).strftime("%H.%M")
    return _compose("delivery_code", to, code=f"{code[:4]} {code[4:]}", until=until)


def delivery_letter(case: Case, details: Details, link: str, expires_at: datetime, files: int) -> Letter:
    """Tells where the files of a case can be fetched, and until when; the files themselves are never mailed."""
    name = details.get("name")
    return _compose(
        "delivery",
        details["address"],
        signed=SIGNED_BY_STAFF,
        hello=f"Hej {name}," if name else "Hej,",
        case=case,
        kind=KINDS[case.kind],
        link=link,
        until=swedish_date(expires_at),
        files=files,
    )


def receipt_letter(cases: list[tuple[Case, Details]], to: str) -> Letter:
    """The receipt for one or several requests made together: reference, right, due date and how it was computed."""
    requests = [{"case": case, "kind": KINDS[case.kind], "deadline": due_for(case.received_at)} for case, _ in cases]
    name = next((details["name"] for _, details in cases if details.get("name")), None)
    received = cases[0][0].received_at.astimezone(STOCKHOLM)
    return _compose("receipt", to, requests=requests, name=name, received=received, proof=cases[0][0].proof)


def withdrawn_letter(case: Case, to: str) -> Letter:
    """Confirms that a request was taken back."""
    return _compose("withdrawn", to, case=case, kind=KINDS[case.kind])


def alarm_letter(case: Case, to: str) -> Letter:
    """Tells the staff that an incident was reported; says nothing of its content."""
    received = case.received_at.astimezone(STOCKHOLM)
    return _compose("alarm", to, case=case, received=received)


def acknowledged_letter(case: Case, to: str) -> Letter:
    """Tells whoever reported an incident, complained or asked that it has arrived; repeats nothing of it."""
    received = case.received_at.astimezone(STOCKHOLM)
    return _compose("acknowledged", to, case=case, received=received.date(), clock=received.strftime("%H.%M"))


def answered_letter(case: Case, to: str, words: str) -> Letter:
    """What a member of the staff answers a person, in their own words."""
    return _compose("answered", to, signed=SIGNED_BY_STAFF, case=case, words=words.strip())


def step_letter(
    event: Event,
    case: Case,
    details: Details,
    wording: Wording,
    *,
    earlier: Case | None = None,
    doubted: bool = False,
    log_in: str = "",
    signed: str = SIGNED_BY_STAFF,
) -> Draft:
    """The letter that goes with a step of a case, and what it lacks. `earlier` is the case that one is attached to.

    Someone whose mailbox has not been proved, or about whom there is doubt, is not called by name. `log_in` is what one can
    log in with to end a doubt, by the link that takes the place of `LINK`.
    """
    template = TEMPLATES[event]
    kind = KINDS[case.kind]
    received = swedish_date(case.received_at)
    known = (
        Casebook.is_proved(case) and not doubted and event not in (Event.IDENTITY_DOUBTED, Event.CLOSED_UNIDENTIFIED)
    )
    name = details.get("name") if known else None
    extended = extension(received) if event is Event.EXTENDED else None
    letter = _compose(
        template,
        details.get("address", ""),
        signed=signed,
        text=wording.text,
        hello=f"Hej {name}," if name else "Hej,",
        case=case,
        kind=kind,
        received=received,
        wording=wording,
        ground=GROUNDS.get(wording.ground),
        extension=extended,
        earlier=earlier,
        log_in=log_in,
        link=LINK,
    )
    facts = Facts(case.reference, written_date(extended.due) if extended else "")
    return Draft(template, letter, missing(template, letter.text, wording, facts))


def with_link(letter: Letter, link: str) -> Letter:
    """A letter with the link in its place."""
    at, anchor = html.escape(LINK), f'<a href="{html.escape(link)}" style="color:#1f6f5c">{html.escape(link)}</a>'
    return replace(letter, text=letter.text.replace(LINK, link), html=letter.html.replace(at, anchor))


def reply_letter(to: str, **context: Any) -> Letter:
    """The answer to a mail; `insyn.letters.reply` says what stands in it."""
    return _compose("reply", to, **context)


def _compose(
    template: str, to: str, *, signed: str = SIGNED_BY_INSYN, text: str | None = None, **context: object
) -> Letter:
    """`text` takes the place of the template's words, not of its subject."""
    written = _text.get_template(f"{template}.txt.j2").render(signed=signed, **context)
    subject, _, body = written.partition("\n")
    body = "\n".join((body if text is None else text).splitlines()).strip() + "\n"
    body = re.sub(r"\n{3,}", "\n\n", body)
    page = _html.get_template("letter.html.j2").render(
        subject=subject, paragraphs=[paragraph.splitlines() for paragraph in body.strip().split("\n\n")]
    )
    return Letter(to=to, subject=" ".join(subject.split()), text=body, html=page)
