"""`insyn policy`: the policy that the answers rest on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from insyn.cli.terminal import print_json, services, stop
from insyn.policy.fingerprint import NotAPolicy, text_of

TO_REVIEW, NOT_READ = 1, 2  # exit codes

commands = typer.Typer(no_args_is_help=True, help="Policyn som svaren vilar på.")


@commands.command("check")
def check_policy(
    policy_file: Annotated[Path, typer.Argument(help="Policyn som textfil.")],
) -> None:
    """Jämför policyn med den som svaren godkändes mot och räknar upp svar att se över. Inget sparas.

    Slutkoden är 0 när inga svar behöver ses över, 1 när några gör det och 2 när filen inte går att läsa som policyn.
    """
    house = services()
    try:
        found, standings = house.approvals.compare(text_of(policy_file.read_bytes()))
    except NotAPolicy as error:
        raise stop(error.says, NOT_READ) from None
    except FileNotFoundError:
        raise stop(f"Det finns ingen fil {policy_file}.", NOT_READ) from None
    except IsADirectoryError:
        raise stop(f"{policy_file} är en katalog. Ange policyns fil.", NOT_READ) from None
    resting = {each.answer.topic: {section.id for section in each.changed} for each in standings if each.changed}
    changed = [section for section in found if any(section in sections for sections in resting.values())]
    print_json({
        "changed_sections": changed,
        "missing_sections": [section for section in changed if found[section] is None],
        "answers_to_review": [
            {
                "topic": answer.topic, "title": answer.label,
                "sections": [section for section in answer.sources if section in resting[answer.topic]],
            }
            for answer in house.book.answers.values() if answer.topic in resting
        ],
    })  # fmt: skip
    if changed:
        raise typer.Exit(TO_REVIEW)
