"""Bytes to text whatever a mail says its character set is."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

from charset_normalizer import from_bytes

# What the labels of old mail programs mean in practice (WHATWG Encoding Standard, and labels seen in real mail).
_MEANT = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "ansi": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-9": "cp1254",
    "utf8mb4": "utf-8",
    "unicode": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "macintosh": "mac-roman",
    "x-mac-roman": "mac-roman",
    "gb2312": "gb18030",
    "ks_c_5601-1987": "cp949",
}
# Names Python has a codec for that are not character sets of mail.
_NOT_CHARSETS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
_GUESSED_BYTES = 16_384
_CANDIDATES = ["utf_8", "cp1252", "mac_roman", "cp850", "cp865", "iso8859_15", "cp1250", "cp1251", "koi8_r", "utf_16"]
_DOUBLY_ENCODED = re.compile(r"Ã[\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ¤¥¦¶]")


def decode(data: bytes, declared: str = "") -> tuple[str, str | None]:
    """The text of `data`, and what was wrong with its label, if anything.

    That is "charset_wrong", "charset_unknown" or "double_encoded". Never raises; bytes that fit nothing become U+FFFD.
    """
    if data.startswith(codecs.BOM_UTF8):
        return data[3:].decode("utf-8", "replace"), None
    text, oddity = _decoded(data, declared)
    if _DOUBLY_ENCODED.search(text):
        mended = _mended(text)
        if mended is not None:
            return mended, "double_encoded"
    return text, oddity


def decode_header_bytes(data: bytes) -> str:
    """Raw bytes of a header: UTF-8 (RFC 6532) when they are that, otherwise Windows-1252."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


@lru_cache(maxsize=256)
def codec_name(label: str) -> str | None:
    """Python's name of the character set meant by `label`, or None when there is no such thing."""
    cleaned = re.sub(r"[^a-z0-9._:+=-]", "", label.strip().strip("\"'").lower())[:40]
    cleaned = cleaned.removeprefix("charset=").removeprefix("x-unknown").replace("=", "")
    if not cleaned:
        return None
    try:
        info = codecs.lookup(_MEANT.get(cleaned, cleaned))
    except (LookupError, ValueError):
        return None
    if info.name.replace("-", "_") in _NOT_CHARSETS or not getattr(info, "_is_text_encoding", True):
        return None
    return info.name


def _decoded(data: bytes, declared: str) -> tuple[str, str | None]:
    name = codec_name(declared) if declared else None
    labelled = bool(declared.strip())
    unknown = "charset_unknown" if labelled and name is None else None
    if not data or data.isascii():
        if name in ("utf-7", "utf-16", "utf-16-le", "utf-16-be", "iso2022_jp", "hz"):
            try:
                return data.decode(name), None
            except UnicodeError:
                pass
        return data.decode("ascii", "replace"), unknown
    if name != "utf-8":
        # Text with å, ä and ö that is valid UTF-8 is UTF-8, whatever a label for a one-byte set says.
        try:
            if name is None or not name.startswith(("utf-16", "utf-32")):
                return data.decode("utf-8"), unknown or ("charset_wrong" if labelled else None)
        except UnicodeDecodeError:
            pass
    if name is not None:
        try:
            text = data.decode(name)
            if "\x00" not in text:
                return text, None
        except (UnicodeError, ValueError):
            pass
    return _guessed(data), unknown or "charset_wrong"


def _guessed(data: bytes) -> str:
    sample = data[:_GUESSED_BYTES]
    best = from_bytes(sample, cp_isolation=_CANDIDATES, steps=4, preemptive_behaviour=False).best()
    # A mostly ASCII Nordic text says too little for statistics: Windows-1252, if its letters are likely there.
    plain = data.decode("cp1252", "replace")
    if best is None or _nordic_share(plain) > 0.6:
        return plain
    return data.decode(best.encoding, "replace")


def _nordic_share(text: str) -> float:
    beyond = [char for char in text[:_GUESSED_BYTES] if ord(char) > 127]
    return sum(char in "åäöÅÄÖæøÆØéÉüÜ–—’”“…€§ \xa0" for char in beyond) / max(len(beyond), 1)


def _mended(text: str) -> str | None:
    """Text whose UTF-8 was once taken for Windows-1252, put right; None when it was not."""
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        pass
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return None
