"""Every letter that a person gets: by which step it goes, from which template, and that it leaves the house exactly once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from insyn.cases.grounds import grounds_for
from insyn.cases.transitions import Event, ForbiddenTransition, GuardFailed
from insyn.letters.compose import TEMPLATES
from insyn.letters.elements import REQUIRED, Element, IncompleteLetter, Wording
from insyn.outbox.sender import SmtpServer
from insyn.store.models import Case, OutgoingMail
from tests.fixtures.house import House, Visitor

REASONS = "Bokföringslagen kräver att fakturor sparas i sju år. Därför behåller vi namnet på dem."
ANSWER = "Vi har raderat ditt namn, ditt telefonnummer och din adress ur vårt kundregister."
ASKS = "Berätta vilket företag du arbetade för när du senast hade kontakt med oss."
GROUND = next(iter(grounds_for("request.erasure"))).id
BOTH = Wording(reasons=REASONS, answer=ANSWER, asks=ASKS, ground=GROUND)
STAFF = "staff-1"
IMY, COURT = "klaga", "domstol"


def points(house: House, case: Case) -> frozenset[str]:
    return frozenset(point.id for point in house.services.casework.options(case.id).checklist)


def work(step: str) -> Callable[[House, Visitor, Case], Any]:
    def take(house: House, _visitor: Visitor, case: Case) -> Any:
        return getattr(house.services.casework, step)(case.id, BOTH, by=STAFF)

    return take


def work_through(step: str) -> Callable[[House, Visitor, Case], Any]:
    def take(house: House, _visitor: Visitor, case: Case) -> Any:
        return getattr(house.services.casework, step)(case.id, BOTH, points(house, case), by=STAFF)

    return take


def unidentified(house: House, visitor: Visitor, case: Case) -> None:
    with suppress(ForbiddenTransition, GuardFailed):
        house.services.casework.doubt(case.id, BOTH, by=STAFF)
    house.services.casework.close_unidentified(case.id, BOTH, by=STAFF)


def incident(house: House, visitor: Visitor, case: Case) -> None:
    here = visitor.says("Jag fick någon annans lönespec.")
    view = house.services.desk.report(here, "report.incident", "…", note="incident", urgent=True)
    house.services.desk.add_address_to_report(here, view.reference, visitor.address())


@dataclass(frozen=True)
class Expected:
    """A letter: the step it goes with, its `kind` (and template), and what must stand in it."""

    kind: str
    take: Callable[[House, Visitor, Case], Any]
    holds: tuple[str, ...]


# The receipt goes when the request is confirmed, before any step here.
LETTERS = [
    Expected("receipt", lambda *_: None, ("Svar senast: 7 april 2026", "En månad senare", "radering", "artikel 17")),
    Expected("identity", work("doubt"), (REASONS, ASKS, "inte kopia av pass")),
    Expected("extended", work("extend"), (REASONS, "5 juni 2026", IMY)),
    Expected("completed", work_through("complete"), (ANSWER,)),
    Expected("refused", work("refuse"), (REASONS, IMY, COURT, "dataskyddsförordningen")),
    Expected("partly_refused", work_through("refuse_partly"), (ANSWER, REASONS, IMY, COURT, "dataskyddsförordningen")),
    Expected("handed_over", work("hand_over"), ("inte prövat",)),
    Expected("closed_unidentified", unidentified, (REASONS, "Ingenting har lämnats ut", IMY, COURT)),
    Expected("acknowledged", incident, ("72 timmar",)),
    Expected(
        "withdrawn",
        lambda house, visitor, case: house.services.desk.withdraw(visitor.says(), case.reference),
        ("tagit tillbaka",),
    ),
]


@pytest.fixture
def visitor(house: House) -> Visitor:
    """Someone whose erasure request is open and taken up."""
    visitor = house.visitor()
    visitor.claims("request.erasure")
    visitor.proves()
    house.services.desk.submit(visitor.says())
    house.clock.go(hours=2)
    house.services.casework.take_up(house.cases()[0].id, by=STAFF)
    return visitor


def sent(house: House, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Empties the outbox into a server that takes everything, twice over; the Message-IDs it was given."""
    taken: list[str] = []

    class Server:
        def __enter__(self) -> Server:
            return self

        def __exit__(self, *_: object) -> None: ...

        def send_message(self, message: Any, *_: Any, **__: Any) -> dict[str, Any]:
            taken.append(str(message["Message-ID"]))
            return {}

    monkeypatch.setattr(SmtpServer, "connect", lambda _self: Server())
    for _ in range(2):
        while house.services.sender.send_due():
            pass
    return taken


@pytest.mark.parametrize("expected", LETTERS, ids=[each.kind for each in LETTERS])
def test_a_letter_goes_once_from_its_template_with_what_the_law_wants(
    house: House, visitor: Visitor, expected: Expected, monkeypatch: pytest.MonkeyPatch
) -> None:
    (case,) = house.cases()
    expected.take(house, visitor, case)
    with suppress(ForbiddenTransition, GuardFailed):
        expected.take(house, visitor, case)  # a second try, as after a lost answer
    letters = house.letters(expected.kind)
    assert len(letters) >= 1
    for text in expected.holds:
        assert " ".join(text.split()) in " ".join(letters[-1].text.split())
    with house.store.read() as session:
        ids = {row.message_id: row.kind for row in session.scalars(select(OutgoingMail))}
    taken = sent(house, monkeypatch)
    assert sorted(taken) == sorted(ids), "each mail once, and none left"
    if expected.kind != "acknowledged":  # each report is acknowledged
        assert list(ids.values()).count(expected.kind) == 1
    assert house.audit_is_whole()


def test_every_letter_of_a_step_is_listed_here() -> None:
    listed = {each.kind for each in LETTERS}
    assert set(TEMPLATES.values()) - listed == {"attached"}  # see test_casework: it needs a second case
    assert set(REQUIRED) - listed == {"attached"}


@pytest.mark.parametrize("step", ["refuse", "refuse_partly"])
@pytest.mark.parametrize(
    ("cut", "lacks"),
    [
        (REASONS, Element.REASONS),
        ("Du har rätt att klaga på beslutet hos Integritetsskyddsmyndigheten, IMY (imy.se).", Element.IMY),
        ("Du har också rätt att få saken prövad i domstol.", Element.COURT),
    ],
    ids=["reasons", "imy", "court"],
)
def test_a_refusal_without_reasons_imy_or_judicial_remedy_is_not_sent(
    house: House, visitor: Visitor, step: str, cut: str, lacks: Element
) -> None:
    (case,) = house.cases()
    event = {"refuse": Event.REFUSED, "refuse_partly": Event.PARTLY_REFUSED}[step]
    whole = " ".join(house.services.casework.preview(case.id, event, BOTH).letter.text.split("\n"))
    assert cut in whole
    edited = Wording(**{**vars(BOTH), "text": whole.replace(cut, "")})
    before = house.events(case.id)
    more = (points(house, case),) if step == "refuse_partly" else ()
    with pytest.raises(IncompleteLetter) as refused:
        getattr(house.services.casework, step)(case.id, edited, *more, by=STAFF)
    assert lacks in refused.value.missing
    (after,) = house.cases()
    assert after.state == case.state
    assert house.events(case.id) == before
    assert house.letters(TEMPLATES[event]) == []
