"""Files of cases, sealed at rest: each under a key of its own, which the case's key seals. Destroy either and it is gone.

A file is written and read in pieces, each sealed for its place in the file and the last one as the last, so that none can
be moved, left out or added. No piece waits for another in a transaction, and memory holds one at a time.
"""

from __future__ import annotations

import os
import re
import unicodedata
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.clock import Clock
from insyn.privacy.keys import KEY_BYTES, DataKeyring, Shredded, seal, unseal
from insyn.store.engine import Store
from insyn.store.models import Case, DeliveryChunk, DeliveryFile

CHUNK_BYTES = 1 << 18
NAME_LENGTH = 120


class TooLarge(Exception):
    """The file has more bytes than a file may have; nothing of it was kept."""


class NoSuchFile(Exception):
    """There is no such file, or it cannot be read any more."""


@dataclass(frozen=True)
class FileView:
    """A file as the staff and its person see it. `size` in bytes."""

    id: str
    name: str
    size: int
    put_by: str
    put_at: datetime
    sent: bool
    fetches: int


class Upload:
    """A file on its way in: `write` until done, then `finish`; `abort` leaves nothing."""

    def __init__(self, files: CaseFiles, file_id: str, key: bytes, limit: int) -> None:
        self.file_id = file_id
        self._files = files
        self._key = key
        self._limit = limit
        self._held = bytearray()
        self._size = 0
        self._chunks = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing has come yet."""
        return self._size == 0

    def write(self, data: bytes) -> None:
        """Takes some bytes. Raises `TooLarge`."""
        self._size += len(data)
        if self._size > self._limit:
            self.abort()
            raise TooLarge
        self._held += data
        while len(self._held) > CHUNK_BYTES:  # one is always held back: the last is sealed as the last
            self._store(bytes(self._held[:CHUNK_BYTES]), last=False)
            del self._held[:CHUNK_BYTES]

    def finish(self, *, by: str) -> str:
        """The file is whole; returns its id."""
        self._store(bytes(self._held), last=True)
        self._files.complete(self.file_id, self._size, self._chunks, by=by)
        return self.file_id

    def abort(self) -> None:
        """Takes back what was written."""
        self._files.discard(self.file_id)

    def _store(self, piece: bytes, *, last: bool) -> None:
        self._files.store_chunk(
            self.file_id, self._chunks, seal(self._key, piece, _place(self.file_id, self._chunks, last=last))
        )
        self._chunks += 1


class CaseFiles:
    """Puts files on cases and reads them."""

    def __init__(self, store: Store, keyring: DataKeyring, audit: AuditLog, clock: Clock, *, max_bytes: int) -> None:
        self._store = store
        self._keyring = keyring
        self._audit = audit
        self._clock = clock
        self.max_bytes = max_bytes

    # -- putting

    def begin(self, case_id: str, name: str, *, by: str) -> Upload:
        """A new file of a case, to be written. Raises `NoSuchFile` when the case is not there or has been shredded."""
        with self._store.write() as session:
            file_id, key = self._new(session, case_id, name, by)
        return Upload(self, file_id, key, self.max_bytes)

    def put(self, case_id: str, name: str, pieces: Iterable[bytes], *, by: str) -> str:
        """A whole file from its pieces; returns its id. Raises `TooLarge`, `NoSuchFile`."""
        upload = self.begin(case_id, name, by=by)
        try:
            for piece in pieces:
                upload.write(piece)
        except BaseException:
            upload.abort()
            raise
        return upload.finish(by=by)

    def put_small(self, session: Session, case: Case, name: str, data: bytes, *, by: str) -> DeliveryFile:
        """A file of a case within the caller's transaction: for what Insyn itself has made."""
        file_id, key = self._new(session, case.id, name, by)
        pieces = [data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES)] or [b""]
        for number, piece in enumerate(pieces):
            place = _place(file_id, number, last=number == len(pieces) - 1)
            session.add(DeliveryChunk(file_id=file_id, number=number, sealed=seal(key, piece, place)))
        self._complete(session, file_id, len(data), len(pieces), by)
        return session.get_one(DeliveryFile, file_id)

    def remove(self, file_id: str, *, by: str) -> None:
        """Takes a file away that has not been sent. Raises `NoSuchFile`."""
        with self._store.write() as session:
            row = session.get(DeliveryFile, file_id)
            if row is None or row.delivery_id is not None:
                raise NoSuchFile(file_id)
            self._audit.append(session, "delivery.file_removed", row.case_id, file=row.id, by=by)
            session.execute(delete(DeliveryFile).where(DeliveryFile.id == file_id))

    def store_chunk(self, file_id: str, number: int, sealed: bytes) -> None:
        """Keeps one sealed piece of a file under way."""
        with self._store.write(durable=False) as session:  # the commit that completes the file is durable
            session.add(DeliveryChunk(file_id=file_id, number=number, sealed=sealed))

    def complete(self, file_id: str, size: int, chunks: int, *, by: str) -> None:
        """Books a file as whole. Raises `NoSuchFile` when it was removed meanwhile."""
        with self._store.write() as session:
            self._complete(session, file_id, size, chunks, by)

    def discard(self, file_id: str) -> None:
        """Takes a file under way back."""
        with self._store.write() as session:
            session.execute(delete(DeliveryFile).where(DeliveryFile.id == file_id))

    # -- looking

    def of_case(self, case_id: str) -> list[FileView]:
        """The whole files of a case, oldest first; none when it has been shredded."""
        with self._store.read() as session:
            rows = session.scalars(
                select(DeliveryFile)
                .where(DeliveryFile.case_id == case_id, DeliveryFile.complete.is_(True))
                .order_by(DeliveryFile.created_at, DeliveryFile.id)
            )
            return [self.view(session, row) for row in rows]

    def with_deliveries(self, session: Session, case_id: str) -> list[tuple[FileView, str | None]]:
        """The whole files of a case, oldest first, each with the delivery it was sent with, if it was."""
        rows = session.scalars(
            select(DeliveryFile)
            .where(DeliveryFile.case_id == case_id, DeliveryFile.complete.is_(True))
            .order_by(DeliveryFile.created_at, DeliveryFile.id)
        )
        return [(self.view(session, row), row.delivery_id) for row in rows]

    def view(self, session: Session, row: DeliveryFile) -> FileView:
        """A file with its name. Raises `NoSuchFile`."""
        name = unseal(self._key(session, row), row.sealed_name or b"", f"file-name/{row.id}").decode()
        return FileView(row.id, name, row.size, row.put_by, row.created_at, row.delivery_id is not None, row.fetches)

    def read(self, file_id: str) -> Iterator[bytes]:
        """The bytes of a file, a piece at a time. Raises `NoSuchFile`, `Tampered`."""
        with self._store.read() as session:
            row = session.get(DeliveryFile, file_id)
            if row is None or not row.complete:
                raise NoSuchFile(file_id)
            key, chunks = self._key(session, row), row.chunks
        for number in range(chunks):
            with self._store.read() as session:
                chunk = session.get(DeliveryChunk, (file_id, number))
                if chunk is None:
                    raise NoSuchFile(file_id)
                sealed = chunk.sealed
            yield unseal(key, sealed, _place(file_id, number, last=number == chunks - 1))

    # -- within a transaction

    def _new(self, session: Session, case_id: str, name: str, by: str) -> tuple[str, bytes]:
        case = session.get(Case, case_id)
        if case is None or case.shredded_at is not None:
            raise NoSuchFile(case_id)
        file_id, key = str(uuid.uuid4()), os.urandom(KEY_BYTES)
        case_key = self._keyring.open(session, case.data_key_id)
        session.add(
            DeliveryFile(
                id=file_id,
                case_id=case_id,
                sealed_key=seal(case_key, key, f"file-key/{file_id}"),
                sealed_name=seal(key, clean_name(name).encode(), f"file-name/{file_id}"),
                put_by=by,
                created_at=self._clock(),
            )
        )
        session.flush()
        return file_id, key

    def _complete(self, session: Session, file_id: str, size: int, chunks: int, by: str) -> None:
        row = session.get(DeliveryFile, file_id)
        if row is None:
            raise NoSuchFile(file_id)
        row.size, row.chunks, row.complete = size, chunks, True
        session.flush()
        self._audit.append(session, "delivery.file_put", row.case_id, file=file_id, size=size, by=by)

    def _key(self, session: Session, row: DeliveryFile) -> bytes:
        try:
            case_key = self._keyring.open(session, session.get_one(Case, row.case_id).data_key_id)
        except Shredded as error:
            raise NoSuchFile(row.id) from error
        return unseal(case_key, row.sealed_key or b"", f"file-key/{row.id}")


def remove_files(session: Session, ids: Sequence[str]) -> None:
    """Destroys files, as part of the caller's transaction."""
    session.execute(delete(DeliveryChunk).where(DeliveryChunk.file_id.in_(ids)))
    session.execute(delete(DeliveryFile).where(DeliveryFile.id.in_(ids)))


def clean_name(name: str) -> str:
    """A name that is only a name: no folders, no control or direction marks, not too long, never empty."""
    last = re.split(r"[\\/]", name)[-1]
    visible = "".join(mark for mark in last if unicodedata.category(mark)[0] != "C")
    stem, dot, ending = " ".join(visible.split()).strip(". ").rpartition(".")
    if not dot or len(ending) > 10:
        return (stem + dot + ending)[:NAME_LENGTH].strip() or "fil"
    return f"{stem[: NAME_LENGTH - len(ending) - 1]}.{ending}"


def _place(file_id: str, number: int, *, last: bool) -> str:
    return f"file/{file_id}/{number}{'/last' if last else ''}"
