"""Senders who are always met by a human: courts, police and other authorities, lawyers, the press."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from insyn.mail.deciding.decision import Holding
from insyn.mail.reading import ReadMail

SIGNATURE_LINES, TITLE_WORDS = (
    12,
    7,
)  # where a title stands; a longer line is a sentence, such as about whom to complain to
_OFFICES = yaml.safe_load((Path(__file__).parent / "offices.yml").read_text(encoding="utf-8"))
_AUTHORITY_DOMAINS = frozenset(_OFFICES["authorities"])
_PRESS_DOMAINS = frozenset(_OFFICES["press"])
_LAWYER_DOMAIN = re.compile(r"advokat|juristbyra|lawfirm|(?:^|[.-])(?:jurist|legal|law|attorneys?)(?:[.-]|$)")
_LAWYER_TITLE = re.compile(
    r"\b(?:advokat(?:byrå\w*)?|biträdande jurist|jur(?:ist|\.? ?kand)|ombud för|attorney(?: at law)?|solicitor"
    r"|law firm|juristbyrå\w*|juridiskt ombud)\b",
    re.IGNORECASE,
)
_PRESS_TITLE = re.compile(
    r"\b(?:journalist|reporter|redaktör|nyhetsredaktion\w*|ansvarig utgivare|undersökande redaktion|toimittaja)\b",
    re.IGNORECASE,
)
_AUTHORITY_TITLE = re.compile(
    r"\b(?:kronoinspektör|polisinspektör|polisassistent|kriminalinspektör|förundersökningsledare|åklagare"
    r"|kammaråklagare|tingsrätt\w*|förvaltningsrätt\w*|hovrätt\w*|handläggare,? imy|integritetsskyddsmyndigheten"
    r"|kronofogdemyndigheten|polismyndigheten|socialsekreterare|överförmyndar\w*)\b",
    re.IGNORECASE,
)


def office(mail: ReadMail) -> Holding:
    """What kind of office a mail comes from, or `NONE`: by its sender's domain, and by titles in name and signature.

    The text itself is not searched: a person may speak of the police without being it.
    """
    domain = mail.sender.address.rpartition("@")[2].lower() if mail.sender else ""
    short = [line for line in mail.signature.splitlines()[:SIGNATURE_LINES] if len(line.split()) <= TITLE_WORDS]
    titles = "\n".join([mail.sender.name if mail.sender else "", *short])
    if _within(domain, _AUTHORITY_DOMAINS) or _AUTHORITY_TITLE.search(titles):
        return Holding.AUTHORITY
    if _LAWYER_DOMAIN.search(domain) or _LAWYER_TITLE.search(titles):
        return Holding.LAWYER
    if _within(domain, _PRESS_DOMAINS) or _PRESS_TITLE.search(titles):
        return Holding.PRESS
    return Holding.NONE


def _within(domain: str, domains: frozenset[str]) -> bool:
    labels = domain.split(".")
    return any(".".join(labels[at:]) in domains for at in range(len(labels)))
