"""Fixtures of the tests named after security.md."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import redirect_stderr

import pytest

from insyn.logs import configure


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged, down to the least important."""
    lines = io.StringIO()
    with redirect_stderr(lines):
        configure("DEBUG")
    yield lines
    configure("ERROR")
