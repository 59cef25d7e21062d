"""Mails made to take long: each has to be read and decided upon in a time that its size does not explain away."""

from __future__ import annotations

import base64
import time
import tracemalloc
from collections.abc import Callable

import pytest

from insyn.mail.deciding import Context, Reading, decide
from insyn.mail.reading.reader import read_or_raise

LONGEST_SECONDS = 2.0
MOST_MEGABYTES = 60
HEAD = b"From: a@example.com\r\nTo: dpo@kontek.example\r\nSubject: x\r\nMessage-ID: <a@example.com>\r\n"
TEXT = HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
HTML = HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
LARGE = 25_000_000
HERE = Context(own_addresses=frozenset({"dpo@kontek.example"}), readings=(Reading("request.access", 0.9),))

WORST: dict[str, Callable[[], bytes]] = {
    "one line of 25 MB": lambda: TEXT + b"a " * (LARGE // 2),
    "25 MB of line ends": lambda: TEXT + b"\n" * LARGE,
    "25 MB in base64": lambda: (
        HEAD
        + b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(b"hej " * (LARGE // 6))
    ),
    "25 MB of HTML": lambda: HTML + b"<p>hej</p>" * (LARGE // 10),
    "25 MB of boundaries that are none": lambda: MIXED + b"--bx\r\n" * (LARGE // 6),
    "25 MB of boundaries": lambda: MIXED + b"--b\r\n" * (LARGE // 5),
    "multiparts in multiparts": lambda: MIXED + b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" * 5_000,
    "mails in mails": lambda: HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 5_000 + b"x",
    "100 000 header fields": lambda: HEAD + b"X-A: b\r\n" * 100_000 + b"\r\nx",
    "a folded header": lambda: HEAD + b"X: y\r\n" + b" z\r\n" * 60_000 + b"\r\nx",
    "tags that stay open": lambda: HTML + b"<div>" * 200_000 + b"</p>" * 50_000,
    "formatting that stays open": lambda: HTML + b"".join(b"<i a=%d>" % at for at in range(60_000)) + b"<p>" * 3_000,
    "rules that hide": lambda: (
        HTML + b"<style>" + b"div div div p{display:none}" * 2_000 + b"</style>" + b"<div>" * 800 + b"<p>x" * 9_000
    ),
    "almost attributions": lambda: TEXT + b"Den 4 mars 2026 kl 10:14 skrev\n" * 6_000,
    "almost header lines": lambda: TEXT + "Från: a@b\nx;\n".encode() * 2_500,
    "names without end": lambda: TEXT + b"hej du.\n\n" + b"Anna Ek\n\n" * 2_400,
    "forwards in forwards": lambda: (
        TEXT + b"---------- Forwarded message ---------\nFrom: a@b.se\nSubject: Fwd: x\n\nhej\n" * 800
    ),
    "armour without end": lambda: TEXT + b"-----BEGIN PGP SIGNED MESSAGE-----\n" + b"Hash: a\n" * 20_000,
    "brackets in From": lambda: b"From: " + b"(" * 16_000 + b"\r\n\r\nx",
    "many recipients": lambda: HEAD + (b"To: " + b"a@example.com, " * 1_000 + b"\r\n") * 15 + b"\r\nx",
}


@pytest.mark.parametrize("name", WORST)
def test_is_dealt_with_in_time(name: str) -> None:
    raw = WORST[name]()
    began = time.process_time()
    decide(read_or_raise(raw), HERE)
    assert time.process_time() - began < LONGEST_SECONDS


@pytest.mark.parametrize(
    "name", ["one line of 25 MB", "25 MB in base64", "25 MB of boundaries", "100 000 header fields"]
)
def test_takes_little_memory(name: str) -> None:
    raw = WORST[name]()
    tracemalloc.start()
    try:
        read_or_raise(raw)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MOST_MEGABYTES * 1_000_000
