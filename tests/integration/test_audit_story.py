"""`insyn audit show`: a case's rows read as a story, in Swedish and without anything personal."""

from __future__ import annotations

import pytest

from insyn.audit.story import Sentence, story
from insyn.cases.kinds import KINDS
from insyn.cases.transitions import LIFECYCLE, Event
from insyn.casework.work import CaseWork
from insyn.letters.elements import Wording
from tests.fixtures.house import ADDRESS, House
from tests.integration.test_casework import ANSWER, ASKS, FULL, HOW, KIM, REASONS, opened, ticked, work

NAMES = {KIM: "Kim Holm", "staff-alex": "Alex Holm"}


def told(house: House, case_id: str) -> list[Sentence]:
    with house.store.read() as session:
        return story(session, case_id, name_of=NAMES.__getitem__)


def test_a_case_from_the_first_message_to_the_answer(house: House) -> None:
    (case,) = opened(house)
    house.clock.go(days=1)
    work(house).take_up(case.id, by=KIM)
    work(house).doubt(case.id, FULL, by=KIM)
    house.clock.go(days=2)
    work(house).verify(case.id, HOW, by=KIM)
    work(house).extend(case.id, FULL, by=KIM)
    work(house).note(case.id, "Ring på måndag.", by=KIM)
    work(house).assign(case.id, "staff-alex", by=KIM)
    work(house).refuse_partly(case.id, FULL, ticked(case.kind), by="staff-alex")
    sentences = told(house, case.id)
    assert [sentence.text for sentence in sentences] == [
        "Ärendet kom in genom chatten. Det gäller radering. Svar senast den 7 april 2026.",
        "Personen angav en e-postadress.",
        "Personen gav tillbaka engångskoden och visade så att den når brevlådan.",
        "Personen bekräftade begäran. Ärendet öppnades för handläggning.",
        "Brev lades i utkorgen: mottagningsbevis.",
        "Kim Holm började handlägga ärendet.",
        "Kim Holm tog ärendet.",
        "Kim Holm antecknade tvivel om vem personen är, med skäl. Den pausade klockan står stilla.",
        "Brev lades i utkorgen: begäran om mer underlag för identiteten.",
        "Kim Holm bedömde att begäran kommer från personen och antecknade hur det visats.",
        "Kim Holm förlängde fristen till den 5 juni 2026, med skäl.",
        "Brev lades i utkorgen: besked om förlängd frist.",
        "Kim Holm skrev en anteckning.",
        "Kim Holm gav ärendet till Alex Holm.",
        "Alex Holm avslog begäran delvis på grund av att lagen kräver att uppgifterna sparas "
        "(dataskyddsförordningen, artikel 17.3 b), med skäl.",
        "Brev lades i utkorgen: beslut om delvis avslag.",
    ]
    assert sentences[0].line() == f"5 mars 2026 klockan 09.30: {sentences[0].text}"
    assert [sentence.seq for sentence in sentences] == sorted({sentence.seq for sentence in sentences})


def test_a_repeat_is_told_with_the_other_case_and_the_end_with_its_points(house: House) -> None:
    (first,) = opened(house)
    (second,) = opened(house)
    assert f"Möjlig upprepning av ärende {first.reference}. En människa ska titta på det." in _texts(house, second.id)
    work(house).let_stand(second.id, "Den gäller ett senare år än den förra.", by=KIM)
    work(house).complete(second.id, FULL, ticked(second.kind), by=KIM)
    (third,) = opened(house)
    work(house).attach(third.id, FULL, by=KIM)
    assert "Kim Holm tittade på den möjliga upprepningen och lät ärendet stå för sig, med skäl." in _texts(
        house, second.id
    )
    assert (
        "Kim Holm avslutade ärendet som klart. Avbockat: De som fått uppgifterna av oss har underrättats, eller det "
        "finns inga (artikel 19)." in _texts(house, second.id)
    )
    assert f"Kim Holm lade ärendet till ärende {first.reference}, med skäl." in _texts(house, third.id)
    assert "Personen hörde av sig igen, och orden lades till ärendet. Det antecknade Kim Holm." in _texts(
        house, first.id
    )


def test_what_the_person_does_at_the_desk_is_told_too(house: House) -> None:
    visitor = house.visitor()
    (reference,) = visitor.claims("request.access")
    house.services.desk.add_detail(visitor.says(), "relation", "applicant")
    house.services.desk.add_detail(visitor.says(), "concerns", "Min ansökan.")
    house.services.desk.hand_to_employer(visitor.says())
    texts = _texts(house, house.case(reference).id)
    assert texts[1:] == [
        "Personen berättade mer: kopplingen till Kontek.",
        "Personen berättade mer: vad begäran gäller.",
        "Personen hänvisades till sin arbetsgivare, som ansvarar för uppgifterna. Ärendet avslutades.",
    ]


@pytest.mark.parametrize("event", Event)
def test_every_event_of_the_table_has_a_sentence_of_its_own(house: House, event: Event) -> None:
    """Told for whoever did it; an event that nobody has written a sentence for would show its English name."""
    kind = next(kind for row in LIFECYCLE if row.event is event for kind in sorted(row.kinds))
    with house.store.write() as session:
        house.audit.append(session, "case.received", "a", kind=kind, channel="chat", state="received")
        house.audit.append(
            session, f"case.{event}", "a", by=KIM, state=event.value, before="open", ground="duty", due="2026-06-05"
        )
    sentence = told(house, "a")[-1].text
    assert "Händelsen" not in sentence
    assert "_" not in sentence
    assert KINDS[kind].id not in sentence


def test_a_row_nobody_has_written_a_sentence_for_is_told_by_its_name(house: House) -> None:
    with house.store.write() as session:
        house.audit.append(session, "case.painted", "a", colour="blue")
    assert [sentence.text for sentence in told(house, "a")] == ["Händelsen ”case.painted” antecknades."]


def test_a_case_that_the_log_does_not_know_has_no_story(house: House) -> None:
    assert told(house, "nowhere") == []


def test_security_17_the_story_holds_nothing_of_what_was_written(house: House) -> None:
    (case,) = opened(house)
    desk: CaseWork = work(house)
    desk.doubt(case.id, FULL, by=KIM)
    desk.verify(case.id, HOW, by=KIM)
    desk.hand_over(case.id, Wording(controller="Exempelbolaget AB", forwarded=True), by=KIM)
    story_text = "\n".join(_texts(house, case.id))
    for words in (REASONS, ANSWER, ASKS, HOW, ADDRESS, "Exempelbolaget"):
        assert words not in story_text
    assert "Kim Holm skickade begäran vidare till den som ansvarar för uppgifterna. Ärendet avslutades." in story_text


def _texts(house: House, case_id: str) -> list[str]:
    return [sentence.text for sentence in told(house, case_id)]
