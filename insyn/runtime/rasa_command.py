"""How Rasa is called: its own interpreter, an environment without our secrets, one thread, no telemetry."""

from __future__ import annotations

import os
from pathlib import Path

from insyn.runtime.progress import Stop
from insyn.settings import PROJECT_ROOT, Settings

QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "LOG_LEVEL": "WARNING",  # nothing that was said is logged from this level up
    "LOG_LEVEL_LIBRARIES": "ERROR",
    "NO_COLOR": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONWARNINGS": "ignore::DeprecationWarning,ignore::FutureWarning",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    # One thread is faster than two for a model this small, and leaves the other core to the service.
    "TF_INTER_OP_PARALLELISM_THREADS": "1",
    "TF_INTRA_OP_PARALLELISM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
    # Rasa's training cache looks at component classes only, not at the modules they use.
    "RASA_MAX_CACHE_SIZE": "0",
}
FOREIGN = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}


def rasa_executable(root: Path = PROJECT_ROOT) -> str:
    """The `rasa` of bot/.venv. Raises `Stop` when that environment is not there."""
    executable = root / "bot" / ".venv" / "bin" / "rasa"
    if not executable.exists():
        raise Stop(
            "Rasas miljö (bot/.venv) saknas. Kör make run eller make train.",
            "Rasa's environment (bot/.venv) is missing. Use make run or make train.",
        )
    return str(executable)


def rasa_environment(**extra: str) -> dict[str, str]:
    """The environment for Rasa: this one without any INSYN_ variable, and with `extra`."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("INSYN_") and key not in FOREIGN}
    return {**inherited, **QUIET, **extra}


def connected_environment(settings: Settings) -> dict[str, str]:
    """The environment for a Rasa that talks to the running service: what endpoints.yml and credentials.yml name."""
    return rasa_environment(
        INSYN_RASA_TOKEN=settings.rasa_token.get_secret_value(),
        INSYN_ACTION_TOKEN=settings.action_token.get_secret_value(),
        INSYN_ACTION_PORT=str(settings.action_port),
    )
