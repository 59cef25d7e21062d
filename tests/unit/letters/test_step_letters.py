"""The letters of a case: what each says, and that none can be sent without what the law wants in it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import pytest

from insyn.cases.grounds import GROUNDS, grounds_for
from insyn.cases.kinds import KINDS
from insyn.cases.transitions import LIFECYCLE, Event, State
from insyn.letters import compose
from insyn.letters.elements import REQUIRED, SAYS, Element, IncompleteLetter, Wording
from insyn.outbox.queue import Letter
from insyn.store.models import Case

REASONS = "Bokföringslagen kräver att fakturor sparas i sju år. Därför behåller vi namnet på dem."
ANSWER = "Vi har raderat ditt namn, ditt telefonnummer och din adress ur vårt kundregister."
ASKS = "Berätta vilket företag du arbetade för när du senast hade kontakt med oss."
DETAILS = {"address": "kim@example.com", "name": "Kim Testsson"}
REFERENCE = "INS-7KQ4-2M9D"
STEPS = [(event, kind) for row in LIFECYCLE for event in [row.event] for kind in sorted(row.kinds)]
LETTERS = sorted({(event, kind) for event, kind in STEPS if event in compose.TEMPLATES})
REMEDY_LETTERS = [Event.REFUSED, Event.PARTLY_REFUSED, Event.CLOSED_UNIDENTIFIED]
IMY = "Du har rätt att klaga på beslutet hos Integritetsskyddsmyndigheten, IMY (imy.se)."
COURT = "Du har också rätt att få saken prövad i domstol."


def case(kind: str = "request.erasure", proof: str = "mailbox", reference: str = REFERENCE) -> Case:
    return Case(
        id="a", reference=reference, kind=kind, state=State.OPEN, proof=proof,
        received_at=datetime(2026, 1, 31, 9, 30, tzinfo=UTC), due_on=date(2026, 3, 2),
    )  # fmt: skip


def wording(kind: str = "request.erasure") -> Wording:
    ground = next(iter(grounds_for(kind)), None)
    return Wording(reasons=REASONS, answer=ANSWER, asks=ASKS, ground=ground.id if ground else "")


def draft(event: Event, kind: str = "request.erasure", words: Wording | None = None) -> compose.Draft:
    earlier = case(kind, reference="INS-2345-6789")
    return compose.step_letter(event, case(kind), DETAILS, words or wording(kind), earlier=earlier)


class Words(HTMLParser):
    """The visible words of an HTML letter."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.seen.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.seen).split())


def every_letter() -> list[tuple[str, Letter]]:
    written = [(f"{event}/{kind}", draft(event, kind).finished()) for event, kind in LETTERS]
    for kind in ("report.incident", "complaint", "question"):
        written.append((f"acknowledged/{kind}", compose.acknowledged_letter(case(kind), "kim@example.com")))
    for kind in (kind for kind in KINDS if KINDS[kind].is_right):
        for proof in ("address", "mailbox", "staff"):
            receipt = compose.receipt_letter([(case(kind, proof), DETAILS)], "kim@example.com")
            written.append((f"receipt/{kind}/{proof}", receipt))
        written.append((f"withdrawn/{kind}", compose.withdrawn_letter(case(kind), "kim@example.com")))
    written.append(("withdrawn/complaint", compose.withdrawn_letter(case("complaint"), "kim@example.com")))
    three = [(case(kind), DETAILS) for kind in ("request.access", "request.portability", "request.erasure")]
    return [*written, ("receipt/three", compose.receipt_letter(three, "kim@example.com"))]


EVERY_LETTER = every_letter()


@pytest.mark.parametrize(("name", "letter"), EVERY_LETTER, ids=[name for name, _ in EVERY_LETTER])
def test_a_letter_is_short_complete_and_the_same_in_html(name: str, letter: Letter) -> None:
    assert len(letter.text.split()) <= 200
    assert REFERENCE in letter.subject + letter.text
    assert not re.search(r"\{|\}|None|\[[A-ZÅÄÖ ]{3,}\]", letter.subject + letter.text)
    assert "\n\n\n" not in letter.text
    assert letter.text.startswith("Hej")
    assert re.search(
        r"\n\nVänliga hälsningar\n(Insyn, Konteks dataskyddsassistent|Kontek, dataskydd\ndpo@kontek\.se)\n$",
        letter.text,
    )
    assert " ".join(letter.text.split()) in Words(letter.html).text
    assert not re.search(r"\b[Dd]in klagomål|\bdin din\b|\bditt (begäran|fråga)\b", letter.text)


def test_every_closing_step_of_the_staff_has_its_letter() -> None:
    by_person = {Event.WITHDRAWN}  # confirmed by a letter of its own, from the desk
    closing = {row.event for row in LIFECYCLE if row.to and row.to not in {s for each in LIFECYCLE for s in each.start}}
    assert closing - by_person <= set(compose.TEMPLATES)
    assert set(compose.TEMPLATES.values()) == set(REQUIRED)


# -- what may not be left out (GDPR art. 12(3), 12(4), 12(6))


@pytest.mark.parametrize(
    ("event", "left_out", "missing"),
    [
        (Event.REFUSED, "reasons", Element.REASONS),
        (Event.REFUSED, "ground", Element.GROUND),
        (Event.PARTLY_REFUSED, "reasons", Element.REASONS),
        (Event.PARTLY_REFUSED, "ground", Element.GROUND),
        (Event.PARTLY_REFUSED, "answer", Element.ANSWER),
        (Event.CLOSED_UNIDENTIFIED, "reasons", Element.REASONS),
        (Event.EXTENDED, "reasons", Element.REASONS),
        (Event.COMPLETED, "answer", Element.ANSWER),
        (Event.IDENTITY_DOUBTED, "reasons", Element.REASONS),
        (Event.IDENTITY_DOUBTED, "asks", Element.ASKS),
    ],
)
def test_what_a_human_has_not_written_is_named_and_nothing_is_composed(
    event: Event, left_out: str, missing: Element
) -> None:
    unfinished = draft(event, words=replace(wording(), **{left_out: ""}))
    with pytest.raises(IncompleteLetter) as refused:
        unfinished.finished()
    assert set(refused.value.missing) == {missing, Element.UNFILLED}
    assert SAYS[missing] in refused.value.says()


def test_a_refusal_with_nothing_written_names_all_that_is_missing() -> None:
    empty = draft(Event.REFUSED, words=Wording(text="Nej."))
    assert set(empty.missing) == {Element.REASONS, Element.GROUND, Element.IMY, Element.COURT, Element.REFERENCE}


@pytest.mark.parametrize("event", REMEDY_LETTERS)
def test_a_refusal_names_reasons_imy_and_judicial_remedy(event: Event) -> None:
    text = draft(event).finished().text
    assert REASONS in text
    assert IMY in text
    assert COURT in text


@pytest.mark.parametrize("event", REMEDY_LETTERS)
@pytest.mark.parametrize(
    ("old", "new", "missing"),
    [
        (IMY, "", Element.IMY),
        (IMY, "Du kan inte klaga på beslutet hos IMY.", Element.IMY),
        (IMY, "Beslutet följer vad IMY har uttalat.", Element.IMY),
        (IMY, "Du har rätt att klaga på beslutet.", Element.IMY),
        (COURT, "", Element.COURT),
        (COURT, "Beslutet kan inte prövas i domstol.", Element.COURT),
        (COURT, "Vi har tidigare mött en domstol.", Element.COURT),
        (REASONS, "Vi har våra skäl för detta beslut.", Element.REASONS),
        (REASONS, "", Element.REASONS),
        (REFERENCE, "", Element.REFERENCE),
        (IMY, f"{IMY}\n\n[SKRIV SKÄLEN]", Element.UNFILLED),
    ],
)
def test_the_edited_words_are_looked_through_not_the_template(
    event: Event, old: str, new: str, missing: Element
) -> None:
    before = draft(event).finished().text
    assert old in before
    edited = draft(event, words=replace(wording(), text=before.replace(old, new)))
    assert edited.missing == (missing,)
    with pytest.raises(IncompleteLetter):
        edited.finished()


@pytest.mark.parametrize("event", REMEDY_LETTERS)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (IMY, "Är du missnöjd kan du klaga hos IMY."),
        (IMY, "Klagomål? Du kan klaga till Integritetsskyddsmyndigheten."),
        (COURT, "Vill du gå vidare kan du väcka talan vid tingsrätt."),
        (REASONS, "\n".join(REASONS.split(" "))),
    ],
)
def test_the_staff_may_use_words_of_their_own(event: Event, old: str, new: str) -> None:
    before = draft(event).finished().text
    assert draft(event, words=replace(wording(), text=before.replace(old, new))).missing == ()


def test_a_named_ground_must_stand_in_the_edited_letter() -> None:
    before = draft(Event.REFUSED).finished().text
    law = GROUNDS[wording().ground].law
    assert draft(Event.REFUSED, words=replace(wording(), text=before.replace(law, "lagen"))).missing == (
        Element.GROUND,
    )


def test_an_extension_tells_the_reasons_the_new_date_and_how_it_was_computed() -> None:
    letter = draft(Event.EXTENDED).finished()
    assert REASONS in letter.text
    assert "Du får svar senast den 28 april 2026." in letter.text
    assert "En månad plus två är den 28 april 2026, och det tidigare datumet gäller." in letter.text
    later = letter.text.replace("28 april 2026", "30 april 2026")
    assert draft(Event.EXTENDED, words=replace(wording(), text=later)).missing == (Element.NEW_DATE,)


# -- identity


def test_a_request_for_identity_says_what_why_and_what_is_not_wanted() -> None:
    text = draft(Event.IDENTITY_DOUBTED).finished().text
    assert REASONS in text
    assert ASKS in text
    assert "Skicka inte kopia av pass, körkort eller någon annan id-handling." in text


@pytest.mark.parametrize(
    "asks",
    [
        "Skicka en kopia av ditt körkort till oss.",
        "Bifoga ett foto av din legitimation i svaret.",
        "Skicka en kopia av körkortet, men inte av passet.",
        "Skanna ditt pass och bifoga bilden.",
        "Vi behöver en id-handling, gärna en kopia av id-kortet.",
    ],
)
def test_a_copy_of_an_id_document_is_never_asked_for(asks: str) -> None:
    assert draft(Event.IDENTITY_DOUBTED, words=replace(wording(), asks=asks)).missing == (Element.ID_COPY_ASKED,)


def test_the_warning_against_id_copies_cannot_be_edited_away() -> None:
    before = draft(Event.IDENTITY_DOUBTED).finished().text
    edited = re.sub(r"Skicka inte kopia.*", "", before)
    assert draft(Event.IDENTITY_DOUBTED, words=replace(wording(), text=edited)).missing == (Element.NO_ID_COPY,)


@pytest.mark.parametrize(("name", "letter"), EVERY_LETTER, ids=[name for name, _ in EVERY_LETTER])
def test_no_letter_asks_for_a_copy_of_an_id_document(name: str, letter: Letter) -> None:
    for sentence in re.split(r"(?<=[.!?])\s+", " ".join(letter.text.split())):
        if re.search(r"kopia av|id-handling|körkort|\bpass\b", sentence) and "kopia av dina uppgifter" not in sentence:
            assert re.search(r"\b(inte|aldrig|sparar vi den inte)\b", sentence), sentence


# -- whom a letter speaks to


@pytest.mark.parametrize(
    ("event", "proof", "doubted", "hello"),
    [
        (Event.COMPLETED, "mailbox", False, "Hej Kim Testsson,"),
        (Event.COMPLETED, "staff", False, "Hej Kim Testsson,"),
        (Event.REFUSED, "mailbox", True, "Hej,"),
        (Event.HANDED_OVER, "address", False, "Hej,"),
        (Event.IDENTITY_DOUBTED, "mailbox", False, "Hej,"),
        (Event.CLOSED_UNIDENTIFIED, "address", False, "Hej,"),
    ],
)
def test_nobody_is_called_by_name_at_an_address_that_is_not_proved(
    event: Event, proof: str, doubted: bool, hello: str
) -> None:
    letter = compose.step_letter(event, case(proof=proof), DETAILS, wording(), doubted=doubted).finished()
    assert letter.text.splitlines()[0] == hello
    assert ("Kim" in letter.text) == (hello != "Hej,")


def test_a_case_closed_unidentified_says_that_nothing_was_given_out() -> None:
    text = draft(Event.CLOSED_UNIDENTIFIED).finished().text
    assert "Ingenting har lämnats ut, ändrats eller raderats." in text
    assert "ny begäran" in text


@pytest.mark.parametrize("forwarded", [True, False])
def test_a_hand_over_decides_nothing_and_says_who_does(forwarded: bool) -> None:
    words = Wording(controller="Exempelbolaget AB", forwarded=forwarded)
    letter = draft(Event.HANDED_OVER, words=words).finished()
    assert letter.subject == f"Ditt ärende hör till Exempelbolaget AB ({REFERENCE})"
    assert "Vi har inte prövat det du skrev" in letter.text
    assert ("Vi har skickat det du skrev vidare till Exempelbolaget AB" in letter.text) is forwarded
    assert ("Vänd dig därför dit." in letter.text) is not forwarded


def test_the_acknowledgement_of_an_incident_repeats_nothing_and_asks_for_nothing() -> None:
    letter = compose.acknowledged_letter(case("report.incident"), "kim@example.com")
    assert "31 januari 2026 klockan 10.30" in letter.text
    assert "inom 72 timmar" in letter.text
    assert "Du behöver inte visa vem du är." in letter.text


# -- 18: nothing that people write does more than stand there


def test_security_18_what_people_write_is_inert_in_the_html() -> None:
    nasty = "<script>alert(1)</script> & en mening till."
    words = replace(wording(), reasons=nasty)
    details = {**DETAILS, "name": '<img src=x onerror="alert(1)">'}
    letter = compose.step_letter(Event.REFUSED, case(), details, words).finished()
    assert "<script" not in letter.html
    assert "<img" not in letter.html
    assert nasty in letter.text


def test_security_18_a_line_break_cannot_reach_the_subject() -> None:
    words = Wording(controller="Bolaget\r\nBcc: alla@example.com")
    letter = draft(Event.HANDED_OVER, words=words).letter
    assert "\r" not in letter.subject
    assert "\n" not in letter.subject
