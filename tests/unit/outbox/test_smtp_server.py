"""The connection to the mail server: the system's certificates are read once, not for every few mails (some 20 ms each time)."""

from __future__ import annotations

import smtplib
import ssl
from typing import Any

import pytest

from insyn.outbox.sender import SmtpServer


class Connection:
    """Stands in for an SMTP connection; `contexts` are those it was secured with."""

    def __init__(self, *_where: Any, context: ssl.SSLContext | None = None, **_more: Any) -> None:
        self.contexts = [context] if context else []

    def starttls(self, *, context: ssl.SSLContext) -> None:
        self.contexts.append(context)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[ssl.SSLContext]:
    """The contexts that were made, each by reading the certificates."""
    made: list[ssl.SSLContext] = []
    make = ssl.create_default_context

    def note() -> ssl.SSLContext:
        made.append(make())
        return made[-1]

    monkeypatch.setattr(ssl, "create_default_context", note)
    monkeypatch.setattr(smtplib, "SMTP", Connection)
    monkeypatch.setattr(smtplib, "SMTP_SSL", Connection)
    return made


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_each_connection_is_checked_against_the_same_certificates(security: str, reads: list[ssl.SSLContext]) -> None:
    server = SmtpServer("mail.example.com", 465, security)
    connections: list[Any] = [server.connect() for _ in range(3)]
    assert len(reads) == 1
    assert [each.contexts for each in connections] == [reads] * 3
    assert reads[0].verify_mode is ssl.CERT_REQUIRED
    assert reads[0].check_hostname


def test_without_encryption_none_are_read(reads: list[ssl.SSLContext]) -> None:
    SmtpServer("127.0.0.1", 2525, "none").connect()
    assert reads == []
