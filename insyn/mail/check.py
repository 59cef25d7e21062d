"""What of the mail configuration works, found out by using it; nothing is sent, fetched or marked."""

from __future__ import annotations

import smtplib
import socket
from dataclasses import dataclass

from insyn.mail.imap import ImapServer, Unreachable
from insyn.outbox.sender import SmtpServer
from insyn.settings import Settings

PATIENCE_SECONDS = 3.0


@dataclass(frozen=True)
class Finding:
    """One part of the mail, whether it works, and what was found. In Swedish, without passwords or addresses."""

    what: str
    works: bool
    says: str


def check(settings: Settings) -> list[Finding]:
    """Looks at each part that is configured."""
    return [_incoming_by_imap(settings), _listener(settings), _outgoing(settings)]


def _incoming_by_imap(settings: Settings) -> Finding:
    what = "Inkommande, IMAP"
    if not settings.imap_host:
        return Finding(what, settings.listens_for_mail, "inte inställt (INSYN_IMAP_HOST är tom)")
    server = ImapServer.of(settings)
    try:
        with server.connected() as box:
            status = box.folder.status(server.folder, ["MESSAGES", "UNSEEN"])
            if server.done_folder and not box.folder.exists(server.done_folder):
                return Finding(what, False, f"mappen {server.done_folder} finns inte (INSYN_IMAP_DONE_FOLDER)")
            idles = "meddelar nya mejl själv" if "IDLE" in box.client.capabilities else "frågas regelbundet"
    except Unreachable as error:
        return Finding(what, False, f"det gick inte att logga in eller öppna mappen ({_said(error)})")
    return Finding(
        what, True, f"inloggad, mappen {server.folder} har {status['MESSAGES']} mejl, {status['UNSEEN']} olästa; servern {idles}"
    )  # fmt: skip


def _listener(settings: Settings) -> Finding:
    what = "Inkommande, egen mottagare"
    if not settings.listens_for_mail:
        return Finding(what, bool(settings.imap_host), "avslagen (INSYN_MAIL_LISTEN)")
    place = f"{settings.mail_listen_host}:{settings.mail_listen_port}"
    try:
        with socket.create_connection((settings.mail_listen_host, settings.mail_listen_port), PATIENCE_SECONDS) as line:
            greeting = line.makefile("rb").readline(512)
    except OSError as error:
        return Finding(what, False, f"ingen svarar på {place} ({type(error).__name__}); är tjänsten igång?")
    return Finding(what, greeting.startswith(b"220"), f"svarar på {place}")


def _outgoing(settings: Settings) -> Finding:
    what = "Utgående, SMTP"
    server = SmtpServer.of(settings)
    place = "utvecklingsbrevlådan" if settings.catches_mail else f"{server.host}:{server.port}"
    if not server.host:
        return Finding(what, False, "inte inställt (INSYN_SMTP_HOST är tom)")
    try:
        with server.connect() as connection:
            connection.noop()
    except (OSError, smtplib.SMTPException) as error:
        return Finding(what, False, f"det gick inte att ansluta till {place} eller logga in ({type(error).__name__})")
    return Finding(what, True, f"ansluten till {place}" + (", inloggad" if server.username else ""))


def _said(error: BaseException) -> str:
    """The kind of failure; a server's own words may repeat what was sent to it."""
    return type(error).__name__
