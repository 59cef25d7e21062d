"""The end of a person's text: greeting, name, contact details, "Skickat från min iPhone", disclaimers."""

from __future__ import annotations

import re
from itertools import groupby

from insyn.mail.reading import wordings
from insyn.privacy.lexicon import FIRST_NAMES

MAX_CONTACT_LINES = 12
MAX_SEEN = 1_200  # characters of a paragraph that are looked at
_THANKS = re.compile(
    r"^\s*(?:stort |tusen )?(?:tack|takk|tak|kiitos|thanks|thank you|på förhand tack)\b", re.IGNORECASE
)
_CONTACT = re.compile(
    r"[^\s@]+@[^\s@]+\.\w|\bwww\.|https?://|(?:\+|\b0)\d[\d\s()./-]{6,}\d|\b(?:tel(?:efon)?|tfn|mob(?:il)?|växel"
    r"|direkt|phone|puh)\b\s*[.:+]"
    r"|\b\d{3}\s?\d{2}\s+[A-ZÅÄÖ]|\b(?:AB|A/S|AS|ApS|Oy|Ltd|HB|GmbH)\b",
    re.IGNORECASE,
)
_POSTSCRIPT = re.compile(r"^\s*(?:p\.?\s?s\b|ps\s?[.:!]|obs\b|nb\b|edit\b|tillägg\b)", re.IGNORECASE)
_FIRST_PERSON = re.compile(r"\b(?:jag|mig|mej|min|mitt|mina|jeg|meg|mine|minä|minun|minua|I|my|me)\b")
_TO_US = re.compile(r"^(?!vi\b).*\b(?:ni|er|era|ert|dere|you)\b.*[.?!]$", re.IGNORECASE | re.DOTALL)
_ABOUT_HOURS = re.compile(
    r"\bjag (?:arbetar|jobbar|är (?:ledig|tjänstledig|föräldraledig|på plats)|läser|svarar)\b", re.IGNORECASE
)
_SENTENCE_WORDS = re.compile(r"\b(?:är|kan|ni|vill|har|att|det|de|ska|o|finns|gäller|er|dere|please|is|are)\b")
_CAPITALISED_NAME = re.compile(r"^[A-ZÅÄÖÆØÉ][\w'’-]*\.?(?:\s(?:[A-ZÅÄÖÆØÉ][\w'’-]*\.?|von|af|de|van|der)){0,3}\.?$")


def cut(lines: list[str], *, below_quotes: bool = False) -> tuple[list[str], list[str]]:
    """`lines` parted in what was said and what only signs it. What reads like a sentence of the writer's is kept.

    `below_quotes` says that other text of the writer's stands further up, so that here may be nothing but a signature.
    """
    text, signature = list(lines), []  # type: list[str], list[str]
    start = next((at for at, line in enumerate(lines) if line.strip()), None)
    if below_quotes and start is not None and wordings.SIGNATURE_DELIMITER.match(lines[start]):
        text, signature = _rescued(lines[start + 1 :])
    for find in (_delimiter, _closing, _sent_from):
        at = find(text)
        if at is not None:
            said, signed = _rescued(text[at + 1 :])
            if find is not _delimiter:
                signed = [text[at], *signed]
            text, signature = text[:at] + said, signed + signature
    text, tail = _unsigned_tail(text)
    text, disclaimers = _disclaimers(text)
    if disclaimers:
        text, more = _unsigned_tail(text)
        tail = more + tail
    return text, tail + signature + disclaimers


def _delimiter(lines: list[str]) -> int | None:
    for at, line in enumerate(lines):
        if wordings.SIGNATURE_DELIMITER.match(line) and any(each.strip() for each in lines[:at]):
            return at
    return None


def _closing(lines: list[str]) -> int | None:
    for at, line in enumerate(lines):
        if not is_closing(line):
            continue
        following = [each for each in lines[at + 1 :] if each.strip()]
        if _THANKS.match(line):
            # Thanks are said to us; only what signs them goes.
            if following and len(following) <= MAX_CONTACT_LINES and is_name(following[0], alone=True):
                return at + 1 + lines[at + 1 :].index(following[0])
            continue
        if not any(each.strip() for each in lines[:at]) and not _is_signed_only(line, following):
            continue  # "Bästa Kontek," is how a letter begins
        return at
    return None


def signed_name(signature: str) -> str:
    """The name a mail was signed with, where the signature begins with one, after or in its closing phrase; else empty."""
    for line in signature.splitlines()[:MAX_CONTACT_LINES]:
        if not line.strip():
            continue
        closing = wordings.CLOSING.match(line[:120])
        name = (closing["name"] or "") if closing else line
        if name.strip():
            return " ".join(name.strip().strip("*_/,.–—- ").split()) if is_name(name) else ""
    return ""


def _is_signed_only(line: str, following: list[str]) -> bool:
    """Whether a greeting stands alone with the name it greets from, as in an answer without words."""
    found = wordings.CLOSING.match(line)
    named = bool(following) or bool(found and found["name"])
    return named and all(_signs(each) for each in following[:MAX_CONTACT_LINES])


def is_closing(line: str) -> bool:
    """Whether a line is a closing phrase ("Med vänlig hälsning") and at most a name."""
    found = wordings.CLOSING.match(line) if len(line) <= 120 else None
    if not found:
        return False
    name = found["name"]
    if name is None or name.split()[0].lower() in FIRST_NAMES or is_name(name, alone=True):
        return True
    return len(name) < len(line.strip()) and is_closing(name)  # the same in another language


def is_name(line: str, *, alone: bool = False) -> bool:
    """Whether a line is no more than a name: one common first name, or two to four capitalised words.

    With `alone` one capitalised word will do, as below a "Tack".
    """
    line = line.strip().strip("*_/,.–—- ")
    if not _CAPITALISED_NAME.match(line) or len(line) > 60:
        return False
    words = line.split()
    if line.isupper() and words[0].lower() not in FIRST_NAMES:
        return False  # shouting
    return words[0].lower() in FIRST_NAMES or (
        len(words) > (0 if alone else 1)
        and words[-1].lower() not in _NOT_SURNAMES
        and words[0].lower() not in _NOT_FIRST
    )


# Words that a line of two capitalised words may begin or end with without being a name.
_NOT_FIRST = frozenset(
    """
    hej hey hejsan tack ja nej ok okej stopp ta ni vi jag dear hi hello hei kära bästa god mvh med re sv ärende kontek insyn
    radera rätta skicka stryk sluta slopa avregistrera avsluta
    bekräfta svara kontakta ring återkom återkalla se låt gör hjälp
    ändra uppdatera stoppa sluta ge visa lämna delete erase remove send stop please confirm slett slet poista
    """.split()  # noqa: SIM905
)
_NOT_SURNAMES = frozenset(
    {"tack", "hej", "ja", "nej", "mig", "mej", "me", "oss", "uppgifter", "allt", "kontek", "insyn"}
)


def _sent_from(lines: list[str]) -> int | None:
    for at, line in enumerate(lines):
        if (
            wordings.SENT_FROM.match(line[:200])
            and len(line) < 160
            and not _FIRST_PERSON.search(
                re.sub(r"\b(?:min|mitt|my)\s\w+\W*$|\b(?:från|fra|from) (?:min|mitt|my)\b", "", line)
            )
        ):
            return at
    return None


def _rescued(lines: list[str]) -> tuple[list[str], list[str]]:
    """Of what stands below a greeting: the paragraphs that say something after all, and the rest."""
    said: list[str] = []
    signed: list[str] = []
    for paragraph in paragraphs(lines):
        spoken = [line for line in paragraph if not wordings.SENT_FROM.match(line[:200])]
        if says_something(" ".join(spoken)[:MAX_SEEN]):
            said += ["", *spoken]
        else:
            signed += [*([""] if signed else []), *paragraph]
    return said, signed


def says_something(paragraph: str) -> bool:
    """Whether a paragraph below a greeting is a sentence of the writer's rather than part of a signature."""
    if wordings.DISCLAIMER.search(paragraph):
        return False
    if _POSTSCRIPT.match(paragraph):
        return True
    words = len(paragraph.split())
    if words >= 4 and _TO_US.search(paragraph) and not _CONTACT.search(paragraph):
        return True
    return words >= 5 and is_first_person(paragraph) and not _ABOUT_HOURS.search(paragraph)


def is_first_person(text: str) -> bool:
    """Whether someone speaks of themselves in `text`."""
    return bool(_FIRST_PERSON.search(text))


def _unsigned_tail(lines: list[str]) -> tuple[list[str], list[str]]:
    """A signature without a greeting: "/Anna", a name alone, or a block with contact details, at the very end."""
    text = _trimmed(lines)
    tail: list[str] = []
    while text:
        above = text[:-1]
        if not any(line.strip() for line in above):
            break
        if wordings.SLASH_NAME.match(text[-1]) and not text[-1].lstrip().startswith(("- ", "– ", "— ")):
            tail.insert(0, text[-1])
            text = _trimmed(above)
            continue
        block = _last_paragraph(text)
        before = _trimmed(text[: len(text) - len(block)])
        if not before or before[-1].rstrip().endswith(":"):
            break
        if _signs(block[0]) and (len(block) == 1 or _is_contact_block(block[1:]) or _are_titles(block[1:])):
            pass
        elif not (
            _is_contact_block(block)
            and (is_name(before[-1]) or tail or len(block) > 1)
            and not _is_greeting_only(before)
        ):
            break
        tail = [*block, *([""] if tail else []), *tail]
        text = before
    else:
        return text, tail
    # A name straight below the last sentence, without a blank line between, perhaps with a title or a number below it.
    for at in range(len(text) - 1, max(0, len(text) - 1 - MAX_CONTACT_LINES), -1):
        sentence = text[at - 1].rstrip()
        if not sentence or not text[at].strip():
            break
        below = text[at + 1 :]
        if (
            sentence[-1:] in ".!?"
            and _signs(text[at])
            and (not below or _is_contact_block(below) or _are_titles(below))
        ):
            return _trimmed(text[:at]), [*text[at:], *([""] if tail else []), *tail]
    return text, tail


def _signs(line: str) -> bool:
    """Whether a line is a name, or one after a slash."""
    return is_name(line) or (bool(wordings.SLASH_NAME.match(line)) and not line.lstrip().startswith(("- ", "– ", "— ")))


def _are_titles(lines: list[str]) -> bool:
    """Lines such as a title, a company and a town: few, short, and no sentence."""
    return len(lines) <= 4 and all(
        line.strip()[:1].isupper()
        and len(line.split()) <= 4
        and line.rstrip()[-1:] not in ".!?:"
        and not _FIRST_PERSON.search(line)
        and not _SENTENCE_WORDS.search(line)
        for line in lines
    )


def _is_contact_block(lines: list[str]) -> bool:
    if not lines or len(lines) > MAX_CONTACT_LINES:
        return False
    short = all(len(line.split()) <= 9 and not line.rstrip().endswith(("?", "!")) for line in lines)
    return (
        short
        and any(_CONTACT.search(line[:300]) for line in lines)
        and not any(_FIRST_PERSON.search(line) or _SENTENCE_WORDS.search(line) for line in lines)
    )


def _is_greeting_only(lines: list[str]) -> bool:
    return sum(len(line.split()) for line in lines) <= 3


def _disclaimers(lines: list[str]) -> tuple[list[str], list[str]]:
    text, cut_off = _trimmed(lines), []  # type: list[str], list[str]
    while text:
        block = _last_paragraph(text)
        whole = " ".join(block)
        rule = bool(re.fullmatch(r"[\s_*=~–—-]{3,}", whole))
        boilerplate = wordings.DISCLAIMER.search(whole[:MAX_SEEN])
        if not rule and (not boilerplate or _FIRST_PERSON.search(whole)):
            break
        remaining = _trimmed(text[: len(text) - len(block)])
        if boilerplate and not remaining:
            # All there is: only from the sentence on that gives it away.
            said = whole[: boilerplate.start()]
            remaining = [said[: max(said.rfind(mark) for mark in ".!?") + 1].strip()]
        if not any(line.strip() for line in remaining):
            break
        cut_off = [*block, *([""] if cut_off else []), *cut_off]
        text = remaining
    return text, cut_off


def paragraphs(lines: list[str]) -> list[list[str]]:
    """Runs of lines that are not blank."""
    return [list(group) for filled, group in groupby(lines, key=lambda line: bool(line.strip())) if filled]


def _last_paragraph(lines: list[str]) -> list[str]:
    at = len(lines)
    while at and lines[at - 1].strip():
        at -= 1
    return lines[at:]


def _trimmed(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return lines[:end]
