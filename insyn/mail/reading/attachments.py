"""What is attached, by name only: nothing is opened, and nothing that looks like an identity document is kept."""

from __future__ import annotations

import re
from collections.abc import Sequence

from insyn.mail.reading.mail import Attachment
from insyn.mail.reading.mime import Part

MAX_LISTED = 200
MAX_NAME = 200
_ID_NAME = re.compile(
    r"(?<![a-zåäö])(?:id[-_ ]?kort|id[-_ ]?handling|id[-_ ]?card|identitetskort|identity|legitimation"
    r"|legitimasjon|leg|körkort|korkort|førerkort"
    r"|ajokortti|henkilökortti|henkilokortti|driv(?:ing|er'?s)[-_ ]?licen[cs]e|pass|passport|passkopia|passbild"
    r"|passi|id|personbevis)(?![a-zåäö])"
    r"|(?:kör|kor)kort|passkopia|legitimation|idkort|passport|id[-_ ]?kopia",
    re.IGNORECASE,
)
_ID_SPOKEN_OF = re.compile(
    r"\b(?:kopia|bild|foto|scan|skann\w*|kopi|copy|photo|bifog\w+|vedlagt|vedlægger|attached|enclosed)\b.{0,60}?"
    r"\b(?:leg(?:itimation\w*|itimasjon)?|id(?:-?kort\w*|-?handling\w*)?|körkort\w*|pass(?:et|port)?|førerkort"
    r"|driv(?:ing|er'?s) licen[cs]e|id card)\b",
    re.IGNORECASE | re.DOTALL,
)
_PICTURE_OR_SCAN = re.compile(r"^image/|^application/pdf$")

_KINDS = (
    (re.compile(r"^image/"), "bild"),
    (re.compile(r"^audio/"), "ljudfil"),
    (re.compile(r"^video/"), "film"),
    (re.compile(r"^text/calendar$"), "kalenderfil"),
    (re.compile(r"html"), "webbsida"),
    (re.compile(r"^text/"), "textfil"),
    (re.compile(r"^message/"), "mejl"),
    (re.compile(r"^application/pdf$"), "PDF"),
    (re.compile(r"word|opendocument\.text|^application/rtf$"), "textdokument"),
    (re.compile(r"excel|spreadsheet"), "kalkylark"),
    (re.compile(r"zip|compressed|x-7z|x-tar"), "arkivfil"),
)
DISCARDED = "ser ut som en id-handling och har inte sparats"


def described(attachments: Sequence[Attachment]) -> str:
    """What is attached in Swedish: kind and size of each, and which were not kept. No names: they may be people's."""
    return "; ".join(
        f"{_kind(each.media_type)}, {size_in_words(each.size)}"
        + (f" ({DISCARDED})" if each.looks_like_id_document else "")
        for each in attachments
    )


def _kind(media_type: str) -> str:
    return next((kind for pattern, kind in _KINDS if pattern.search(media_type)), "fil av okänt slag")


def size_in_words(size: int) -> str:
    """Bytes in Swedish, `3 kB` or `2,5 MB`; nothing is smaller than 1 kB."""
    if size < 1_000_000:
        return f"{max(1, round(size / 1_000))} kB"
    return megabytes(size) + " MB"


def megabytes(size: int) -> str:
    """Bytes as megabytes in Swedish, with at most one decimal."""
    return f"{size / 1_000_000:.1f}".replace(".", ",").removesuffix(",0")


def listed(parts: list[Part], text: str) -> tuple[Attachment, ...]:
    """The attachments of a mail whose text is `text`: at most `MAX_LISTED`, in order."""
    spoken_of = bool(_ID_SPOKEN_OF.search(text[:20_000]))
    return tuple(_attachment(part, spoken_of) for part in parts[:MAX_LISTED])


def _attachment(part: Part, id_spoken_of: bool) -> Attachment:
    name = re.split(r"[/\\]", part.file_name)[-1].strip().lstrip(".")[:MAX_NAME]
    media_type = part.type.media_type
    stem = re.sub(r"\.[a-z0-9]{1,5}$", "", name, flags=re.IGNORECASE).replace("_", " ")
    looks_like_id = bool(_ID_NAME.search(stem)) or (id_spoken_of and bool(_PICTURE_OR_SCAN.match(media_type)))
    return Attachment(name, media_type, part.size, looks_like_id)
