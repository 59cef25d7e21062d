"""A system that may be broken, with a mail server that may be away. Every test leaves it repaired."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures.mail import MailServer
from tests.fixtures.system import System, free_ports


@pytest.fixture(scope="package")
def breakable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    mail = MailServer(free_ports(1)[0])
    system = System(
        tmp_path_factory.mktemp("breakable"),
        mail=mail,
        INSYN_SMTP_HOST="127.0.0.1",
        INSYN_SMTP_PORT=str(mail.port),
        INSYN_SMTP_SECURITY="none",
    )
    mail.up()
    try:
        system.start()
        yield system
    finally:
        system.stop()
        mail.down()


@pytest.fixture
def mail(breakable: System) -> MailServer:
    """The mail server that the system sends to."""
    assert breakable.mail is not None
    return breakable.mail


@pytest.fixture(autouse=True)
def _well_before_and_after(breakable: System) -> Iterator[None]:
    breakable.wait_ready()
    yield
    breakable.wait_ready()
