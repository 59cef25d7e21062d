"""Identity documents that came along uninvited: they are not kept (GDPR art. 5(1) c)."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Container
from email.message import Message

DISCARDED = "Bilagan liknade en id-handling. Den behövdes inte och har inte sparats.\n"


def without_parts(raw: bytes, names: Container[str]) -> bytes | None:
    """The mail without the content of the attached files of these names; None where it cannot be taken apart, and goes whole."""
    try:
        message = email.message_from_bytes(raw, policy=email.policy.compat32)
        found = [part for part in message.walk() if not part.is_multipart() and (part.get_filename() or "") in names]
        for part in found:
            _empty(part)
        return message.as_bytes() if found else None
    except (ValueError, LookupError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _empty(part: Message) -> None:
    for header in ("Content-Transfer-Encoding", "Content-Type", "Content-Disposition"):
        del part[header]
    part["Content-Type"] = 'text/plain; charset="utf-8"'
    part["Content-Transfer-Encoding"] = "8bit"
    part.set_payload(DISCARDED.encode())
