"""`insyn cases`: cases, without personal data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from insyn.audit.story import OPERATOR
from insyn.bootstrap import Services
from insyn.cases.kinds import KINDS
from insyn.cases.transitions import NAMES, State
from insyn.cli.terminal import AsJson, CaseReference, find_case, print_json, print_table, services, stop
from insyn.clock import swedish_date, written_date
from insyn.delivery.deliveries import NotDeliverable
from insyn.delivery.files import CHUNK_BYTES, NoSuchFile, TooLarge
from insyn.store.models import Case

commands = typer.Typer(no_args_is_help=True, help="Ärenden.")

Reason = Annotated[str, typer.Option("--reason", help="Skälet. Det sparas krypterat med ärendet.")]


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


@commands.command("hold")
def hold(reference: CaseReference, reason: Reason) -> None:
    """Undantar ett ärende och dess konversation från gallring och radering, för ett rättsligt anspråk."""
    _set_hold(reference, reason, on_hold=True)


@commands.command("release")
def release(reference: CaseReference, reason: Reason) -> None:
    """Låter ett undantaget ärende gallras igen när dess tid är ute."""
    _set_hold(reference, reason, on_hold=False)


def _set_hold(reference: str, reason: str, *, on_hold: bool) -> None:
    parts = services()
    case_id = _case_id(parts, reference)
    try:
        (parts.holds.hold if on_hold else parts.holds.release)(case_id, reason, by=OPERATOR)
    except ValueError:
        raise stop('Skriv skälet: --reason "…".', 2) from None
    except LookupError:
        raise stop("Ärendet är redan gallrat, så det finns inget att undanta.") from None
    typer.echo("Ärendet gallras inte." if on_hold else "Ärendet gallras när dess tid är ute.")


@commands.command("attach")
def attach(
    reference: CaseReference,
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="Filer till personen.")
    ],
) -> None:
    """Lägger filer till ett ärende, krypterade. De skickas inte förrän med `insyn cases deliver`."""
    parts = services()
    case_id = _case_id(parts, reference)
    for path in files:
        try:
            parts.files.put(case_id, path.name, _pieces(path), by=OPERATOR)
        except TooLarge:
            raise stop(f"{path.name} är för stor: högst {parts.settings.delivery_max_mb} MB.") from None
        except NoSuchFile:
            raise stop("Ärendet är gallrat, så inga filer kan läggas till.") from None
        typer.echo(f"Tillagd: {path.name}")


@commands.command("deliver")
def deliver(reference: CaseReference) -> None:
    """Skickar en länk till ärendets filer till personen. Länken öppnas med en engångskod."""
    parts = services()
    try:
        sent = parts.deliveries.send(_case_id(parts, reference), by=OPERATOR)
    except NotDeliverable as error:
        raise stop(error.says) from None
    count = "1 fil" if sent.files == 1 else f"{sent.files} filer"
    typer.echo(
        f"Länk till {count} står i utkorgen. Den gäller till och med den {written_date(swedish_date(sent.expires_at))}."
    )


def _case_id(parts: Services, reference: str) -> str:
    with parts.store.read() as session:
        return find_case(parts, session, reference).id


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while piece := source.read(CHUNK_BYTES):
            yield piece
