"""Pages of the console, drawn from `templates/staff`: never kept by a browser, never found by a search engine."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from insyn.audit.story import letter_name
from insyn.clock import STOCKHOLM, swedish_date, written_date
from insyn.mail.reading.attachments import size_in_words
from insyn.staff.roles import DOES, NAMES
from insyn.web.staff.nav import NAVIGATION

if TYPE_CHECKING:
    from insyn.web.staff.forms import Form
    from insyn.web.staff.gate import Visit

PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}

# What a page says of what was just done; only the key travels in the address.
SAID: dict[str, str] = {
    "losenord": "Lösenordet är bytt. Du är utloggad på andra enheter.",
    "kopplat": "Organisationens inloggning är kopplad till ditt konto.",
    "sessioner": "Du är utloggad på alla andra enheter.",
    "roller": "Rollerna är ändrade. Personen loggar in på nytt.",
    "oppnat": "Ärendet är öppnat och fristen löper.",
    "anteckning": "Anteckningen är sparad.",
    "tilldelat": "Ärendet har bytt hand.",
    "id-kopia": "Det är antecknat att en id-kopia kom in och förstördes.",
    "undantag": "Beslutet om gallring är antecknat.",
    "upprepning": "Det är antecknat att ärendet står för sig.",
    "fil": "Filen ligger i ärendet. Den skickas inte förrän du skickar länken.",
    "fil-borta": "Filen är borttagen.",
    "leverans": "Länken till filerna är på väg till personen.",
    "lank-borta": "Länken är tillbakadragen och filerna bakom den är förstörda.",
    "brev-klart": "Det är antecknat att brevet nått personen på annat sätt.",
    "mejl-klart": "Mejlet är klart och väntar inte längre.",
    "steg": "Klart.",
    "steg-brev": "Klart. Brevet är på väg.",
    "steg-for-hand": "Klart. Ingen e-postadress är känd: skicka brevet för hand. Det står i tidslinjen.",
    "ej-steg": "Det steget går inte att ta i det läge ärendet är nu.",
    "rattat": "Rättelsen är sparad.",
    "markerat": "Markeringen är sparad.",
    "godkand": "Exemplet är godkänt.",
    "avslagen": "Ingenting lärs av rättelsen.",
    "policy": "Policyn är läst. Svar vars avsnitt har ändrats står överst.",
    "svar": "Svaret är godkänt.",
    "svarat": "Svaret är skickat till personen.",
    "tagit-over": "Du har tagit över samtalet. Insyn svarar inte så länge du har det.",
    "lamnat": "Insyn svarar igen.",
    "stangt": "Kontot är stängt och personen utloggad.",
}

# Fields in which someone writes: what stands in them is not lost when the form is not taken.
WRITTEN: dict[str, str] = {
    "text": "Texten",
    "words": "Personens ord",
    "answer": "Svaret",
    "reasons": "Skälen",
    "asks": "Vad personen ombeds visa",
    "controller": "Vem som ansvarar",
    "reason": "Varför",
    "policy": "Policyn",
}

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent.parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _moment(value: datetime) -> str:
    """`2026-03-05 09.30`, Swedish time."""
    return value.astimezone(STOCKHOLM).strftime("%Y-%m-%d %H.%M")


def _sized(count: int) -> str:
    """`1 204`, with a space that does not break."""
    return f"{count:,}".replace(",", "\u00a0")


def percent(share: float | None) -> str:
    """`83 %`, a dash where there is no share. 0 and 100 are said of none and all only: near them stands a decimal."""
    if share is None:
        return "–"
    whole = f"{share * 100:.0f}"
    if whole in ("0", "100") and 0 < share < 1:
        whole = f"{min(max(share * 100, 0.1), 99.9):.1f}".replace(".", ",")
    return f"{whole}\u00a0%"


_templates.filters.update(
    percent=percent,
    written=written_date,
    moment=_moment,
    sized=_sized,
    swedish_day=swedish_date,
    iso=lambda value: value.isoformat(),
    bytes=size_in_words,
)
_templates.globals.update(ROLE_NAMES=NAMES, ROLE_DOES=DOES)


def page(
    visit: Visit, template: str, *, status: int = 200, headers: dict[str, str] | None = None, **context: object
) -> Response:
    """A page, or with htmx whatever part of it the template gives."""
    return HTMLResponse(draw(visit, template, **context), status_code=status, headers={**PRIVATE, **(headers or {})})


def draw(visit: Visit, template: str, **context: object) -> str:
    """The HTML of a template of the console."""
    now = visit.services.clock()
    return _templates.get_template(f"staff/{template}").render(
        visit=visit,
        member=visit.logged_in.member if visit.logged_in else None,
        form_secret=visit.logged_in.csrf if visit.logged_in else "",
        navigation=[item for item in NAVIGATION if visit.may(item.entry)],
        here=visit.request.url.path,
        said=SAID.get(visit.request.query_params.get("klart", ""), ""),
        now=now,
        today=swedish_date(now),
        **context,
    )


def onward(path: str, *, said: str = "") -> Response:
    """After something was done: to the page that shows it. `said` is a key of `SAID`."""
    return RedirectResponse(f"{path}?klart={said}" if said else path, status_code=303, headers=PRIVATE)


def problem(
    visit: Visit, status: int, title: str, text: str, *, headers: dict[str, str] | None = None, error_id: str = ""
) -> Response:
    """A page that says what went wrong and what to do."""
    return page(visit, "problem.html.j2", status=status, headers=headers, title=title, text=text, error_id=error_id)


def kept(
    visit: Visit, status: int, title: str, text: str, *, onward: str, onward_is: str, send_again: bool = False
) -> Response:
    """A form was not taken: says why, and shows what someone wrote in it, to be copied or with `send_again` sent again."""
    fields = [(name, value) for name, value in visit.form if name != "form_secret"]
    return page(
        visit, "kept.html.j2", status=status, title=title, text=text, onward=onward, onward_is=onward_is, send_again=send_again,
        written=[(name, WRITTEN[name], value) for name, value in fields if name in WRITTEN and value.strip()],
        others=[(name, value) for name, value in fields if name not in WRITTEN],
    )  # fmt: skip


def has_written(form: Form) -> bool:
    """Whether someone has written something in a form."""
    return any(form[name].strip() for name in WRITTEN)


def refused(visit: Visit) -> Response:
    return problem(visit, 403, "Sidan är inte för din roll", "Be en administratör om du behöver en annan roll.")


def foreign(visit: Visit) -> Response:
    return problem(
        visit, 403, "Anropet togs inte emot", "Det kom inte från en sida i konsolen. Gå tillbaka och försök igen."
    )


def stale(visit: Visit, page_of_form: str) -> Response:
    """The form comes from a page of an earlier log-in."""
    title, text = "Formuläret gäller inte längre", "Formuläret hör till en tidigare inloggning."
    if visit.is_htmx:
        return notice(visit, f"{text} Det du har skrivit står kvar. Skicka det, så får du bekräfta att det är du.")
    if not has_written(visit.form):
        return problem(visit, 403, title, f"{text} Öppna sidan på nytt och gör om det.")
    text += f" Du är inloggad som {visit.member.name}. Läs igenom det du skrev och skicka det igen."
    return kept(visit, 403, title, text, onward=page_of_form, onward_is="Tillbaka utan att skicka", send_again=True)


def signed_out(visit: Visit, log_in: str) -> Response:
    """The session ended while someone was writing."""
    title, text = "Du är utloggad", "Din inloggning gick ut medan du skrev, så inget är sparat än."
    if visit.is_htmx:
        return notice(visit, f"{title}. Det du har skrivit står kvar, men är inte sparat.", log_in=log_in)
    text += " Logga in i en ny flik, kom tillbaka hit och skicka det igen."
    return kept(visit, 401, title, text, onward=log_in, onward_is="Logga in i en ny flik", send_again=True)


def notice(visit: Visit, text: str, *, log_in: str = "") -> Response:
    """A line above the page, which stays as it is: for what a part of it asked for by htmx and may not have."""
    headers = {"HX-Retarget": "#notice", "HX-Reswap": "innerHTML", "HX-Reselect": "#notice-says"}
    # 286 tells htmx to ask no more.
    status = 286 if visit.request.method == "GET" else 401
    return page(visit, "notice.html.j2", status=status, headers=headers, text=text, log_in=log_in)


def missing(visit: Visit) -> Response:
    return problem(visit, 404, "Sidan finns inte", "Kontrollera adressen, eller gå till Idag.")


def too_large(visit: Visit, most_mb: int) -> Response:
    text = f"En fil får vara högst {most_mb} MB, och en text ungefär fyra sidor. Gå tillbaka och dela upp det. Inget är sparat."
    return problem(visit, 413, "Det som skickades är för stort", text)


def too_fast(visit: Visit, seconds: int) -> Response:
    text = f"Det har varit många försök på kort tid. Vänta {seconds} sekunder och försök igen."
    return problem(visit, 429, "Vänta lite", text, headers={"Retry-After": str(seconds)})


def broken(visit: Visit, error_id: str, status: int) -> Response:
    """Something failed that nobody foresaw; `error_id` is what to look for in the log."""
    text = "Något gick fel hos oss. Kontrollera om det du gjorde blev sparat och försök igen om en stund."
    return problem(visit, status, "Det gick inte", text, error_id=error_id)


def days_until(due: date, today: date) -> str:
    """`i dag`, `3 dagar kvar`, `2 dagar försenat`."""
    days = (due - today).days
    if days == 0:
        return "i dag"
    count = "1 dag" if abs(days) == 1 else f"{_sized(abs(days))} dagar"
    return f"{count} kvar" if days > 0 else f"{count} försenat"


def _slug(what: str) -> str:
    """Something that can stand in an id of the page."""
    return re.sub(r"[^a-z0-9]+", "-", what.lower())


def _value_name(what: str) -> str:
    """What a masked value is called, for those who do not see where it stands."""
    return _VALUE_NAMES.get(what, "texten")


_VALUE_NAMES = {"name": "namnet", "address": "e-postadressen", "words": "det personen skrev"}

_templates.filters.update(days_until=days_until, slug=_slug, value_name=_value_name, letter_name=letter_name)
