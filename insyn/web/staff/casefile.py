"""The page of a case, and the small things that are done on it. The steps of the table are in `insyn.web.staff.steps`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from insyn.cases.kinds import enough
from insyn.cases.transitions import NAMES, Event, ForbiddenTransition
from insyn.casework.work import ChangedMeanwhile
from insyn.delivery.deliveries import NotDeliverable
from insyn.delivery.files import NoSuchFile
from insyn.privacy.keys import Shredded
from insyn.staff.casefile import CaseFile
from insyn.staff.viewing import NoReason, NothingThere
from insyn.store.models import Case
from insyn.web.delivery import attachment
from insyn.web.staff import pages
from insyn.web.staff.access import PREFIX
from insyn.web.staff.cases import CHANNELS, PROOFS, workers
from insyn.web.staff.gate import Visit, gate
from insyn.web.staff.steps import STEPS, hindered

HERE = f"{PREFIX}/arenden/{{reference}}"
DETAILS = {
    "name": "Namn",
    "address": "E-postadress",
    "relation": "Koppling till Kontek",
    "concerns": "Vad det gäller",
    "words": "Med egna ord",
    "note": "Anmärkning",
}
NO_REASON = "Skriv varför du behöver se uppgiften, minst en kort mening."
NOT_THERE = "Uppgiften finns inte, eller går inte längre att läsa."


def casefile_router() -> APIRouter:
    """The routes under /konsol/arenden/{reference}."""
    router = APIRouter(prefix=HERE)

    @router.get("")
    def show(reference: str, visit: Visit = Depends(gate)) -> Response:
        return with_case(visit, reference, lambda case: case_page(visit, case, looked=True))

    @router.get("/utskrift")
    def to_print(reference: str, visit: Visit = Depends(gate)) -> Response:
        return with_case(
            visit, reference, lambda case: case_page(visit, case, looked=True, template="case_print.html.j2")
        )

    @router.post("/visa")
    def reveal(reference: str, visit: Visit = Depends(gate)) -> Response:
        return with_case(visit, reference, lambda case: _reveal(visit, case))

    @router.post("/anteckning")
    def note(reference: str, visit: Visit = Depends(gate)) -> Response:
        return _done(
            visit,
            reference,
            "anteckning",
            lambda case: visit.services.casework.note(case.id, visit.form["text"], by=visit.by),
        )

    @router.post("/tilldela")
    def assign(reference: str, visit: Visit = Depends(gate)) -> Response:
        return _done(visit, reference, "tilldelat", lambda case: _assign(visit, case))

    @router.post("/id-kopia")
    def id_copy(reference: str, visit: Visit = Depends(gate)) -> Response:
        return _done(
            visit, reference, "id-kopia", lambda case: visit.services.casework.discard_id_copy(case.id, by=visit.by)
        )

    @router.post("/undantag")
    def hold(reference: str, visit: Visit = Depends(gate)) -> Response:
        return _done(visit, reference, "undantag", lambda case: _hold(visit, case))

    @router.post("/upprepning")
    def let_stand(reference: str, visit: Visit = Depends(gate)) -> Response:
        return _done(
            visit,
            reference,
            "upprepning",
            lambda case: visit.services.casework.let_stand(case.id, visit.form["reasons"], by=visit.by),
        )

    @router.post("/filer/{file_id}/ta-bort")
    def remove_file(reference: str, file_id: str, visit: Visit = Depends(gate)) -> Response:
        return _done(visit, reference, "fil-borta", lambda case: _remove_file(visit, case, file_id))

    @router.post("/leverans")
    def deliver(reference: str, visit: Visit = Depends(gate)) -> Response:
        return _done(visit, reference, "leverans", lambda case: visit.services.deliveries.send(case.id, by=visit.by))

    @router.post("/brev/{mail_id}/klart")
    def letter_arrived(reference: str, mail_id: str, visit: Visit = Depends(gate)) -> Response:
        return _done(visit, reference, "brev-klart", lambda case: _letter_arrived(visit, case, mail_id))

    @router.post("/leverans/{delivery_id}/dra-tillbaka")
    def take_back(reference: str, delivery_id: str, visit: Visit = Depends(gate)) -> Response:
        return _done(visit, reference, "lank-borta", lambda case: _take_back(visit, case, delivery_id))

    @router.post("/uttag")
    def export(reference: str, visit: Visit = Depends(gate)) -> Response:
        return with_case(visit, reference, lambda case: _export(visit, case))

    return router


# -- the page


def with_case(visit: Visit, reference: str, then: Callable[[Case], Response]) -> Response:
    """What `then` makes of the case of a reference; the same 404 for one that is not there and one that cannot be."""
    with visit.services.store.read() as session:
        case = visit.services.case_filing.find(session, reference)
    if case is None or case.reference != reference:
        return pages.missing(visit)
    return then(case)


def case_page(
    visit: Visit, case: Case, *, looked: bool = False, wrong: str = "", shown: dict[str, str] | None = None,
    status: int = 200, template: str = "case.html.j2",
) -> Response:  # fmt: skip
    """The page of a case. `looked` when someone opens it, which is noted; `shown` are values revealed this once."""
    services = visit.services
    if looked:
        services.viewing.view_case(case.id, by=visit.by)
    with services.store.read() as session:
        case = session.get_one(Case, case.id)
        members = services.members.all(session)
        names = {member.id: member.name for member in members}
        file = services.case_filing.read(
            session, case, lambda staff_id: names.get(staff_id, "någon som inte finns kvar")
        )
    options = services.casework.options(case.id)
    steps = [form for event, form in STEPS.items() if event in options.events]
    return pages.page(
        visit, template, status=422 if wrong else status, file=file, case=case, options=options, wrong=wrong, shown=shown or {},
        base=f"{PREFIX}/arenden/{case.reference}", names=names, handlers=workers(members), DETAILS=DETAILS, PROOFS=PROOFS,
        CHANNELS=CHANNELS, STATES=NAMES, steps=[form for form in steps if not hindered(options, form)],
        later=[(form, hindered(options, form)) for form in steps if hindered(options, form)],
        proved=enough(file.kind, services.casebook.proof_of(case)), in_doubt=any(each.settled_at is None for each in file.doubts),
        relation=_relation(visit, file), max_mb=services.settings.delivery_max_mb,
        can_attach=Event.ATTACHED in options.events,
    )  # fmt: skip


def _relation(visit: Visit, file: CaseFile) -> str:
    """A choice of the dialogue in the words it was offered in."""
    relation = file.details.get("relation")
    if relation is None:
        return ""
    try:
        return visit.services.book.phrase(f"choice.relation.{relation.text}").text
    except KeyError:
        return relation.text


# -- small things


class NotDone(Exception):
    """What was asked for cannot be done; `says` tells why."""

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self.says = says


def _done(visit: Visit, reference: str, said: str, act: Callable[[Case], object]) -> Response:
    def carry_out(case: Case) -> Response:
        try:
            act(case)
        except NotDone as error:
            return case_page(visit, case, wrong=error.says)
        except NotDeliverable as error:
            return case_page(visit, case, wrong=error.says)
        except ValueError:
            return case_page(visit, case, wrong="Skriv något i fältet först.")
        except ForbiddenTransition:
            return case_page(visit, case, wrong="Det går inte i det läge ärendet är nu.")
        except ChangedMeanwhile:
            return case_page(visit, case, wrong="Någon annan har ändrat ärendet. Läs det igen.")
        except (LookupError, Shredded):
            return case_page(visit, case, wrong="Ärendet är gallrat.")
        return pages.onward(f"{PREFIX}/arenden/{case.reference}", said=said)

    return with_case(visit, reference, carry_out)


def _assign(visit: Visit, case: Case) -> None:
    to = visit.form["to"]
    with visit.services.store.read() as session:
        if to and to not in {member.id for member in workers(visit.services.members.all(session))}:
            raise NotDone("Välj någon som handlägger ärenden.")
    visit.services.casework.assign(case.id, to or None, by=visit.by)


def _hold(visit: Visit, case: Case) -> None:
    holds = visit.services.holds
    (holds.release if case.on_hold else holds.hold)(case.id, visit.form["reasons"], by=visit.by)


def _remove_file(visit: Visit, case: Case, file_id: str) -> None:
    if file_id not in {file.id for file in visit.services.files.of_case(case.id) if not file.sent}:
        raise NotDone("Filen finns inte i ärendet, eller är redan skickad.")
    try:
        visit.services.files.remove(file_id, by=visit.by)
    except NoSuchFile:
        raise NotDone("Filen finns inte kvar.") from None


def _letter_arrived(visit: Visit, case: Case, mail_id: str) -> None:
    if not visit.services.casework.letter_arrived(case.id, mail_id, by=visit.by):
        raise NotDone("Brevet väntar inte på någon.")


def _take_back(visit: Visit, case: Case, delivery_id: str) -> None:
    if not visit.services.deliveries.take_back(case.id, delivery_id, by=visit.by):
        raise NotDone("Länken gäller inte längre.")


def _reveal(visit: Visit, case: Case) -> Response:
    what, reason = visit.form["what"], visit.form["reason"]
    try:
        value = visit.services.viewing.reveal_in_case(case.id, what, reason, by=visit.by)
    except NoReason:
        return _not_revealed(visit, case, what, NO_REASON)
    except NothingThere:
        return _not_revealed(visit, case, what, NOT_THERE)
    if visit.is_htmx:
        return pages.page(visit, "case_value.html.j2", what=what, value=value, wrong="", base=_base(case))
    return case_page(visit, case, shown={what: value})


def _not_revealed(visit: Visit, case: Case, what: str, says: str) -> Response:
    if visit.is_htmx:
        return pages.page(visit, "case_value.html.j2", status=422, what=what, value="", wrong=says, base=_base(case))
    return case_page(visit, case, wrong=says)


def _base(case: Case) -> str:
    return f"{PREFIX}/arenden/{case.reference}"


def _export(visit: Visit, case: Case) -> Response:
    """All there is of a case, unmasked, as a file; for a reason, which is kept."""
    services = visit.services
    try:
        with services.store.write() as session:
            services.viewing.note_export(session, session.get_one(Case, case.id), visit.form["reason"], by=visit.by)
    except NoReason:
        return case_page(visit, case, wrong="Skriv varför du tar ut ärendet, minst en kort mening.")
    except Shredded:
        return case_page(visit, case, wrong="Ärendet är gallrat.")
    options = services.casework.options(case.id)
    with services.store.read() as session:
        names = services.members.names(session)
        out = services.case_filing.whole(session, session.get_one(Case, case.id), lambda each: names.get(each, each))
    out["clocks"] = _plain(asdict(options.clocks)) if options.clocks else None
    text = json.dumps(out, ensure_ascii=False, indent=2)
    headers = {**pages.PRIVATE, "Content-Disposition": attachment(f"{case.reference}.json")}
    return Response(text, media_type="application/json", headers=headers)


def _plain(value: Any) -> Any:
    """The same with dates as texts."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return value.isoformat() if hasattr(value, "isoformat") else value
