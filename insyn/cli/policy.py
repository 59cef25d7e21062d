"""`insyn policy`: the policy that the answers rest on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from insyn.cli.terminal import print_json, services
from insyn.policy.fingerprint import changed_sections

commands = typer.Typer(no_args_is_help=True, help="Policyn som svaren vilar på.")


@commands.command("check")
def check_policy(
    policy_file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Policyn som textfil.")],
) -> None:
    """Jämför policyn med den som svaren godkändes mot och räknar upp svar att se över."""
    book = services().book
    changed = changed_sections(book, policy_file.read_text(encoding="utf-8"))
    to_review = [
        {"topic": answer.topic, "sections": [each for each in answer.sources if each in changed]}
        for answer in book.answers.values()
        if set(answer.sources) & set(changed)
    ]
    print_json({"changed_sections": changed, "answers_to_review": to_review})
    if changed:
        raise typer.Exit(1)
