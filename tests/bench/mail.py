"""Mails read and decided upon, beside what one would use otherwise: Python's `email` and mail-parser-reply alone.

Both get the mails of tests/fixtures/mails. The peer reads the first plain text, or the text of the HTML, and lets
mail-parser-reply find the latest reply; it decides nothing. The large mails are read in processes of their own, so that
the memory of one is not that of another.
"""

from __future__ import annotations

import argparse
import base64
import email
import email.policy
import multiprocessing
import random
import re
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import yaml
from mailparser_reply import EmailReplyParser
from rich.console import Console
from rich.table import Table

from insyn.mail.deciding import Context, Reading, decide, needs_understanding
from insyn.mail.reading.reader import read_or_raise

MAILS = Path(__file__).resolve().parents[1] / "fixtures" / "mails"
HERE = Context(own_addresses=frozenset({"dpo@kontek.example"}))
UNDERSTOOD = replace(HERE, readings=(Reading("request.access", 0.9),))
MEGABYTE = 1_000_000
LARGE = 25 * MEGABYTE
MANY_PARTS = 2_000
ROUNDS, ROUNDS_IN_A_HURRY = 20, 3

Reader = Callable[[bytes], str]


def run(options: argparse.Namespace) -> None:
    """Measures and prints."""
    rounds = ROUNDS_IN_A_HURRY if options.quick else ROUNDS
    table = Table("", "Insyn", "email + mail-parser-reply", "ratio")
    mails = {path: path.read_bytes() for path in sorted(MAILS.glob("*/*.eml"))}
    rates = {name: _mails_a_second(reader, list(mails.values()), rounds) for name, reader in READERS.items()}
    ours, theirs = rates.values()
    table.add_row(
        f"mails a second, {len(mails)} of our own writing", f"{ours:,.0f}", f"{theirs:,.0f}", f"{ours / theirs:.2f}"
    )
    unseen = {path: raw for path, raw in mails.items() if path.parent.name == "held_out"}
    right = {name: _share_right(reader, unseen) for name, reader in READERS.items()}
    table.add_row(
        f"unseen ones read as a person would, of {len(unseen)}", *(f"{share:.0%}" for share in right.values()), ""
    )
    for title in LARGE_MAILS:
        figures = {name: _in_a_process(name, title) for name in READERS}
        (seconds, memory), (their_seconds, their_memory) = figures.values()
        table.add_row(f"{title}: seconds", f"{seconds:.3f}", f"{their_seconds:.3f}", f"{seconds / their_seconds:.2f}")
        table.add_row(
            f"{title}: MB beyond the mail",
            f"{memory:.0f}",
            f"{their_memory:.0f}",
            f"{memory / max(their_memory, 1):.2f}",
        )
    Console(width=120).print(table)


def _ours(raw: bytes) -> str:
    mail = read_or_raise(raw, authserv_id="mx.kontek.example")
    decide(mail, UNDERSTOOD if needs_understanding(mail, HERE) else HERE)
    return mail.new_text


def _peer(raw: bytes) -> str:
    try:
        message = email.message_from_bytes(raw, policy=email.policy.default)
        body = message.get_body(("plain", "html")) if isinstance(message, EmailMessage) else None
        text = str(body.get_content()) if body is not None else ""
        if body is not None and body.get_content_subtype() == "html":
            text = _HtmlText().text_of(text)
        replies = EmailReplyParser(languages=["sv", "da", "en"]).read(text).replies
        return replies[0].body if replies else ""
    except (LookupError, ValueError, TypeError, AttributeError, IndexError, email.errors.MessageError):
        return ""  # what it cannot read counts as not right


READERS: dict[str, Reader] = {"Insyn": _ours, "peer": _peer}


class _HtmlText(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self._found: list[str] = []

    def handle_data(self, data: str) -> None:
        self._found.append(data)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in ("br", "p", "div", "tr", "li"):
            self._found.append("\n")

    def text_of(self, html: str) -> str:
        self.feed(html)
        return "".join(self._found)


def _mails_a_second(reader: Reader, mails: list[bytes], rounds: int) -> float:
    for raw in mails:
        reader(raw)
    times = []
    for _ in range(rounds):
        began = time.process_time()
        for raw in mails:
            reader(raw)
        times.append(time.process_time() - began)
    return len(mails) / statistics.median(times)


def _share_right(reader: Reader, mails: dict[Path, bytes]) -> float:
    right = []
    for path, raw in mails.items():
        wanted = yaml.safe_load(path.with_suffix(".yml").read_text(encoding="utf-8"))["new_text"]
        if wanted is not None:
            right.append(" ".join(reader(raw).split()) == " ".join(wanted.split()))
    return statistics.mean(right)


def _with_a_large_attachment() -> bytes:
    content = base64.encodebytes(random.Random(1).randbytes(LARGE * 3 // 4 * 76 // 77))
    return _mixed(
        [_text(), b"Content-Type: video/mp4; name=film.mp4\r\nContent-Transfer-Encoding: base64\r\n\r\n" + content]
    )


def _with_much_text() -> bytes:
    line = "Jag vill veta vad ni har sparat om mig, och varför.\r\n".encode()
    return _mixed([_text() + line * (LARGE // len(line))])


def _with_many_parts() -> bytes:
    return _mixed(
        [_text(), *(b"Content-Type: image/png; name=bild%d.png\r\n\r\nx" % number for number in range(MANY_PARTS - 1))]
    )


LARGE_MAILS: dict[str, Callable[[], bytes]] = {
    f"{LARGE // MEGABYTE} MB attachment": _with_a_large_attachment,
    f"{LARGE // MEGABYTE} MB text": _with_much_text,
    f"{MANY_PARTS} parts": _with_many_parts,
}


def _text() -> bytes:
    return b"Content-Type: text/plain; charset=utf-8\r\n\r\nJag vill ha ett registerutdrag.\r\n"


def _mixed(parts: list[bytes]) -> bytes:
    head = (
        b"From: Anna Ek <anna.ek@example.com>\r\nTo: dpo@kontek.example\r\n"
        b"Subject: Utdrag\r\nMessage-ID: <large@example.com>\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=part\r\n\r\n"
    )
    return head + b"".join(b"--part\r\n" + part + b"\r\n" for part in parts) + b"--part--\r\n"


def _in_a_process(name: str, title: str) -> tuple[float, float]:
    """Seconds of processor time and peak megabytes beyond the mail itself."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (name, title))


def _measured(name: str, title: str) -> tuple[float, float]:
    reader, raw = READERS[name], LARGE_MAILS[title]()
    reader(_mixed([_text()]))  # what is imported and compiled the first time
    before = _resident()
    _forget_peak()
    began = time.process_time()
    reader(raw)
    seconds = time.process_time() - began
    return seconds, max(0.0, _peak() - before)


def _resident() -> float:
    return _status("VmRSS")


def _peak() -> float:
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _status(field: str) -> float:
    found = re.search(rf"^{field}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def _forget_peak() -> None:
    """Lets the kernel begin a new peak, so that making the mail does not count."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
