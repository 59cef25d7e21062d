"""The model, trained when, and only when, its inputs have changed: `python -m insyn.runtime.training`."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from insyn.runtime.progress import NO_ROOM, Stop, Ticker, disk_full, guarded, run_step
from insyn.runtime.rasa_command import rasa_environment, rasa_executable
from insyn.settings import PROJECT_ROOT

TRAINING_DATA = ("data/nlu", "data/rules", "data/stories")
INPUTS = ("config.yml", "domain", *TRAINING_DATA, "bot/insyn_bot", "bot/uv.lock")
INPUT_SUFFIXES = {".yml", ".yaml", ".py", ".txt", ".json", ".lock"}
KEPT_MODELS = 2


def fingerprint(root: Path = PROJECT_ROOT) -> str:
    """SHA-256 (hex) over names and content of everything a model is made from."""
    digest = hashlib.sha256()
    for name in INPUTS:
        for source in _files(root / name):
            content = source.read_bytes()
            digest.update(f"{source.relative_to(root).as_posix()}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def model_path(root: Path = PROJECT_ROOT) -> Path:
    """Where the model of the present inputs is, or will be."""
    return root / "models" / f"insyn-{fingerprint(root)[:12]}.tar.gz"


def ensure_model(root: Path = PROJECT_ROOT) -> Path:
    """The model of the present inputs, trained if it is not there yet. Raises `Stop` with Rasa's error.

    Several processes may ask at once: one trains, the others wait for it.
    """
    model = model_path(root)
    if model.exists():
        return model
    model.parent.mkdir(exist_ok=True)
    with _alone(model.parent / ".lock"):
        if not model.exists():
            _train(root, model)
            _forget_old(model)
    return model


def _files(source: Path) -> list[Path]:
    if source.is_file():
        return [source]
    found = (each for each in source.rglob("*") if each.suffix in INPUT_SUFFIXES)
    return sorted(each for each in found if "__pycache__" not in each.parts)


def _train(root: Path, model: Path) -> None:
    for leftover in model.parent.glob(".training-*"):  # of a training that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    workshop = Path(tempfile.mkdtemp(prefix=".training-", dir=model.parent))
    data = [name for name in TRAINING_DATA if _files(root / name)]
    command = [
        rasa_executable(root), "train", "--config", "config.yml", "--domain", "domain", "--data", *data,
        "--out", str(workshop), "--fixed-model-name", model.name.removesuffix(".tar.gz"),
    ]  # fmt: skip
    try:
        code, output = run_step(
            "Modellen tränas",
            command,
            cwd=root,
            env=rasa_environment(),
            log=root / "var" / "log" / "training.log",
        )
        trained = workshop / model.name
        if code != 0 or not trained.exists():
            raise _failure(output, root)
        trained.replace(model)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _failure(output: str, root: Path) -> Stop:
    if NO_ROOM.search(output):
        return disk_full(root)
    return Stop(
        "Modellen kunde inte tränas, se ovan. Hela utskriften finns i var/log/training.log.",
        "The model could not be trained, see above. The whole output is in var/log/training.log.",
        readable(output),
    )


def readable(output: str, *, lines: int = 20) -> str:
    """Rasa's output without tracebacks, progress bars and its repeated advice; the last `lines` of it."""
    kept: list[str] = []
    in_traceback = False
    for line in output.replace("\r", "\n").splitlines():
        if line.startswith("Traceback (most recent call last)"):
            in_traceback = True
        elif in_traceback and line[:1] in (" ", ""):
            continue
        else:
            in_traceback = False
            if line.strip() and "it/s]" not in line and "%|" not in line:
                kept.append("  " + line.rstrip())
    return "\n".join(kept[-lines:])


def _forget_old(newest: Path) -> None:
    others = [each for each in newest.parent.glob("insyn-*.tar.gz") if each != newest]
    others.sort(key=lambda each: each.stat().st_mtime, reverse=True)
    for old in others[KEPT_MODELS - 1 :]:
        old.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Holds a lock among processes; waits, visibly, for whoever has it."""
    ticker = Ticker("Väntar på en träning som redan pågår")
    with lock.open("w") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                ticker.tick()
                time.sleep(0.5)
        ticker.done()
        yield


def main() -> None:
    model = ensure_model()
    print(f"Modellen är färsk: {os.path.relpath(model, PROJECT_ROOT)}")


if __name__ == "__main__":
    sys.exit(guarded(main))
