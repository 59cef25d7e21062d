"""The command line: `insyn …`."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from insyn.asking import ask_once
from insyn.bootstrap import Services, build
from insyn.cases.deadline import due_after, extended_due_after
from insyn.cases.kinds import KINDS
from insyn.cases.transitions import NAMES, State
from insyn.clock import swedish_date, written_date
from insyn.logs import configure
from insyn.policy.fingerprint import changed_sections
from insyn.runtime import launch
from insyn.runtime.environment import complete, load_settings
from insyn.runtime.progress import guarded
from insyn.store.models import Case, OutgoingMail

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Insyn, Konteks dataskyddsassistent.")
mail = typer.Typer(no_args_is_help=True, help="E-post.")
cases = typer.Typer(no_args_is_help=True, help="Ärenden.")
audit = typer.Typer(no_args_is_help=True, help="Granskningsloggen.")
policy = typer.Typer(no_args_is_help=True, help="Policyn som svaren vilar på.")
app.add_typer(mail, name="mail")
app.add_typer(cases, name="cases")
app.add_typer(audit, name="audit")
app.add_typer(policy, name="policy")


@app.callback()
def _begin() -> None:
    configure()
    complete()


AsJson = Annotated[bool, typer.Option("--json", help="Skriv JSON.")]


def _services() -> Services:
    return build(load_settings())


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


@app.command()
def serve() -> None:
    """Startar Rasa och tjänsten och kör till Ctrl-C."""
    raise typer.Exit(launch.run())


@app.command()
def ask(
    text: Annotated[str, typer.Argument(help="Meddelandet.")],
    session: Annotated[Path | None, typer.Option(help="Fil som håller konversationen mellan anrop.")] = None,
) -> None:
    """Skickar ett meddelande och skriver svaret som JSON, som POST /api/chat/messages ger det."""
    _print_json(ask_once(load_settings(), text, session))


@app.command()
def due(received: Annotated[str, typer.Argument(help="Datum då begäran kom in, ÅÅÅÅ-MM-DD.")]) -> None:
    """Skriver sista svarsdag och varför."""
    try:
        day = date.fromisoformat(received)
    except ValueError:
        typer.echo(f"Kan inte läsa datumet {received!r}. Skriv det som 2026-03-05.", err=True)
        raise typer.Exit(2) from None
    deadline = due_after(day)
    typer.echo(deadline.due.isoformat())
    typer.echo(deadline.explanation())
    latest = extended_due_after(day)
    typer.echo(
        f"Förlängning kan meddelas till och med {written_date(deadline.unrolled)}, då längst till {written_date(latest)}."
    )


@app.command()
def purge(
    really: Annotated[
        bool,
        typer.Option("--really", help="Gallra på riktigt; utan flaggan visas bara vad som skulle gallras."),
    ] = False,
) -> None:
    """Gallrar det som passerat sin bevarandetid."""
    services = _services()
    counts = services.purge.run() if really else services.purge.preview()
    _print_json({"purged" if really else "would_purge": counts})


@mail.command("outbox")
def outbox(as_json: AsJson = False) -> None:
    """Visar vad som har skickats eller står i kö. En kod finns inte kvar efter att den har skickats."""
    services = _services()
    with services.store.read() as session:
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
            for letter in [services.outbox.letter(session, row)]
        ]
    if as_json:
        _print_json(rows)
    else:
        _print_table(("Skapat", "Slag", "Läge", "Försök", "Till", "Ämne"), [
            (r["created"][:16], r["kind"], r["status"], r["attempts"], r["to"], r["subject"]) for r in rows
        ])  # fmt: skip


@cases.command("list")
def list_cases(as_json: AsJson = False) -> None:
    """Visar ärendena, närmast frist först. Inga personuppgifter."""
    services = _services()
    with services.store.read() as session:
        rows = session.scalars(select(Case).order_by(Case.due_on.is_(None), Case.due_on, Case.created_at)).all()
    if as_json:
        _print_json([
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
        _print_table(("Nummer", "Gäller", "Läge", "Mottaget", "Svar senast", "Bevis"), [
            (r.reference, KINDS[r.kind].name, NAMES[State(r.state)], swedish_date(r.received_at), r.due_on or "–", r.proof)
            for r in rows
        ])  # fmt: skip


@audit.command("verify")
def verify() -> None:
    """Prövar att ingen rad i granskningsloggen har ändrats, tagits bort, flyttats eller lagts till."""
    services = _services()
    with services.store.read() as session:
        breaks = services.audit.verify(session)
    for each in breaks:
        typer.echo(f"rad {each.seq}: {each.reason}", err=True)
    if breaks:
        raise typer.Exit(1)
    typer.echo("Granskningsloggen är hel.")


@policy.command("check")
def check_policy(
    policy_file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Policyn som textfil.")],
) -> None:
    """Jämför policyn med den som svaren godkändes mot och räknar upp svar att se över."""
    services = _services()
    changed = changed_sections(services.book, policy_file.read_text(encoding="utf-8"))
    to_review = [
        {"topic": answer.topic, "sections": [each for each in answer.sources if each in changed]}
        for answer in services.book.answers.values()
        if set(answer.sources) & set(changed)
    ]
    _print_json({"changed_sections": changed, "answers_to_review": to_review})
    if changed:
        raise typer.Exit(1)


def _print_table(headings: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    table = Table(*headings)
    for row in rows:
        table.add_row(*(str(cell) if cell is not None else "–" for cell in row))
    Console().print(table)


def main() -> None:
    """The `insyn` command: known failures are told in two lines, without a traceback."""
    sys.exit(guarded(app))


if __name__ == "__main__":
    main()
