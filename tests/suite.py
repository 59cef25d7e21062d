"""`make test`: every check there is, one after another, each with its time; the last line is the sum.

`python tests/suite.py [stage …]` runs the stages named. With CI=true a missing browser or database is a
failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from insyn.runtime.progress import Stop, guarded, tell
from insyn.runtime.rasa_command import rasa_environment, rasa_executable
from insyn.runtime.training import TRAINING_DATA, ensure_model

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "var" / "test-results"
BIN = ROOT / ".venv" / "bin"
BOT_PYTHON = ROOT / "bot" / ".venv" / "bin" / "python"
STORIES = Path("tests/stories")
NO_TESTS_COLLECTED = 5
# One process for each core, each with a PostgreSQL cluster of its own.
SIDE_BY_SIDE = ("--numprocesses=auto", "--dist=worksteal")


@dataclass
class Count:
    """What came of a stage."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other: Count) -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped


def _call(command: Sequence[str | Path], env: dict[str, str] | None = None) -> int:
    # What a stage starts belongs to the tests, not to an installation whose variables happen to be set.
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("INSYN_")}
    return subprocess.run(list(map(str, command)), cwd=ROOT, env=inherited if env is None else env).returncode


def tool(*command: str) -> Callable[[], Count]:
    """A check that passes or fails as a whole."""

    def run() -> Count:
        code = _call([BIN / command[0], *command[1:]])
        return Count(passed=code == 0, failed=code != 0)

    return run


def pytest_in(*folders: str, python: Path = BIN / "python", options: Sequence[str] = ()) -> Callable[[], Count]:
    """A pytest run over those of the folders that are there."""

    def run() -> Count:
        present = [folder for folder in folders if (ROOT / folder).is_dir()]
        if not present:
            print(f"nothing in {', '.join(folders)}")
            return Count()
        report = RESULTS / (present[0].replace("/", "-") + ".xml")
        report.unlink(missing_ok=True)
        code = _call([python, "-m", "pytest", *present, f"--junitxml={report}", *options])
        count = _counted(report)
        if code not in (0, NO_TESTS_COLLECTED) and not count.failed:
            count.failed = 1  # it broke before it could count
        return count

    return run


def _counted(report: Path) -> Count:
    if not report.exists():
        return Count()
    suites = ET.parse(report).getroot().iter("testsuite")
    count = Count()
    for suite in suites:
        total, failures, errors, skipped = (
            int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")
        )
        count.add(Count(total - failures - errors - skipped, failures + errors, skipped))
    return count


def model() -> Count:
    ensure_model(ROOT)
    return Count(passed=1)


def data() -> Count:
    """Rasa's own check of domain, examples and rules against each other."""
    present = [name for name in TRAINING_DATA if (ROOT / name).is_dir()]
    code = _call(
        [
            rasa_executable(),
            "data",
            "validate",
            "--config",
            "config.yml",
            "--domain",
            "domain",
            "--data",
            *present,
        ],
        rasa_environment(),
    )
    return Count(passed=code == 0, failed=code != 0)


def stories() -> Count:
    """`rasa test` over the end-to-end stories, texts and all; custom actions are not run by it."""
    if not (ROOT / STORIES).is_dir():
        print(f"nothing in {STORIES}")
        return Count()
    out = RESULTS / "stories"
    shutil.rmtree(out, ignore_errors=True)
    command: list[str | Path] = [rasa_executable(), "test", "core", "--e2e", "--stories", STORIES, "--model"]
    code = _call(
        [*command, ensure_model(ROOT), "--out", out, "--fail-on-prediction-errors", "--no-plot"],
        rasa_environment(INSYN_ACTION_PORT="0", INSYN_ACTION_TOKEN="none"),  # endpoints.yml names them; none is called
    )
    return Count(passed=code == 0, failed=code != 0)


STAGES: dict[str, tuple[str, Callable[[], Count]]] = {
    "lint": ("ruff check", tool("ruff", "check", ".")),
    "format": ("ruff format --check", tool("ruff", "format", "--check", ".")),
    "types": ("mypy --strict", tool("mypy")),
    "unit": ("unit tests", pytest_in("tests/unit", options=SIDE_BY_SIDE)),
    "integration": ("integration tests, SQLite and PostgreSQL", pytest_in("tests/integration", options=SIDE_BY_SIDE)),
    # The bot's tests run in Rasa's interpreter, where nothing of the service's conftest can be imported.
    "bot": (
        "bot tests, in Rasa's interpreter",
        pytest_in("tests/bot", python=BOT_PYTHON, options=["--confcutdir=tests/bot"]),
    ),
    "data": ("rasa data validate", data),
    "model": ("the model", model),
    "stories": ("rasa test", stories),
    "e2e": ("end to end, against the running system", pytest_in("tests/e2e", "tests/understanding")),
    "browser": ("in a browser", pytest_in("tests/browser")),
}


def main() -> None:
    names = sys.argv[1:] or list(STAGES)
    unknown = [name for name in names if name not in STAGES]
    if unknown:
        sys.exit(f"no stage {', '.join(unknown)}; there are {', '.join(STAGES)}")
    RESULTS.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    total, failed_stages = Count(), []
    for name in names:
        title, stage = STAGES[name]
        print(f"\n── {title} ──", flush=True)
        stage_began = time.monotonic()
        try:
            count = stage()
        except Stop as stop:
            tell(stop)
            count = Count(failed=1)
        total.add(count)
        if count.failed:
            failed_stages.append(name)
        print(
            f"── {title}: {'FAILED' if count.failed else 'ok'}, {time.monotonic() - stage_began:.1f} s",
            flush=True,
        )
    print()
    if failed_stages:
        print(f"failed: {', '.join(failed_stages)}")
    skipped = f", {total.skipped} skipped" if total.skipped else ""
    print(
        f"{total.passed} passed, {total.failed} failed{skipped} in {time.monotonic() - began:.0f} s",
        flush=True,
    )
    if total.failed:
        sys.exit(1)


if __name__ == "__main__":
    sys.exit(guarded(main))
