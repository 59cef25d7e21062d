"""A bare machine: what failed is told in two plain lines; fresh environments are left alone."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from insyn.runtime import prepare
from insyn.runtime.progress import Stop, guarded


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    (tmp_path / "uv.lock").write_text("lock")
    (tmp_path / "pyproject.toml").write_text("project")
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "pyvenv.cfg").write_text("version_info = 3.11.7")
    (venv / "bin" / "python").symlink_to(sys.executable)
    (venv / prepare.STAMP).write_text(prepare.stamp_of(venv))
    return venv


def test_stamped_environment_is_fresh(venv: Path) -> None:
    assert prepare._is_fresh(venv)


@pytest.mark.parametrize("changed", ["uv.lock", "pyproject.toml", ".venv/pyvenv.cfg"])
def test_changed_lock_or_interpreter_is_not_fresh(venv: Path, changed: str) -> None:
    (venv.parent / changed).write_text("changed")
    assert not prepare._is_fresh(venv)


def test_environment_whose_interpreter_is_gone_is_not_fresh(venv: Path) -> None:
    (venv / "bin" / "python").unlink()
    (venv / "bin" / "python").symlink_to("/no/such/python")
    assert not prepare._is_fresh(venv)


def test_moved_environment_is_not_fresh(venv: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(tmp_path, moved, symlinks=True, ignore=shutil.ignore_patterns("elsewhere"))
    assert not prepare._is_fresh(moved / ".venv")


@pytest.mark.parametrize(
    ("output", "swedish", "english"),
    [
        ("error: failed to write: No space left on device (os error 28)", "Disken är full", "disk is full"),
        ("error: command 'gcc' failed: No such file or directory", "C-kompilator", "C compiler"),
        (
            "error: No interpreter found for Python 3.10 in managed installations",
            "Python 3.10",
            "Python 3.10",
        ),
        ("error: Failed to fetch: `https://pypi.org/simple/x/`\n  Caused by: dns error", "nätet", "network"),
        ("error: something else", "setup.log", "setup.log"),
    ],
)
def test_failure_is_explained_in_both_languages(output: str, swedish: str, english: str) -> None:
    stop = prepare.explain(output, "Rasas miljö (bot/.venv)")
    assert swedish in stop.swedish
    assert english in stop.english


def test_too_little_room_is_told_before_anything_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "_is_fresh", lambda venv: False)
    monkeypatch.setattr(prepare.shutil, "disk_usage", lambda path: _Usage(10, 7, 3 * prepare.GIBIBYTE))
    with pytest.raises(Stop, match=r"3\.0 GB free"):
        prepare.prepare()


def test_known_failure_is_two_lines_and_an_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise Stop("Det gick inte.", "It did not work.")

    assert guarded(fail) == 1
    assert capsys.readouterr().err == "Fel: Det gick inte.\nError: It did not work.\n"


def test_full_disk_of_our_own_is_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    def fill() -> None:
        raise OSError(28, "No space left on device", "/somewhere/file")

    assert guarded(fill) == 1
    assert "The disk is full (/somewhere/file)" in capsys.readouterr().err
