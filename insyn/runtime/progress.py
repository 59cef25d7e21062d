"""What whoever starts Insyn sees: steps with their time, and failures in two plain lines, no traceback.

Standard library only and readable by Python 3.8: it also runs before anything is installed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

TICK_SECONDS = 0.2
QUIET_SECONDS = 1.0
REMINDER_SECONDS = 15.0

# How programs we call say that the disk is full.
NO_ROOM = re.compile(r"No space left on device|os error 28|Disk quota exceeded", re.I)


class Stop(Exception):
    """Insyn cannot go on; what to do about it in Swedish and in English, and the output that explains it."""

    def __init__(self, swedish: str, english: str, detail: str = "") -> None:
        super().__init__(english)
        self.swedish = swedish
        self.english = english
        self.detail = detail


def disk_full(where: Path) -> Stop:
    """The failure to report when a disk has no room left."""
    return Stop(
        f"Disken är full ({where}). Frigör utrymme och försök igen.",
        f"The disk is full ({where}). Free some space and try again.",
    )


class Ticker:
    """A line that shows a step and its seconds: rewritten in place on a terminal, now and then elsewhere."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._terminal = sys.stdout.isatty()
        self._began = time.monotonic()
        self._shown = 0.0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def tick(self, note: str = "") -> None:
        """Shows the step, if it has taken long enough to be worth a line."""
        seconds = self.seconds
        if seconds < QUIET_SECONDS:
            return
        if self._terminal:
            line = f"  {self.title} … {seconds:.0f} s  {note}"
            _write("\r\033[K" + line[: max(20, _columns() - 1)])
        elif not self._shown or seconds - self._shown >= REMINDER_SECONDS:
            _write(f"  {self.title} … {seconds:.0f} s\n")
            self._shown = seconds

    def done(self, *, failed: bool = False) -> None:
        """Ends the line; says nothing of a step that went well within a second."""
        if self._terminal and self.seconds >= QUIET_SECONDS:
            _write("\r\033[K")
        if failed or self.seconds >= QUIET_SECONDS:
            _write(f"{'✗' if failed else '✓'} {self.title} ({self.seconds:.0f} s)\n")


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """A step inside this process, shown with its time when it takes more than a second."""
    ticker = Ticker(title)
    if sys.stdout.isatty():
        _write(f"  {title} …")
    try:
        yield
    except BaseException:
        _clear()
        ticker.done(failed=True)
        raise
    _clear()
    ticker.done()


def run_step(title: str, command: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path) -> tuple[int, str]:
    """Runs a command as a step; its output goes to `log` (replaced), not to the screen.

    Returns the exit code and the output. The command is ended if this process is interrupted.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    ticker = Ticker(title)
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, cwd=str(cwd), env=dict(env), stdin=subprocess.DEVNULL, stdout=sink, stderr=sink
        )
        try:
            while process.poll() is None:
                ticker.tick(_last_line(log))
                time.sleep(TICK_SECONDS)
        finally:
            if process.poll() is None:
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(8)
                process.kill()
            ticker.done(failed=process.returncode != 0)
    return process.returncode, log.read_text(encoding="utf-8", errors="replace")


def guarded(main: Callable[[], None]) -> int:
    """Runs `main` and returns an exit code; known failures are told in two lines, without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    with contextlib.suppress(ValueError):  # only the main thread may set it
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except Stop as stop:
        tell(stop)
        return 1
    except KeyboardInterrupt:
        tell(Stop("avbrutet.", "interrupted."))
        return 130
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            tell(disk_full(Path(error.filename or ".").resolve()))
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            tell(
                Stop(
                    f"Får inte läsa eller skriva {error.filename}. Rätta rättigheterna.",
                    f"May not read or write {error.filename}. Correct its permissions.",
                )
            )
        else:
            raise
        return 1
    return 0


def tell(stop: Stop) -> None:
    """Writes a failure to standard error: the explaining output if any, then Swedish, then English."""
    sys.stdout.flush()
    if stop.detail:
        sys.stderr.write(stop.detail.rstrip() + "\n")
    sys.stderr.write(f"Fel: {stop.swedish}\nError: {stop.english}\n")
    sys.stderr.flush()


def _last_line(log: Path) -> str:
    with log.open("rb") as source:
        source.seek(0, os.SEEK_END)
        source.seek(max(0, source.tell() - 400))
        lines = source.read().decode("utf-8", errors="replace").splitlines()
    return lines[-1].strip() if lines else ""


def _columns() -> int:
    try:
        return os.get_terminal_size().columns
    except OSError:
        return 80


def _clear() -> None:
    if sys.stdout.isatty():
        _write("\r\033[K")


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
