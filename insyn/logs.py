"""Logs: one JSON object a line, with nothing in it that a person wrote.

An exception is logged as its type and the lines it passed: its message may quote data, and local values certainly do.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger


def configure(level: str = "INFO") -> None:
    """Sends structured logs to standard error, and the standard library's warnings without their messages' values."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _exception_without_values,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = _ToStructlog()
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


class _ToStructlog(logging.Handler):
    """Libraries' own warnings: where they come from and what kind they are, not what they quote."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().warning(
            "library",
            logger=record.name,
            line=record.lineno,
            said=str(record.msg)[:120],
            exc_info=record.exc_info,
        )


def _exception_without_values(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    exc_info: Any = event.pop("exc_info", None)
    if exc_info is True:
        exc_info = sys.exc_info()
    error = exc_info if isinstance(exc_info, BaseException) else exc_info[1] if isinstance(exc_info, tuple) else None
    if error is not None:
        event["error"] = type(error).__name__
        event["trace"] = [
            f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)[-12:]
        ]
    return event
