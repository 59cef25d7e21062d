"""Which parts of a mail are its text, which are attached, and which are mails of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from insyn.mail.reading.charset import decode
from insyn.mail.reading.html import visible_text
from insyn.mail.reading.mime import Part

MAX_TEXT_CHARS = 400_000
MAX_TEXT_PARTS = 200
MAX_HTML_CHARS = 600_000  # of all HTML in a mail together
_SIGNATURES = frozenset({"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"})
_ENVELOPED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted"})
_LOOKS_LIKE_HTML = re.compile(
    r"^\s*(?:<!doctype html|<html|<head|<body|<meta\s|<div[\s>]|<p[\s>]|<table[\s>]|<style)", re.IGNORECASE
)
_NO_TEXT_VERSION = re.compile(
    r"(?:stöd(?:er|jer) (?:inte|ej) html|html-format|does(?:n'?t| not) support html|view (?:this|it) (?:e-?mail"
    r"|message )?(?:in|on) (?:your|a|the) "
    r"(?:web )?browser|this is an html|visa (?:det här )?(?:mejlet|brevet) i (?:din )?webbläsare"
    r"|e-?mail client (?:that )?(?:can|does))",
    re.IGNORECASE,
)
_PGP_SIGNED, _PGP_SIGNATURE, _PGP_SIGNATURE_END, _PGP_MESSAGE, _PGP_MESSAGE_END = (
    f"-----{each}-----"
    for each in (
        "BEGIN PGP SIGNED MESSAGE",
        "BEGIN PGP SIGNATURE",
        "END PGP SIGNATURE",
        "BEGIN PGP MESSAGE",
        "END PGP MESSAGE",
    )
)
_UUENCODED = re.compile(r"^begin [0-7]{3,4} (.{1,120})\n(?:[^\n]{1,100}\n){1,200000}?`?\n?end\s*$", re.MULTILINE)
_FLOWED_QUOTE = re.compile(r"^(>+)")


@dataclass
class Body:
    """The text of a mail as one string, its attachments, and the mails inside it."""

    texts: list[str] = field(default_factory=list)
    attachments: list[Part] = field(default_factory=list)
    mails: list[Part] = field(default_factory=list)
    oddities: list[str] = field(default_factory=list)
    encrypted: bool = False
    html_left: int = MAX_HTML_CHARS

    @property
    def text(self) -> str:
        return "\n\n".join(each.strip("\n") for each in self.texts if each.strip())


def body(root: Part) -> Body:
    """Sorts the parts of a mail. Never raises."""
    found = Body()
    _sort(root, found, in_related=False)
    total = 0
    for number, text in enumerate(found.texts):
        total += len(text)
        if total > MAX_TEXT_CHARS:
            found.texts[number] = text[: max(0, MAX_TEXT_CHARS - (total - len(text)))]
            del found.texts[number + 1 :]
            found.oddities.append("text_truncated")
            break
    found.oddities = list(dict.fromkeys(found.oddities))
    return found


def _sort(part: Part, found: Body, *, in_related: bool) -> None:
    kind = part.type.media_type
    if kind == "multipart/alternative" and part.children:
        _best_version(part, found)
    elif kind == "multipart/related" and part.children:
        _sort(part.children[0], found, in_related=False)
        for child in part.children[1:]:
            _sort(child, found, in_related=True)
    elif kind == "multipart/signed" and part.children:
        found.oddities.append("signed")
        _sort(part.children[0], found, in_related=False)
    elif kind == "multipart/encrypted":
        found.encrypted = True
    elif kind == "multipart/report" and part.children:
        _sort(part.children[0], found, in_related=False)
    elif kind in ("message/rfc822", "message/global") and part.children:
        found.mails.append(part.children[0])
    elif part.children:
        for child in part.children:
            _sort(child, found, in_related=in_related)
    else:
        _leaf(part, found, in_related=in_related)


def _leaf(part: Part, found: Body, *, in_related: bool) -> None:
    kind = part.type.media_type
    if kind in _SIGNATURES:
        found.oddities.append("signed")
    elif kind in _ENVELOPED or part.file_name.lower().endswith(".p7m"):
        found.encrypted = True
    elif kind == "application/ms-tnef" or part.file_name.lower() == "winmail.dat":
        found.oddities.append("winmail")
        found.attachments.append(part)
    elif kind.startswith(("message/", "text/rfc822-headers")):
        pass  # parts of reports, which `automatic` reads
    elif kind == "text/calendar":
        if part.file_name:
            found.attachments.append(part)
    elif _is_shown(part):
        if len(found.texts) < MAX_TEXT_PARTS:
            found.texts.append(_text(part, found))
        else:
            found.oddities.append("too_many_texts")
    elif in_related and part.type.main == "image" and part.disposition != "attachment":
        pass  # a picture within the text, such as a logotype
    elif part.end > part.start or part.file_name:
        found.attachments.append(part)


def _is_shown(part: Part) -> bool:
    if part.disposition == "attachment" or (
        part.file_name and part.disposition != "inline" and part.type.media_type not in ("text/html",)
    ):
        return False
    if part.type.main == "multipart":
        return True  # one that could not be split: what is in it is shown as it is
    return part.type.main == "text" and part.type.media_type not in (
        "text/x-amp-html",
        "text/watch-html",
        "text/x-vcard",
        "text/vcard",
        "text/rtf",
        "text/css",
        "text/csv",
    )


def _best_version(part: Part, found: Body) -> None:
    """Of a text in several versions the plain one, unless it is empty or says less than the HTML does."""
    versions: dict[str, Body] = {}
    for child in part.children:
        version = Body(html_left=found.html_left)
        _sort(child, version, in_related=False)
        found.html_left = version.html_left
        if version.texts and child.type.media_type != "text/calendar":
            name = "plain" if child.type.media_type == "text/plain" else "rich"
            if name not in versions or not versions[name].text.strip():
                versions[name] = version
                continue
        version.texts = []
        _take(version, found)
    plain, rich = versions.get("plain"), versions.get("rich")
    if plain is None or rich is None:
        chosen = plain or rich
        if chosen:
            _take(chosen, found)
        return
    said, shown = plain.text.split(), rich.text.split()
    unlike = len(said) * 2 < len(shown) and len(shown) > 3
    if not said or unlike or (len(said) < 60 and _NO_TEXT_VERSION.search(plain.text)):
        if said and unlike:
            found.oddities.append("versions_differ")
        plain.texts = []
    else:
        rich.texts = []
    _take(plain, found)
    _take(rich, found)


def _take(version: Body, found: Body) -> None:
    found.texts += version.texts
    found.attachments += version.attachments
    found.mails += version.mails
    found.oddities += version.oddities
    found.encrypted |= version.encrypted


def _text(part: Part, found: Body) -> str:
    data, whole = part.content()
    if not whole:
        found.oddities.append("text_truncated")
    text, oddity = decode(data, part.type.charset)
    if oddity:
        found.oddities.append(oddity)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if part.type.media_type == "text/html" or (
        part.type.media_type != "text/html" and _LOOKS_LIKE_HTML.match(text[:500])
    ):
        if part.type.media_type != "text/html":
            found.oddities.append("html_unlabelled")
        if len(text) > found.html_left:
            found.oddities.append("text_truncated")
        seen = visible_text(text[: found.html_left])
        found.html_left -= min(len(text), found.html_left)
        found.oddities += [
            name
            for name, is_so in (
                ("hidden_text", seen.hidden),
                ("text_truncated", seen.truncated),
                ("html_overnested", seen.overnested),
            )
            if is_so
        ]
        return _unarmoured(seen.text, found)
    if part.type.media_type in ("text/enriched", "text/richtext"):
        text = re.sub(r"<[^<>\n]{1,80}>", "", text.replace("<<", "<"))
    if part.type.flowed:
        text = unflowed(text, delete_space=part.type.delsp)
    return _unarmoured(text, found)


def _unarmoured(text: str, found: Body) -> str:
    """Without PGP's armour: a signed text is read, an encrypted one noted."""
    if _PGP_SIGNED in text:
        before, _, rest = text.partition(_PGP_SIGNED)
        signed, _, rest = rest.partition(_PGP_SIGNATURE)
        _, said = signed.split("\n\n", 1) if "\n\n" in signed else ("", signed)
        found.oddities.append("signed")
        text = f"{before}{re.sub('^- ', '', said, flags=re.MULTILINE)}{rest.partition(_PGP_SIGNATURE_END)[2]}"
    if _PGP_MESSAGE in text:
        before, _, rest = text.partition(_PGP_MESSAGE)
        found.encrypted = True
        text = before + rest.partition(_PGP_MESSAGE_END)[2]
    if "\nend" in text and (inside := _UUENCODED.search(text)):
        found.oddities.append("uuencoded")
        text = text[: inside.start()] + text[inside.end() :]
    return text


def unflowed(text: str, *, delete_space: bool) -> str:
    """format=flowed (RFC 3676) put back into whole lines; "-- " stays a line of its own."""
    rows: list[str] = []
    flowing_depth: int | None = None
    for line in text.split("\n"):
        marks = _FLOWED_QUOTE.match(line)
        depth = len(marks[1]) if marks else 0
        content = line[depth:]
        content = content.removeprefix(" ")
        soft = content.endswith(" ") and content != "-- "
        if flowing_depth == depth and content != "-- ":
            rows[-1] += content
        else:
            rows.append(f"{'>' * depth} {content}" if depth else content)
        if soft and delete_space:
            rows[-1] = rows[-1][:-1]
        flowing_depth = depth if soft else None
    return "\n".join(rows)
