"""docs/evidence.md: what it names exists, and it leaves no number out."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
EVIDENCE = (TESTS.parent / "docs" / "evidence.md").read_text(encoding="utf-8")
NUMBERS = range(1, 25)  # all of the security requirements
ROWS = [
    line
    for line in EVIDENCE.splitlines()
    if line.startswith("| ") and not line.startswith(("| no.", "| source", "| ---"))
]
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", EVIDENCE)))


@cache
def names_in(path: str) -> set[str]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, functions)}


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_test_that_is_named_exists(path: str, name: str) -> None:
    assert name in names_in(path)


def test_every_row_names_a_test() -> None:
    assert len(ROWS) > len(NUMBERS)
    for row in ROWS:
        assert "::test_" in row, row


def test_no_number_is_left_out() -> None:
    listed = [int(row.split("|")[1]) for row in ROWS if row.split("|")[1].strip().isdigit()]
    assert listed == list(NUMBERS)


def test_each_number_has_tests_that_bear_it() -> None:
    """`pytest -k security_7` finds what is said of one."""
    for row in ROWS:
        own = row.split("|")[1].strip()
        if own.isdigit():
            assert f"::test_security_{own}_" in row, row


def test_tests_that_bear_a_number_stand_in_the_row_of_that_number() -> None:
    for row in ROWS:
        own = row.split("|")[1].strip()
        if own.isdigit():
            assert set(re.findall(r"::test_security_(\d+)_", row)) <= {own}
