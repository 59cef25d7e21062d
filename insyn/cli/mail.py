"""`insyn mail`: what goes in and out by e-mail."""

from __future__ import annotations

from typing import Any

import typer
from sqlalchemy import select

from insyn.cli.terminal import AsJson, print_json, print_table, services
from insyn.store.models import OutgoingMail

commands = typer.Typer(no_args_is_help=True, help="E-post.")


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
