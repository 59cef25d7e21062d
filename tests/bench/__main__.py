"""`make bench`: what Insyn takes on this machine, in parts that each run alone: `python -m tests.bench [PART …] [--quick]`.

Without a part all of them run, one after the other.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from insyn.runtime.progress import guarded
from tests.bench import cases, chat, console, mail, mail_backlog, purge, queries
from tests.bench.stock import STOCK_EPOCHS

PARTS: dict[str, tuple[Callable[[argparse.Namespace], None], str]] = {
    "chat": (chat.run, "answers, training, start and memory beside stock Rasa"),
    "cases": (cases.run, "opening and verifying cases, on SQLite and PostgreSQL"),
    "queries": (queries.run, "the same queries at 100 and at 100 000 cases"),
    "console": (console.run, "the staff's lists at 1 000 and at 100 000 cases with 1 000 000 turns"),
    "mail": (mail.run, "mails read and decided upon, beside Python's email and mail-parser-reply"),
    "mail-backlog": (mail_backlog.run, "10 000 mails that wait in the mailbox"),
    "purge": (purge.run, "the purge of 100 000 conversations"),
}


def main() -> None:
    options = _options()
    for name in options.parts or PARTS:
        run, title = PARTS[name]
        print(f"\n── {name}: {title} ──", flush=True)
        run(options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="smaller; stock Rasa is trained for one epoch")
    parser.add_argument("--stock-epochs", type=int, help=f"epochs of stock Rasa's training (its own: {STOCK_EPOCHS})")
    options = parser.parse_args()
    unknown = [name for name in options.parts if name not in PARTS]
    if unknown:
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    return options


if __name__ == "__main__":
    sys.exit(guarded(main))
