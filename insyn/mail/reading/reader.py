"""The way in: raw bytes to a `ReadMail`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import structlog

from insyn.mail.reading import attachments, authentication, automatic, headers, mime, wordings
from insyn.mail.reading.body import Body, body
from insyn.mail.reading.headers import Headers
from insyn.mail.reading.mail import Mailbox, ReadMail
from insyn.mail.reading.new_text import Separated, separate

MAX_INNER_MAILS = 5
MAX_PREFIXES = 20
log = structlog.get_logger()


@dataclass(frozen=True)
class Subject:
    """A subject and what its prefixes say."""

    text: str
    topic: str
    is_reply: bool
    is_forward: bool


def read(raw: bytes, *, authserv_id: str = "") -> ReadMail:
    """Reads a mail. Never raises: what cannot be read comes back with the oddity "unreadable", for a human to see.

    `authserv_id` names the server whose Authentication-Results count (RFC 8601); empty: none do.
    """
    try:
        return read_or_raise(raw, authserv_id=authserv_id)
    except (Exception, RecursionError) as error:
        log.error("mail could not be read", error=type(error).__name__, size=len(raw))
        digest = hashlib.sha256(raw).hexdigest()
        return ReadMail(_synthesised(digest), True, digest, None, size=len(raw), oddities=("unreadable",))


def read_or_raise(raw: bytes, *, authserv_id: str = "") -> ReadMail:
    """As `read`, without the net below it. No input is known to make it raise."""
    digest = hashlib.sha256(raw).hexdigest()
    tree = mime.tree(_presentable(raw))
    root, oddities = tree.root, list(tree.oddities)
    fields = root.headers
    sender, senders = _sender(fields, oddities)
    subject = read_subject(fields)
    in_reply_to = headers.message_ids(fields.first("in-reply-to"))
    references = headers.message_ids(" ".join(fields.all("references")))
    replies = subject.is_reply or (not subject.is_forward and bool(in_reply_to or references))

    content = body(root)
    oddities += content.oddities
    separated = separate(content.text, is_forward=subject.is_forward, is_reply=replies)
    oddities += separated.oddities
    new, forwarded, forwarded_from = _with_inner_mails(separated, content, replies, oddities)
    if not new and not separated.quoted and subject.topic:
        new = subject.topic
        oddities.append("empty_body")
    elif not new and not subject.topic:
        oddities.append("nothing_said")
    if content.encrypted:
        oddities.append("encrypted")

    ids = headers.message_ids(fields.first("message-id"))
    if not ids:
        oddities.append("message_id_missing")
    verdict, malformed = authentication.grade(
        fields.all("authentication-results"), authserv_id, sender.address if sender else ""
    )
    if malformed:
        oddities.append("authentication_results_malformed")
    reply_to, odd_reply_to = headers.mailboxes(fields.all("reply-to"))
    if odd_reply_to:
        oddities.append("reply_to_malformed")
    return ReadMail(
        message_id=ids[0] if ids else _synthesised(digest),
        message_id_synthesised=not ids,
        digest=digest,
        sender=sender,
        senders=senders,
        reply_to=reply_to,
        to=headers.mailboxes(fields.all("to"))[0],
        cc=headers.mailboxes(fields.all("cc"))[0],
        subject=subject.text,
        topic=subject.topic,
        is_reply=replies,
        is_forward=subject.is_forward,
        in_reply_to=in_reply_to,
        references=references,
        date=headers.date(fields.first("date")),
        new_text=new,
        signature=separated.signature,
        quoted=separated.quoted,
        forwarded=forwarded,
        forwarded_from=headers.one_line(forwarded_from)[:300],
        attachments=attachments.listed(content.attachments, new),
        automatic=automatic.marks(fields, root, fields.text("from")),
        authentication=verdict,
        encrypted=content.encrypted,
        size=len(raw),
        oddities=tuple(dict.fromkeys(oddities)),
    )


def read_subject(fields: Headers) -> Subject:
    """The subject with its prefixes (Sv:, VB:, [EXTERN] …) told apart; the outermost one says what the mail is."""
    text = fields.text("subject")[:1_000]
    topic, is_reply, is_forward = text, False, False
    for _ in range(MAX_PREFIXES):
        if found := wordings.TAG_PREFIX.match(topic):
            pass
        elif found := wordings.REPLY_PREFIX.match(topic):
            is_reply = is_reply or not is_forward
        elif found := wordings.FORWARD_PREFIX.match(topic):
            is_forward = is_forward or not is_reply
        else:
            break
        if found.end() >= len(topic):
            topic = ""
            break
        topic = topic[found.end() :]
    return Subject(text, topic.strip(), is_reply, is_forward)


def _presentable(raw: bytes) -> bytes:
    """Without what mailbox files and broken servers put in front; with line feeds where there are only returns."""
    start = raw[:4_096].lstrip(b"\xef\xbb\xbf \t\r\n\x00")
    if start.startswith((b"From ", b">From ")):
        start = start[start.find(b"\n") + 1 :]
    skipped = len(raw[:4_096]) - len(start)
    raw = raw[skipped:] if skipped else raw
    return raw.replace(b"\r", b"\n") if b"\n" not in raw[:65_536] and b"\r" in raw[:65_536] else raw


def _sender(fields: Headers, oddities: list[str]) -> tuple[Mailbox | None, tuple[Mailbox, ...]]:
    values = fields.all("from")
    senders, malformed = headers.mailboxes(values)
    if malformed:
        oddities.append("sender_malformed")
    if len(values) > 1 or len(senders) > 1:
        oddities.append("several_senders")
    with_address = [each for each in senders if "@" in each.address]
    if not with_address:
        oddities.append("sender_missing")
        return None, senders
    return with_address[0], senders


def _with_inner_mails(separated: Separated, content: Body, replies: bool, oddities: list[str]) -> tuple[str, str, str]:
    """The new text together with that of mails forwarded as attachments, the latter alone, and who wrote it."""
    new, forwarded, forwarded_from = separated.new, separated.forwarded, separated.forwarded_from
    if not content.mails:
        return new, forwarded, forwarded_from
    if replies and new:
        oddities.append("attached_mail")
        return new, forwarded, forwarded_from
    oddities.append("forwarded")
    for part in content.mails[:MAX_INNER_MAILS]:
        subject = read_subject(part.headers)
        inner = body(part)
        passed_on = separate(inner.text, is_forward=subject.is_forward, is_reply=subject.is_reply)
        text = passed_on.new or (subject.topic if not passed_on.quoted else "")
        if text:
            forwarded = f"{forwarded}\n\n{text}".strip()
            new = f"{new}\n\n{text}".strip()
            forwarded_from = forwarded_from or passed_on.forwarded_from or part.headers.text("from")
        content.attachments += inner.attachments
        content.encrypted |= inner.encrypted
    return new, forwarded, forwarded_from


def _synthesised(digest: str) -> str:
    return f"<{digest[:40]}@synthesised.invalid>"
