"""The page on which the staff open a case themselves: told on the telephone, by letter, or misunderstood by Insyn."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from insyn.cases.kinds import KINDS
from insyn.casework.intake import NotTaken, OpenedFrom, Told
from insyn.identity.address import AddressInvalid, EmailAddress
from insyn.web.staff import pages
from insyn.web.staff.cases import HERE
from insyn.web.staff.forms import day_in
from insyn.web.staff.gate import Visit, gate

FIELDS = ("kind", "received", "name", "address", "words")


def intake_router() -> APIRouter:
    """/konsol/arenden/nytt."""
    router = APIRouter(prefix=f"{HERE}/nytt")

    @router.get("")
    def show(visit: Visit = Depends(gate)) -> Response:
        origin = _origin(visit.request.query_params)
        day = visit.services.intake.received_on(origin)
        if day is None:
            return pages.missing(visit)
        return _form(visit, origin, {"key": str(uuid.uuid4()), "received": day.isoformat()})

    @router.post("")
    def take_in(visit: Visit = Depends(gate)) -> Response:
        form = visit.form
        origin = OpenedFrom(form["case"], form["mail"], form["conversation"])
        given = {field: form[field] for field in ("key", *FIELDS)}
        try:
            reference = visit.services.intake.take_in(_told(given), origin, by=visit.by)
        except AddressInvalid:
            return _form(
                visit,
                origin,
                given,
                wrong="E-postadressen är inte skriven som en adress, till exempel namn@example.se.",
            )
        except NotTaken as refused:
            return _form(visit, origin, given, wrong=str(refused))
        return pages.onward(f"{HERE}/{reference}", said="oppnat")

    return router


def _origin(query: Mapping[str, str]) -> OpenedFrom:
    return OpenedFrom(query.get("ur", ""), query.get("mejl", ""), query.get("samtal", ""))


def _told(given: Mapping[str, str]) -> Told:
    day = day_in(given["received"])
    if day is None or not given["key"]:
        raise NotTaken("Skriv vilken dag det kom in.")
    address = EmailAddress.parse(given["address"]) if given["address"].strip() else None
    return Told(given["key"][:36], given["kind"], day, given["words"], given["name"], address)


def _form(visit: Visit, origin: OpenedFrom, given: Mapping[str, str], *, wrong: str = "") -> Response:
    filled = {field: given.get(field, "") for field in FIELDS}
    return pages.page(
        visit, "case_new.html.j2", status=422 if wrong else 200, wrong=wrong, origin=origin, given=filled, key=given["key"],
        KINDS=KINDS, known=bool(origin.case or origin.mail),
    )  # fmt: skip
