"""What a letter must hold before it may be sent, looked for in its final words, since staff may have edited them.

GDPR art. 12(3) (an extension's reasons), 12(4) (a refusal's reasons, complaint and judicial remedy), 12(6) (what is asked
for and why; never a copy of an identity document).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from insyn.cases.grounds import GROUNDS
from insyn.cases.transitions import substantial

UNFILLED = re.compile(r"\[[A-ZÅÄÖ ]{3,}\]")


class Element(StrEnum):
    """Something a letter must hold, or must not."""

    REASONS = "reasons"
    GROUND = "ground"
    ANSWER = "answer"
    ASKS = "asks"
    NEW_DATE = "new_date"
    CONTROLLER = "controller"
    IMY = "imy"
    COURT = "court"
    REFERENCE = "reference"
    NO_ID_COPY = "no_id_copy"
    ID_COPY_ASKED = "id_copy_asked"
    UNFILLED = "unfilled"


SAYS = {
    Element.REASONS: "skälen, med samma ord i brevet som i fältet för skäl",
    Element.GROUND: "avslagsgrunden med lagrum",
    Element.ANSWER: "vad som är gjort eller svaret, med samma ord i brevet som i fältet för svar",
    Element.ASKS: "vad personen ombeds visa, med samma ord i brevet som i fältet",
    Element.NEW_DATE: "den nya sista svarsdagen",
    Element.CONTROLLER: "vem som ansvarar, när begäran är skickad dit, med samma ord i brevet som i fältet",
    Element.IMY: "rätten att klaga hos Integritetsskyddsmyndigheten, IMY",
    Element.COURT: "rätten att få saken prövad i domstol",
    Element.REFERENCE: "ärendenumret",
    Element.NO_ID_COPY: "att ingen kopia av id-handling ska skickas",
    Element.ID_COPY_ASKED: "ta bort begäran om kopia av id-handling; den får aldrig ställas",
    Element.UNFILLED: "text i stället för det som står inom hakparentes",
}


@dataclass(frozen=True)
class Wording:
    """What a human puts into a letter. `text` is the whole letter after editing; None leaves the template's words.

    `answer` is what was done or the answer given; `asks` what the person is asked to show; `ground` an id of
    `insyn.cases.grounds`; `controller` who decides about the data, `forwarded` whether the request was sent on there.
    """

    reasons: str = ""
    answer: str = ""
    asks: str = ""
    ground: str = ""
    controller: str = ""
    forwarded: bool = False
    text: str | None = None


@dataclass(frozen=True)
class Facts:
    """What the system knows and the letter must say."""

    reference: str
    new_date: str = ""


class IncompleteLetter(Exception):
    """The letter may not be sent; `missing` names what it lacks."""

    def __init__(self, missing: tuple[Element, ...]) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing

    def says(self) -> str:
        """In Swedish, for the staff."""
        return "Brevet kan inte skickas. Det här saknas: " + "; ".join(SAYS[each] for each in self.missing) + "."


_REMEDIES = (Element.IMY, Element.COURT)
REQUIRED: dict[str, tuple[Element, ...]] = {
    "identity": (Element.REASONS, Element.ASKS, Element.NO_ID_COPY, Element.ID_COPY_ASKED),
    "extended": (Element.REASONS, Element.NEW_DATE),
    "completed": (Element.ANSWER,),
    "refused": (Element.REASONS, Element.GROUND, *_REMEDIES),
    "partly_refused": (Element.ANSWER, Element.REASONS, Element.GROUND, *_REMEDIES),
    "closed_unidentified": (Element.REASONS, *_REMEDIES),
    "handed_over": (Element.CONTROLLER,),
    "attached": (),
}


def missing(template: str, text: str, wording: Wording, facts: Facts) -> tuple[Element, ...]:
    """What the final words of a letter lack; empty when it may be sent."""
    required = (*REQUIRED[template], Element.REFERENCE, Element.UNFILLED)
    return tuple(element for element in required if not _CHECKS[element](text, wording, facts))


def _says_the_same(given: str, text: str) -> bool:
    """Whether what was recorded stands in the letter, however the lines are broken."""
    return substantial(given) and _one_line(given) in _one_line(text)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _sentences(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text):
        yield from re.split(r"(?<=[.!?])\s+", _one_line(paragraph))


_NOT = re.compile(r"\b(inte|ej|aldrig|ingen|inget|inga|varken)\b", re.IGNORECASE)


def _affirmed(text: str, *words: str) -> bool:
    """Whether a sentence holds all the patterns and no negation."""
    return any(
        all(re.search(word, sentence, re.IGNORECASE) for word in words) and not _NOT.search(sentence)
        for sentence in _sentences(text)
    )


_ID_DOCUMENT = r"\b(pass|passet|körkort\w*|id-?handling\w*|id-?kort\w*|legitimation\w*|leg)\b"
_COPY = r"\b(kopi\w*|foto\w*|bild\w*|skann\w*|scan\w*)\b"


def _id_copy_declined(text: str) -> bool:
    return any(
        _NOT.search(sentence) and re.search(_COPY, sentence, re.IGNORECASE) and re.search(_ID_DOCUMENT, sentence, re.I)
        for sentence in _sentences(text)
    )


def _id_copy_asked(text: str) -> bool:
    """Whether a sentence names a copy and a document without having said no before the copy."""
    for sentence in _sentences(text):
        copy = re.search(_COPY, sentence, re.IGNORECASE)
        if copy and re.search(_ID_DOCUMENT, sentence, re.IGNORECASE) and not _NOT.search(sentence[: copy.start()]):
            return True
    return False


def _ground_named(text: str, wording: Wording) -> bool:
    ground = GROUNDS.get(wording.ground)
    return ground is not None and ground.law in _one_line(text)


_CHECKS: dict[Element, Callable[[str, Wording, Facts], bool]] = {
    Element.REASONS: lambda text, wording, _: _says_the_same(wording.reasons, text),
    Element.ANSWER: lambda text, wording, _: _says_the_same(wording.answer, text),
    Element.ASKS: lambda text, wording, _: _says_the_same(wording.asks, text),
    Element.GROUND: lambda text, wording, _: _ground_named(text, wording),
    Element.CONTROLLER: lambda text, wording, _: (
        not wording.forwarded or (bool(wording.controller) and _one_line(wording.controller) in _one_line(text))
    ),
    Element.NEW_DATE: lambda text, _, facts: bool(facts.new_date) and facts.new_date in _one_line(text),
    Element.IMY: lambda text, *_: _affirmed(text, r"\bklaga\w*", r"\bIMY\b|Integritetsskyddsmyndigheten"),
    Element.COURT: lambda text, *_: _affirmed(text, r"domstol|tingsrätt", r"prövad|pröva\b|talan|stämma"),
    Element.REFERENCE: lambda text, _, facts: facts.reference in text,
    Element.NO_ID_COPY: lambda text, *_: _id_copy_declined(text),
    Element.ID_COPY_ASKED: lambda text, *_: not _id_copy_asked(text),
    Element.UNFILLED: lambda text, *_: not UNFILLED.search(text),
}
