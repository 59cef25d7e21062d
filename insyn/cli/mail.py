"""`insyn mail`: what goes in and out by e-mail."""

from __future__ import annotations

import time
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import select

from insyn.asking import is_up, service_aside
from insyn.bootstrap import Services
from insyn.cli.terminal import AsJson, print_json, print_table, services, stop
from insyn.mail.check import check
from insyn.mail.inbox import Origin
from insyn.mail.mailroom import Outcome
from insyn.store.mail_tables import IncomingMail
from insyn.store.models import OutgoingMail

commands = typer.Typer(no_args_is_help=True, help="E-post.")

INGEST_SECONDS = 120.0
# What a mail's end is called to the world: a mail that could not be handled waits for a human like any other.
DECISIONS = {"answered": "answered", "ignored": "ignored", "human": "human", "quarantined": "human"}


@commands.command("ingest")
def ingest(
    mail_file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Ett mejl som fil (.eml).")],
) -> None:
    """Tar emot ett mejl ur en fil och skriver vad som blev av det som JSON. Startar tjänsten om den inte är igång."""
    parts = services()
    taken = parts.inbox.take(mail_file.read_bytes(), Origin("file"))
    running = is_up(f"http://{parts.settings.host}:{parts.settings.port}")
    with nullcontext() if running else service_aside(parts.settings):
        outcome = _awaited(parts, taken.id)
    print_json(
        {
            "decision": DECISIONS[outcome.status],
            "reason": outcome.reason,
            "new_text": outcome.new_text,
            "topics": list(outcome.topics),
            "reply": outcome.reply,
            "cases": list(outcome.cases),
        }
    )


def _awaited(parts: Services, mail_id: str) -> Outcome:
    limit = time.monotonic() + INGEST_SECONDS
    while time.monotonic() < limit:
        outcome = parts.mailroom.outcome(mail_id)
        if outcome is not None:
            return outcome
        time.sleep(0.2)
    raise stop("Mejlet är sparat men inte behandlat än. Se insyn mail list.")


@commands.command("list")
def list_mails(as_json: AsJson = False) -> None:
    """Visar mejl som kommit in, senast först, och vad som blev av dem. Inga personuppgifter."""
    parts = services()
    with parts.store.read() as session:
        rows = session.scalars(select(IncomingMail).order_by(IncomingMail.received_at.desc())).all()
    if as_json:
        print_json([
            {
                "id": row.id, "received": row.received_at.isoformat(), "source": row.source, "size": row.size,
                "status": row.status, "decision": row.decision, "reason": row.reason, "attempts": row.attempts,
                "settled": row.settled_at.isoformat() if row.settled_at else None,
            }
            for row in rows
        ])  # fmt: skip
    else:
        print_table(("Mottaget", "Id", "Läge", "Skäl"), [
            (row.received_at.isoformat()[:16], row.id, row.status, row.reason) for row in rows
        ])  # fmt: skip


@commands.command("settle")
def settle(mail_id: Annotated[str, typer.Argument(help="Mejlets id, som insyn mail list visar det.")]) -> None:
    """Noterar att en människa har tagit hand om ett mejl som lades åt sidan. Därefter räknas dess bevarandetid."""
    if not services().inbox.settle(mail_id, by="cli"):
        raise stop("Inget mejl med det id:t väntar på en människa.")
    typer.echo("Noterat.")


@commands.command("check")
def check_mail() -> None:
    """Prövar inloggning och mapp över IMAP, inloggning över SMTP och den egna mottagaren, och säger vad som fungerar."""
    findings = check(services().settings)
    for finding in findings:
        typer.echo(f"{'✓' if finding.works else '✗'} {finding.what}: {finding.says}")
    if not all(finding.works for finding in findings):
        raise typer.Exit(1)


@commands.command("outbox")
def outbox(as_json: AsJson = False) -> None:
    """Visar vad som har skickats eller står i kö. En kod finns inte kvar efter att den har skickats."""
    parts = services()
    with parts.store.read() as session:
        rows: list[dict[str, Any]] = [
            {
                "id": row.id,
                "message_id": row.message_id,
                "kind": row.kind,
                "status": row.status,
                "attempts": row.attempts,
                "created": row.created_at.isoformat(),
                "sent": row.sent_at.isoformat() if row.sent_at else None,
                "error": row.last_error,
                "to": letter.to if letter else None,
                "subject": letter.subject if letter else None,
                "text": letter.text if letter else None,
            }
            for row in session.scalars(select(OutgoingMail).order_by(OutgoingMail.created_at))
            for letter in [parts.outbox.letter(session, row)]
        ]
    if as_json:
        print_json(rows)
    else:
        print_table(("Skapat", "Slag", "Läge", "Försök", "Till", "Ämne"), [
            (r["created"][:16], r["kind"], r["status"], r["attempts"], r["to"], r["subject"]) for r in rows
        ])  # fmt: skip
