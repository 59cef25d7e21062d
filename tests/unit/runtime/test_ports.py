"""Ports: what is in use is named, with the setting that moves it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from insyn.runtime import ports
from insyn.runtime.environment import SECRETS
from insyn.runtime.progress import Stop
from insyn.settings import Settings

FIELDS = ("port", "action_port", "rasa_port", "dev_smtp_port")


def _free() -> list[int]:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in FIELDS]
    numbers = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return numbers


def _settings(**fields: Any) -> Settings:
    secrets = {name.removeprefix("INSYN_").lower(): make() for name, make in SECRETS.items()}
    return Settings(_env_file=None, **secrets, **{**dict(zip(FIELDS, _free(), strict=True)), **fields})


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_free_ports_stay_free() -> None:
    settings = _settings()

    ports.require_free(settings)
    ports.require_free(settings)


@pytest.mark.parametrize("field", FIELDS)
def test_taken_port_is_named_with_its_setting(field: str, taken: int) -> None:
    with pytest.raises(Stop) as stopped:
        ports.require_free(_settings(**{field: taken}))
    for text in (stopped.value.swedish, stopped.value.english):
        assert str(taken) in text
        assert f"INSYN_{field.upper()}" in text


def test_mailbox_port_does_not_matter_when_mail_is_sent_for_real(taken: int) -> None:
    ports.require_free(_settings(dev_smtp_port=taken, smtp_host="smtp.example"))


def test_same_port_twice_names_both_settings() -> None:
    number = _free()[0]

    with pytest.raises(Stop, match="INSYN_PORT and INSYN_RASA_PORT"):
        ports.require_free(_settings(port=number, rasa_port=number))


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_address_of_another_machine_names_the_setting(host: str) -> None:
    with pytest.raises(Stop, match="INSYN_HOST"):
        ports.require_free(_settings(host=host))


def test_port_out_of_range_names_the_setting() -> None:
    with pytest.raises(Stop, match="INSYN_PORT"):
        ports.require_free(_settings(port=70000))


def test_answers_are_sent_at_once() -> None:
    """Without TCP_NODELAY on what is accepted, the second half of an answer waits for the first to be acknowledged."""
    settings = _settings()
    with ports.claim(ports.web_port(settings)) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
