"""`insyn audit`: the audit log."""

from __future__ import annotations

import typer

from insyn.audit.story import story
from insyn.cli.terminal import AsJson, CaseReference, find_case, print_json, services, stop

commands = typer.Typer(no_args_is_help=True, help="Granskningsloggen.")


@commands.command("verify")
def verify() -> None:
    """Prövar att ingen rad i granskningsloggen har ändrats, tagits bort, flyttats eller lagts till."""
    parts = services()
    with parts.store.read() as session:
        breaks = parts.audit.verify(session, parts.anchor)
    for each in breaks:
        typer.echo(f"rad {each.seq}: {each.reason}", err=True)
    if breaks:
        raise typer.Exit(1)
    typer.echo("Granskningsloggen är hel.")


@commands.command("show")
def show(reference: CaseReference, as_json: AsJson = False) -> None:
    """Berättar vad som har hänt i ett ärende, ur granskningsloggen. Inga personuppgifter."""
    parts = services()
    with parts.store.read() as session:
        case = find_case(parts, session, reference)
        told = story(session, case.id)
    if as_json:
        print_json([
            {"seq": each.seq, "at": each.at.isoformat(), "event": each.event, "text": each.text} for each in told
        ])  # fmt: skip
        return
    if not told:
        raise stop("Granskningsloggen vet inget om ärendet.")
    typer.echo(f"Ärende {case.reference}")
    for each in told:
        typer.echo(each.line())
