"""Senders who are always met by a human: courts, police and other authorities, lawyers, the press."""

from __future__ import annotations

import re

from insyn.mail.deciding.decision import Holding
from insyn.mail.reading import ReadMail

_AUTHORITY_DOMAINS = frozenset(
    [
        "polisen.se",
        "kronofogden.se",
        "imy.se",
        "datainspektionen.se",
        "skatteverket.se",
        "forsakringskassan.se",
        "arbetsformedlingen.se",
        "aklagare.se",
        "domstol.se",
        "dom.se",
        "jo.se",
        "jk.se",
        "do.se",
        "kammarkollegiet.se",
        "migrationsverket.se",
        "ekobrottsmyndigheten.se",
        "konkurrensverket.se",
        "kv.se",
        "konsumentverket.se",
        "arn.se",
        "pts.se",
        "msb.se",
        "mcf.se",
        "cert.se",
        "av.se",
        "csn.se",
        "pensionsmyndigheten.se",
        "inspektionenforsocialforsakringen.se",
        "arbetsmiljoverket.se",
        "diskrimineringsombudsmannen.se",
        "regeringskansliet.se",
        "gov.se",
        "riksdagen.se",
        "sakerhetspolisen.se",
        "tullverket.se",
        "kriminalvarden.se",
        "socialstyrelsen.se",
        "ivo.se",
        "fi.se",
        "finansinspektionen.se",
        "bolagsverket.se",
        "edpb.europa.eu",
        "edps.europa.eu",
        "datatilsynet.no",
        "datatilsynet.dk",
        "tietosuoja.fi",
        "dpo.europa.eu",
    ]
)
_PRESS_DOMAINS = frozenset(
    [
        "svt.se",
        "sr.se",
        "sverigesradio.se",
        "tv4.se",
        "dn.se",
        "svd.se",
        "expressen.se",
        "aftonbladet.se",
        "gp.se",
        "sydsvenskan.se",
        "hd.se",
        "tt.se",
        "di.se",
        "breakit.se",
        "nyteknik.se",
        "computersweden.se",
        "idg.se",
        "smp.se",
        "barometern.se",
        "kristianstadsbladet.se",
        "etc.se",
        "fokus.se",
        "dagensmedia.se",
        "resume.se",
        "svenskadagbladet.se",
        "bonniernews.se",
        "schibsted.se",
        "mittmedia.se",
        "arbetet.se",
        "lag-avtal.se",
        "realtid.se",
        "ka.se",
        "da.se",
        "nrk.no",
        "dr.dk",
        "yle.fi",
        "reuters.com",
        "bbc.co.uk",
        "ft.com",
    ]
)
_LAWYER_DOMAIN = re.compile(r"advokat|advokater|juristbyra|jurist|lawfirm|legal|law\b|attorney", re.IGNORECASE)
_LAWYER_TITLE = re.compile(
    r"\b(?:advokat(?:byrå\w*)?|biträdande jurist|jur(?:ist|\.? ?kand)|ombud för|attorney(?: at law)?|solicitor|law firm|juristbyrå\w*|juridiskt ombud)\b",
    re.IGNORECASE,
)
_PRESS_TITLE = re.compile(
    r"\b(?:journalist|reporter|redaktör|nyhetsredaktion\w*|ansvarig utgivare|undersökande redaktion|toimittaja)\b",
    re.IGNORECASE,
)
_AUTHORITY_TITLE = re.compile(
    r"\b(?:kronoinspektör|polisinspektör|polisassistent|kriminalinspektör|förundersökningsledare|åklagare|kammaråklagare|tingsrätt\w*|förvaltningsrätt\w*|hovrätt\w*|handläggare,? imy|integritetsskyddsmyndigheten"
    r"|kronofogdemyndigheten|polismyndigheten|socialsekreterare|överförmyndar\w*)\b",
    re.IGNORECASE,
)


def office(mail: ReadMail) -> Holding:
    """What kind of office a mail comes from, by its sender's domain and by the titles in name and signature; `NONE` when none.

    The text itself is not searched: a person may speak of the police without being it.
    """
    domain = mail.sender.address.rpartition("@")[2].lower() if mail.sender else ""
    titles = f"{mail.sender.name if mail.sender else ''}\n{mail.signature[:600]}"
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
