"""`insyn keys`: the keys that what is stored is sealed and found by."""

from __future__ import annotations

import typer

from insyn.cli.terminal import services, stop
from insyn.clock import STOCKHOLM, written_date
from insyn.privacy.keys import UnknownMasterKey
from insyn.upkeep.key_place import KeysElsewhere

commands = typer.Typer(no_args_is_help=True, help="Nycklar.")


@commands.command("rotate")
def rotate() -> None:
    """Byter huvudnyckel och indexnyckel medan tjänsten går. Kör igen när kommandot säger till, så tas den gamla bort.

    Spara först en kopia av nycklarna om säkerhetskopior av databasen ska gå att läsa efteråt.
    """
    try:
        changed = services().key_change.run()
    except KeysElsewhere as error:
        raise stop(
            f"{error} står i miljön, inte i .env eller en fil, och kan bara bytas där. Inget är ändrat."
        ) from None
    except UnknownMasterKey as error:
        raise stop(
            f"Huvudnyckeln {error} saknas bland INSYN_MASTER_KEYS, men behövs. Lägg tillbaka den och försök igen."
        ) from None
    typer.echo(f"Huvudnyckel i bruk: {changed.master_key}. Omslutna nycklar: {changed.rewrapped}.")
    if changed.removed:
        typer.echo(f"Borttagna huvudnycklar: {', '.join(changed.removed)}.")
    typer.echo(f"Under den nya indexnyckeln: {changed.reindexed} nya.")
    if changed.again is None:
        typer.echo("Den tidigare indexnyckeln är borttagen. Bytet är klart.")
    else:
        local = changed.again.astimezone(STOCKHOLM)
        typer.echo(
            "Den tidigare indexnyckeln behövs ännu. "
            f"Kör insyn keys rotate igen efter den {written_date(local.date())} klockan {local:%H.%M}."
        )
