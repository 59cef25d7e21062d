"""A system that may be broken: its service can be killed and started again, Rasa frozen, the mail server taken away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures.apart import Apart


@pytest.fixture(scope="package")
def breakable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    """Every test leaves it repaired."""
    system = Apart(tmp_path_factory.mktemp("breakable"), INSYN_RASA_TIMEOUT_SECONDS="4")
    try:
        system.start()
        yield system
    finally:
        system.stop()
