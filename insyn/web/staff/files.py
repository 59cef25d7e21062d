"""Files for a person, put on a case by the staff: read as a stream, sealed piece by piece, never whole in memory or on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from insyn.delivery.files import CaseFiles, NoSuchFile, TooLarge, Upload, clean_name
from insyn.store.models import Case
from insyn.web.staff import pages
from insyn.web.staff.access import PREFIX
from insyn.web.staff.casefile import case_page
from insyn.web.staff.gate import CSRF_FIELD, Visit, gate

MAX_SECRET_BYTES = 200


EMPTY = "Filen är tom, så det finns inget att skicka. Kontrollera att du valde rätt fil."
SAME_NAME = "Det ligger redan en fil med det namnet i ärendet. Ta bort den först, eller ge den nya ett annat namn."


class Unwanted(Exception):
    """A file that is not put on the case; `says` tells why, in Swedish."""

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self.says = says


class Intake:
    """A multipart form on its way in: first the form secret, then files. Raises whatever the checks raise.

    What is under way when something goes wrong is taken back by `abort`.
    """

    def __init__(
        self, boundary: bytes, files: CaseFiles, case_id: str, *, by: str, check: Callable[[str], None]
    ) -> None:
        self.put = 0
        self._files, self._case_id, self._by, self._check = files, case_id, by, check
        self._trusted = False
        self._upload: Upload | None = None
        self._header = (b"", b"")
        self._disposition: dict[bytes, bytes] = {}
        self._secret = b""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_part_data": self._data,
                "on_part_end": self._end,
                "on_header_field": lambda data, start, end: self._grow(data[start:end], b""),
                "on_header_value": lambda data, start, end: self._grow(b"", data[start:end]),
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
            },
        )

    def write(self, data: bytes) -> None:
        """Takes some bytes of the body."""
        self._parser.write(data)

    def abort(self) -> None:
        """Takes back a file that is not whole."""
        if self._upload is not None:
            self._upload.abort()
            self._upload = None

    def _begin(self) -> None:
        self._header, self._disposition, self._secret = (b"", b""), {}, b""

    def _grow(self, name: bytes, value: bytes) -> None:
        self._header = (self._header[0] + name, self._header[1] + value)

    def _header_end(self) -> None:
        name, value = self._header
        if name.lower() == b"content-disposition":
            self._disposition = parse_options_header(value)[1]
        self._header = (b"", b"")

    def _headers_finished(self) -> None:
        name = self._disposition.get(b"filename", b"").decode("utf-8", "replace")
        if self._disposition.get(b"name") == b"file" and name:
            if not self._trusted:
                self._check("")
            if clean_name(name) in {file.name for file in self._files.of_case(self._case_id) if not file.sent}:
                raise Unwanted(SAME_NAME)
            self._upload = self._files.begin(self._case_id, name, by=self._by)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._upload is not None:
            try:
                self._upload.write(data[start:end])
            except TooLarge:
                self._upload = None  # it has taken itself back
                raise
        elif self._disposition.get(b"name") == CSRF_FIELD.encode():
            self._secret = (self._secret + data[start:end])[:MAX_SECRET_BYTES]

    def _end(self) -> None:
        if self._upload is not None:
            if self._upload.is_empty:
                raise Unwanted(EMPTY)
            upload, self._upload = self._upload, None
            upload.finish(by=self._by)
            self.put += 1
        elif self._disposition.get(b"name") == CSRF_FIELD.encode():
            self._check(self._secret.decode("ascii", "replace"))
            self._trusted = True


def files_router() -> APIRouter:
    """POST /konsol/arenden/{reference}/filer."""
    router = APIRouter(prefix=f"{PREFIX}/arenden/{{reference}}")

    @router.post("/filer")
    async def upload(reference: str, visit: Visit = Depends(gate)) -> Response:
        case = await asyncio.to_thread(_find, visit, reference)
        if case is None:
            return pages.missing(visit)
        kind, options = parse_options_header(visit.request.headers.get("content-type", ""))
        if kind != b"multipart/form-data" or b"boundary" not in options:
            return await asyncio.to_thread(case_page, visit, case, wrong="Välj en fil först.")
        intake = Intake(options[b"boundary"], visit.services.files, case.id, by=visit.by, check=visit.require_csrf)
        wrong = ""
        try:
            async for piece in visit.request.stream():
                await asyncio.to_thread(intake.write, piece)
        except TooLarge:
            wrong = f"Filen är för stor. Den får ha högst {visit.services.settings.delivery_max_mb} MB."
        except Unwanted as refusal:
            wrong = refusal.says
        except NoSuchFile:
            wrong = "Ärendet är gallrat."
        except (FormParserError, ClientDisconnect):
            wrong = "Filen kom inte fram hel. Försök igen."
        finally:
            await asyncio.to_thread(intake.abort)
        if wrong or not intake.put:
            return await asyncio.to_thread(case_page, visit, case, wrong=wrong or "Välj en fil först.")
        return pages.onward(f"{PREFIX}/arenden/{case.reference}", said="fil")

    return router


def _find(visit: Visit, reference: str) -> Case | None:
    with visit.services.store.read() as session:
        case = visit.services.case_filing.find(session, reference)
    return case if case is not None and case.reference == reference else None
