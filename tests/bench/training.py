"""Models for the bench: trained with the time taken, and kept under .bench while their inputs stay the same."""

from __future__ import annotations

import json
import os
import resource
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from insyn.runtime.progress import Stop, run_step
from insyn.runtime.rasa_command import rasa_environment, rasa_executable
from insyn.runtime.training import TRAINING_DATA, fingerprint, model_path, readable
from insyn.settings import PROJECT_ROOT
from tests.bench import stock

HOME = PROJECT_ROOT / ".bench"


@dataclass(frozen=True)
class Trained:
    """A model and what its training took; `load` is the machine's load average when it began."""

    model: str
    seconds: float
    cpu_seconds: float
    load: float


def ours() -> Trained:
    """Insyn's model, also put where `insyn serve` looks for it."""
    data = [name for name in TRAINING_DATA if (PROJECT_ROOT / name).is_dir()]
    trained = _trained(
        f"insyn-{fingerprint()[:12]}", "Training Insyn's model", PROJECT_ROOT, ["--domain", "domain", "--data", *data],
        rasa_environment(),
    )  # fmt: skip
    if not model_path().exists():
        model_path().parent.mkdir(exist_ok=True)
        shutil.copy(trained.model, model_path())
    return trained


def stock_rasa(epochs: int) -> tuple[Path, Trained]:
    """The stock project's directory and its model."""
    project = stock.files(epochs)
    name = f"stock-{stock.fingerprint(project)}"
    directory = HOME / name
    stock.write(project, directory)
    title = f"Training stock Rasa ({epochs} epochs)"
    return directory, _trained(
        name, title, directory, ["--domain", "domain.yml", "--data", "data"], stock_environment()
    )


def stock_environment() -> dict[str, str]:
    """Rasa's environment as one who has just run `rasa init` has it, but for telemetry."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith("INSYN_")}
    return {
        **ours,
        "RASA_TELEMETRY_ENABLED": "false",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "RASA_MAX_CACHE_SIZE": "0",
    }


def _trained(name: str, title: str, project: Path, inputs: list[str], env: Mapping[str, str]) -> Trained:
    model, record = HOME / f"{name}.tar.gz", HOME / f"{name}.json"
    if model.exists() and record.exists():
        return Trained(**json.loads(record.read_text(encoding="utf-8")))
    HOME.mkdir(parents=True, exist_ok=True)
    load, before, began = os.getloadavg()[0], _cpu_of_children(), time.monotonic()
    command = [
        rasa_executable(), "train", "--config", "config.yml", *inputs, "--out", str(HOME), "--fixed-model-name", name
    ]  # fmt: skip
    code, output = run_step(title, command, cwd=project, env=env, log=HOME / f"{name}.log")
    if code != 0 or not model.exists():
        raise Stop(f"{title}: det gick inte, se ovan.", "Training failed, see above.", readable(output))
    trained = Trained(str(model), time.monotonic() - began, _cpu_of_children() - before, load)
    record.write_text(json.dumps(asdict(trained), indent=2), encoding="utf-8")
    return trained


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
