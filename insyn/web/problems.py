"""Errors as the API gives them: an id to quote and a sentence in Swedish, never a trace."""

from __future__ import annotations

from starlette.responses import JSONResponse

from insyn.errors import new_error_id


def problem(status: int, message: str, *, error_id: str | None = None, retry_after: int | None = None) -> JSONResponse:
    """An error response `{"error": {"id", "message"}}`."""
    headers = {"Retry-After": str(retry_after)} if retry_after else None
    return JSONResponse(
        {"error": {"id": error_id or new_error_id(), "message": message}}, status_code=status, headers=headers
    )
