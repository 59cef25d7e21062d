"""How mail programs word what is not the sender's own text, in the languages of the mailbox.

The patterns of mail-parser-reply are taken over as they are; what follows them covers what it misses: Norwegian,
Finnish, and the forms of clients used in the Nordic countries.
"""

from __future__ import annotations

import re

from mailparser_reply.constants import MAIL_LANGUAGES

# Labels of the header lines that Outlook, Samsung, webmails and forwards put above a quoted mail.
FROM_LABELS = "Från|Fra|Lähettäjä|From|Von|Avsändare|Avsender|Afsender|De|Da|Van|Od"
SENT_LABELS = (
    "Skickat|Skickad|Skickades|Sendt|Sent|Lähetetty|Gesendet|Datum|Dato|Date|Päivämäärä|Päiväys|Pvm|Envoyé|Verzonden"
    "|Enviado|Inviato|Wysłano|Sänt"
)
TO_LABELS = "Till|Til|To|Vastaanottaja|Kenelle|An|Mottagare|Mottaker|Modtager|À|Aan|Para|A|Do"
SUBJECT_LABELS = "Ämne|Emne|Aihe|Subject|Rubrik|Betreff|Otsikko|Ärende|Objet|Onderwerp|Asunto|Oggetto|Temat"
OTHER_LABELS = (
    "Kopia|Kopi|Kopio|Cc|Bcc|Hemlig kopia|Importance|Prioritet|Prioriteetti|Viktighet|Reply-To|Svar till"
    "|Svara till|Svar til|Vastausosoite|Attachments|Bilagor|Bifogade filer|Vedlegg|Vedhæftede filer"
    "|Liitteet|Organisation|Organization"
    "|Resent-From|Message-ID|Sensitivity|Känslighet"
)


def _label(names: str) -> re.Pattern[str]:
    return re.compile(rf"^[\s>*_|]{{0,12}}(?:{names})[*_]{{0,2}}\s{{0,2}}:[*_]{{0,2}}(?P<value>.*)$", re.IGNORECASE)


FROM_LABEL = _label(FROM_LABELS)
SENT_LABEL = _label(SENT_LABELS)
TO_LABEL = _label(TO_LABELS)
SUBJECT_LABEL = _label(SUBJECT_LABELS)
OTHER_LABEL = _label(OTHER_LABELS)

ORIGINAL_SEPARATOR = re.compile(
    r"^[\s>*]{0,8}[-_=]{2,}\s*(?:"
    r"Ursprungligt (?:meddelande|mejl|mail|brev)|Originalmeddelande|Originalmejl"
    r"|Original(?:t)? e-?post(?:meddelande)?"
    r"|Original (?:Message|mail)|Opprinnelig melding|Oprindelig (?:meddelelse|mail|besked)|Alkuperäinen viesti"
    r"|Ursprüngliche Nachricht|Reply message|Svarsmeddelande|Message d'origine|Mensaje original"
    r")\s*[-_=]{2,}\s*$",
    re.IGNORECASE,
)
FORWARD_SEPARATOR = re.compile(
    r"^[\s>*]{0,8}(?:[-_=]{2,}\s*)?(?:"
    r"Vidarebefordrat (?:meddelande|mejl|mail|brev)|Vidarebefordrade meddelandet börjar"
    r"|Börja vidarebefordrat meddelande"
    r"|Början på vidarebefordrat meddelande|Begin forwarded message|Forwarded message(?: from .{1,120})?|Videresendt "
    r"(?:melding|besked|meddelelse|mail)|Start på videresendt (?:melding|besked)|Videresendt e-post"
    r"|Edelleenlähetetty viesti"
    r"|(?:Edelleen )?[Vv]älitetty viesti(?: alkaa)?|Välitetyn viestin alku|Weitergeleitete Nachricht"
    r"|Anfang der weitergeleiteten Nachricht"
    r")\s*(?:[-_=]{2,}|:)\s*$",
    re.IGNORECASE,
)
# "---- Den mån, 12 maj 2025 10:14 Anna Ek <anna@example.se> skrev ----" (Zoho and others)
DASHED_ATTRIBUTION = re.compile(
    r"^[\s>]{0,8}-{2,}\s.{3,300}\b(?:skrev|skreiv|wrote|kirjoitti|schrieb)\b.{0,200}?-{2,}\s*$", re.IGNORECASE
)

# ">>> Anna Ek <anna@example.se> 2025-05-12 10:14 >>>" (GroupWise)
ANGLED_ATTRIBUTION = re.compile(r"^>{2,3}\s.{3,200}\d.{0,40}\s>{2,3}\s*$")

WROTE = re.compile(
    r"\b(?:skrev|skreiv|skriver|wrote|writes|kirjoitti|schrieb|a écrit|escribió|ha scritto|napisał|schreef)\b",
    re.IGNORECASE,
)
QUOTING = re.compile(
    r"^(?:Citerar|Citat från|Quoting|Sitat fra|Lainaus|Lainataan|Zitat von)\b.{2,200}:$", re.IGNORECASE
)
_WEEKDAY = (
    "mån|tis|ons|tors?|fre|lör|sön|man|tirs?|lørd?|lør|søn|mon|tue|wed|thu|fri|sat|sun|ma|ti|ke|to|pe|la|su|mandag"
    "|tirsdag|onsdag|torsdag|fredag|lørdag|søndag|måndag|tisdag|lördag|söndag"
    "|maanantai\\w*|tiistai\\w*|keskiviikko\\w*|torstai\\w*"
    "|perjantai\\w*|lauantai\\w*|sunnuntai\\w*|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
)
ATTRIBUTION_START = re.compile(
    rf"^(?:(?i:Den|Det|På|Vid|On|At|In|Am|Le|El|Il|Op|Dnia|Dne|I|(?:{_WEEKDAY})\b)|\d{{1,4}}[\s./-]"
    rf"|[\"'<]?[\w.+-]+@|[\"']?[A-ZÅÄÖÆØ][\w'’.-]+)"
)
DATE_OR_TIME = re.compile(
    r"\b(?:19|20)\d\d\b|\b\d{1,2}[:.]\d{2}\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b"
    r"|\b\d{1,2}\.?\s(?:jan|feb|mar|apr|ma[ijr]|jun|jul|aug|sep|o[kc]t|nov|de[cs]|tammi|helmi|maalis|huhti|touko"
    r"|kesä|heinä|elo|syys"
    r"|loka|marras|joulu)",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"[^\s<>()\[\]:;,\"]{1,64}@[^\s<>()\[\]:;,\"]{1,190}")
# "Den 3 maj skrev ni till mig:" is a sentence, not a mail program's line.
PERSON_WROTE = re.compile(
    r"\b(?:skrev|skriver|wrote|kirjoitti)\s+(?:ni|du|jag|vi|han|hon|de|dom|man|hen|you|I|we|he|she|they|min|mina"
    r"|mitt|er|ert|to|till)\b"
    r"|\b(?:ni|du|jag|vi|han|hon|de|dom|you|I|we|he|she|they)\s+(?:skrev|skriver|wrote)\b(?!\s*:?\s*$)",
    re.IGNORECASE,
)

# How a mail program's line ends, and one that says no more than who wrote.
ATTRIBUTION_END = re.compile(r"(?:[:：)>]|\b(?:skrev|skreiv|wrote|kirjoitti|schrieb)|-{2,})\s*$", re.IGNORECASE)
NAME_WROTE = re.compile(r"^[A-ZÅÄÖÆØ][\w'’.-]*(?:\s[A-ZÅÄÖÆØ][\w'’.-]*){0,4}\s(?:skrev|wrote|kirjoitti|schrieb)\s?:?$")

# mail-parser-reply's own ways to tell that a line says who wrote what follows.
LIBRARY_ATTRIBUTIONS = [
    re.compile(language["wrote_header"], re.IGNORECASE)
    for name, language in MAIL_LANGUAGES.items()
    if isinstance(language.get("wrote_header"), str) and name != "david"
]


def _listed(key: str, *languages: str) -> list[str]:
    phrases = [phrase for language in languages for phrase in MAIL_LANGUAGES[language].get(key, [])]
    return [phrase for phrase in phrases if not phrase.startswith("/")]  # "/Anna" is SLASH_NAME below


_CLOSINGS = [
    *_listed("signatures", "sv", "da", "en", "de"),
    r"(?:m(?:ed)?\.?\s?)?v(?:änlig(?:a|t)?)?\.?\s?(?:h(?:älsn(?:ing(?:ar|en)?)?)?)\.?",
    r"m\s?\.?\s?v\s?\.?\s?h\.?",
    r"vh",
    r"hälsn\.?",
    r"häls(?:ning(?:ar)?)?",
    r"(?:med )?(?:(?:de|mina|våra) )?(?:allra )?(?:bästa|hjärtlig(?:a|aste)|varm(?:a|aste)|solig(?:a|aste)"
    r"|trevliga|glada|många|stora|fina(?:ste)?|vänlig(?:a|aste)) hälsningar(?: från [^\W\d_][\w ]{1,30})?",
    r"(?:de )?bästa",
    r"vänligen",
    r"högaktningsfullt",
    r"(?:stor |varm |många )?kram(?:ar)?",
    r"puss(?: (?:och|&"
    r"|o) kram)?",
    r"klem",
    r"knus",
    r"hälsar",
    r"allt gott",
    r"ha det (?:bra|gott|fint)",
    r"(?:tack|tusen tack|tack så mycket|tack och hej|stort tack)(?: (?:på förhand"
    r"|för hjälpen))?(?: och (?:hälsningar|hej))?",
    r"(?:ha en )?(?:fortsatt )?(?:trevlig|fin|skön|bra|härlig) (?:dag|kväll|helg|vecka|sommar|eftermiddag)",
    r"(?:med )?(?:vennlig|venlig|beste|kærlig|hjertelig|mange) (?:hilsen|hilsner)",
    r"beste",
    r"hilsen",
    r"vennligst",
    r"(?:ystävällisin|parhain|lämpimin|terveisin) ?(?:terveisin|terveisiä)?",
    r"terv(?:eisin"
    r"|\.)?",
    r"t\.?",
    r"kunnioittavasti",
    r"(?:with )?(?:kind|best|warm|warmest|many) (?:regards|wishes|thanks)",
    r"regards",
    r"sincerely(?: yours)?",
    r"yours (?:sincerely|faithfully"
    r"|truly)",
    r"cheers",
    r"br",
    r"thanks(?: in advance)?",
    r"thank you(?: in advance)?",
    r"best",
    r"mit freundlichen grüßen",
    r"freundliche grüße",
    r"mfg",
]
# A line that is a closing phrase and at most a name after it.
CLOSING = re.compile(
    rf"^\s*(?:{'|'.join(_CLOSINGS)})(?!\w)"  # "t" closes a Finnish mail, "TA BORT MIG" does not
    r"(?:,? (?:från|fra|from) [^\W\d_][\w ]{1,30})?"
    r"(?:[^\w\n]{1,8}?(?P<name>[^\W\d_][\w'’.-]*(?:\s+[^\W\d_][\w'’.-]*){0,4}))?[^\w\n]{0,8}$",
    re.IGNORECASE,
)
SIGNATURE_DELIMITER = re.compile(r"^\s{0,2}(?:--|––|—|-- ?|__)\s*$")
SLASH_NAME = re.compile(r"^\s*(?:/{1,2}|~|[–—-]\s?)\s?[^\W\d_][\w'’.-]*(?:\s[^\W\d_][\w'’.-]*){0,3}\.?\s*$")


def _of_library(key: str) -> list[str]:
    languages = ("sv", "da", "en", "de", "fr", "es", "it", "nl", "pl")
    return [phrase for language in languages for phrase in MAIL_LANGUAGES[language].get(key, "").split("|")]


_SENT_FROM = [
    *(phrase for phrase in _of_library("sent_from") if phrase),
    r"Skicka(?:t|des|d) (?:(?:säkert|krypterat|tryggt) )?(?:från|med|via|av min)",
    r"Hämta Outlook",
    r"Hämta ",
    r"Sent (?:from|with|via|using) (?:my|Outlook|Mail|Yahoo|AOL|Samsung|Proton|Mailbird|the|Gmail|myMail|Spark"
    r"|Superhuman|BlackBerry)",
    r"Get Outlook for",
    r"Get BlueMail",
    r"Get TypeApp",
    r"Sendt (?:fra|via"
    r"|med)",
    r"Hent Outlook",
    r"Få Outlook",
    r"Last ned Outlook",
    r"Lähetetty (?:iPhone|iPad|laitteesta|Outlook|Samsung|Yahoo|minun|matkapuhelim|Android|Huawei|sähköposti"
    r"|Windows)\w*",
    r"Lähetetty\s\w+sta\b",
    r"Hanki Outlook",
    r"Von meinem",
    r"Diese Nachricht wurde von meinem",
]
# "Skickat från min iPhone", "Hämta Outlook för iOS<https://…>": a line of its own, short.
SENT_FROM = re.compile(rf"^[\s*_\[(]{{0,4}}(?:{'|'.join(_SENT_FROM)}).{{0,120}}$", re.IGNORECASE)

DISCLAIMER = re.compile(
    r"(?:detta|det här|denna|dette|denne|tämä)\s+(?:e-?post|e-?mail|mejl|mail|meddelande|e-?postmeddelande"
    r"|melding|e-?mailen|besked"
    r"|viesti|sähköposti)\w*\s.{0,160}(?:konfidenti|sekretess|avsedd|avsett|adressat|mottagar|bifog|fortroli"
    r"|tiltenkt|beregnet|luottamu"
    r"|skyddad information|virus|kontroller|omfattas av)"
    r"|this (?:e-?mail|message|communication).{0,160}(?:confidential|intended|privileged|recipient|virus|scanned)"
    r"|the information (?:contained )?in this (?:e-?mail|message)|if you (?:are not the intended|have received this)"
    r"|om du (?:inte är (?:rätt|avsedd)|har (?:fått|mottagit) (?:detta|det här|denna)).{0,80}(?:mottagare"
    r"|av misstag|fel)"
    r"|om (?:ni|mottagaren).{0,60}av misstag|hvis du (?:har modtaget|ikke er)|dersom du (?:har mottatt|ikke er)"
    r"|tänk på miljön|think (?:of|before).{0,30}(?:environment|print)|please consider the environment"
    r"|tenk på miljøet|behöver du skriva ut"
    r"|confidentiality notice|sekretessmeddelande|virusfri|virus-?free|avast|skannad (?:av|för)|scanned by"
    r"|kontrollerats av"
    r"|(?:vi|så|hur|läs (?:mer|om)|mer information om|information om|när du|genom att|för att läsa"
    r"|här kan du läsa).{0,60}behandla[rs]?\b.{0,40}"
    r"personuppgift.{0,200}(?:https?:|www\.|här\b|\.se|\.com|\.example)"
    r"|(?:personuppgiftspolicy|integritetspolicy|dataskyddspolicy|privacy policy|privacy notice)\s*(?::|<|–"
    r"|-)?\s*(?:https?:|www\.)"
    r"|(?:avregistrera|avanmäl|unsubscribe|afmeld|avmeld|meld deg av|peruuta tilaus).{0,80}(?:https?:|www\.|här\b"
    r"|here\b|<|klicka|click)"
    r"|(?:klicka här|click here|följ länken).{0,60}(?:avregistrera|avanmäl|unsubscribe|avsluta)",
    re.IGNORECASE | re.DOTALL,
)
# Put on top by the sender's or our own mail system.
BANNER = re.compile(
    r"^[\s*_\[({!⚠]{0,6}(?:(?:CAUTION|WARNING|ATTENTION|VARNING|OBS|VIKTIGT|ADVARSEL|HUOM|EXTERNAL"
    r"|EXTERN\w*)\b[\s:!\]*-]{0,6}.{0,300}"
    r"(?:external|extern|outside|utanför|utanfor|okänd avsändare|uden for|utenfor|ulkopuol|avsändare|sender"
    r"|organi[sz]ation)"
    r"|\[?(?:EXTERNAL|EXTERN|EXTERNT|EXT)(?: (?:EMAIL|E-?POST|MEJL|SENDER|AVSÄNDARE))?\]?:?$"
    r"|(?:Some people who received this message don'?t often|You don'?t often|Du får inte ofta"
    r"|Du modtager ikke ofte|Du får ikke ofte"
    r"|Et saa usein|Vissa personer som har fått det här meddelandet får sällan)\b.{0,300}$"
    r"|(?:This (?:e-?mail|message) (?:originated|was sent|came) from outside|Detta (?:mejl|mail"
    r"|e-?post(?:meddelande)?|meddelande) (?:kommer|skickades|har skickats) (?:från|utifrån)"
    r" (?:en )?(?:extern|utanför)).{0,300}$)",
    re.IGNORECASE,
)
# Where someone says that the answers stand among the quoted lines.
ANSWERS_BELOW = re.compile(
    r"\b(?:se (?:mina )?(?:svar|kommentarer|nedan|under|inline)|(?:mina )?svar(?:en|ar)? (?:står |finns |är |i "
    r"|med )?(?:nedan|nedanför|rött|röd|blått|grönt|fetstil|"
    r"texten|inne i)|svarar (?:nedan|i texten|inline|under)|skrivit (?:mina )?svar (?:i|under|nedan)"
    r"|kommenterar (?:nedan|i texten)|see (?:my )?(?:answers?|comments?|repl(?:y|ies)|inline)"
    r"|(?:answers?|comments?|repl(?:y|ies)) (?:below|inline|in red|in line)|se (?:mine )?(?:svar"
    r"|kommentarer) (?:under|nedenfor))\b",
    re.IGNORECASE,
)

# Prefixes that clients put before a subject.
REPLY_PREFIX = re.compile(r"^(?:sv|re|svar|vs|aw|antw)(?:\[\d+\]|\s?\(\d+\))?\s?[:：]\s*", re.IGNORECASE)
FORWARD_PREFIX = re.compile(
    r"^(?:vb|fw|fwd|vl|vidarebefordrat|videresendt|vs\.?edelleen|wg)(?:\[\d+\])?\s?[:：]\s*", re.IGNORECASE
)
TAG_PREFIX = re.compile(
    r"^\[(?:ext(?:ern(?:al|t)?)?|spam|suspected spam|misstänkt spam|sus|bulk|[\w .-]{1,30})\]\s*"
    r"|^\*{3,}\s?[\w ]{1,30}\s?\*{3,}\s*",
    re.IGNORECASE,
)
