from __future__ import annotations

import re
from importlib.resources import files

import pytest
from insyn_bot.concepts import Concepts


@pytest.fixture(scope="module")
def small() -> Concepts:
    return Concepts({"delete": ["rader*", "ta bort", "forget"], "payroll": ["*lonespec*"], "ask": ["hur lang* tid"]})


def test_exact_beginning_inside_and_sequence(small: Concepts) -> None:
    assert small.of(["raderas"]) == [["delete"]]
    assert small.of(["minlonespecifikation"]) == [["payroll"]]
    assert small.of(["forgetful"]) == [[]]
    assert small.of(["kan", "ni", "ta", "bort", "den"]) == [[], [], ["delete"], [], []]
    assert small.of(["hur", "langa", "tid"])[0] == ["ask"]
    assert small.of(["ta"]) == [[]]


def test_the_file_holds_folded_lower_case_patterns_without_doubles() -> None:
    for line in files("insyn_bot").joinpath("concepts.yml").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, patterns = line.split(": ", 1)
            listed = [pattern.strip() for pattern in patterns.split(",")]
            assert re.fullmatch(r"[a-z_]+", name)
            assert all(listed), name
            assert len(listed) == len(set(listed)), name
            assert not re.search("[A-ZÅÄÖåäöøæ]", patterns), name
