"""`insyn audit`: the audit log."""

from __future__ import annotations

import typer

from insyn.cli.terminal import services

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
