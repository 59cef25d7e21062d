"""A backlog in the mailbox: how long it takes until every mail has been understood, dealt with and answered.

The mails are put into the store as the listener does, while the service is away; then it starts. Rasa and the service run as
they do in production, beside each other on this machine. There is no system to stand beside this.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from insyn.mail.inbox import Origin
from insyn.store.mail_tables import IncomingMail
from tests.fixtures.apart import Apart
from tests.fixtures.correspondence import Mailbox, mail

MAILS, MAILS_IN_A_HURRY = 10_000, 200
TEXTS = (
    "Hej,\n\nhur länge sparar ni en jobbansökan?\n\nMvh\nKim",
    "Radera alla mina uppgifter, tack.",
    "Sluta skicka reklam till mig.",
    "Hej! Jag vill ha en kopia av mina uppgifter. Kostar det något?\n\nVänliga hälsningar\nAlva Lindqvist",
    "Jag är på semester till och med den 8 augusti.",
)
LIMIT_SECONDS = 3 * 3600


def run(options: argparse.Namespace) -> None:
    """Measures and prints."""
    count = MAILS_IN_A_HURRY if options.quick else MAILS
    with tempfile.TemporaryDirectory(prefix="insyn-backlog-") as home:
        system = Apart(Path(home), INSYN_MAIL_REPLIES_PER_DAY="3")
        try:
            system.start()
            system.kill_service()
            box = Mailbox(system)
            began = time.monotonic()
            for number in range(count):
                headers = {"Auto_Submitted": "auto-replied"} if "semester" in TEXTS[number % len(TEXTS)] else {}
                raw = mail(TEXTS[number % len(TEXTS)], sender=f"person{number}@example.se", **headers).as_bytes()
                box.services.inbox.take(raw, Origin("smtp"), envelope_sender=f"person{number}@example.se")
            taken = time.monotonic() - began
            system.start_service()
            began, peak = time.monotonic(), 0
            while _left(box) and time.monotonic() - began < LIMIT_SECONDS:
                peak = max(peak, psutil.Process(system.pid).memory_info().rss)
                time.sleep(0.5)
            seconds = time.monotonic() - began
            left = _left(box)
            box.close()
        finally:
            system.stop()
    table = Table("", "Insyn")
    table.add_row("mails taken in and sealed, a second", f"{count / taken:.0f}")
    table.add_row(f"backlog of {count}: mails dealt with a second", f"{(count - left) / seconds:.1f}")
    table.add_row("until the last one had ended", f"{seconds:.0f} s")
    table.add_row("left", str(left))
    table.add_row("memory of the service at most", f"{peak / 1e6:.0f} MB")
    Console(width=100).print(table)


def _left(box: Mailbox) -> int:
    with box.services.store.read() as session:
        return session.scalar(select(func.count()).where(IncomingMail.handled_at.is_(None))) or 0
