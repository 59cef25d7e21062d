"""Training: once for the same inputs, anew for changed ones, alone, and with readable failures."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

from insyn.runtime.progress import Stop
from insyn.runtime.training import ensure_model, fingerprint, model_path, readable

RASA = """#!/bin/sh
echo "$@" >> calls
sleep 0.3
while [ "$1" != --out ]; do shift; done
out=$2
while [ "$1" != --fixed-model-name ]; do shift; done
echo model > "$out/$2.tar.gz"
"""
BROKEN_RASA = """#!/bin/sh
echo 'Traceback (most recent call last):
  File "somewhere.py", line 1, in <module>
    raise
YamlSyntaxException: Failed to read data/rules/answers.yml.'
exit 1
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("config.yml", "domain/topics.yml", "data/nlu/greet.yml", "data/rules/answers.yml",
                 "bot/insyn_bot/model.py", "bot/uv.lock"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    _install(tmp_path, RASA)
    return tmp_path


def _install(project: Path, script: str) -> None:
    rasa = project / "bot" / ".venv" / "bin" / "rasa"
    rasa.parent.mkdir(parents=True, exist_ok=True)
    rasa.write_text(script)
    rasa.chmod(0o755)


def _calls(project: Path) -> int:
    return len((project / "calls").read_text().splitlines())


def test_model_is_trained_once_for_the_same_inputs(project: Path) -> None:
    first = ensure_model(project)
    second = ensure_model(project)

    assert first == second == model_path(project)
    assert first.read_text() == "model\n"
    assert _calls(project) == 1
    assert [each.name for each in first.parent.glob(".training-*")] == []


@pytest.mark.parametrize(
    "changed",
    ["config.yml", "domain/topics.yml", "data/nlu/greet.yml", "bot/insyn_bot/model.py", "bot/uv.lock"],
)
def test_changed_input_is_another_model(project: Path, changed: str) -> None:
    before = fingerprint(project)
    (project / changed).write_text("changed")
    assert fingerprint(project) != before


def test_moved_content_is_another_model(project: Path) -> None:
    before = fingerprint(project)
    (project / "data/nlu/greet.yml").rename(project / "data/nlu/hello.yml")
    assert fingerprint(project) != before


@pytest.mark.parametrize("other", ["data/answers/policy.yml", "README.md", "bot/insyn_bot/__pycache__/model.py"])
def test_what_is_no_input_does_not_matter(project: Path, other: str) -> None:
    before = fingerprint(project)
    (project / other).parent.mkdir(exist_ok=True)
    (project / other).write_text("changed")
    assert fingerprint(project) == before


def test_rasa_gets_every_folder_that_is_there(project: Path) -> None:
    ensure_model(project)
    assert "--data data/nlu data/rules --out" in (project / "calls").read_text()


def test_two_models_are_kept(project: Path) -> None:
    made = []
    for number in range(4):
        (project / "config.yml").write_text(str(number))
        made.append(ensure_model(project))
        os.utime(made[-1], (number, number))

    assert sorted(project.glob("models/*.tar.gz")) == sorted(made[-2:])


def test_two_processes_train_one_model(project: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=ensure_model, args=(project,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)

    assert [process.exitcode for process in processes] == [0, 0]
    assert _calls(project) == 1


def test_failure_tells_rasas_error_without_a_traceback(project: Path) -> None:
    _install(project, BROKEN_RASA)

    with pytest.raises(Stop) as stopped:
        ensure_model(project)
    assert "YamlSyntaxException: Failed to read data/rules/answers.yml." in stopped.value.detail
    assert "Traceback" not in stopped.value.detail
    assert "somewhere.py" not in stopped.value.detail
    assert [each.name for each in project.glob("models/*")] == [".lock"]


def test_full_disk_is_told_as_such(project: Path) -> None:
    _install(project, "#!/bin/sh\necho 'OSError: [Errno 28] No space left on device'; exit 1\n")
    with pytest.raises(Stop, match="disk is full"):
        ensure_model(project)


def test_missing_environment_says_what_to_run(project: Path) -> None:
    (project / "bot/.venv/bin/rasa").unlink()
    with pytest.raises(Stop, match="make run"):
        ensure_model(project)


def test_progress_bars_are_not_part_of_the_error() -> None:
    assert readable("Epochs: 50%|█████     | 1/2 [00:00<00:00, 9.1it/s]\rdone\n") == "  done"
