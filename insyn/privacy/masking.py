"""Masking: every identifier in what people write is swapped for a placeholder before anything else reads the text.

The gateway calls `mask(normalise(text), keep)`. `normalise` takes the placeholder characters out of what a person typed,
so a placeholder that `mask` meets is always one of our own and stays as it is; that makes masking idempotent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Container

from insyn.privacy import names, shapes
from insyn.privacy.sheet import Finding, Sheet

KINDS = ("e-post", "telefon", "personnummer", "kortnummer", "namn", "kod", "ärende", "adress", "konto")
PLACEHOLDER = re.compile(rf"⟨(?:{'|'.join(KINDS)}) \d{{1,6}}⟩")
ROUNDS = 8

_BRACKETS = str.maketrans("⟨⟩", "<>")
_PLAIN = re.compile(r"[\n\t -~åäöÅÄÖéÉüÜ–…’”“]*+")
_BREAKS = re.compile("\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180e\u2800\u3164\uffa0")
_LINE_ENDS = re.compile(r"(?<![ \t])[ \t]++(?=\n)")
_KEYCAP = re.compile("(?<=[0-9#*])\ufe0f?\u20e3")
_DIGIT_MARKS = re.compile("(?<=[0-9@])[\u0300-\u036f\u20d0-\u20ff]+")


def normalise(text: str) -> str:
    """What a person typed in the form everything else expects; the same for every way of typing it.

    NFC; line ends as LF; control, format and private characters dropped (a joiner inside an emoji stays); digits of
    every script and full-width forms as ASCII; exotic spaces as a space; `⟨⟩` as `<>`. Raises nothing.
    """
    return _clean(text).translate(_BRACKETS)


def mask(
    text: str,
    keep: Callable[[str, str], str],
    *,
    expects: str | None = None,
    vocabulary: Container[str] = frozenset(),
) -> str:
    """`text` (normalised) with each identifier replaced by what `keep(kind, value)` returns, called in reading order.

    `expects` is what was asked for last: `"name"` takes the answer as a name unless every word is in `vocabulary`
    (folded small words that understanding knows), `"code"` takes eight digits as a one-time code, `"reference"` a case
    reference in small letters without any digit.
    """
    text = _clean(text)
    sheet = Sheet(text, [match.span() for match in PLACEHOLDER.finditer(text)])
    named = any(text.startswith("⟨namn", start) for start, _ in sheet.placeholders)
    for _ in range(ROUNDS):
        before = len(sheet.findings)
        shapes.mask_shapes(sheet, expects)
        names.mask_announced(sheet)
        if expects == "name" and not named and not any(finding.kind == "namn" for finding in sheet.findings):
            names.mask_answer(sheet, vocabulary)
        names.mask_by_capitals(sheet)
        if len(sheet.findings) == before:
            break
        sheet.renew()
        _mask_echoes(sheet)
    return _written(sheet, keep)


def personal_in(text: str) -> list[tuple[str, str]]:
    """What `mask` would take out of a text: kind and value of each, in reading order; placeholders of ours may stand in it."""
    found: list[tuple[str, str]] = []

    def note(kind: str, value: str) -> str:
        found.append((kind, value))
        return f"⟨{kind} {len(found)}⟩"

    mask(text, note)
    return found


def _written(sheet: Sheet, keep: Callable[[str, str], str]) -> str:
    parts: list[str] = []
    at = 0
    placed = sorted([*sheet.findings, *(Finding(start, end, "", "") for start, end in sheet.placeholders)])
    for start, end, kind, value in placed:
        parts.append(sheet.text[at:start].translate(_BRACKETS))
        parts.append(keep(kind, value) if kind else sheet.text[start:end])
        at = end
    parts.append(sheet.text[at:].translate(_BRACKETS))
    return "".join(parts)


def _mask_echoes(sheet: Sheet) -> None:
    """What was found once is masked wherever it stands again, also where nothing announces it."""
    names.mask_known_names(sheet)
    found = []
    for kind, value, written in {(f.kind, f.value, sheet.text[f.start : f.end]) for f in sheet.findings}:
        if len(written) < 4:
            continue
        at = sheet.work.find(written)
        while at >= 0:
            end = at + len(written)
            if not (sheet.work[max(at - 1, 0) : at].isalnum() or sheet.work[end : end + 1].isalnum()):
                found.append(Finding(at, end, kind, value))
            at = sheet.work.find(written, end)
    sheet.add(found)


def _clean(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return _LINE_ENDS.sub("", text).rstrip()
    text = _BREAKS.sub("\n", text)
    text = "".join(_characters(text))
    text = unicodedata.normalize("NFC", text)
    text = _DIGIT_MARKS.sub("", _KEYCAP.sub("", text))
    return _LINE_ENDS.sub("", text).rstrip()


def _characters(text: str) -> list[str]:
    out: list[str] = []
    last = len(text) - 1
    for place, character in enumerate(text):
        if "\x20" <= character <= "\x7e" or character in "\n\tåäöÅÄÖ":
            out.append(character)
            continue
        category = unicodedata.category(character)
        if character == "\u200d":
            if 0 < place < last and _pictorial(text[place - 1]) and _pictorial(text[place + 1]):
                out.append(character)
        elif "\ufe00" <= character <= "\ufe0f":
            if out and _pictorial(out[-1]):
                out.append(character)
        elif category[0] == "C" or character in _INVISIBLE:
            continue
        elif category == "Zs":
            out.append(" ")
        elif (digit := unicodedata.digit(character, None)) is not None:
            out.append(str(digit))
        elif "\uff01" <= character <= "\uff5e":
            out.append(chr(ord(character) - 0xFEE0))
        elif character == "\ufe6b":
            out.append("@")
        else:
            out.append(character)
    return out


def _pictorial(character: str) -> bool:
    """An emoji or what may stand inside one."""
    return unicodedata.category(character) in ("So", "Sk") or character == "\ufe0f"
