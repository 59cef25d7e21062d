"""What is attached is told by kind and size, never by name."""

from __future__ import annotations

import pytest

from insyn.mail.reading import Attachment
from insyn.mail.reading.attachments import described


@pytest.mark.parametrize(
    ("media_type", "size", "told"),
    [
        ("application/pdf", 120_400, "PDF, 120 kB"),
        ("image/heic", 3, "bild, 1 kB"),
        ("text/html", 999_499, "webbsida, 999 kB"),
        ("text/csv", 1_000_000, "textfil, 1 MB"),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", 2_540_000, "textdokument, 2,5 MB"),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 25_000_000, "kalkylark, 25 MB"),
        ("application/x-unheard-of", 8_000, "fil av okänt slag, 8 kB"),
    ],
)
def test_by_kind_and_size(media_type: str, size: int, told: str) -> None:
    assert described([Attachment("Alva Lindqvist.bin", media_type, size, looks_like_id_document=False)]) == told


def test_what_was_not_kept_is_said() -> None:
    files = [Attachment("a.pdf", "application/pdf", 9_000, False), Attachment("korkort.jpg", "image/jpeg", 9_000, True)]
    assert described(files) == "PDF, 9 kB; bild, 9 kB (ser ut som en id-handling och har inte sparats)"
