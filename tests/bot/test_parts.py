"""Clauses that lean on what stands beside them."""

from __future__ import annotations

from collections.abc import Sequence

from insyn_bot.decision import Verdict
from insyn_bot.intents import CLARIFY
from insyn_bot.parts import Piece, cut
from insyn_bot.segments import Span

TEXT = "vem läser mitt cv och hur länge ligger det kvar"
WHOLE = Verdict(
    "policy.recruitment",
    "policy.recruitment",
    0.8,
    [("policy.recruitment", 0.7), ("policy.retention.applicants", 0.2), ("policy.retention.general", 0.001)],
)
CLEAR = Verdict(
    "policy.recruitment",
    "policy.recruitment",
    0.95,
    [("policy.recruitment", 0.97), ("policy.retention.applicants", 0.01), ("policy.retention.general", 0.0)],
)


def unclear(applicants: float) -> Verdict:
    """A clause that by itself is most likely about what is kept in general."""
    ranking = [
        ("policy.retention.general", 0.4), ("policy.retention.applicants", applicants), ("policy.recruitment", 0.02),
    ]  # fmt: skip
    return Verdict(CLARIFY, "policy.retention.general", 0.3, ranking)


def clauses(second: Verdict) -> list[tuple[str, str]]:
    def judge(texts: Sequence[str]) -> list[Verdict]:
        return [CLEAR if text == "vem läser mitt cv" else second for text in texts]

    pieces = cut(TEXT, Piece(Span(0, len(TEXT)), WHOLE), WHOLE, judge)
    return [(piece.span.of(TEXT), piece.verdict.best) for piece in pieces]


def test_an_unclear_clause_is_read_by_the_whole_message() -> None:
    assert clauses(unclear(applicants=0.2)) == [
        ("vem läser mitt cv", "policy.recruitment"),
        ("hur länge ligger det kvar", "policy.retention.applicants"),
    ]


def test_what_a_clause_hardly_hints_at_is_not_read_into_it() -> None:
    assert clauses(unclear(applicants=0.03)) == [(TEXT, "policy.recruitment")]
