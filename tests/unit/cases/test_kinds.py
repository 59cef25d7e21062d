"""The kinds of case and the proof each needs."""

from __future__ import annotations

from typing import get_args

import pytest

from insyn.cases.kinds import KINDS, Kind, enough
from insyn.identity.levels import LEVELS, PROOF_ORDER, Proof
from insyn.identity.levels import NEEDS as TABLE

NEEDS = {
    "request.access": "mailbox",
    "request.rectification": "mailbox",
    "request.erasure": "mailbox",
    "request.restriction": "mailbox",
    "request.portability": "mailbox",
    "request.objection": "mailbox",
    "request.objection.marketing": "address",
    "request.withdraw_consent": "address",
    "report.incident": "none",
    "complaint": "none",
    "question": "none",
}
ORDER = ("none", "address", "mailbox", "staff", "strong")


def test_the_kinds_and_their_proof() -> None:
    assert {kind.id: kind.proof for kind in KINDS.values()} == NEEDS
    assert set(get_args(Proof)) == set(ORDER)
    assert [level.id for level in LEVELS] == sorted(ORDER, key=PROOF_ORDER.__getitem__) == list(ORDER)
    assert set(TABLE) == set(KINDS)


def test_only_a_right_whose_answer_could_reach_the_wrong_person_can_be_doubted() -> None:
    assert {kind for kind, need in TABLE.items() if need.doubtable} == {
        kind for kind, proof in NEEDS.items() if proof == "mailbox"
    }


@pytest.mark.parametrize("kind", NEEDS)
@pytest.mark.parametrize("proof", ORDER)
def test_proof_is_enough_when_it_is_at_least_what_is_needed(kind: str, proof: Proof) -> None:
    assert enough(KINDS[kind], proof) == (ORDER.index(proof) >= ORDER.index(NEEDS[kind]))


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.id)
def test_every_proof_has_its_reason(kind: Kind) -> None:
    reason = kind.proof_reason
    assert "GDPR art." in reason or "kräver ingen legitimering" in reason


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.id)
def test_what_is_asked_follows_from_the_proof(kind: Kind) -> None:
    """Only where the mailbox must be proved is a code asked for; art. 21(2) and 7(3) need no more than the address."""
    asks, proof = kind.asks, kind.proof
    assert ("code" in asks) == (proof == "mailbox")
    assert ("email" in asks) == (proof != "none")
    if proof == "address":
        assert asks == ("email",)


def test_names_do_not_repeat() -> None:
    names = [kind.name for kind in KINDS.values()]
    assert len(set(names)) == len(names)
