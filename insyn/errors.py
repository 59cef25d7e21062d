"""Errors as people may see them: an id to quote, never a trace."""

from __future__ import annotations

import secrets


def new_error_id() -> str:
    """A short id that a person can quote and a log can be searched for."""
    return f"F-{secrets.token_hex(4)}"
