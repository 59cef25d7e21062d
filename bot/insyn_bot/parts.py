"""Which of the pieces of a message ask for something of their own.

A piece is believed when its own reading is sure and the message as a whole, read by the same model, has
not ruled it out: scenery in a story reads as this or that alone, but not in the whole. The numbers were
chosen on tests/understanding/dev.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from insyn_bot.decision import Verdict
from insyn_bot.intents import family, is_content, is_urgent
from insyn_bot.segments import Span, sentences, splits

Judge = Callable[[Sequence[str]], list[Verdict]]

_CERTAIN = 0.93
_SURE = 0.85
_FAIR, _FAIR_RANK = 0.7, 6
_ASKED = 0.43
_URGENT_SUPPORT = 0.05
_CLAUSE, _CLAUSE_SUPPORT = 0.45, 0.01
_IN_CONTEXT, _HINTED, _CARRIED = 0.008, 0.06, 0.01
_TOP = 3
_STORY = 3
_FEW_WORDS = 3

_FIRST = re.compile(
    r"\b(?:först|forst|first|først|dessförinnan|before that|innan(?: dess)?\W*$)(?!\w)", re.IGNORECASE
)
_ASKING = re.compile(
    r"\?|\b(?:vad|va|hur|var|vart|när|nar|varför|varfor|vem|vems|vilk\w+|undrar|veta|fråga|får|far|kan|finns|gäller"
    r"|vill|ska|måste|har ni|är det|är ni|what|how|where|when|why|who|which|do|does|can|is|are|wonder\w*"
    r"|\w{2,}r\s+(?:ni|man|jag|du|vi|kontek|uppgifterna|det)|hva|hvad|hvordan|hvor|hvem|hvilk\w+|hvorfor|kräver|önskar|berätta|förklara|beskriv|tell|explain)\b",
    re.IGNORECASE,
)
_SUBORDINATE = re.compile(
    r"(?:(?:när|nar|om|då|ifall|sedan|efter att|innan|eftersom|medan|if|when|since|after|because)\s+"
    r"(?:man|jag|du|ni|vi|det|den|de|en|min|mitt|mina|ens|i|you|we|my|it|someone)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Part:
    """One of several things a message asks; `start` and `end` are character offsets."""

    intent: str
    confidence: float
    start: int
    end: int


@dataclass(frozen=True)
class Piece:
    """A sentence or clause and what it means by itself, or `in_context`: leaning on the clause beside it."""

    span: Span
    verdict: Verdict
    in_context: bool = False


def cut(text: str, piece: Piece, whole: Verdict, judge: Judge) -> list[Piece]:
    """`piece`, or its clauses if two of them mean different things that the whole message also holds."""
    ways = splits(text, piece.span)
    if not ways or _SUBORDINATE.match(piece.span.of(text)):
        return [piece]
    verdicts = iter(judge([side.of(text) for way in ways for side in way]))
    best, chosen = 0.0, None
    leaning: list[tuple[float, tuple[Piece, Piece]]] = []
    for left, right in ways:
        sides = Piece(left, next(verdicts)), Piece(right, next(verdicts))
        weakest = min(side.verdict.trust for side in sides)
        if weakest > best and _two_things(text, sides, whole):
            best, chosen = weakest, sides
        leaning += _leaning(text, sides, whole)
    if chosen is None and leaning:
        _, chosen = max(leaning, key=lambda each: each[0])
    if chosen is None:
        return [piece]
    return [
        clause for side in chosen for clause in ([side] if side.in_context else cut(text, side, whole, judge))
    ]


def asked(text: str, pieces: Sequence[Piece], whole: Verdict) -> list[Part]:
    """The distinct things asked, in the order wished: what is to come "först" comes first."""
    parts: list[Part] = []
    story = len(sentences(text)) >= _STORY
    for piece in pieces:
        intent = piece.verdict.best
        follows = bool(parts) and family(intent) == "followup" and piece.verdict.sure
        if not follows and not (is_content(intent) and _believed(text, piece, whole, story)):
            continue
        if any(part.intent == intent for part in parts):
            continue
        part = Part(intent, piece.verdict.trust, piece.span.start, piece.span.end)
        if parts and _FIRST.search(piece.span.of(text)) and not _FIRST.search(text[: piece.span.start]):
            parts.insert(0, part)
        else:
            parts.append(part)
    return parts


def _two_things(text: str, sides: tuple[Piece, Piece], whole: Verdict) -> bool:
    left, right = sides
    if left.verdict.best == right.verdict.best:
        return False
    conjoined = any(map(str.isalpha, text[left.span.end : right.span.start]))
    return all(
        is_content(side.verdict.best) and _clause_believed(text, side, whole, conjoined) for side in sides
    )


def _leaning(
    text: str, sides: tuple[Piece, Piece], whole: Verdict
) -> list[tuple[float, tuple[Piece, Piece]]]:
    """`sides` with the unclear one read by the other and the whole, if that is likely, and how likely it is.

    "Vem läser mitt cv och hur länge ligger det kvar": the second clause alone may be about anything that is
    kept. The intent sought is likely in the clause and in the whole message, and not what the other asks.
    """
    left, right = sides
    found: list[tuple[float, tuple[Piece, Piece]]] = []
    if not any(map(str.isalpha, text[left.span.end : right.span.start])):
        return found
    for clear, unclear in (sides, (right, left)):
        likely, verdict = _by_context(unclear.verdict, whole, clear.verdict.best)
        if verdict is None or not (
            clear.verdict.sure and clear.verdict.trust >= _FAIR and is_content(clear.verdict.best)
        ):
            continue
        read = Piece(unclear.span, verdict, in_context=True)
        if _asks(text, clear) and _asks(text, read):
            found.append((likely, (clear, read) if clear is left else (read, clear)))
    return found


def _by_context(clause: Verdict, whole: Verdict, taken: str) -> tuple[float, Verdict | None]:
    """The likeliest intent of `clause` that `whole` bears out, but for `taken`; its likelihood in both."""
    in_whole = dict(whole.ranking)
    likely, intent = max(
        (score * in_whole[name], name)
        for name, score in clause.ranking
        if is_content(name) and not is_urgent(name) and name != taken
    )
    borne_out = dict(clause.ranking)[intent] >= _HINTED and in_whole[intent] >= _CARRIED
    if likely < _IN_CONTEXT or not borne_out:
        return likely, None
    return likely, replace(clause, intent=intent, best=intent)


def _clause_believed(text: str, piece: Piece, whole: Verdict, conjoined: bool) -> bool:
    trust = piece.verdict.trust
    rank, support = _support(piece.verdict.best, whole)
    supported = support >= _CLAUSE_SUPPORT and rank < _TOP
    if len(piece.span.of(text).split()) < _FEW_WORDS:
        # "Radera mig" is short and certain: a request is not lost because the rest of the message is longer.
        claimed = family(piece.verdict.best) == "request" and trust >= _SURE and rank < _FAIR_RANK
        return claimed or (supported and trust >= _SURE)
    if not _asks(text, piece):
        return False
    return (trust >= _FAIR and rank < _FAIR_RANK) or (conjoined and supported and trust >= _CLAUSE)


def _believed(text: str, piece: Piece, whole: Verdict, story: bool) -> bool:
    """Whether `piece` asks what it reads as, rather than setting the scene."""
    if piece.in_context:
        return True
    trust, intent = piece.verdict.trust, piece.verdict.best
    rank, support = _support(intent, whole)
    if is_urgent(intent):
        return piece.verdict.sure and (trust >= (_CERTAIN if story else _SURE) or support >= _URGENT_SUPPORT)
    question = piece.span.of(text).endswith("?")
    if story and not question and not (_asks(text, piece) and (trust >= _SURE or rank == 0)):
        return False
    if piece.verdict.sure and (
        _fairly_sure(piece.verdict, whole) or (not story and family(intent) == "request")
    ):
        return True
    likely = support >= _CLAUSE_SUPPORT or (question and not story)
    return trust >= _ASKED and rank < _TOP and likely and _asks(text, piece)


def _fairly_sure(verdict: Verdict, whole: Verdict) -> bool:
    rank, _ = _support(verdict.best, whole)
    return verdict.trust >= _CERTAIN or (verdict.trust >= _FAIR and rank < _FAIR_RANK)


def _asks(text: str, piece: Piece) -> bool:
    """Whether the words ask; only questions need to: a request may be a statement ("min titel är fel")."""
    if family(piece.verdict.best) not in {"policy", "process", "assistant"}:
        return True
    words = piece.span.of(text)
    return len(words.split()) <= _FEW_WORDS or bool(_ASKING.search(words))


def _support(intent: str, whole: Verdict) -> tuple[int, float]:
    """Rank (from 0) and probability of `intent` in the reading of the whole message."""
    return next((rank, score) for rank, (name, score) in enumerate(whole.ranking) if name == intent)
