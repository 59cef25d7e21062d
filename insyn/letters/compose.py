"""Letters: the mails Insyn writes, from templates in `templates/`, as plain text and as simple HTML of the same words.

A template's first line is the subject, the rest is text in paragraphs; the HTML is made from those paragraphs.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from insyn.cases.casebook import Details
from insyn.cases.deadline import due_for
from insyn.cases.kinds import KINDS
from insyn.clock import STOCKHOLM, written_date
from insyn.outbox.queue import Letter
from insyn.store.models import Case

_TEMPLATES = Path(__file__).parent / "templates"
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


def code_letter(to: str, code: str, expires_at: datetime) -> Letter:
    """The one-time code."""
    until = expires_at.astimezone(STOCKHOLM).strftime("%H.%M")
    return _compose("code", to, code=f"{code[:4]} {code[4:]}", until=until)


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


def _compose(template: str, to: str, **context: object) -> Letter:
    written = _text.get_template(f"{template}.txt.j2").render(**context)
    subject, _, body = written.partition("\n")
    text = body.strip() + "\n"
    html = _html.get_template("letter.html.j2").render(
        subject=subject, paragraphs=[paragraph.splitlines() for paragraph in text.strip().split("\n\n")]
    )
    return Letter(to=to, subject=subject.strip(), text=text, html=html)
