"""The command line: `insyn …`. One module for each group of commands; the commands without a group stand in `everyday`."""

from __future__ import annotations

import sys

import typer

from insyn.cli import audit, cases, everyday, keys, learn, mail, policy, staff
from insyn.logs import configure
from insyn.runtime.environment import complete
from insyn.runtime.progress import guarded

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Insyn, Konteks dataskyddsassistent.")
app.add_typer(everyday.commands)
app.add_typer(mail.commands, name="mail")
app.add_typer(cases.commands, name="cases")
app.add_typer(audit.commands, name="audit")
app.add_typer(keys.commands, name="keys")
app.add_typer(policy.commands, name="policy")
app.add_typer(learn.commands, name="learn")
app.add_typer(staff.commands, name="staff")


@app.callback()
def _begin() -> None:
    configure()
    complete()


def main() -> None:
    """The `insyn` command: known failures are told in two lines, without a traceback."""
    sys.exit(guarded(app))
