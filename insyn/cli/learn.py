"""`insyn learn`: from corrections in the console to a better model, compared before it is taken."""

from __future__ import annotations

from typing import Annotated

import typer

from insyn.cli.terminal import AsJson, print_json, print_table, services
from insyn.learning.comparing import AND, Change, Outcome, Sums
from insyn.learning.intents import Intents
from insyn.learning.workshop import Report
from insyn.runtime.progress import Stop

BY = "cli"
SHOWN = 30

commands = typer.Typer(no_args_is_help=True, help="Lärande: rättelser blir exempel, prövas och tas i bruk.")


@commands.command("export")
def export() -> None:
    """Skriver godkända rättelser som träningsexempel och prov i en kandidat bredvid projektet."""
    house = services()
    lessons = house.corrections.lessons()
    if not lessons:
        raise Stop(
            "Det finns inga godkända rättelser. Godkänn under Lärande i konsolen.", "There are no approved corrections."
        )
    changed = house.workshop.export(lessons)
    typer.echo(f"{len(lessons)} exempel i {house.workshop.candidate}:")
    for path in changed:
        typer.echo(f"  {path}")
    typer.echo("Nästa steg: insyn learn evaluate")


@commands.command("evaluate")
def evaluate(as_json: AsJson = False) -> None:
    """Tränar kandidaten för sig och jämför den med modellen som används, på alla prov."""
    house = services()
    _tell(house.workshop.evaluate(), house.intents, as_json)


@commands.command("report")
def report(as_json: AsJson = False) -> None:
    """Visar den senaste jämförelsen."""
    house = services()
    found = house.workshop.report()
    if found is None:
        raise Stop("Det finns ingen jämförelse. Kör insyn learn evaluate.", "There is no evaluation.")
    _tell(found, house.intents, as_json)


@commands.command("accept")
def accept(
    despite_worse: Annotated[
        bool, typer.Option("--despite-worse", help="Även om något rättat skulle misstolkas igen.")
    ] = False,
) -> None:
    """Tar in kandidatens exempel och modell i projektet. Tjänsten använder dem när den startas nästa gång."""
    house = services()
    found, lessons, changed = house.workshop.accept(despite=despite_worse)
    house.corrections.accepted(lessons, by=BY, model=found.candidate)
    for path in changed:
        typer.echo(f"ändrad: {path}")
    typer.echo(f"Modellen {found.candidate} används när tjänsten startas om (make run).")


def _tell(found: Report, intents: Intents, as_json: bool) -> None:
    if as_json:
        print_json({
            "at": found.at.isoformat(), "running": found.running, "candidate": found.candidate, "lessons": found.lessons,
            **found.comparison.as_data(),
        })  # fmt: skip
        return
    typer.echo(f"{found.running} (används) och {found.candidate} ({found.lessons} nya exempel)")
    print_table(("Prov", "Frågor", "Rätt", "Fel", "Bättre", "Sämre"), [_line(each) for each in found.comparison.sets])
    typer.echo("Modellen som används → kandidaten. Av held_out visas bara summor.")
    _list("Bättre", found.comparison.better, intents)
    _list("Sämre", found.comparison.worse, intents)
    typer.echo("\nÄr du nöjd: insyn learn accept")


def _line(sums: Sums) -> tuple[object, ...]:
    right, wrong = Outcome.RIGHT, Outcome.WRONG
    return (
        sums.name, sums.total, *(f"{sums.running.get(each, 0)} → {sums.candidate.get(each, 0)}" for each in (right, wrong)),
        sums.better, sums.worse,
    )  # fmt: skip


def _list(title: str, changes: list[Change], intents: Intents) -> None:
    typer.echo(f"\n{title}: {len(changes)}")
    for each in changes[:SHOWN]:
        meant = AND.join(map(intents.named, each.meant.split(AND)))
        typer.echo(f"  ”{each.text[:100]}” betyder {meant}: {intents.named(each.was)} → {intents.named(each.became)}")
    if len(changes) > SHOWN:
        typer.echo(f"  … och {len(changes) - SHOWN} till (--json visar alla)")
