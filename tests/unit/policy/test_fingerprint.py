"""Which sections of a policy have changed: on an invented one."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import yaml

from insyn.policy.answers import AnswerBook
from insyn.policy.fingerprint import changed_sections

POLICY = """\
Integritetspolicy för Exempelbolaget

Vad vi samlar in
Vi samlar in namn   och adress.
Ibland även
telefonnummer.

Hur länge?
Ett år.

Kontakt
dataskydd@example.se
"""
SECTIONS = {
    "collection": ("Vad vi samlar in", "Vi samlar in namn och adress. Ibland även telefonnummer."),
    "retention": ("Hur länge?", "Ett år."),
    "contact": ("Kontakt", "dataskydd@example.se"),
}


@pytest.fixture
def book(tmp_path: Path) -> AnswerBook:
    sections = [
        {"id": name, "title": title, "anchor": name, "fingerprint": hashlib.sha256(text.encode()).hexdigest()}
        for name, (title, text) in SECTIONS.items()
    ]
    listing = {"policy_date": "2026-01-01", "sections": sections}
    (tmp_path / "sections.yml").write_text(yaml.safe_dump(listing, allow_unicode=True), encoding="utf-8")
    (tmp_path / "phrases.yml").write_text("hej: {sv: Hej.}", encoding="utf-8")
    (tmp_path / "mail.yml").write_text("hej: {sv: Hej.}", encoding="utf-8")
    return AnswerBook(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("", "", []),
        ("Ett år.", "Två år.", ["retention"]),
        ("Ett år.", "Ett år. ", []),
        ("Ett år.", "  Ett\n\når.", []),
        ("Ett år.", "ett år.", ["retention"]),
        ("namn   och", "namn, ålder och", ["collection"]),
        ("dataskydd@example.se", "dpo@example.se", ["contact"]),
        ("Hur länge?", "Hur lagrar vi?", ["collection", "retention"]),
        ("Hur länge?\nEtt år.\n", "", ["retention"]),
        ("Ett år.", "Ett år.\n\nKakor\nInga.", ["retention"]),
        ("Integritetspolicy för", "Ny integritetspolicy för", []),
        ("Hur länge?", "  Hur   länge?", []),
        ("Kontakt\n", "Kontakt\nHur länge?\n", ["contact"]),
        (POLICY, "", ["collection", "retention", "contact"]),
    ],
)
def test_changed_sections(book: AnswerBook, old: str, new: str, changed: list[str]) -> None:
    assert old in POLICY
    assert changed_sections(book, POLICY.replace(old, new, 1) if old else POLICY) == changed
