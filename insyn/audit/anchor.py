"""The anchor: where the audit log ended, written down outside the database every now and then.

The head in the database shows a log that was cut, unless an older head was put back along with it. The anchor file has
seen the later end. Each line holds a sequence number, the hash of that row and when it was seen, and is sealed together
with the line before it, so that no line can be changed or taken out of the middle. Copy the file to where whoever runs
the database cannot write, and the end of it cannot be taken off either.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypedDict

from sqlalchemy.orm import Session

from insyn.clock import Clock
from insyn.store.models import AuditHead

FILE_NAME = "audit.anchor"
TAIL_BYTES = 4096


@dataclass(frozen=True)
class Mark:
    """A place the log has reached: `hash` is that of row `seq`. `whole` is False where the line is not as it was written."""

    line: int
    seq: int
    hash: str
    whole: bool


class Anchor:
    """Appends marks to the file and reads them."""

    def __init__(self, path: Path, key: str, clock: Clock) -> None:
        self.path = path
        self._key = key.encode()
        self._clock = clock

    def mark(self, session: Session) -> bool:
        """Writes down where the log ends now; False when that was written last time already. On disk when it returns."""
        head = session.get(AuditHead, 1, populate_existing=True)
        if head is None or head.seq == 0:
            return False
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600), "a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            last, torn = _last_line(file)
            read = _read(last)
            if read is not None and read["seq"] >= head.seq:
                return False
            at = self._clock().isoformat()
            seal = self._seal(head.seq, head.hash, at, read["seal"] if read else "")
            line = json.dumps({"seq": head.seq, "hash": head.hash, "at": at, "seal": seal}) + "\n"
            file.write(b"\n" * torn + line.encode())
            file.flush()
            os.fsync(file.fileno())
        return True

    def marks(self) -> Iterator[Mark]:
        """All marks, in the order written; a line that is not as it was written comes as not whole."""
        if not self.path.exists():
            return
        before = ""
        with self.path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                read = _read(line)
                if read is None:
                    yield Mark(number, 0, "", whole=False)
                    continue
                seal = self._seal(read["seq"], read["hash"], read["at"], before)
                yield Mark(number, read["seq"], read["hash"], hmac.compare_digest(seal, read["seal"]))
                before = read["seal"]

    def _seal(self, seq: int, row_hash: str, at: str, before: str) -> str:
        text = f"anchor\0{seq}\0{row_hash}\0{at}\0{before}"
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


class _Line(TypedDict):
    seq: int
    hash: str
    at: str
    seal: str


def _read(line: bytes) -> _Line | None:
    try:
        read = json.loads(line)
        found = _Line(seq=int(read["seq"]), hash=str(read["hash"]), at=str(read["at"]), seal=str(read["seal"]))
    except (ValueError, TypeError, KeyError):
        return None
    return found if found["seal"].isascii() else None


def _last_line(file: IO[bytes]) -> tuple[bytes, bool]:
    """The last whole line, and whether a torn one follows it."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL_BYTES))
    *whole, rest = file.read().split(b"\n")
    return (whole[-1] if whole else b""), bool(rest)
