"""What the commands share: the services, and how things are written to the terminal."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from insyn.bootstrap import Services, build
from insyn.runtime.environment import load_settings
from insyn.store.models import Case

AsJson = Annotated[bool, typer.Option("--json", help="Skriv JSON.")]
CaseReference = Annotated[str, typer.Argument(metavar="ÄRENDE", help="Ärendets nummer, till exempel INS-2345-6789.")]


def services() -> Services:
    """The services on the configured store."""
    return build(load_settings())


def print_json(value: Any) -> None:
    """Writes a value as JSON, Swedish letters as they are."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def print_table(headings: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """Writes rows as a table; what is missing is a dash."""
    table = Table(*headings)
    for row in rows:
        table.add_row(*(str(cell) if cell is not None else "–" for cell in row))
    Console().print(table)


def stop(text: str, code: int = 1) -> typer.Exit:
    """Says why a command cannot go on; to be raised."""
    typer.echo(text, err=True)
    return typer.Exit(code)


def find_case(parts: Services, session: Session, reference: str) -> Case:
    """The case with this reference. Ends the command when there is none."""
    case = parts.casebook.by_reference(session, reference.strip().upper())
    if case is None:
        raise stop(f"Det finns inget ärende {reference}.")
    return case
