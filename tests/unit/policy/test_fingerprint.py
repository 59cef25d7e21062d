"""Which sections of a policy have changed: on an invented one."""

from __future__ import annotations

import codecs
import hashlib
import unicodedata
from pathlib import Path

import pytest
import yaml

from insyn.policy.answers import AnswerBook
from insyn.policy.fingerprint import NotAPolicy, require_headings, section_fingerprints, text_of

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
    found = section_fingerprints(book, POLICY.replace(old, new, 1) if old else POLICY)
    assert [section.id for section in book.sections.values() if found[section.id] != section.fingerprint] == changed


@pytest.mark.parametrize(
    "data",
    [
        POLICY.encode(),
        POLICY.replace("\n", "\r\n").encode(),
        codecs.BOM_UTF8 + POLICY.encode(),
        POLICY.encode("utf-16"),
        POLICY.encode("cp1252"),
        unicodedata.normalize("NFD", POLICY).encode(),
        unicodedata.normalize("NFD", POLICY).replace("\n", "\r").encode(),
    ],
    ids=["utf-8", "crlf", "bom", "utf-16", "cp1252", "nfd", "cr"],
)
def test_a_file_is_the_same_policy_however_it_was_saved(book: AnswerBook, data: bytes) -> None:
    found = section_fingerprints(book, text_of(data))
    assert found == {section.id: section.fingerprint for section in book.sections.values()}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "tom"), (codecs.BOM_UTF8 + b" \r\n", "tom"), (b"%PDF-1.7\n" + bytes(range(256)), "dokument"), (b"PK\x03\x04x", "dokument"),
        (b"{\\rtf1 Kontakt", "dokument"), (b"\x89PNG\r\n\x1a\n\x00\x00", "inte text"),
    ],
)  # fmt: skip
def test_what_is_no_text_is_said_to_be_none(data: bytes, says: str) -> None:
    with pytest.raises(NotAPolicy) as refused:
        text_of(data)
    assert says in refused.value.says


def test_a_text_without_any_heading_is_not_the_policy(book: AnswerBook) -> None:
    require_headings(book, "Kontakt\n")
    with pytest.raises(NotAPolicy):
        require_headings(book, "Det här är Kontakt i en mening.")
