"""Gets a bare machine ready: uv, the service's environment (.venv) and Rasa's (bot/.venv).

Run as `python3 -m insyn.runtime.prepare` from the project root, by any Python from 3.8 on: standard library
only.
Fresh environments carry a stamp and are left alone.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from insyn.runtime.progress import NO_ROOM, Stop, disk_full, guarded, run_step

ROOT = Path(__file__).resolve().parent.parent.parent
TOOLS = ROOT / ".tools"
LOG = ROOT / "var" / "log" / "setup.log"

UV_OLDEST = (0, 9)
UV_REQUIREMENT = "uv>=0.9"
UV_INSTALLER = "https://astral.sh/uv/install.sh"
SERVICE_PYTHON = ">=3.11,<3.15"
BOT_PYTHON = "3.10"

GIBIBYTE = 1024**3
NEEDED_BYTES = 4 * GIBIBYTE

SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

STAMP = ".insyn-stamp"
FOREIGN = {"VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "PYENV_VERSION"}

NO_COMPILER = re.compile(
    r"(unable to execute|command) '?(gcc|cc|clang|g\+\+|c\+\+|x86_64-linux-gnu-gcc)"
    r"|No such file or directory: '(gcc|cc|c\+\+)'"
    r"|Python\.h: No such file|compiler .{0,40}not found|[Nn]o (C|C\+\+) compiler",
)
NO_NETWORK = re.compile(
    r"error sending request|dns error|failed to lookup|Temporary failure in name resolution"
    r"|Name or service not known|tcp connect error|Connection (refused|reset|timed out)"
    r"|Network is unreachable"
    r"|network was disabled|operation timed out|error trying to connect|Request failed after"
    r"|Failed to (fetch|download)"
    r"|Could not connect|Proxy|certificate|HTTP status",
    re.I,
)
NO_PYTHON = re.compile(r"No interpreter found|No Python .* found|No download found", re.I)


def prepare() -> None:
    """Makes both environments match their locks. Raises `Stop` with what is missing."""
    service, bot = ROOT / ".venv", ROOT / "bot" / ".venv"
    stale = [venv for venv in (service, bot) if not _is_fresh(venv)]
    if not stale:
        return
    _require_room()
    uv = _uv()
    if service in stale:
        _sync(uv, service, "Tjänstens miljö (.venv)", ["--python", SERVICE_PYTHON])
    if bot in stale:
        _sync(uv, bot, "Rasas miljö (bot/.venv)", _bot_python(uv, bot))


def stamp_of(venv: Path) -> str:
    """What an environment was made from: its lock and project file, its interpreter, and where it stands."""
    digest = hashlib.sha256(str(venv).encode())
    for source in (venv.parent / "uv.lock", venv.parent / "pyproject.toml", venv / "pyvenv.cfg"):
        digest.update(source.read_bytes() if source.exists() else b"-")
    return f"{venv}\n{digest.hexdigest()}\n"


def _is_fresh(venv: Path) -> bool:
    stamp = venv / STAMP
    return (venv / "bin" / "python").exists() and stamp.exists() and stamp.read_text() == stamp_of(venv)


def _sync(uv: str, venv: Path, title: str, python: list[str]) -> None:
    stamp = venv / STAMP
    if stamp.exists():
        # An environment that was moved or copied here has scripts that point to where it came from.
        moved = stamp.read_text().partition("\n")[0] != str(venv)
        stamp.unlink()
        if moved:
            shutil.rmtree(str(venv))
    command = [uv, "sync", "--frozen", "--no-progress", "--project", str(venv.parent), *python]
    code, output = run_step(title, command, cwd=ROOT, env=_environment(), log=LOG)
    if code != 0:
        raise explain(output, title)
    stamp.write_text(stamp_of(venv))


def explain(output: str, title: str) -> Stop:
    """The failure behind what uv or pip wrote."""
    detail = "\n".join("  " + line for line in output.strip().splitlines()[-12:])
    if NO_ROOM.search(output):
        return disk_full(ROOT)
    if NO_COMPILER.search(output):
        return Stop(
            "Ett paket måste byggas men C-kompilator saknas. På Debian: apt-get install build-essential",
            "A package must be built but there is no C compiler. On Debian: apt-get install build-essential",
            detail,
        )
    if NO_PYTHON.search(output) and not NO_NETWORK.search(output):
        return no_python("3.10" if "bot" in title else "3.11–3.14")
    if NO_NETWORK.search(output):
        return Stop(
            f"Paketen kunde inte hämtas ({title}). Kontrollera nätet, eller en proxy i HTTPS_PROXY.",
            f"The packages could not be fetched ({title}). Check the network, or a proxy in HTTPS_PROXY.",
            detail,
        )
    return Stop(
        f"{title} kunde inte skapas. Hela utskriften finns i {LOG}.",
        f"{title} could not be made. The whole output is in {LOG}.",
        detail,
    )


def no_python(version: str) -> Stop:
    """The failure when no interpreter of a version is here and none can be fetched."""
    return Stop(
        f"Python {version} saknas och kan inte hämtas. Installera en, t.ex. pyenv install {version[:4]}.",
        f"No Python {version} here, and none can be fetched. Install one, e.g. pyenv install {version[:4]}.",
    )


def _require_room() -> None:
    free = shutil.disk_usage(str(ROOT)).free
    if free < NEEDED_BYTES:
        raise Stop(
            f"För lite diskutrymme: {free / GIBIBYTE:.1f} GB ledigt vid {ROOT}, installationen behöver 4 GB.",
            f"Too little disk space: {free / GIBIBYTE:.1f} GB free at {ROOT}, the installation needs 4 GB.",
        )


# uv


def _uv() -> str:
    """A uv that works: our own, the one on PATH, or one fetched into .tools."""
    own = [TOOLS / "uv" / "bin" / "uv", TOOLS / "uv-target" / "bin" / "uv"]
    for candidate in [*map(str, own), shutil.which("uv")]:
        if candidate and _uv_works(candidate):
            return candidate
    TOOLS.mkdir(exist_ok=True)
    (TOOLS / ".gitignore").write_text("*\n")
    said = []
    for way in (_uv_in_venv, _uv_in_target, _uv_by_installer):
        output = way()
        said.append(output)
        for candidate in map(str, own):
            if _uv_works(candidate):
                return candidate
        if NO_ROOM.search(output):
            raise disk_full(ROOT)
    raise Stop(
        "Installationsverktyget uv kunde inte hämtas (varken med pip eller från astral.sh). "
        "Kontrollera nätet, eller installera uv själv och försök igen.",
        "The installer uv could not be fetched (neither by pip nor from astral.sh). Check the network, "
        "or install uv yourself and try again.",
        "\n".join("  " + text.strip().splitlines()[-1] for text in said if text.strip()),
    )


def _uv_works(candidate: str) -> bool:
    said = _answer([candidate, "--version"])
    match = re.match(r"uv (\d+)\.(\d+)", said)
    return match is not None and (int(match.group(1)), int(match.group(2))) >= UV_OLDEST


def _uv_in_venv() -> str:
    venv = TOOLS / "uv"
    shutil.rmtree(str(venv), ignore_errors=True)
    code, output = _step("Förbereder installationen", [sys.executable, "-m", "venv", str(venv)])
    if code != 0:  # Debian without python3-venv
        shutil.rmtree(str(venv), ignore_errors=True)
        return output
    return _step("Hämtar uv", [str(venv / "bin" / "python"), "-m", "pip", "install", UV_REQUIREMENT])[1]


def _uv_in_target() -> str:
    if not _answer([sys.executable, "-m", "pip", "--version"]):
        return ""
    target = str(TOOLS / "uv-target")
    command = [sys.executable, "-m", "pip", "install", "--upgrade", "--target", target, UV_REQUIREMENT]
    return _step("Hämtar uv", command)[1]


def _uv_by_installer() -> str:
    fetch = f"curl -LsSf {UV_INSTALLER}" if shutil.which("curl") else f"wget -qO- {UV_INSTALLER}"
    script = str(TOOLS / "install-uv.sh")
    code, output = _step("Hämtar uv", ["sh", "-c", f'{fetch} > "$0" && sh "$0"', script])
    return output if code else ""


def _step(title: str, command: list[str]) -> tuple[int, str]:
    env = _environment()
    env.update(UV_INSTALL_DIR=str(TOOLS / "uv" / "bin"), UV_NO_MODIFY_PATH="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
    return run_step(title, command, cwd=ROOT, env=env, log=LOG)


# Python 3.10, for Rasa


def _bot_python(uv: str, venv: Path) -> list[str]:
    """How to tell uv which Python 3.10: the one in place, one found here, else one that uv fetches."""
    if _is_310(str(venv / "bin" / "python")):
        return []
    found = _answer([uv, "python", "find", "--system", "--no-project", "--no-python-downloads", BOT_PYTHON])
    for candidate in [found, *_pyenv_pythons(), shutil.which("python3.10") or ""]:
        if candidate and _is_310(candidate):
            return ["--python", candidate]
    code, output = _step("Hämtar Python 3.10", [uv, "python", "install", BOT_PYTHON])
    if code != 0:
        raise disk_full(ROOT) if NO_ROOM.search(output) else no_python(BOT_PYTHON)
    return ["--managed-python", "--python", BOT_PYTHON]


def _pyenv_pythons() -> list[str]:
    roots = {os.environ.get("PYENV_ROOT", ""), _answer(["pyenv", "root"]), os.path.expanduser("~/.pyenv")}
    found = [python for root in roots if root for python in glob.glob(root + "/versions/3.10*/bin/python")]
    return sorted(set(found), reverse=True)


def _is_310(python: str) -> bool:
    """Whether it is a Python 3.10 with the parts that Rasa needs (a home-built one may lack some)."""
    probe = "import ctypes, sqlite3, ssl, sys, zlib; print(sys.version_info[:2] == (3, 10))"
    return _answer([python, "-c", probe]) == "True"


def _answer(command: list[str]) -> str:
    """What a command prints; empty when it is not there or fails."""
    try:
        done = subprocess.run(
            command, cwd=str(ROOT), env=_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, timeout=60, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", errors="replace").strip()


def _environment() -> dict[str, str]:
    env = {key: value for key, value in os.environ.items() if key not in FOREIGN}
    env.setdefault("UV_HTTP_TIMEOUT", "120")
    if SYSTEM_CERTIFICATES.exists():
        # Whom the machine trusts: behind an inspecting proxy that is more than uv's built-in list.
        env.setdefault("UV_SYSTEM_CERTS", "1")
    env.update(NO_COLOR="1")
    return env


if __name__ == "__main__":
    sys.exit(guarded(prepare))
