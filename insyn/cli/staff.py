"""`insyn staff`: accounts of the staff's console."""

from __future__ import annotations

from typing import Annotated

import typer

from insyn.audit.story import OPERATOR
from insyn.bootstrap import Services
from insyn.cli.terminal import AsJson, print_json, print_table, services, stop
from insyn.staff.members import Member, NotPossible
from insyn.staff.roles import NAMES, Role
from insyn.web.staff.access import PREFIX

commands = typer.Typer(no_args_is_help=True, help="Personalens konton.")


@commands.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Personens namn.")],
    email: Annotated[str, typer.Argument(help="Personens e-postadress.")],
    role: Annotated[list[Role], typer.Option(help="Roll; kan ges flera gånger.")],
) -> None:
    """Lägger upp ett konto och skriver den engångslänk där personen väljer lösenord. Länken gäller i två dygn."""
    house = services()
    try:
        _, link = house.members.invite(name, email, role, by=OPERATOR)
    except NotPossible as error:
        raise stop(error.says) from None
    typer.echo(_address(house, link))


@commands.command("list")
def list_members(as_json: AsJson = False) -> None:
    """Visar kontona."""
    house = services()
    with house.store.read() as session:
        members = house.members.all(session)
    if as_json:
        print_json([
            {"id": each.id, "name": each.name, "email": each.email, "roles": sorted(each.roles), "status": each.status}
            for each in members
        ])  # fmt: skip
    else:
        print_table(("Namn", "E-postadress", "Roller", "Läge"), [
            (each.name, each.email, ", ".join(NAMES[role] for role in Role if role in each.roles), each.status) for each in members
        ])  # fmt: skip


@commands.command("link")
def link(email: Annotated[str, typer.Argument(help="Kontots e-postadress.")]) -> None:
    """Skriver en ny engångslänk för någon som tappat lösenord eller app. Det gamla gäller tills länken används."""
    house = services()
    try:
        typer.echo(_address(house, house.members.new_link(_member(house, email).id, by=OPERATOR)))
    except NotPossible as error:
        raise stop(error.says) from None


@commands.command("close")
def close(email: Annotated[str, typer.Argument(help="Kontots e-postadress.")]) -> None:
    """Stänger ett konto och loggar ut personen."""
    house = services()
    try:
        house.members.close(_member(house, email).id, by=OPERATOR)
    except NotPossible as error:
        raise stop(error.says) from None
    typer.echo("Kontot är stängt.")


def _member(house: Services, email: str) -> Member:
    with house.store.read() as session:
        row = house.members.find(session, email)
        if row is None:
            raise stop("Det finns inget konto med den adressen.")
        return house.members.opened(session, row)


def _address(house: Services, secret: str) -> str:
    return f"{house.settings.public_url}{PREFIX}/valkommen/{secret}"
