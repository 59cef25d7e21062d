"""The ports Insyn listens to: taken hold of, or a plain word about which one is in use."""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass

from insyn.runtime.progress import Stop
from insyn.settings import Settings


@dataclass(frozen=True)
class Port:
    """A port, what it is for, and the setting that moves it."""

    host: str
    number: int
    purpose_sv: str
    purpose_en: str
    key: str


def web_port(settings: Settings) -> Port:
    return Port(settings.host, settings.port, "webbtjänsten", "the web service", "INSYN_PORT")


def action_port(settings: Settings) -> Port:
    return Port("127.0.0.1", settings.action_port, "Rasas åtgärder", "Rasa's actions", "INSYN_ACTION_PORT")


def rasa_port(settings: Settings) -> Port:
    return Port("127.0.0.1", settings.rasa_port, "Rasa", "Rasa", "INSYN_RASA_PORT")


def mail_port(settings: Settings) -> Port:
    return Port(
        "127.0.0.1",
        settings.dev_smtp_port,
        "utvecklingsbrevlådan",
        "the development mailbox",
        "INSYN_DEV_SMTP_PORT",
    )


def listener_port(settings: Settings) -> Port:
    return Port(
        settings.mail_listen_host,
        settings.mail_listen_port,
        "inkommande e-post",
        "incoming mail",
        "INSYN_MAIL_LISTEN_PORT",
    )


def require_free(settings: Settings) -> None:
    """Tries every port and lets go again. Raises `Stop` for the first that is in use or given twice."""
    ports = [web_port(settings), action_port(settings), rasa_port(settings)]
    if settings.catches_mail:
        ports.append(mail_port(settings))
    if settings.listens_for_mail:
        ports.append(listener_port(settings))
    seen: dict[int, Port] = {}
    for port in ports:
        if port.number in seen:
            raise Stop(
                f"{seen[port.number].key} och {port.key} är båda {port.number}. Ge dem olika portar.",
                f"{seen[port.number].key} and {port.key} are both {port.number}. Give them different ports.",
            )
        seen[port.number] = port
        claim(port).close()


def claim(port: Port) -> socket.socket:
    """A listening socket on the port. Raises `Stop` that names the setting when it cannot be had."""
    family = socket.AF_INET6 if ":" in port.host else socket.AF_INET
    try:
        listener = socket.create_server((port.host, port.number), family=family)
        # asyncio does this only for sockets that it opens itself; without it each answer waits 40 ms for an acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Stop(
                f"Port {port.number} ({port.purpose_sv}) är upptagen. Stäng det som använder den, "
                f"eller sätt {port.key} i .env till en annan port.",
                f"Port {port.number} ({port.purpose_en}) is in use. Close what uses it, "
                f"or set {port.key} in .env to another port.",
            ) from None
        if error.errno == errno.EACCES:
            raise Stop(
                f"Port {port.number} ({port.purpose_sv}) kräver högre behörighet. Sätt {port.key} över 1023.",
                f"Port {port.number} ({port.purpose_en}) needs privileges. Set {port.key} above 1023.",
            ) from None
        # A host name that is not known comes as a plain OSError with the resolver's negative number.
        if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT) and (error.errno or 0) > 0:
            raise
    except OverflowError:
        raise Stop(f"{port.key} måste vara mellan 1 och 65535.", f"{port.key} must be between 1 and 65535.") from None
    raise Stop(
        f"Adressen {port.host} finns inte på den här datorn. Rätta INSYN_HOST i .env.",
        f"This machine has no address {port.host}. Correct INSYN_HOST in .env.",
    )
