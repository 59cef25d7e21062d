"""Identifiers that have a shape: addresses of all sorts, numbers of persons, cards, telephones, accounts, cases, codes.

Shape alone decides; a checksum only helps to tell a personnummer from a telephone number. Quantifiers are bounded or
possessive, so that each search is linear in the text.
"""

from __future__ import annotations

import ipaddress
import re

from phonenumbers import Leniency, PhoneNumberMatcher

from insyn.cases import reference
from insyn.privacy.lexicon import is_word
from insyn.privacy.sheet import Finding, Sheet

DASH = "\\-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
GAP = rf"[ \t]?[{DASH}+]?[ \t]?"
SMALL = re.IGNORECASE

# --- Kontek's own published details ---------------------------------------------------------------------------------

OWN = re.compile(
    rf"(?<![\w.+{DASH}])dpo@kontek\.se(?![\w@{DASH}]|\.\w)"
    rf"|(?<![\d+])(?:(?:\+|00)[ ]?46[ {DASH}]{{0,3}}(?:\(0\))?|0|\(0)[ ]?372\)?[ /{DASH}]{{0,3}}8[ ]?9[ ]?0[ ]?0[ ]?0(?![{DASH}]?\d)"
    r"|(?<!\w)Långgatan[ ]19(?!\d)(?:(?:,[ ]?|[ ]|\n)341[ ]?32[ ]Ljungby)?",
    SMALL,
)

# --- e-mail ---------------------------------------------------------------------------------------------------------

_LOCAL = r"[\w.+&'*#$^~{}|-]"
_LABELS = r"[\w-]++(?:\.[\w-]++)*+"
_TOPS = ("se", "com", "nu", "net", "org", "no", "dk", "fi", "eu", "de", "io")
_TOP = f"(?:{'|'.join(_TOPS)})"
# Where no address has ended: a full stop and a space after "example.se" end the sentence too.
_GOES_ON = "".join(rf"(?<![. ]{top})" for top in _TOPS)
_DOT = (
    rf"(?:\.(?![ ])|{_GOES_ON}(?:[ ]\.[ ]?|\.[ ](?=(?-i:{_TOP})(?!\w)))"
    r"|[ ]?(?:[(\[{]?\b(?:punkt|prick|dot)\b[)\]}]?|[(\[]\.[)\]])[ ]?)"
)
_AT_MARK = r"(?:@|%40|[(\[{<][ ]?(?:@|at|a|ät|snabel[ -]?a|alfa)[ ]?[)\]}>])"
_AT_WORD = r"(?:at|snabel[ -]?a|snabelat|alfakrull|kanelbulle)"

EMAIL = re.compile(
    rf"(?:\"[^\"\n]{{1,64}}+\"|(?<!{_LOCAL}){_LOCAL}++)(?:{_AT_MARK}|[ \t]{{0,3}}{_AT_MARK}[ \t]{{0,3}}(?=[\w-]++[ ]?[.,(\[]|[\w-]++[ ](?:punkt|prick|dot)\b))"
    rf"(?:\[[\w.:]{{3,45}}\]|{_LABELS}(?:,{_TOP}(?!\w)|{_GOES_ON}(?:(?:[ ]\.[ ]?|[ ](?:punkt|prick|dot)[ ]){_TOP}|\.[ ](?-i:{_TOP}))(?!\w))?)",
    SMALL,
)
# "anna punkt berg at exempel punkt se", "anna (at) exempel (punkt) se", "anna snabel-a exempel.se"
SPOKEN_EMAIL = re.compile(
    rf"(?<!{_LOCAL})({_LOCAL}++(?:[ ](?:punkt|prick|dot|bindestreck|streck|understreck|minus|plus)[ ]{_LOCAL}++){{0,5}}+)"
    rf"[ ]{{0,2}}({_AT_MARK}|(?<=[ ]){_AT_WORD}(?=[ ]))[ ]{{0,2}}"
    rf"([\w-]++(?:{_DOT}[\w-]++){{1,5}})(?![\w-])",
    SMALL,
)
# "anna.berg på gmail", "annaberg gmail com"
_PROVIDER = r"(?:gmail|hotmail|outlook|yahoo|icloud|telia|msn)"
PROVIDER_EMAIL = re.compile(
    rf"(?<!{_LOCAL})({_LOCAL}++)[ ](?:(?:på|at|hos)[ ])?{_PROVIDER}(?:\.|[ ](?:punkt[ ]|dot[ ]|\.[ ]?)?)(?:com|se|net)(?!\w)"
    rf"|(?<!{_LOCAL})(?=[\w-]*[._\d])({_LOCAL}++)[ ](?:på|at)[ ]{_PROVIDER}(?!\w)",
    SMALL,
)
# Profiles and handles name their owner.
PROFILE = re.compile(
    r"(?:linkedin\.com/(?:in|pub)/|(?:facebook|instagram|github|tiktok|twitter|x)\.com/@?)([\w.%-]{2,59}\w)"
    r"|(?<![\w.@])@(?!kontek|visma)([\w.]{2,39}\w)",
    SMALL,
)
_AT_HINT = re.compile(rf"[@%]|{_AT_MARK}|[ ]{_AT_WORD}[ ]", SMALL)


def _plain_address(text: str) -> str:
    """An address spoken or spelled out, in its usual form; anything else as it was written."""
    text = text.strip()
    if re.fullmatch(r"[^\s@]+@[^\s@,]+", text):
        return text
    out = re.sub(rf"\s*{_AT_MARK}\s*|\s+{_AT_WORD}\s+", "@", text, count=1, flags=SMALL)
    out = re.sub(
        r"\s*[(\[{]\s*(?:punkt|prick|dot|\.)\s*[)\]}]\s*|\s+(?:punkt|prick|dot)\s+|\s*\.\s*|,",
        ".",
        out,
        flags=SMALL,
    )
    out = re.sub(r"\s+(?:bindestreck|streck|minus)\s+", "-", out, flags=SMALL)
    out = re.sub(r"\s+understreck\s+", "_", out, flags=SMALL)
    out = re.sub(r"\s+plus\s+", "+", out, flags=SMALL)
    return out if re.fullmatch(r"[^\s@]+@[^\s@]+", out) else text


def emails(sheet: Sheet) -> None:
    """Written, spaced, bracketed and spoken addresses."""
    sheet.mask_all("e-post", PROVIDER_EMAIL, _plain_address, unless=lambda match: is_word((match[1] or "").lower()))
    if not _AT_HINT.search(sheet.work):
        return
    spoken = []
    for match in SPOKEN_EMAIL.finditer(sheet.work):
        local, sign, domain = match[1], match[2], match[3]
        doubtful = sign.isalpha() and sign.lower() == "at"
        if (
            doubtful
            and local.isalpha()
            and is_word(local.lower())
            and not re.search(r"[ ](?:punkt|prick|dot)[ ]", domain)
        ):
            continue  # "look at kontek.se"
        spoken.append(_email(match))
    sheet.add(spoken)
    sheet.add(_email(match) for match in EMAIL.finditer(sheet.work))


def profiles(sheet: Sheet) -> None:
    """The owner's part of a profile's address, and handles."""
    sheet.add(
        Finding(match.start(place), match.end(place), "namn", match[place])
        for match in PROFILE.finditer(sheet.work)
        for place in (1, 2)
        if match[place] and not match[place].lower().startswith(("kontek", "visma"))
    )


# "anna@example.se.Tack": a sentence that begins without a space after the full stop.
_NEXT_SENTENCE = re.compile(rf"(?<=[a-z0-9-])(\.{_TOP})\.[A-ZÅÄÖ]\w*$")


def _email(match: re.Match[str]) -> Finding:
    start = match.start()
    raw = _NEXT_SENTENCE.sub(r"\1", match[0])
    lead = len(raw) - len(raw.lstrip("'.*-|{}#"))
    if "@" in raw[:lead]:
        lead = 0
    tail = len(raw) - len(raw.rstrip("-_ "))
    start, end = start + lead, start + len(raw) - tail
    return Finding(start, end, "e-post", _plain_address(raw[lead : len(raw) - tail]))


# --- case references ------------------------------------------------------------------------------------------------

REFERENCE = re.compile(rf"(?<![^\W_])INS([{DASH} ]?)([A-Z0-9]{{4}})([{DASH} ]?)([A-Z0-9]{{4}})(?![^\W_])", SMALL)


def references(sheet: Sheet, *, expected: bool) -> None:
    """`INS-7KQ4-2M9D` in any spelling, also with letters that no reference holds; `ins nhvs ssce` where one is expected."""

    def value(text: str) -> str:
        return reference.canonical(re.sub(rf"[{DASH} ]", "", text)) or text

    def is_a_word(match: re.Match[str]) -> bool:
        body = match[2] + match[4]
        if expected or any(character.isdigit() for character in body) or match[1] not in ("", " "):
            return False
        return (not match[1] and is_word(match[0].lower())) or (match[1] + match[3] != "" and not body.isupper())

    sheet.mask_all("ärende", REFERENCE, value, unless=is_a_word)


# --- persons' numbers -----------------------------------------------------------------------------------------------

_PERSON_WORD = r"(?:personnummer|personnumret|person[ ]nummer|pers\.?[ ]?nr|personnr|pnr|p\.nr|samordningsnummer|reservnummer|personal (?:identity )?number|ssn|id-nummer)"
_LEAD = r"(?:[ ]?(?:är|e|:|=|is|nr|no)){0,2}[ :=]{0,3}\n?"
PERSON_LEAD = re.compile(rf"(?<!\w){_PERSON_WORD}{_LEAD}(\d(?:[ {DASH}+.]{{0,3}}[\dXx*]){{3,13}})(?!\d)", SMALL)
LAST_FOUR = re.compile(
    rf"(?:(?:de[ ])?(?:fyra|4)[ ]sista|sista[ ](?:fyra|4)|last[ ](?:four|4))(?:[ ](?:siffrorna|siffror|digits))?{_LEAD}(\d[ ]?\d[ ]?\d[ ]?\d)(?!\d)",
    SMALL,
)
BORN = re.compile(
    r"(?<!\w)(?:född|fodd|födelsedatum|födelsedag|född den|född år|födelsenummer|born|date of birth|birth ?date|dob|født)"
    rf"(?:[ ](?:den|on|år|i|in|är|is)){{0,2}}[ :=]{{0,3}}((?:\d[ {DASH}./]{{0,2}}){{5,7}}\d|\d{{1,2}}[/.][ ]?\d{{1,2}}[ {DASH}./]{{1,2}}\d{{2,4}})(?!\d)",
    SMALL,
)
_YEAR = r"(?:(?:16|18|19|20)[ ]?)?\d\d"
PERSON = re.compile(
    rf"(?<![\d{DASH}+.])(?<!\d[ ])(?:{_YEAR}[{DASH}./ ]?\d\d[{DASH}./ ]?\d\d{GAP}\d{{4}}(?!\d|[ ]?[{DASH}.:/]\d))"
    rf"|(?<!\d)(?:16|18|19|20)?\d{{6}}[ ]?[{DASH}+/][ ]?\d{{4}}(?!\d)"
    rf"|(?<!\d)(?:(?:18|19|20)\d{{6}})[ ]?[{DASH}+]?[ ]?\d{{4}}(?!\d)"
    rf"|(?<!\d)(?:18|19|20)?\d{{6}}[ ]?[{DASH}+/][ ]?\d\d[ ]?\d\d(?!\d)"
)
# Reserve numbers with letters, and last digits crossed out by the person.
PERSON_LETTERS = re.compile(
    rf"(?<![\d{DASH}])(?:18|19|20)?\d{{2}}[{DASH} ]?\d\d[{DASH} ]?\d\d(?:[ ]?[{DASH}+][ ]?(?=[\w*]{{4}}(?!\w))|(?=[\w*]{{4}}(?!\w)))(?:[A-Z*][\w*]{{3}}|\d[A-Z*][\w*]{{2}}|\d\d[A-Z*][\w*]|\d{{3}}[A-Z*])(?!\w)"
    r"|(?<!\d)(?:18|19|20)?\d{6}[ ](?=\w{0,3}\d)[A-Z][A-Z0-9]{3}(?!\w)",
    SMALL,
)
TEN = re.compile(r"(?<!\d)\d{10}(?!\d)")
BIRTH_DAY = re.compile(r"(?<!\d)(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01]|[67-8]\d|9[01])(?!\d)")


def luhn(digits: str) -> bool:
    """The check digit of ISO/IEC 7812-1, which personnummer share with payment cards."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def _is_person_ten(digits: str) -> bool:
    """Ten digits: a person rather than a telephone? Mobile numbers look like days in 2007."""
    month, day = int(digits[2:4]), int(digits[4:6])
    plausible = 1 <= month <= 12 and 1 <= day % 60 <= 31
    if digits[0] == "0":
        return plausible and day <= 31 and luhn(digits)
    return True


def _not_person(match: re.Match[str]) -> bool:
    """The loose form takes in telephone numbers, years and amounts; those go to their own searches."""
    text = match[0]
    digits = re.sub(r"\D", "", text)
    if len(digits) == 10 and text.isdigit():
        return not _is_person_ten(digits)
    if re.fullmatch(rf"\d{{6,8}}[ ]?[{DASH}+/][ ]?\d\d[ ]?\d\d", text):
        return (
            len(digits) == 10
            and digits[0] == "0"
            and not _is_date(digits[:6])
            and not text[6:].startswith(("-", "–", "+"))
        )
    if len(digits) == 12 and digits[:2] in ("16", "18", "19", "20"):
        if " " in text and re.fullmatch(r"(?:(?:19|20)\d\d[ ]?){3}", text):
            return True  # three years in a row
        return " " in text and not _is_date(digits[2:8])
    if len(digits) == 10:
        return not _is_date(digits[:6]) or (digits[0] == "0" and not luhn(digits))
    return True


def _is_date(digits: str) -> bool:
    month, day = int(digits[2:4]), int(digits[4:6])
    return 1 <= month <= 12 and 1 <= (day - 60 if day > 60 else day) <= 31


def leading_person_numbers(sheet: Sheet) -> None:
    """What is announced as a personnummer or a date of birth, whatever its shape."""
    sheet.mask_all("personnummer", PERSON_LEAD, group=1)
    sheet.mask_all("personnummer", LAST_FOUR, group=1)
    sheet.mask_all("personnummer", BORN, group=1)


def person_numbers(sheet: Sheet) -> None:
    """Personnummer, samordningsnummer, reserve and organisation numbers in every spelling."""
    sheet.mask_all("personnummer", PERSON_LETTERS, unless=lambda match: "_" in match[0])
    sheet.mask_all("personnummer", PERSON, unless=_not_person)


# --- what has digits but is nobody's --------------------------------------------------------------------------------

_MONTH = r"(?:jan|feb|mar|apr|maj|may|jun|jul|aug|sep|okt|oct|nov|dec)[a-zåäö]{0,7}\.?"
HARMLESS = re.compile(
    rf"(?<![\d{DASH}+.])(?:"
    rf"(?:19|20)\d\d[{DASH}./](?:0?[1-9]|1[0-2])[{DASH}./](?:[0-2]?\d|3[01])(?:[ T]?\d\d[:.]\d\d(?:[:.]\d\d)?)?"  # 2023-11-20 12:30
    rf"|(?:[0-2]?\d|3[01])[{DASH}./](?:0?[1-9]|1[0-2])[{DASH}./](?:19|20)\d\d"  # 20/11/2023
    rf"|(?:19|20)\d\d[ ]?[{DASH}/][ ]?(?:19|20)\d\d"  # 2018–2023
    r"|(?:(?:19|20)\d\d[ ]){1,20}(?:19|20)\d\d"  # 2018 2019 2020
    r"|(?:1[6-9]|20)\d\d[:/]\d{1,4}"  # law numbers
    rf"|[0-2]?\d[.:]\d\d[ ]?[{DASH}][ ]?[0-2]?\d[.:]\d\d"  # 08.00–16.00
    r"|(?:[1-9]\d{0,2}(?:[ .]\d{3}){1,4}|[1-9]\d{0,9})(?:[,.]\d\d?)?[ ]?(?:kr|kronor|sek|tkr|mkr|nok|dkk|usd|eur|euro|€|\$|£|procent|percent|st|%)"
    rf")(?![\w{DASH}.+/]*\d)(?!\w)",
    SMALL,
)
THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:[ .]\d{3}){1,5}")


def harmless(sheet: Sheet) -> None:
    """Dates, years, times, law numbers and amounts are covered so that no looser shape takes them."""
    sheet.cover(match.span() for match in HARMLESS.finditer(sheet.work))


# --- cards, accounts, network addresses -----------------------------------------------------------------------------

CARD_GROUPS = re.compile(
    rf"(?<![\d+])(?<!\d[ {DASH}.])(?:\d{{4}}([ {DASH}.]{{1,3}})\d{{4}}\1\d{{4}}\1\d{{4}}(?:\1\d{{1,3}})?|3\d{{3}}([ {DASH}.])\d{{6}}\2\d{{4,5}})(?![ {DASH}]?\d)"
)
CARD = re.compile(
    rf"(?<![\d+])(?<!\d[ {DASH}.])[1-9](?:[ {DASH}.]{{0,2}}\d){{12,18}}(?![ {DASH}]?\d)|(?<!\d)\d{{13,19}}(?!\d)"
)
IBAN = re.compile(
    rf"(?<![^\W_])(?:SE[ ]?\d\d(?:[ {DASH}]?\d){{20}}(?!\d)|[A-Za-z]{{2}}\d\d[A-Za-z0-9]{{11,30}}(?![^\W_])|(?-i:[A-Z]{{2}}\d\d(?:[ {DASH}][A-Z0-9]{{4}}){{2,7}}(?:[ {DASH}][A-Z0-9]{{1,4}})?)(?![^\W_]))",
    SMALL,
)
_ACCOUNT_WORD = r"(?:(?:bank|löne|spar)?konto(?:nummer|nr|t)?|konto[ ]nr|clearing(?:nummer|nr)?|bankgiro(?:t)?|plusgiro(?:t)?|bg|pg|swish(?:nummer)?|account(?: number| no\.?)?|iban)"
ACCOUNT_LEAD = re.compile(
    rf"(?<!\w){_ACCOUNT_WORD}(?:[ .]?(?:är|:|=|is|nr|no|med|nummer)){{0,2}}[ :=.]{{0,3}}(\d(?:[ ,{DASH}]{{0,3}}\d){{3,19}})(?!\d)",
    SMALL,
)
ACCOUNT = re.compile(
    rf"(?<![\d+])(?<!\d[ {DASH}])[1-9]\d{{3}}(?:[{DASH}]\d[ ,]{{1,2}}|[ ]?[,{DASH}][ ]?)(?:\d{{7,10}}|\d{{1,3}}(?:[ .]\d{{3}}){{2,3}}(?:[{DASH}]\d)?|\d{{2,3}}[ ]\d{{3}}[ ]\d{{3}}[{DASH}]?\d?)(?!\d)"
    rf"|(?<![\d{DASH}])\d{{3,4}}-\d{{4}}(?=[ ](?:bg|bankgiro))"
)
IP4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d]|\.\d)")
IP6 = re.compile(r"(?<![\w:.])(?=[0-9a-f]{0,4}:[0-9a-f]{0,4}:)[0-9a-f:]{2,39}(?:\.\d{1,3}){0,3}(?![\w:])", SMALL)
MAC = re.compile(r"(?<![\w:-])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![\w:-])", SMALL)


def _not_ip(match: re.Match[str]) -> bool:
    try:
        ipaddress.ip_address(match[0])
    except ValueError:
        return True
    return False


def _few_digits(match: re.Match[str]) -> bool:
    return sum(character.isdigit() for character in match[0]) < 8


def _telephone_for_payment(match: re.Match[str]) -> bool:
    """A Swish number that is the person's own telephone."""
    return match[1].startswith("0") and match[0].lower().startswith("swish")


def cards_in_groups(sheet: Sheet) -> None:
    """Sixteen digits in fours, and the shapes of cards that group otherwise."""
    sheet.mask_all("kortnummer", CARD_GROUPS)


def networks(sheet: Sheet) -> None:
    """IP and MAC addresses."""
    sheet.mask_all(
        "adress",
        IP4,
        unless=lambda match: any(int(part) > 255 or (len(part) > 1 and part[0] == "0") for part in match[0].split(".")),
    )
    if ":" in sheet.work or "-" in sheet.work:
        sheet.mask_all("adress", MAC)
        sheet.mask_all("adress", IP6, unless=_not_ip)


def accounts(sheet: Sheet) -> None:
    """IBAN, clearing and account numbers, giro and Swish numbers when announced."""
    sheet.mask_all("konto", IBAN, unless=_few_digits)
    sheet.mask_all("konto", ACCOUNT_LEAD, group=1, unless=_telephone_for_payment)
    sheet.mask_all("konto", ACCOUNT)


# --- telephones -----------------------------------------------------------------------------------------------------

_SEP = rf"[ \t().{DASH}/]{{0,3}}"
PHONE_46 = re.compile(rf"(?<![\d+])\(?(?:\+|00|＋)[ ]?46\)?{_SEP}(?:\(0\)|0)?(?:{_SEP}\d){{6,9}}(?!\d)")
PHONE_ABROAD = re.compile(rf"(?<![\d+])\(?(?:\+[ ]?|00[ ]?)\(?[1-9](?:{_SEP}\d){{6,14}}(?!\d)")
PHONE = re.compile(rf"(?<![\d+,:])(?<!\d[{DASH}.])\(?0\)?{_SEP}[1-9](?:{_SEP}\d){{6,8}}(?!\d)")
PHONE_LEAD = re.compile(
    r"(?<!\w)(?:tel(?:efon)?(?:nummer|nr)?\.?|tfn|tlf|mobil(?:nummer|nr|en)?|mob|ring(?:[ ](?:mig|på|mig[ ]på))?|nås[ ]på|nummer|phone(?:[ ]number)?|call(?:[ ]me)?(?:[ ](?:on|at))?|sms|fax|whatsapp)"
    rf"(?:[ ]?(?:är|e|:|=|is|nr)){{0,2}}[ :=.]{{0,3}}((?:\d[ {DASH}/]{{0,2}}){{5,12}}\d)(?!\d|[:.,]\d|[ ]?(?:kr|kronor|%))",
    SMALL,
)
_DIGITS_AHEAD = re.compile(rf"\d(?:[ ().{DASH}/]{{0,3}}\d){{6}}")
MATCHER_TRIES = 40


def phones(sheet: Sheet) -> None:
    """Swedish and foreign numbers by their own shapes, then what the phonenumbers library finds valid besides."""
    sheet.mask_all("telefon", PHONE_46)
    sheet.mask_all("telefon", PHONE_ABROAD)
    sheet.mask_all("personnummer", TEN, unless=lambda match: not _is_person_ten(match[0]))
    sheet.mask_all("telefon", PHONE)
    sheet.mask_all("telefon", PHONE_LEAD, group=1)


def phones_by_library(sheet: Sheet) -> None:
    """Costs a millisecond, so it is asked only where seven digits stand together and nothing else has claimed them."""
    ahead = _DIGITS_AHEAD.search(sheet.work)
    if not ahead:
        return
    start = max(0, ahead.start() - 2)
    tail = sheet.work[start:]
    matches = PhoneNumberMatcher(tail, "SE", leniency=Leniency.VALID, max_tries=MATCHER_TRIES)
    sheet.add(
        Finding(start + match.start, start + match.end, "telefon", match.raw_string.strip())
        for match in matches
        if not THOUSANDS.fullmatch(match.raw_string)
    )


# --- one-time codes -------------------------------------------------------------------------------------------------

CODE_EXPECTED = re.compile(rf"(?<!\d)(?<!\d[ {DASH}.])\d(?:[ {DASH}.]?\d){{7}}(?![ {DASH}.]?\d)")
CODE_MISTYPED = re.compile(rf"(?<![\d+])(?<!\d[ {DASH}.])\d{{3,5}}[ {DASH}]?\d{{3,4}}(?![ {DASH}.]?\d)")
CODE = re.compile(rf"(?<!\d)(?<!\d[ {DASH}.])\d{{4}}[ ]?[{DASH}]?[ ]?\d{{4}}(?![ {DASH}.]?\d)")


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def expected_codes(sheet: Sheet) -> None:
    """When a code was asked for: eight digits in any spelling are it, six to nine in one or two groups a mistyped one."""
    sheet.mask_all(
        "kod",
        CODE_EXPECTED,
        _digits,
        unless=lambda match: (
            re.fullmatch(rf"(?:19|20)\d\d[{DASH}.](?:0\d|1[0-2])[{DASH}.][0-3]\d", match[0]) is not None
        ),
    )
    sheet.mask_all("kod", CODE_MISTYPED, _digits)


def codes(sheet: Sheet) -> None:
    """Eight digits that are nothing else; a day written together is somebody's birthday."""
    sheet.mask_all("personnummer", BIRTH_DAY)
    sheet.mask_all("kod", CODE, _digits)


# --- postal addresses -----------------------------------------------------------------------------------------------

_WORD = r"[^\W\d_]"
_CAP = r"(?-i:[A-ZÅÄÖÉÜ])"
_TOWN = rf"(?:[ ]{_CAP}[\w-]{{1,30}}(?:[ ]{_CAP}[\w-]{{1,30}}){{0,1}})"
_TAIL = (
    rf"(?:,?[ ]?(?:lgh|läg|lägenhet|lght|vån|våning|tr|trappor|bv|nb|ög|uppg|uppgång|port)\.?[ ]?[\dA-Z]{{0,4}}(?!\w)(?:[ ]tr(?!\w))?){{0,2}}"
    rf"(?:[ ,]{{0,2}}\n?[ ]?(?:SE?[ -]?)?\d{{3}}[ ]?\d\d(?!\d)(?:[ ]{_WORD}{{2,30}}(?:[ ]{_CAP}[\w-]{{1,30}})?)?|,[ ]?{_CAP}{_WORD}{{2,30}}(?=[ ]?(?:[.,;!?\n]|$)))?"
)
_STRONG = (
    "gatan",
    "gata",
    "vägen",
    "gränd",
    "gränden",
    "stigen",
    "allén",
    "backen",
    "torget",
    "kajen",
    "gate",
    "gaten",
    "vej",
    "veien",
    "gade",
)
_ENDS_AS_STREET = "|".join(f"(?<={ending})" for ending in _STRONG)
_WEAK = r"(?:väg|torg|plan|stig|allé|alle|slingan|ringen|leden|kullen|parken|terrassen|gård|gården|backe|kaj|plats|platsen|hamnen|svängen|strand|bro|bron|liden|höjden|dalen|hagen)"
STREET = re.compile(
    rf"(?<!\w)(?:{_CAP}{_WORD}{{0,30}}(?::s)?[ ]){{0,3}}{_WORD}{{3,40}}+(?:{_ENDS_AS_STREET})"
    rf"[ ]?(?:nr[ ]?)?\d{{1,4}}(?:[ ]?[{DASH}/][ ]?\d{{1,3}})?(?:[ ]?[A-H](?!\w))?(?!\w){_TAIL}",
    SMALL,
)
STREET_WEAK = re.compile(
    rf"(?<!\w)(?:{_CAP}{_WORD}{{1,30}}(?::s)?[ ]){{0,3}}{_CAP}{_WORD}{{0,30}}(?:(?::s)?[ ])?{_WEAK}[ ]\d{{1,4}}(?:[ ]?[A-H](?!\w))?(?!\w){_TAIL}",
    SMALL,
)
STREET_ENGLISH = re.compile(
    rf"(?<![\w.])\d{{1,5}}[A-Z]?,?[ ](?:{_CAP}{_WORD}{{1,30}}[ ]){{1,3}}(?:street|road|avenue|lane|drive|close|square|court|way|st|rd|ave)\b\.?",
    SMALL,
)
BOX = re.compile(
    rf"(?<!\w)(?:box|postbox|postboks|p\.?[ ]?o\.?[ ]?box)(?:[ ]nr)?[ ]?:?[ ]?\d{{1,6}}(?!\w){_TAIL}", SMALL
)
POSTCODE = re.compile(
    rf"(?<![\w{DASH}+.,§])(?:SE?[ -])?\d{{3}}[ ]\d\d(?!\d)[ ]({_WORD}{{2,30}})(?:[ ]{_CAP}{_WORD}{{1,30}})?",
    SMALL,
)
POSTCODE_TIGHT = re.compile(rf"(?<![\w{DASH}+.,§])(?:SE?[ -])?[1-9]\d{{4}}[ ]({_CAP}{_WORD}{{2,30}})(?!\w)", SMALL)
POSTCODE_LEAD = re.compile(
    r"(?<!\w)(?:postnummer|postnr|postkod|zip|post ?code)(?:[ ]?(?:är|:|is)){0,1}[ :]{0,2}(\d{3}[ ]?\d\d)(?!\d)",
    SMALL,
)
NOT_STREETS = frozenset(
    (
        "arbetsplats",
        "webbplats",
        "plats",
        "plan",
        "handlingsplan",
        "löneplan",
        "åtgärdsplan",
        "strand",
        "bro",
        "väg",
        "ring",
        "vägen",
        "gången",
    )
)


def _ordinary_street(match: re.Match[str]) -> bool:
    words = re.findall(rf"{_WORD}+", match[0].lower())
    first = words[0] if words else ""
    return first in NOT_STREETS or (is_word(first) and len(words) == 1)


def addresses(sheet: Sheet) -> None:
    """Streets with a number, boxes, postcodes with a town."""
    sheet.mask_all("adress", STREET)
    sheet.mask_all("adress", BOX)
    sheet.mask_all("adress", STREET_WEAK, unless=_ordinary_street)
    sheet.mask_all("adress", STREET_ENGLISH)
    sheet.mask_all("adress", POSTCODE_LEAD, group=1)
    sheet.mask_all("adress", POSTCODE, unless=lambda match: match[1].islower() and is_word(match[1]))
    sheet.mask_all(
        "adress",
        POSTCODE_TIGHT,
        unless=lambda match: is_word(match[1].lower()) and match[1].lower() != "lund",
    )


_DIGIT = re.compile(r"\d")
FEWEST_ANNOUNCED = 4  # "de fyra sista: 9811"
FEWEST = 6

# --- whatever else is long ------------------------------------------------------------------------------------------

LONG = re.compile(rf"(?<!\d)(?<!\d[ {DASH}])\d(?:[ ]?[{DASH}./]?[ ]?\d){{8,}}+")
ARTICLES = re.compile(
    r"(?:artikel|artiklarna|art\.?|article|articles|kap\.?|kapitel|§+|paragraf|skäl|punkt|punkterna)[ ]?$",
    SMALL,
)


def long_numbers(sheet: Sheet) -> None:
    """Nine digits or more that no shape fitted: better masked as something than left."""
    found = []
    for match in LONG.finditer(sheet.work):
        text = match[0]
        digits = _digits(text)
        if THOUSANDS.fullmatch(text) or (
            " " in text and ARTICLES.search(sheet.work[max(0, match.start() - 12) : match.start()])
        ):
            continue
        kind = (
            "telefon"
            if len(digits) in (9, 11)
            else "personnummer"
            if len(digits) <= 12
            else "kortnummer"
            if len(digits) <= 19
            else "konto"
        )
        if kind == "personnummer" and digits[0] == "0":
            kind = "telefon"
        found.append(Finding(match.start(), match.end(), kind, text.strip()))
    sheet.add(found)


def mask_shapes(sheet: Sheet, expects: str | None) -> None:
    """All kinds in the order that gives a number to the most certain of them; few digits are asked about little."""
    sheet.cover(match.span() for match in OWN.finditer(sheet.work))
    references(sheet, expected=expects == "reference")
    emails(sheet)
    profiles(sheet)
    digits = len(_DIGIT.findall(sheet.work))
    if not digits:
        return
    if digits >= FEWEST_ANNOUNCED:
        if expects == "code":
            expected_codes(sheet)
        leading_person_numbers(sheet)
    if digits >= FEWEST:
        cards_in_groups(sheet)
        person_numbers(sheet)
        harmless(sheet)
    networks(sheet)
    if digits >= FEWEST_ANNOUNCED:
        accounts(sheet)
    if digits >= FEWEST:
        phones(sheet)
        cards(sheet)
    addresses(sheet)
    if digits >= FEWEST:
        codes(sheet)
        phones_by_library(sheet)
        long_numbers(sheet)


def cards(sheet: Sheet) -> None:
    """Thirteen to nineteen digits in any grouping."""
    sheet.mask_all("kortnummer", CARD)
