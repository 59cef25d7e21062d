"""The steps of a case's table as forms: what each needs, the letter it sends, and what keeps it from being taken.

The table itself, its guards and the letters' elements are the core's (`insyn.cases.transitions`, `insyn.letters.elements`);
here is only what a page asks for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from insyn.cases.transitions import NAMES, Event, ForbiddenTransition, GuardFailed, State
from insyn.casework.work import ChangedMeanwhile, Decided, Options, Preview
from insyn.identity.address import AddressInvalid, EmailAddress
from insyn.letters.compose import TEMPLATES
from insyn.letters.elements import SAYS, IncompleteLetter, Wording
from insyn.privacy.keys import Shredded
from insyn.store.models import Case
from insyn.web.staff import pages
from insyn.web.staff.access import PREFIX
from insyn.web.staff.gate import Visit, gate

HERE = f"{PREFIX}/arenden/{{reference}}/steg/{{step}}"
MASKED_NAME = "[namn]"
CHANGED = "Någon annan har ändrat ärendet sedan du öppnade sidan. Läs det igen. Det du skrev står kvar, och skickar du nu gäller det ärendet som det är nu."


@dataclass(frozen=True)
class StepForm:
    """A step as a page: what it is called, what it means, and which fields it has."""

    event: Event
    title: str
    button: str
    says: str
    fields: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    weighty: bool = False

    @property
    def has_letter(self) -> bool:
        """Whether a letter goes with it that can be read first."""
        return self.event in TEMPLATES

    def label(self, field: str) -> str:
        return dict(self.labels)[field]


_REASONS = ("reasons", "Skäl, som de ska stå i brevet")
_ANSWER = ("answer", "Svar: vad som är gjort, som det ska stå i brevet")
_GROUND = ("ground", "Avslagsgrund")


def _form(
    event: Event, title: str, button: str, says: str, *labels: tuple[str, str], weighty: bool = False
) -> StepForm:
    return StepForm(event, title, button, says, tuple(name for name, _ in labels), labels, weighty)


STEPS: dict[Event, StepForm] = {
    form.event: form
    for form in (
        _form(Event.TAKEN_UP, "Börja handlägga", "Börja handlägga", "Ärendet blir ditt om ingen har det."),
        _form(
            Event.VERIFIED_BY_STAFF, "Verifiera personen", "Spara bedömningen",
            "Du har sett något som visar att begäran kommer från personen. Be aldrig om kopia på id-handling. "
            "Bekräftas begäran för första gången får personen ett mottagningsbevis.",
            ("reasons", "Hur det visades"),
        ),
        _form(
            Event.COMPLETED, "Avsluta som klart", "Skicka svaret och avsluta", "Det personen bad om är gjort.",
            ("ticked", "Svaret har allt det ska ha"), _ANSWER,
        ),
        _form(
            Event.EXTENDED, "Förläng fristen", "Skicka beskedet och förläng",
            "Går en gång, inom den första månaden, när begäran är komplicerad eller begärandena är många (artikel 12.3). Svara ändå så snart det går.",
            _REASONS,
        ),
        _form(
            Event.IDENTITY_DOUBTED, "Be om mer underlag", "Skicka frågan",
            "Det finns rimliga skäl att tvivla på vem personen är (artikel 12.6). Den pausade klockan stannar, den från mottagandet går.",
            ("reasons", "Varför du tvivlar, som det ska stå i brevet"), ("asks", "Vad personen ombeds visa, som det ska stå i brevet"),
        ),
        _form(
            Event.HANDED_OVER, "Lämna till den som ansvarar", "Skicka beskedet och avsluta",
            "Uppgifterna finns i en kunds system, där Kontek är personuppgiftsbiträde. Vi prövar inte begäran, vi hänvisar eller skickar den vidare.",
            ("controller", "Vem som ansvarar, till exempel arbetsgivarens namn"), ("forwarded", "Begäran är skickad dit"),
        ),
        _form(
            Event.ATTACHED, "Lägg till det tidigare ärendet", "Skicka beskedet och lägg ihop",
            "Du har läst båda och det här är en upprepning. Det som skrevs läggs i det tidigare ärendet.",
            ("reasons", "Varför det är en upprepning"),
        ),
        _form(
            Event.REMINDED, "Anteckna en påminnelse", "Spara påminnelsen", "Personen har hört av sig om ärendet. Klockan ändras inte.",
            ("words", "Vad personen sa"),
        ),
        _form(
            Event.ADDRESS_GIVEN, "Anteckna e-postadress", "Spara adressen",
            "Personen har sagt vart vi kan skriva. Det som visats om en tidigare adress gäller inte längre.",
            ("address", "E-postadress"),
        ),
        _form(
            Event.PARTLY_REFUSED, "Avslå delvis", "Skicka beslutet och avsluta", "En del är gjord, resten avslås.",
            ("ticked", "Svaret har allt det ska ha"), _ANSWER, _GROUND, _REASONS, weighty=True,
        ),
        _form(
            Event.REFUSED, "Avslå", "Skicka beslutet och avsluta",
            "Personen får veta skälen, och hur man klagar hos IMY och går till domstol (artikel 12.4).",
            _GROUND, _REASONS, weighty=True,
        ),
        _form(
            Event.WITHDRAWN, "Anteckna att begäran är återtagen", "Avsluta som återtaget",
            "Personen har själv tagit tillbaka begäran hos dig.", ("reasons", "När och hur personen tog tillbaka den"), weighty=True,
        ),
        _form(
            Event.CLOSED_UNIDENTIFIED, "Avsluta utan verifiering", "Skicka beslutet och avsluta",
            "Personen har inte kunnat visa vem den är så långt rätten kräver.", _REASONS, weighty=True,
        ),
    )
}  # fmt: skip

# The person's own steps (GDPR art. 12(6), 7(3)): a code given back, a log-in at a provider, a confirmation: they are never entered by the staff, who
# record their own judgement instead (`Event.VERIFIED_BY_STAFF`).
ONLY_THE_PERSONS = frozenset({Event.MAILBOX_PROVED, Event.STRONGLY_IDENTIFIED, Event.CONFIRMED})


def steps_router() -> APIRouter:
    """The routes under /konsol/arenden/{reference}/steg/{step}."""
    router = APIRouter(prefix=HERE)

    @router.get("")
    def show(reference: str, step: str, visit: Visit = Depends(gate)) -> Response:
        return _with_step(visit, reference, step, lambda case, form: _page(visit, case, form))

    @router.post("/brev")
    def preview(reference: str, step: str, visit: Visit = Depends(gate)) -> Response:
        return _with_step(visit, reference, step, lambda case, form: _preview(visit, case, form))

    @router.post("")
    def take(reference: str, step: str, visit: Visit = Depends(gate)) -> Response:
        return _with_step(visit, reference, step, lambda case, form: _take(visit, case, form))

    return router


def _with_step(visit: Visit, reference: str, step: str, then: Callable[[Case, StepForm], Response]) -> Response:
    with visit.services.store.read() as session:
        case = visit.services.case_filing.find(session, reference)
    form = STEPS.get(Event(step)) if step in set(Event) else None
    if case is None or case.reference != reference or form is None or case.shredded_at is not None:
        return pages.missing(visit)
    return then(case, form)


def _page(visit: Visit, case: Case, form: StepForm, *, wrong: str = "") -> Response:
    options = visit.services.casework.options(case.id)
    if form.event not in options.events:
        return _too_late(visit, case, form)
    seen = visit.form["seen"] if visit.form["seen"] and wrong != CHANGED else str(options.version)
    return pages.page(
        visit, "case_step.html.j2", status=422 if wrong else 200, case=case, form=form, options=options, wrong=wrong,
        preview=_letter(visit, case, form), changed=wrong == CHANGED, base=f"{PREFIX}/arenden/{case.reference}", given=visit.form, seen=seen,
        hindered=hindered(options, form), STATES=NAMES, ELEMENTS=SAYS, edited=_is_edited(visit),
        ticked=frozenset(visit.form.all("ticked")),
    )  # fmt: skip


def _too_late(visit: Visit, case: Case, form: StepForm) -> Response:
    """The step cannot be taken from where the case is now; what was written for it is shown, to be taken along."""
    back = f"{PREFIX}/arenden/{case.reference}"
    if not pages.has_written(visit.form):
        return pages.onward(back, said="ej-steg")
    with visit.services.store.read() as session:
        state = NAMES[State(session.get_one(Case, case.id).state)]
    text = f"{pages.SAID['ej-steg']} {case.reference} är {state}. Inget är skickat, och det du skrev står här."
    return pages.kept(visit, 422, form.title, text, onward=back, onward_is="Till ärendet")


def hindered(options: Options, form: StepForm) -> list[str]:
    """What keeps the step from being taken however the form is filled in."""
    fillable = {"reasoned", "grounded", "checked"}
    return [guard.says for guard in options.hindered[form.event] if guard.id not in fillable]


def _letter(visit: Visit, case: Case, form: StepForm) -> Preview | None:
    """The letter as it stands, the person's name masked in it (security.md 16)."""
    if not form.has_letter:
        return None
    ticked = frozenset(visit.form.all("ticked"))
    preview = visit.services.casework.preview(case.id, form.event, _wording(visit, case), ticked)
    name = _name(visit, case)
    if not name:
        return preview
    return replace(preview, letter=replace(preview.letter, text=preview.letter.text.replace(name, MASKED_NAME)))


def _name(visit: Visit, case: Case) -> str:
    with visit.services.store.read() as session:
        return str(visit.services.casebook.details(session, case).get("name") or "")


def _preview(visit: Visit, case: Case, form: StepForm) -> Response:
    """The letter as it stands; a page of its own where no script puts it beside the fields."""
    if not visit.is_htmx:
        return _page(visit, case, form)
    try:
        preview = _letter(visit, case, form)
    except ForbiddenTransition:
        return pages.onward(f"{PREFIX}/arenden/{case.reference}", said="ej-steg")
    return pages.page(
        visit, "case_letter.html.j2", preview=preview, ELEMENTS=SAYS, edited=_is_edited(visit), form=form,
        base=f"{PREFIX}/arenden/{case.reference}",
    )  # fmt: skip


def _is_edited(visit: Visit) -> bool:
    """Whether the letter's own words are being changed, and not thrown away."""
    return bool(visit.form["edit"] or visit.form["text"].strip()) and not visit.form["afresh"]


def _wording(visit: Visit, case: Case) -> Wording:
    """What the fields say, with the person's name where a letter shown before had it masked."""
    form = visit.form
    text = form["text"] if form["text"].strip() and not form["afresh"] else None
    if text is not None and MASKED_NAME in text:
        text = text.replace(MASKED_NAME, _name(visit, case))
    return Wording(
        reasons=form["reasons"].strip(), answer=form["answer"].strip(), asks=form["asks"].strip(), ground=form["ground"],
        controller=form["controller"].strip(), forwarded=form["forwarded"] == "yes",
        text=text,
    )  # fmt: skip


def _take(visit: Visit, case: Case, form: StepForm) -> Response:
    try:
        decided = _carry_out(visit, case, form)
    except IncompleteLetter as error:
        return _page(visit, case, form, wrong=error.says())
    except GuardFailed as error:
        return _page(visit, case, form, wrong=error.guard.says)
    except ForbiddenTransition:
        return _too_late(visit, case, form)
    except ChangedMeanwhile:
        return _page(visit, case, form, wrong=CHANGED)
    except AddressInvalid:
        return _page(visit, case, form, wrong="E-postadressen går inte att läsa.")
    except (ValueError, Shredded):
        return _page(visit, case, form, wrong="Skriv minst en kort mening i fältet.")
    said = "steg-for-hand" if decided.mailed is False else "steg-brev" if decided.mailed else "steg"
    return pages.onward(f"{PREFIX}/arenden/{case.reference}", said=said)


def _carry_out(visit: Visit, case: Case, form: StepForm) -> Decided:
    work, given = visit.services.casework, visit.form
    wording, ticked = _wording(visit, case), frozenset(given.all("ticked"))
    seen = int(given["seen"]) if given["seen"].isdigit() else None
    match form.event:
        case Event.TAKEN_UP:
            return work.take_up(case.id, by=visit.by, seen=seen)
        case Event.ADDRESS_GIVEN:
            return work.give_address(case.id, EmailAddress.parse(given["address"]), by=visit.by, seen=seen)
        case Event.VERIFIED_BY_STAFF:
            return work.verify(case.id, wording.reasons, by=visit.by, seen=seen)
        case Event.COMPLETED:
            return work.complete(case.id, wording, ticked, by=visit.by, seen=seen)
        case Event.PARTLY_REFUSED:
            return work.refuse_partly(case.id, wording, ticked, by=visit.by, seen=seen)
        case Event.REFUSED:
            return work.refuse(case.id, wording, by=visit.by, seen=seen)
        case Event.EXTENDED:
            return work.extend(case.id, wording, by=visit.by, seen=seen)
        case Event.IDENTITY_DOUBTED:
            return work.doubt(case.id, wording, by=visit.by, seen=seen)
        case Event.HANDED_OVER:
            return work.hand_over(case.id, wording, by=visit.by, seen=seen)
        case Event.CLOSED_UNIDENTIFIED:
            return work.close_unidentified(case.id, wording, by=visit.by, seen=seen)
        case Event.ATTACHED:
            return work.attach(case.id, wording, by=visit.by, seen=seen)
        case Event.REMINDED:
            if not given["words"].strip():
                raise ValueError("a reminder without words")
            return work.remind(case.id, given["words"].strip(), by=visit.by)
        case Event.WITHDRAWN:
            return work.withdraw(case.id, wording.reasons, by=visit.by, seen=seen)
    raise ForbiddenTransition(form.event)
