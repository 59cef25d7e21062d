"""`insyn cases`: cases, without personal data."""

from __future__ import annotations

import typer
from sqlalchemy import select

from insyn.cases.kinds import KINDS
from insyn.cases.transitions import NAMES, State
from insyn.cli.terminal import AsJson, print_json, print_table, services
from insyn.clock import swedish_date
from insyn.store.models import Case

commands = typer.Typer(no_args_is_help=True, help="Ärenden.")


@commands.command("list")
def list_cases(as_json: AsJson = False) -> None:
    """Visar ärendena, närmast frist först. Inga personuppgifter."""
    with services().store.read() as session:
        rows = session.scalars(select(Case).order_by(Case.due_on.is_(None), Case.due_on, Case.created_at)).all()
    if as_json:
        print_json([
            {
                "reference": row.reference,
                "kind": row.kind,
                "kind_name": KINDS[row.kind].name,
                "status": row.state,
                "status_name": NAMES[State(row.state)],
                "channel": row.channel,
                "received": swedish_date(row.received_at).isoformat(),
                "due": row.due_on.isoformat() if row.due_on else None,
                "proof": row.proof,
                "urgent": row.urgent,
            }
            for row in rows
        ])  # fmt: skip
    else:
        print_table(("Nummer", "Gäller", "Läge", "Mottaget", "Svar senast", "Bevis"), [
            (r.reference, KINDS[r.kind].name, NAMES[State(r.state)], swedish_date(r.received_at), r.due_on or "–", r.proof)
            for r in rows
        ])  # fmt: skip
