"""Rasa's own commands at the root of the project, as Rasa's users know them."""

from __future__ import annotations

import subprocess

from tests.fixtures.system import BIN, ROOT, System

PATIENCE_SECONDS = 240


def test_rasa_shell_answers_through_the_running_service(system: System) -> None:
    shell = subprocess.run(
        [BIN / "insyn", "rasa", "shell"],
        cwd=ROOT,
        env=system.env,
        input="Hur länge sparar ni min jobbansökan?\n/stop\n",
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert shell.returncode == 0, shell.stderr[-2000:]
    assert "två år" in shell.stdout
