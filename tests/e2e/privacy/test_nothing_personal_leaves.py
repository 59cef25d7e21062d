"""The privacy proof (security.md 13, 14): thirty conversations full of identifiers, and then every byte is searched.

That these tests can fail was proved by hand: with `mask` replaced by a function that returns its text, and with a single
kind left out of it, each search finds what was typed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.privacy.people import PEOPLE, Person
from tests.e2e.privacy.recorded import Recorded
from tests.fixtures.chat import Chat

_JSON_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_DOMAIN = re.compile(rb'"domain": ?\{.*?\}, ?"version"', re.S)
_SEPARATORS = re.compile(r"[\s\-–.()/]+")
AT_ONCE = 3


class Searchable:
    """Bytes, ready to be searched: as they are written, in small letters, and without spaces and dashes."""

    def __init__(self, name: str, parts: Iterable[bytes]) -> None:
        self.name = name
        # A gap between the parts: nothing is found across two of them.
        text = _without_repeats(b"\n\x00\n".join(parts)).decode("utf-8", "replace")
        self._text = _JSON_ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text)
        self._folded = self._text.casefold()
        self._dense = _SEPARATORS.sub("", self._folded)

    def has(self, words: str) -> bool:
        """Whether these very words are there."""
        return words in self._text

    def holds(self, value: str) -> bool:
        """Whether the value is there, however it is written."""
        folded = value.casefold()
        return folded in self._folded or _SEPARATORS.sub("", folded) in self._dense

    def holds_code(self, code: str) -> bool:
        """Whether a one-time code is there as a number of its own."""
        first, last = code.split()
        return re.search(rf"(?<!\d){first} ?{last}(?!\d)", self._text) is not None


def _without_repeats(tape: bytes) -> bytes:
    """Every call to an action brings the whole domain along: once is enough to search."""
    first = _DOMAIN.search(tape)
    return tape[: first.end()] + tape[first.end() :].replace(first[0], b"") if first else tape


class Evidence:
    """What the conversations left behind."""

    def __init__(self, system: Recorded, codes: list[str], cases: int) -> None:
        self.codes, self.cases = codes, cases
        log = sorted((system.var / "log").rglob("*"))
        store = sorted(system.var.glob("insyn.db*"))
        self.rasa = Searchable("what goes to Rasa and comes from it", map(bytes, system.to_rasa.tape))
        self.actions = Searchable("what Rasa asks of the actions and is told", map(bytes, system.to_actions.tape))
        self.logs = Searchable("the logs", [each.read_bytes() for each in [system.console, *log] if each.is_file()])
        self.store = Searchable("the database's bytes", [each.read_bytes() for each in store])
        self.other = Searchable(
            "other files that were left",
            [each.read_bytes() for each in system.var.rglob("*") if each.is_file() and each not in [*log, *store]],
        )

    @property
    def everything(self) -> list[Searchable]:
        return [self.rasa, self.actions, self.logs, self.store, self.other]


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    """Thirty conversations, each to its end, on a system of their own; then what is left of them."""
    system = Recorded(tmp_path_factory.mktemp("recorded"))
    try:
        system.start()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            played = list(pool.map(lambda person: JOURNEYS[person.number % len(JOURNEYS)](system, person), PEOPLE))
        assert len(played) == 30
        system.wait_for(lambda: all(row["status"] != "queued" for row in _outbox(system)), "the mails to be sent", 60)
        codes = [letter.code for person in PEOPLE for letter in system.letters(person.email) if "kod" in letter.subject]
        yield Evidence(system, codes, len(system.cases()))
    finally:
        system.stop()


def test_the_tapes_and_the_store_hold_the_conversations(evidence: Evidence) -> None:
    """Otherwise it would prove nothing that no value is found."""
    for tape in (evidence.rasa, evidence.actions, evidence.store):
        for placeholder in (
            "⟨namn 1⟩",
            "⟨e-post 1⟩",
            "⟨telefon 1⟩",
            "⟨personnummer 1⟩",
            "⟨kortnummer 1⟩",
            "⟨adress 1⟩",
        ):
            assert tape.has(placeholder), f"{placeholder} is not in {tape.name}"
        assert tape.has("request.access")
    assert evidence.rasa.has("⟨kod 1⟩")
    assert len(evidence.codes) >= 12
    assert evidence.cases >= 20


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: f"{person.number}")
def test_no_identifier_is_found_anywhere(evidence: Evidence, person: Person) -> None:
    found = [
        (value, place.name)
        for place in evidence.everything
        for value in [*person.values(), wrong_address(person)]
        if place.holds(value)
    ]
    assert found == []


def test_no_code_is_found_anywhere(evidence: Evidence) -> None:
    found = [(code, place.name) for place in evidence.everything for code in evidence.codes if place.holds_code(code)]
    assert found == []


def test_what_a_request_concerns_is_in_no_log(evidence: Evidence) -> None:
    assert [
        DETAIL.format(person.number) for person in PEOPLE if evidence.logs.holds(DETAIL.format(person.number))
    ] == []


def test_a_tape_that_holds_a_value_is_found_out() -> None:
    """The search itself, on what it must find."""
    person = PEOPLE[1]
    spaced = " ".join(person.personnummer.replace("-", ""))
    for held in (
        person.name.upper(),
        json.dumps({"text": f"jag heter {person.name}"}),
        f"nr {spaced} tack",
        f"mailto:{person.email.upper()}",
        person.phone.replace("-", "").replace(" ", ""),
    ):
        tape = Searchable("a tape", [b"\x00\xff", held.encode(), b"\x01"])
        assert any(tape.holds(value) for value in person.values()), held
    assert Searchable("a tape", [b"kod 1234 5678."]).holds_code("1234 5678")
    assert Searchable("a tape", [b"kod 12345678."]).holds_code("1234 5678")


# -- what people write

DETAIL = "anteckningen om tebjudningen på loftet nummer {}"


def wrong_address(person: Person) -> str:
    return f"fel.{person.email}"


def _outbox(system: Recorded) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = system.insyn("mail", "outbox", "--json")
    return rows


def _asks_for_everything(system: Recorded, person: Person) -> None:
    chat = Chat(system)
    chat.say(f"Hej, jag heter {person.name}, personnummer {person.personnummer}. Jag vill ha ut allt ni har om mig.")
    chat.go_on_to("concerns", person.email)
    chat.say(f"{DETAIL.format(person.number)}, och kortet {person.card} som jag betalade med")
    chat.go_on_to("done", person.email, name=person.name)
    chat.say(f"tack! nås på {person.phone} om något är oklart")


def _corrects(system: Recorded, person: Person) -> None:
    chat = Chat(system)
    chat.say("Min adress är fel hos er, rätta den")
    chat.go_on_to("concerns", person.email)
    chat.say(f"Jag bor på {person.street}. Mitt nummer är {person.phone}. Det gäller {DETAIL.format(person.number)}.")
    chat.go_on_to("name", person.email)
    chat.say(person.name.lower())
    chat.say(wrong_address(person))
    chat.say(f"jag skrev fel mejl, det ska vara {person.email}")
    chat.say("0000 0000")
    chat.give_code(person.email)
    chat.say("ja")


def _wants_no_marketing(system: Recorded, person: Person) -> None:
    chat = Chat(system)
    chat.say(f"Sluta mejla mig reklam på {person.email}! // {person.name}, {person.street}")
    chat.go_on_to("done", person.email, name=person.name)
    chat.say(f"och ring mig inte heller på {person.phone}")


def _reports_an_incident(system: Recorded, person: Person) -> None:
    chat = Chat(system)
    chat.say(
        f"Jag fick någon annans lönespec i mejlen. Den gäller {person.name}, personnummer {person.personnummer}, "
        f"konto {person.account}."
    )
    chat.say(f"ni når mig på {person.email}")
    chat.say(f"eller på telefon {person.phone}")


def _asks_and_signs(system: Recorded, person: Person) -> None:
    chat = Chat(system)
    chat.say(f"Hur länge sparas mitt cv?\n\nMed vänliga hälsningar\n{person.name}\n{person.street}\n{person.phone}")
    chat.say(f"och kan polisen få ut mitt personnummer {person.personnummer}?")
    chat.say(f"mitt kort är {person.card}, ska jag spärra det?")


def _wants_a_human(system: Recorded, person: Person) -> None:
    chat = Chat(system)
    chat.say(f"min lön är fel, jag heter {person.name} och har personnummer {person.personnummer}")
    chat.say(f"jag vill prata med en människa, ring {person.phone}")
    chat.say(person.email)
    chat.say(f"/inform{{'email': '{person.email}'}}")


def _writes_english(system: Recorded, person: Person) -> None:
    chat = Chat(system)
    chat.say(f"My name is {person.name}. Please delete my data. My phone is {person.phone}")
    chat.go_on_to("email", person.email, name=person.name)
    chat.say(f"you can reach me at {person.email}")
    chat.go_on_to("done", person.email, name=person.name)


def _writes_too_early(system: Recorded, person: Person) -> None:
    chat = Chat(system)
    chat.say("radera mig")
    chat.say(person.name)
    chat.say(person.email)
    chat.say(f"pnr {person.personnummer}")
    chat.say(f"jag bor på {person.street}")
    chat.go_on_to("done", person.email, name=f"Jag heter {person.name}")
    chat.say(f"hälsningar {person.name}")


def _complains(system: Recorded, person: Person) -> None:
    chat = Chat(system)
    chat.say(
        f"Jag är missnöjd med hur ni hanterat mina uppgifter och vill klaga. Ni skickade brev till {person.street} fast jag "
        f"flyttat, och ringde {person.phone} på natten. Mvh {person.name}"
    )
    chat.say(f"svara till {person.email}")
    chat.say("tack")


def _looks_up(system: Recorded, person: Person) -> None:
    chat = Chat(system)
    chat.say("jag tar tillbaka mitt samtycke")
    chat.say(f"<{person.email}>")
    again = Chat(system)
    again.say(f"Hej {person.name} här, hur går det med ärende {chat.case['reference']}?")
    again.say(system.letter(person.email, "kod").code)
    again.say(f"toppen. mitt nya nummer är {person.phone}")


JOURNEYS: list[Callable[[Recorded, Person], None]] = [
    _asks_for_everything, _corrects, _wants_no_marketing, _reports_an_incident, _asks_and_signs, _wants_a_human,
    _writes_english, _writes_too_early, _complains, _looks_up,
]  # fmt: skip
