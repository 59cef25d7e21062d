"""Whatever comes in: no exception, no long wait, nothing that could become a header of a reply.

INSYN_FUZZ_MAILS sets how many mails are spoiled, INSYN_FUZZ_SEED how.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

from insyn.mail.deciding import Context, Reading, decide, needs_understanding
from insyn.mail.reading import ReadMail
from insyn.mail.reading.reader import read_or_raise
from tests.fixtures.mutations import mutated

COUNT = int(os.environ.get("INSYN_FUZZ_MAILS", "2000"))
SEED = int(os.environ.get("INSYN_FUZZ_SEED", "20260305"))
LONGEST_SECONDS = 2.0
HERE = Context(own_addresses=frozenset({"dpo@kontek.example"}))
HEADERS = ["To", "Subject", "In-Reply-To", "References", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"]


def test_spoiled_mails_are_read_and_decided_upon() -> None:
    slowest = 0.0
    for number, raw in enumerate(mutated(COUNT, SEED)):
        began = time.process_time()
        mail = read_or_raise(raw, authserv_id="mx.kontek.example")
        decision = decide(mail, HERE)
        if needs_understanding(mail, HERE):
            decision = decide(mail, replace(HERE, readings=(Reading("request.erasure", 0.9),)))
        slowest = max(slowest, time.process_time() - began)
        assert slowest < LONGEST_SECONDS, f"mail {number} of seed {SEED}"
        assert decision.kind in ("answered", "ignored", "human")
        assert_nothing_can_be_injected(mail, decision.reply_to)


def assert_nothing_can_be_injected(mail: ReadMail, reply_to: str | None) -> None:
    """All that may go into a header is one printable line; a reply made of it has the headers it was given."""
    senders = [*mail.senders, *mail.reply_to, *mail.to, *mail.cc]
    for value in (
        mail.message_id, mail.subject, mail.topic, mail.forwarded_from, *mail.in_reply_to, *mail.references,
        *(each.name for each in senders), *(each.address for each in senders), *(each.name for each in mail.attachments),
        *mail.automatic.failed_recipients,
    ):  # fmt: skip
        assert not any(char in value for char in "\r\n\x00\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), value
    reply = EmailMessage(policy=policy.SMTPUTF8)
    reply["To"] = "anna@example.com"
    reply["Subject"] = f"Sv: {mail.topic}"
    reply["In-Reply-To"] = mail.message_id
    reply["References"] = " ".join([*mail.references[-20:], mail.message_id])
    reply.set_content(reply_to or "")
    assert sorted(message_from_bytes(reply.as_bytes()).keys()) == sorted(HEADERS)
