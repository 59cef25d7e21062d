"""Names of people: where something announces them, where they were asked for, and where capitals give them away."""

from __future__ import annotations

import re
from collections.abc import Callable, Container

from insyn.privacy.lexicon import (
    DIALOGUE,
    FIRST_NAMES,
    ORGANISATION_MARKS,
    ORGANISATIONS,
    PARTICLES,
    STOP,
    SURNAMES,
    is_ordinary,
    is_word,
)
from insyn.privacy.sheet import COVER, Finding, Sheet
from insyn.privacy.words import Token, tokens_of

MAX_WORDS = 4
SMALL = re.IGNORECASE

# "mitt namn är felstavat"
_SPELLING = re.compile(r"(?:fel|stav|skriv|registr|ändra|byt)")


def _joined(text: str, left: Token, right: Token) -> bool:
    """Whether two words may belong to one name: a space apart, or an initial's full stop."""
    gap = text[left.end : right.start]
    return gap in (" ", "  ", "\t") or (len(left.word) == 1 and gap in (".", ". "))


def _leads_to_capital(text: str, tokens: list[Token], at: int) -> bool:
    """Whether a particle, or two ("de la"), stand here before a capitalised word of the same name."""
    for step in range(at, min(at + 2, len(tokens) - 1)):
        if tokens[step].low not in PARTICLES or not _joined(text, tokens[step], tokens[step + 1]):
            return False
        if tokens[step + 1].capital:
            return True
    return False


def _may_be_name(token: Token) -> bool:
    return token.capital or token.is_name or not is_ordinary(token.low)


def _run(text: str, tokens: list[Token], first: int, *, firm: bool) -> int:
    """The index after the name that begins at `tokens[first]`; `first` when none does.

    `firm` lead-ins ("jag heter") take any word that follows, others only one that is not an ordinary small word.
    """
    at, words = first, 0
    while at < len(tokens) and words < MAX_WORDS:
        token = tokens[at]
        if at > first and not _joined(text, tokens[at - 1], token):
            break
        following = tokens[at + 1] if at + 1 < len(tokens) and _joined(text, token, tokens[at + 1]) else None
        particle = token.low in PARTICLES and following and following.low not in STOP and _may_be_name(following)
        if particle or (at > first and _leads_to_capital(text, tokens, at)):
            at += 1
            continue
        if token.initial(text):
            words += 1
            at += 1
            continue
        if (token.low in STOP or token.low in ORGANISATIONS) and not (words and token.is_name and token.capital):
            break
        if not token.capital:
            if not firm and _SPELLING.match(token.low):
                break
            if words and tokens[at - 1].capital and not token.is_name:
                break
            if words and len(token.word) == 1 and token.low not in STOP:
                pass
            elif not token.is_name and (words or not firm) and is_ordinary(token.low):
                break
        elif not words and not firm and not token.is_name and is_ordinary(token.low):
            break
        words += 1
        at += 1
    return at if words else first


# --- announced names ------------------------------------------------------------------------------------------------

_PAUSE = r"(?:[ \t]*[:=,–-])?[ \t]*+"
_FILLER = r"(?:(?:numera|nu|egentligen|faktiskt|fortfarande|alltså|ju|då|såklart|now|actually)[ ])?+"
FIRM = re.compile(
    rf"(?<!\w)(?:jag[ ]heter|heter[ ]jag|hetter|(?:han|hon|hen)[ ]heter|jeg[ ](?:heter|hedder)|jag[ ]kallas(?:[ ]för)?|c/o){_PAUSE}{_FILLER}",
    SMALL,
)
LEADS = re.compile(
    r"(?<!\w)(?:m[iy]t+[ ](?:full(?:a|ständiga)[ ])?namn(?:et)?(?:[ ](?:är|e|er))?|mit[ ]navn[ ]er|navnet[ ]mitt[ ]er|mitt[ ]navn[ ]er"
    r"|(?:för|efter|hel|till|full(?:t|ständigt)[ ])?(?:\-[ ]?och[ ]efter)?namn(?:et)?(?:[ ](?:är|e)|[ \t]*[:=])"
    r"|my[ ](?:full[ ])?name(?:'s|’s|[ ]is)|(?:full[ ])?name[ ]*:|i[ ]am[ ]called|undertecknad|undersigned|signed|kontaktperson[ ]*:|från[ ]*:|from[ ]*:|till[ ]*:|att[ ]*:|attn"
    r"|herr|fru|fröken|frøken|mr|mrs|ms|dr|doktor|professor)(?!\w)\.?" + _PAUSE + _FILLER,
    SMALL,
)
# "min chef Karl": one capitalised word is enough.
KIN = re.compile(
    r"(?<!\w)(?:min|mitt|mina|vår|våran|er|my|our|hans|hennes)[ ](?:gamla[ ]|nya[ ]|förra[ ]|närmaste[ ]|former[ ])?"
    r"(?:chef|kollega|medarbetare|arbetskamrat|fru|hustru|man|make|maka|sambo|partner|särbo|flickvän|pojkvän|mamma|pappa|mor|far|son|dotter|bror"
    r"|syster|kompis|vän|väninna|granne|handläggare|säljare|konsult|rekryterare|kontaktperson|anställde?a?|klient|barn|farmor|mormor|farfar|morfar"
    r"|boss|manager|colleague|wife|husband|son|daughter|brother|sister|friend|client|mother|father)(?:[ ]heter)?,?[ ]",
    SMALL,
)
WEAK = re.compile(
    r"(?<!\w)(?:jag[ ]är|jag,|det[ ](?:här[ ])?är|detta[ ]är|i[ ]am|i['’]m|this[ ]is|jeg[ ]er|hej|hejsan|hallå|tjena|hälsar|hälsa|med[ ]mig|mig,|tack[ ]på[ ]förhand|tack[ ]för[ ]hjälpen|tack|heter|vänligen|cheers"
    r"|stavas|stavat|skrivs|byt(?:a|er|t|te)?[ ](?:efternamn[ ]|namn[ ])?till|namn[ ]till|utan|inte(?:[ ]längre)?)[,.!:]?\s{1,3}+",
    SMALL,
)
CLOSING = re.compile(
    r"(?<!\w)(?:(?:med[ ])?(?:vänliga?|vänligaste|bästa|varma?|hjärtliga|glada|trevliga|många|soliga)[ ]hälsning(?:ar)?|hälsningar(?:na)?|m\.?[ ]?v\.?[ ]?h|bästa[ ]h|vh|bh|hlsn"
    r"|högaktningsfullt|(?:best|kind|warm|kindest)[ ]regards|regards|sincerely|yours[ ](?:truly|sincerely|faithfully)|br"
    r"|(?:med[ ])?vennlig[ ]hilsen|(?:med[ ])?venlig[ ]hilsen|mvh|kramar|kram)(?!\w)[ \t]*[.,!/:–-]{0,2}\s*+(?:(?:från|av|from|önskar)[ ])?+[/–-]{0,2}[ ]?",
    SMALL,
)
SLASH = re.compile(r"(?:(?<=\s)|^)(?:/{1,2}|[–—-])[ ]?(?=[^\W\d_])")
BEFORE = re.compile(
    r"[ ](?:heter[ ]jag|är[ ]mitt[ ]namn|var[ ]namnet|is[ ]my[ ]name|här(?=[ ]*(?:[,.!–-]|$|\n|och|som|igen))|here(?=[ ]*[,.!]))(?!\w)",
    SMALL,
)
_LINE_END = re.compile(r"[ \t]*(?:[.,!;|)]|\n|$|\ue000|[-–/]|[(]|tel|\d|:\))", SMALL)
NOT_A_NAME = re.compile(
    r"(?:chef|person|ombud|konsult|ansvarig|sökande|anställd|kund|ägare|chefen|ekonom|student|specialist|ledare|are|ant|ör|ist|ning|het|tion|tor|er)$"
)


def _announced(sheet: Sheet, tokens: list[Token], index: dict[int, int]) -> list[Finding]:
    text = sheet.work
    found: list[Finding] = []

    def take(first: int, after: int) -> None:
        start, end = tokens[first].start, tokens[after - 1].end
        found.append(Finding(start, end, "namn", text[start:end]))

    def at(pattern: re.Pattern[str], accept: Callable[[int, int], bool], *, firm: bool) -> None:
        for match in pattern.finditer(text):
            first = index.get(match.end())
            if first is None:
                continue
            after = _run(text, tokens, first, firm=firm)
            if after > first and accept(first, after):
                take(first, after)

    def always(first: int, after: int) -> bool:
        return True

    def capital_or_known(first: int, after: int) -> bool:
        token = tokens[first]
        if token.low in FIRST_NAMES:
            return token.capital or not is_word(token.low) or after - first > 1
        return token.capital and not is_ordinary(token.low) and not NOT_A_NAME.search(token.low) and not _acronym(token)

    def ends_the_line(first: int, after: int) -> bool:
        return _LINE_END.match(text, tokens[after - 1].end) is not None

    at(FIRM, always, firm=True)
    at(LEADS, always, firm=False)
    at(KIN, capital_or_known, firm=False)
    at(WEAK, capital_or_known, firm=False)
    at(CLOSING, ends_the_line, firm=True)
    at(
        SLASH,
        lambda first, after: ends_the_line(first, after) and (tokens[first].capital or tokens[first].is_name),
        firm=False,
    )
    ends = {token.end: place for place, token in enumerate(tokens)}
    for match in BEFORE.finditer(text):
        last = ends.get(match.start())
        if last is None:
            continue
        first = last
        while first > 0 and last - first < MAX_WORDS - 1 and _joined(text, tokens[first - 1], tokens[first]):
            previous = tokens[first - 1]
            if previous.low in STOP - PARTICLES or (not previous.is_name and is_ordinary(previous.low)):
                break
            first -= 1
        if _run(text, tokens, first, firm=False) > last and capital_or_known(first, last + 1):
            take(first, last + 1)
    return found


_SURNAME = re.compile(
    r"..(?:sson|qvist|kvist|gren|ström|strand|berg|lund|dahl|holm|stedt|ovic|ović|ski|ska|dottir|oglu)$"
)

# --- names by their capitals ----------------------------------------------------------------------------------------


def _acronym(token: Token) -> bool:
    return len(token.word) > 1 and token.word.isupper() and token.low not in FIRST_NAMES


def _initial_places(text: str, tokens: list[Token]) -> list[bool]:
    """For each word whether it begins a sentence or line."""
    out = []
    for place, token in enumerate(tokens):
        if place == 0:
            out.append(True)
            continue
        gap = text[tokens[place - 1].end : token.start]
        out.append(
            any(mark in gap for mark in '.!?\n:;•*"”') and not (gap in (". ", ".") and len(tokens[place - 1].word) == 1)
        )
    return out


def _by_capitals(sheet: Sheet, tokens: list[Token]) -> list[Finding]:
    text = sheet.work
    found: list[Finding] = []
    initial = _initial_places(text, tokens)
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if not token.capital or token.low in STOP:
            at += _small_name(text, tokens, at, found)
            continue
        after = at + 1
        while after < len(tokens) and _joined(text, tokens[after - 1], tokens[after]):
            following = tokens[after]
            if _leads_to_capital(text, tokens, after):
                after += 1
                continue
            if not following.capital or following.low in STOP:
                break
            after += 1
        _judge(text, tokens[at:after], initial[at], found)
        at = after
    return found


def _small_name(text: str, tokens: list[Token], at: int, found: list[Finding]) -> int:
    """A common first name in small letters followed by a word that is no word: both are a name."""
    token = tokens[at]
    if token.low in FIRST_NAMES and not token.capital and at + 1 < len(tokens) and _joined(text, token, tokens[at + 1]):
        following = tokens[at + 1]
        surname = _may_be_name(following) and following.low not in STOP and following.low not in ORGANISATIONS
        if surname and (not is_word(token.low) or _SURNAME.search(following.low)):
            found.append(Finding(token.start, following.end, "namn", text[token.start : following.end]))
            return 2
    return 1


def _judge(text: str, run: list[Token], initial: bool, found: list[Finding]) -> None:
    """Masks what is a name in a run of capitalised words."""
    if any(token.low in ORGANISATION_MARKS for token in run):
        if len(run) > 3 and run[0].low in FIRST_NAMES:  # "Anna Svensson Exempel AB"
            _judge_part(text, run[:2], initial, False, found)
        return
    shouted = len(run) > 1 and all(token.word.isupper() and len(token.word) > 1 for token in run)
    part: list[Token] = []
    for place, token in enumerate([*run, None]):
        cut = token is None or token.low in ORGANISATIONS or (_acronym(token) and not shouted)
        if token is not None and not cut:
            ordinary = not token.is_name and token.low not in PARTICLES and is_ordinary(token.low)
            cut = ordinary and ((place == 0 and initial) or len(run) > 3 or shouted)
            if place == 0 and initial and token.low in SURNAMES - FIRST_NAMES and len(run) > 2:
                cut = True
        if cut:
            _judge_part(text, part, initial and bool(part) and part[0] is run[0], shouted, found)
            part = []
        elif token is not None:
            part.append(token)


def _judge_part(text: str, part: list[Token], initial: bool, shouted: bool, found: list[Finding]) -> None:
    if not part:
        return
    first = part[0]
    if len(part) == 1:
        base = first.low[:-1] if first.low.endswith("s") else first.low
        known = (
            first.low in FIRST_NAMES or base in FIRST_NAMES or bool(_SURNAME.search(base) and not is_word(first.low))
        )
        if not known or (initial and is_word(first.low)) or (first.word.isupper() and is_word(first.low)):
            return
    elif shouted:
        if first.low not in FIRST_NAMES:
            return
    elif all(is_ordinary(token.low) for token in part):
        return
    start, end = first.start, part[-1].end
    found.append(Finding(start, end, "namn", text[start:end]))


def _last_line(text: str, tokens: list[Token]) -> list[Finding]:
    """A signature: the last line is one capitalised word that is no word."""
    if not tokens or "\n" not in text:
        return []
    token = tokens[-1]
    line = text[text.rfind("\n", 0, token.start) + 1 :].strip(" .,!–-/")
    known = token.low in STOP or token.low in ORGANISATIONS or _acronym(token) or is_ordinary(token.low)
    if line != token.word or not token.capital or known:
        return []
    return [Finding(token.start, token.end, "namn", token.word)]


def mask_announced(sheet: Sheet) -> None:
    """Masks names that something announces: "jag heter", "mvh", "min chef"."""
    tokens = sheet.tokens()
    if tokens:
        sheet.add(_announced(sheet, tokens, {token.start: place for place, token in enumerate(tokens)}))


def mask_by_capitals(sheet: Sheet) -> None:
    """Masks names that nothing announces but their capitals, or a common first name."""
    tokens = sheet.tokens()
    sheet.add(_by_capitals(sheet, tokens))
    sheet.add(_last_line(sheet.work, sheet.tokens()))


def mask_known_names(sheet: Sheet) -> None:
    """Masks names found once wherever they stand again: whole, and their parts where these are capitalised."""
    whole: dict[str, list[list[str]]] = {}
    parts: set[str] = set()
    for finding in sheet.findings:
        if finding.kind != "namn":
            continue
        words = [token.low for token in tokens_of(finding.value)]
        if words and words not in whole.setdefault(words[0], []):
            whole[words[0]].append(words)
        parts.update(word for word in words if len(word) > 2 and word not in PARTICLES and not is_ordinary(word))
    if not whole:
        return
    tokens = sheet.tokens()
    found = []
    for place, token in enumerate(tokens):
        for words in whole.get(token.low, ()):
            if [other.low for other in tokens[place : place + len(words)]] == words:
                end = tokens[place + len(words) - 1].end
                if COVER not in sheet.work[token.start : end]:
                    found.append(Finding(token.start, end, "namn", sheet.work[token.start : end]))
        base = token.low[:-1] if token.low.endswith("s") else token.low
        if token.capital and (token.low in parts or base in parts):
            found.append(Finding(token.start, token.end, "namn", token.word))
    sheet.add(found)


# --- the answer to "vad heter du?" ----------------------------------------------------------------------------------

_SEGMENT = re.compile(r"[^,;:?!\n()\ue000]++")
_OPENERS = frozenset(
    [
        "ja",
        "jo",
        "japp",
        "jajamän",
        "okej",
        "ok",
        "okey",
        "visst",
        "absolut",
        "javisst",
        "självklart",
        "hej",
        "hejsan",
        "hallå",
        "tja",
        "det",
        "är",
        "jag",
        "heter",
        "mitt",
        "namn",
        "namnet",
        "här",
        "kommer",
        "det:",
        "jaha",
        "jamen",
        "men",
        "yes",
        "sure",
        "my",
        "name",
        "is",
        "it's",
        "i",
        "am",
        "im",
        "jeg",
        "jag'",
        "jaså",
        "vet",
        "du",
        "skriv",
        "skriva",
        "bara",
        "du",
        "kan",
        "kalla",
        "mig",
        "för",
        "hälsar",
        "e",
    ]
)


def mask_answer(sheet: Sheet, vocabulary: Container[str]) -> None:
    """Takes the answer to a question for the name as one, if it looks like one and is not something else one may say."""
    text = sheet.work
    for match in _SEGMENT.finditer(text):
        tokens = tokens_of(text, match.start(), match.end())
        while (
            tokens and tokens[0].low in _OPENERS and not (len(tokens) > 1 and tokens[0].capital and tokens[1].capital)
        ):
            del tokens[0]
        if not tokens:
            continue
        if text[match.end() : match.end() + 1] == "?":
            return
        _take_answer(sheet, tokens, vocabulary)
        return


def _take_answer(sheet: Sheet, tokens: list[Token], vocabulary: Container[str]) -> None:
    text = sheet.work
    head: list[Token] = []
    for token in tokens:
        if head:
            gap = text[head[-1].end : token.start]
            if gap.strip(" \t.") or (gap.strip() and len(head[-1].word) > 1):
                break
        following = tokens[len(head) + 1] if len(head) + 1 < len(tokens) else None
        particle = token.low in PARTICLES and following is not None and (following.capital or following.low not in STOP)
        if (
            token.low in STOP
            and not particle
            and not token.initial(text)
            and not (token.capital and head and head[-1].capital and token.low not in DIALOGUE)
        ):
            break
        if (
            head
            and head[-1].capital
            and not token.capital
            and not token.is_name
            and not particle
            and is_ordinary(token.low)
        ):
            break
        head.append(token)
    if not head or len(head) > 6:
        return
    start, end = head[0].start, head[-1].end
    capitals = sum(token.capital for token in head)
    alone = text.strip(" \t\n.!,") == text[start:end]
    if all(_known(token.low, vocabulary) for token in head):
        named = alone and len(head) > 1 and capitals > 1 and not all(token.low in DIALOGUE for token in head)
        if not named:
            return
    sheet.add([Finding(start, end, "namn", text[start:end])])


_FOLD = str.maketrans("åäöéèü", "aaoeeu")


def _known(low: str, vocabulary: Container[str]) -> bool:
    return low in vocabulary or low.translate(_FOLD) in vocabulary
