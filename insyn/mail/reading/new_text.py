"""What a sender wrote now, apart from what they quoted, signed with or had added by machines.

The text is read line by line. A *break* is where a mail program says that older mail follows: an attribution ("Den 12
maj 2025 kl 10:14 skrev …:"), a block of header lines ("Från: … Skickat: …"), a separator ("-----Ursprungligt
meddelande-----"). Answers between and below lines quoted with ">" are new; what stands below a break without ">" is
old; and what stands below the break of a forward is why it was forwarded, so it counts as new.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from insyn.mail.reading import signature, wordings

MAX_CHARS = 200_000
MAX_LINES = 5_000
MAX_FORWARDS = 6  # one inside the other
MAX_ATTRIBUTION_LINES = 4
MAX_ATTRIBUTION_CHARS = 400
MAX_HEADER_LINES = 40
WIDEST_WRAP = 100
NARROWEST_WRAP = 55
_QUOTE = re.compile(r"^\s{0,3}((?:>\s?)+)")
_RULE = re.compile(r"^\s*[_–—=*-]{5,}\s*$")
_INVISIBLE = re.compile(r"[\u200b\u200e\u200f\u2060\u00ad\ufeff\u202a-\u202e\u2066-\u2069\x00-\x08\x0b\x0c\x0e-\x1f]")
_SPACES = re.compile(r"[\u00a0\u2000-\u200a\u202f\u3000\t]")
_LIST_ITEM = re.compile(r"^\s*(?:[-*•·–]|\d{1,2}[.)]|[a-z]\))\s")
_LABELLED = re.compile(r"^\s*[\w /-]{1,30}:\s")
_ENDS_SENTENCE = re.compile(r"[.!?:;…]['\"”)]?$")


@dataclass(frozen=True)
class Separated:
    """A text in its parts. `forwarded` is the part of `new` from a forwarded mail, `forwarded_from` who wrote that."""

    new: str
    signature: str = ""
    quoted: str = ""
    forwarded: str = ""
    forwarded_from: str = ""
    oddities: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Break:
    kind: str  # attribution | header | separator | forward
    start: int
    end: int  # the first line after it
    subject: str = ""
    sender: str = ""


@dataclass
class _Parts:
    new: list[str]
    signature: list[str]
    quoted: list[str]
    forwarded: list[str]
    oddities: list[str]
    forwarded_from: str = ""


def separate(text: str, *, is_forward: bool = False, is_reply: bool = False) -> Separated:
    """Parts `text`, the body of a mail whose subject says that it is a forward or a reply. Never raises."""
    lines, oddities = _lines(text)
    parts = _separate(lines, is_forward=is_forward, is_reply=is_reply, depth=0)
    new = reflowed(parts.new)
    if wordings.ANSWERS_BELOW.search(new[:5_000]) and "inline_answers" not in parts.oddities and parts.quoted:
        parts.oddities.append("answers_in_quote")
    return Separated(
        new,
        "\n".join(parts.signature).strip(),
        "\n".join(parts.quoted).strip(),
        reflowed(parts.forwarded),
        parts.forwarded_from,
        tuple(dict.fromkeys(oddities + parts.oddities)),
    )


def _lines(text: str) -> tuple[list[str], list[str]]:
    oddities = []
    if len(text) > MAX_CHARS:
        text = text[:MAX_CHARS]
        oddities.append("text_truncated")
    text = _SPACES.sub(" ", _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    lines = [line.rstrip() if line != "-- " else line for line in text.split("\n")]
    if len(lines) > MAX_LINES:
        del lines[MAX_LINES:]
        oddities.append("text_truncated")
    return lines, oddities


def _separate(lines: list[str], *, is_forward: bool, is_reply: bool, depth: int) -> _Parts:
    lines = _without_banners(lines)
    first = _first_break(lines, 0)
    quote = _first_quote(lines, first, is_reply or is_forward)
    if first is None and quote is None:
        if lines and all(_QUOTE.match(line) for line in lines if line.strip()):
            lines = [_unquoted(line) for line in lines]  # someone's way to begin a line
        said, signed = signature.cut(lines)
        return _Parts(said, signed, [], [], [])
    if first is not None and (quote is None or first.start <= quote):
        above = lines[: first.start]
        bare = not any(line.strip() for line in signature.cut(above)[0])
        forward = (
            first.kind == "forward"
            or (is_forward and depth < MAX_FORWARDS)
            or (first.kind == "header" and bare and not is_reply)
        )
        if forward and depth < MAX_FORWARDS:
            return _with_forward(above, lines[first.end :], first, depth)
        if not _is_quoted_next(lines, first.end):
            return _top_posted(above, lines[first.start :], bare)
        return _interleaved(lines, first.start)
    assert quote is not None
    if is_forward and depth < MAX_FORWARDS:
        return _with_forward(lines[:quote], lines[quote:], _Break("forward", quote, quote), depth)
    return _interleaved(lines, quote)


def _top_posted(above: list[str], below: list[str], bare: bool) -> _Parts:
    said, signed = signature.cut(above)
    return _Parts(said, signed, below, [], ["only_quoted"] if bare else [])


def _with_forward(above: list[str], below: list[str], at: _Break, depth: int) -> _Parts:
    """A forward: the sender's own words and what they passed on."""
    said, signed = signature.cut(above)
    inner = below
    subject, sender = at.subject, at.sender
    if _mostly_quoted(inner):
        inner = [_unquoted(line) for line in inner]
    if at.kind != "header":
        start = _next_filled(inner, 0)
        block = _header_block(inner, start) if start is not None else None
        if block is not None:
            subject, sender, inner = block.subject, block.sender, inner[block.end :]
    passed_on = _separate(
        inner,
        is_forward=bool(wordings.FORWARD_PREFIX.match(subject)),
        is_reply=bool(wordings.REPLY_PREFIX.match(subject)),
        depth=depth + 1,
    )
    return _Parts(
        [*said, "", *passed_on.new],
        signed + passed_on.signature,
        passed_on.quoted,
        passed_on.new,
        ["forwarded", *passed_on.oddities],
        passed_on.forwarded_from or sender,
    )


def _interleaved(lines: list[str], start: int) -> _Parts:
    """Text above, between and below lines that are quoted with ">"."""
    said, signed = signature.cut(lines[:start])
    new, quoted = list(said), []  # type: list[str], list[str]
    group: list[str] = []
    groups: list[list[str]] = []
    answered_between = False
    at = start
    while at < len(lines):
        line = lines[at]
        if _QUOTE.match(line):
            if group:
                answered_between |= any(each.strip() for each in group)
                groups.append(group)
                group = []
            quoted.append(line)
            at += 1
            continue
        found = _break_at(lines, at)
        if found is not None:
            if not _is_quoted_next(lines, found.end):
                quoted += lines[at:]
                break
            quoted += lines[at : found.end]
            at = found.end
            continue
        if not group and line.strip() and _is_wrapped_rest(lines, at):
            quoted.append(line)
        else:
            group.append(line)
        at += 1
    groups.append(group)
    for number, each in enumerate(groups):
        text, sign = signature.cut(each, below_quotes=any(line.strip() for line in new))
        if number < len(groups) - 1 and not sign:
            text = each
        if any(line.strip() for line in text):
            new += ["", *text]
        signed += sign
    oddities = ["inline_answers"] if answered_between else []
    if not any(line.strip() for line in new):
        oddities.append("only_quoted")
    return _Parts(new, signed, quoted, [], oddities)


def _is_wrapped_rest(lines: list[str], at: int) -> bool:
    """Whether a line is the rest of the quoted line above it, broken off by a mail program."""
    if at == 0 or not _QUOTE.match(lines[at - 1]):
        return False
    above = lines[at - 1].rstrip()
    return (
        len(above) >= NARROWEST_WRAP
        and len(lines[at]) < 45
        and lines[at].lstrip()[:1].islower()
        and not _ENDS_SENTENCE.search(above)
    )


def _without_banners(lines: list[str]) -> list[str]:
    """`lines` without the warnings that mail systems put on top; never all of them, and nothing in the first person."""
    start = 0
    while True:
        filled = _next_filled(lines, start)
        if filled is None or filled > start + 3:
            return lines[start:]
        end = filled
        while end < len(lines) and lines[end].strip():
            end += 1
        if _is_banner(" ".join(lines[filled:end]).strip()):
            after = end
        elif _is_banner(lines[filled]) or (start and _RULE.match(lines[filled])):
            after = filled + 1
        else:
            return lines[start:]
        if _next_filled(lines, after) is None:
            return lines[start:]
        start = after


def _is_banner(text: str) -> bool:
    return len(text) < 600 and bool(wordings.BANNER.match(text)) and not signature.is_first_person(text)


def _first_quote(lines: list[str], first: _Break | None, expected: bool) -> int | None:
    """The first quoted line; a single ">" somewhere in a mail that is no reply is not a quote."""
    quoted = [at for at, line in enumerate(lines) if _QUOTE.match(line)]
    if not quoted:
        return None
    if first is None and not expected:
        filled = sum(bool(line.strip()) for line in lines)
        if len(quoted) < 2 or len(quoted) >= filled:
            return None
    return quoted[0]


def _first_break(lines: list[str], start: int) -> _Break | None:
    for at in range(start, len(lines)):
        if wordings.ANGLED_ATTRIBUTION.match(lines[at][:MAX_ATTRIBUTION_CHARS]):
            return _Break("separator", at, at + 1)
        if lines[at].strip() and not _QUOTE.match(lines[at]):
            found = _break_at(lines, at)
            if found is not None:
                return found
    return None


def _break_at(lines: list[str], at: int) -> _Break | None:
    line = lines[at][:MAX_ATTRIBUTION_CHARS]
    for pattern, kind in ((wordings.FORWARD_SEPARATOR, "forward"), (wordings.ORIGINAL_SEPARATOR, "separator")):
        if pattern.match(line):
            block = _header_block_after(lines, at + 1)
            return replace(block, kind=kind, start=at) if block else _Break(kind, at, at + 1)
    if _RULE.match(line):
        block = _header_block_after(lines, at + 1, patience=2)
        return replace(block, start=at) if block else None
    block = _header_block(lines, at)
    if block is not None:
        return block
    return _attribution(lines, at)


def _header_block_after(lines: list[str], start: int, patience: int = 3) -> _Break | None:
    filled = _next_filled(lines, start)
    return _header_block(lines, filled) if filled is not None and filled <= start + patience else None


def _header_block(lines: list[str], at: int) -> _Break | None:
    """Header lines above a quoted mail: who it is from, and when or about what, or whom to with an address."""
    if not _label_kind(lines[at]):
        return None
    seen: dict[str, str] = {}
    end, blank = at, 0
    for number in range(at, min(len(lines), at + MAX_HEADER_LINES)):
        line = lines[number][:1_000]
        if not line.strip("> "):
            blank += 1
            if blank > 1:
                break
            continue
        kind = _label_kind(line)
        if kind:
            if kind[0] in seen and kind[0] == "from":
                break
            seen.setdefault(*kind)
        elif blank or not _continues(line, seen):
            break
        end, blank = number + 1, 0
    if "from" not in seen:
        return None
    if "sent" in seen or "subject" in seen or ("to" in seen and "@" in seen["from"]):
        return _Break("header", at, end, seen.get("subject", "").strip(" *_"), seen["from"].strip(" *_"))
    return None


def _label_kind(line: str) -> tuple[str, str] | None:
    for kind, pattern in (
        ("from", wordings.FROM_LABEL),
        ("sent", wordings.SENT_LABEL),
        ("to", wordings.TO_LABEL),
        ("subject", wordings.SUBJECT_LABEL),
        ("other", wordings.OTHER_LABEL),
    ):
        if found := pattern.match(line[:1_000]):
            return kind, found["value"].strip()
    return None


def _continues(line: str, seen: dict[str, str]) -> bool:
    """Whether a line goes on with a list of recipients or a folded subject."""
    return (
        bool(seen)
        and ("@" in line or line.rstrip().endswith(";") or line.startswith((" ", "\t")))
        and "subject" not in list(seen)[-1:]
    )


def _attribution(lines: list[str], at: int) -> _Break | None:
    """A line, wrapped at most over a few, in which a mail program says who wrote what follows."""
    first = lines[at].strip()
    if len(first) > MAX_ATTRIBUTION_CHARS:
        return None
    if wordings.DASHED_ATTRIBUTION.match(first) or wordings.QUOTING.match(first):
        return _Break("attribution", at, at + 1)
    if not wordings.ATTRIBUTION_START.match(first):
        return None
    joined = ""
    for number in range(at, min(len(lines), at + MAX_ATTRIBUTION_LINES)):
        line = lines[number].strip()
        if not line or _QUOTE.match(line):
            return None
        joined = f"{joined} {line}".strip()
        if len(joined) > MAX_ATTRIBUTION_CHARS:
            return None
        if not (
            line.endswith((":", "："))
            or re.search(r"\bskrev: \(.{6,60}\)$|\bkirjoitti .{4,40}:$", joined)
            or _is_quoted_next(lines, number + 1)
        ):
            continue
        if _says_who_wrote(joined, quoted=_is_quoted_next(lines, number + 1)):
            return None if _begins_later(lines, at + 1, number + 1) else _Break("attribution", at, number + 1)
    return None


def _begins_later(lines: list[str], start: int, end: int) -> bool:
    """Whether a whole attribution stands in the lines below the first one, which then is the sender's own."""
    for at in range(start, end):
        rest = " ".join(line.strip() for line in lines[at:end])
        if (
            wordings.ATTRIBUTION_START.match(rest)
            and wordings.WROTE.search(rest)
            and wordings.DATE_OR_TIME.search(rest)
            and _says_who_wrote(rest, quoted=False)
        ):
            return True
    return False


def _says_who_wrote(line: str, *, quoted: bool) -> bool:
    if wordings.WROTE.search(line):
        dated = bool(wordings.DATE_OR_TIME.search(line))
        addressed = bool(wordings.ADDRESS.search(line))
        closed = bool(wordings.ATTRIBUTION_END.search(line))
        if quoted and closed and (dated or addressed or wordings.NAME_WROTE.match(line)):
            return True
        if wordings.PERSON_WROTE.search(line):
            return False
        return line.endswith((":", ")")) and (addressed or (dated and len(line.split()) <= 16))
    if quoted and line.endswith(":") and wordings.DATE_OR_TIME.search(line) and wordings.ADDRESS.search(line):
        return True  # "2025-05-12 10:14 GMT+02:00 Anna Ek <anna@example.se>:"
    return quoted and any(pattern.search(line) for pattern in wordings.LIBRARY_ATTRIBUTIONS)


def _is_quoted_next(lines: list[str], start: int) -> bool:
    filled = _next_filled(lines, start)
    return filled is not None and filled <= start + 3 and bool(_QUOTE.match(lines[filled]))


def _next_filled(lines: list[str], start: int) -> int | None:
    return next((at for at in range(start, len(lines)) if lines[at].strip()), None)


def _mostly_quoted(lines: list[str]) -> bool:
    filled = [line for line in lines if line.strip()]
    return (
        bool(filled)
        and sum(bool(_QUOTE.match(line)) for line in filled) * 2 > len(filled)
        and bool(_QUOTE.match(filled[0]))
    )


def _unquoted(line: str) -> str:
    return re.sub(r"^\s{0,3}>\s?", "", line)


def reflowed(lines: list[str]) -> str:
    """Paragraphs as they were written: lines that a mail program wrapped are joined, blank lines are single."""
    width = _wrap_width(lines)
    rows: list[str] = []
    joining, previous = False, ""
    for line in lines:
        stripped = line.strip()
        if not stripped:
            if rows and rows[-1]:
                rows.append("")
            joining = False
            continue
        if joining and not _LIST_ITEM.match(line) and _would_not_have_fitted(previous, stripped, width):
            rows[-1] = f"{rows[-1]} {stripped}"
        else:
            rows.append(stripped)
        previous = line.rstrip()
        joining = True
    return "\n".join(rows).strip("\n")


def _wrap_width(lines: list[str]) -> int:
    """The column at which the lines seem to have been wrapped; 0 when they are not."""
    lengths = [len(line.rstrip()) for line in lines if line.strip()]
    widest = max(lengths, default=0)
    return widest if NARROWEST_WRAP <= widest <= WIDEST_WRAP else 0


def _would_not_have_fitted(above: str, below: str, width: int) -> bool:
    if not width or len(above) < NARROWEST_WRAP - 15:
        return False
    if _LABELLED.match(below) and not below[:1].islower():
        return False
    return len(above) + 1 + len(below.split(maxsplit=1)[0]) > width
