"""`python -m tests.seed --cases 100000 --turns 1000000 FOLDER`: a SQLite store with so many, to look at or to measure.

With `--url` a PostgreSQL database that is empty or was seeded before. The folder gets a `.env` with the store's keys:
`INSYN_VAR_DIR=FOLDER` and that file's values let the service run on it.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from insyn.bootstrap import build
from insyn.privacy.keys import BlindIndex
from insyn.store.engine import Store
from tests.fixtures.house import prepared
from tests.seed.filling import fill
from tests.seed.keys import settings_in


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.seed", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=1_000_000)
    parser.add_argument("--url", default="")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    settings = settings_in(options.folder, options.url)
    began = time.perf_counter()
    store = prepared(Store(settings.store_url, busy_timeout_seconds=60), settings)
    services = build(settings, store=store)
    filled = fill(services, BlindIndex(settings.index_key.get_secret_value()), cases=options.cases, turns=options.turns)
    store.close()
    print(f"{filled.cases} cases, {filled.turns} turns put in in {time.perf_counter() - began:.0f} s: {options.folder}")


if __name__ == "__main__":
    main()
