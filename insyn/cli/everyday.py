"""Commands without a group: run the service, ask it, compute a due date, purge."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from insyn.asking import ask_once
from insyn.cases.deadline import due_after, extended_due_after
from insyn.cli.terminal import print_json, services, stop
from insyn.clock import written_date
from insyn.runtime import launch
from insyn.runtime.environment import load_settings
from insyn.runtime.rasa_command import connected_environment, rasa_executable
from insyn.settings import PROJECT_ROOT

commands = typer.Typer()


@commands.command()
def serve() -> None:
    """Startar Rasa och tjänsten och kör till Ctrl-C."""
    raise typer.Exit(launch.run())


@commands.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def rasa(context: typer.Context) -> None:
    """Kör Rasas eget kommando med tjänstens hemligheter: insyn rasa shell, insyn rasa train, insyn rasa data validate …"""
    os.chdir(PROJECT_ROOT)
    os.execve(rasa_executable(), ["rasa", *context.args], connected_environment(load_settings()))


@commands.command()
def ask(
    text: Annotated[str, typer.Argument(help="Meddelandet.")],
    session: Annotated[Path | None, typer.Option(help="Fil som håller konversationen mellan anrop.")] = None,
) -> None:
    """Skickar ett meddelande och skriver svaret som JSON, som POST /api/chat/messages ger det."""
    print_json(ask_once(load_settings(), text, session))


@commands.command()
def due(received: Annotated[str, typer.Argument(help="Datum då begäran kom in, ÅÅÅÅ-MM-DD.")]) -> None:
    """Skriver sista svarsdag och varför."""
    try:
        day = date.fromisoformat(received)
    except ValueError:
        raise stop(f"Kan inte läsa datumet {received!r}. Skriv det som 2026-03-05.", 2) from None
    deadline = due_after(day)
    typer.echo(deadline.due.isoformat())
    typer.echo(deadline.explanation())
    latest = extended_due_after(day)
    typer.echo(
        f"Förlängning kan meddelas till och med {written_date(deadline.unrolled)}, då längst till {written_date(latest)}."
    )


@commands.command()
def purge(
    really: Annotated[
        bool,
        typer.Option("--really", help="Gallra på riktigt; utan flaggan visas bara vad som skulle gallras."),
    ] = False,
) -> None:
    """Gallrar det som passerat sin bevarandetid."""
    purge = services().purge
    counts = purge.run() if really else purge.preview()
    print_json({"purged" if really else "would_purge": counts})
