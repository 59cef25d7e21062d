"""How automatic mails word themselves when their headers keep quiet, in the languages of the mailbox."""

from __future__ import annotations

import re

# Subjects that only automatic replies have: the words alone, or before our own subject.
AUTOREPLY_SUBJECT = re.compile(
    r"^\s*\[?(?:"
    r"autosvar|auto-svar|auto[- ]?reply|autoresponse|automati(?:c|sches?|ed) (?:reply|response|answer|antwort)"
    r"|automatisk[at]? (?:svar|e-?post ?svar|svarmelding|besked|meddelande|frånvaro\w*)"
    r"|automaattinen (?:vastaus|ilmoitus|poissaolo\w*)|poissaolo(?:ilmoitus|viesti)"
    r"|frånvaro(?:meddelande|besked|assistent\w*|svar)|fravær(?:smelding|sbesked|sassistent)"
    r"|semester(?:meddelande|svar)|vacation (?:reply|message|response)|abwesenheitsnotiz"
    r"|(?:i am |i'm )?(?:currently )?out[- ]of[- ](?:the[- ])?office|ooo|réponse automatique|respuesta automática"
    r")\]?\s*(?:[:(–—-]|$|(?:re|sv|vs)\s?:)",
    re.IGNORECASE,
)
# Subjects of absence messages that a person may also ask about: "Frånvaro i lönesystemet".
ABSENCE_SUBJECT = re.compile(
    r"^\s*(?:autosvar|autoreply|automatiskt svar|out of office|jag är (?:inte på kontoret|på semester|frånvarande)"
    r"|(?:ej|inte) på (?:kontoret|plats)|ikke på kontoret|ikke til stede|frånvaro|frånvarande|fravær|semester(?:st\w+)?"
    r"|ledig|föräldraledig|tjänstledig|på resande fot|poissa(?:olo)?|lomalla|ferie|away|vacation|on leave|holiday"
    r"|abwesenheit\w*)\b",
    re.IGNORECASE,
)
# And of receipts.
RECEIVED_SUBJECT = re.compile(
    r"^\s*(?:tack för (?:ditt|att du|er)|takk for|tak for|thank you for|kiitos|vi har (?:mottagit|tagit emot|fått)"
    r"|bekräftelse|mottagningsbekräftelse|kvittens|ärende|ticket|case|ditt ärende|ditt meddelande)\b",
    re.IGNORECASE,
)
# "Semesterstängt! Re: Din begäran": a machine's words put before our own subject.
BEFORE_OUR_SUBJECT = re.compile(r"\S.*\b(?:re|sv|svar|vs)\s?:\s", re.IGNORECASE)
# What absence and receipt messages say. Each is one sign; two of them, or one in an answer to a mail of ours, make an
# automatic reply.
AUTOREPLY_TEXT = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:jag|undertecknad) (?:är|befinner mig|kommer att vara)\b.{0,40}\b(?:på semester|semesterledig|ledig"
        r"|tjänstledig|föräldraledig|sjukskriven|frånvarande|bortrest|på resande fot"
        r"|ute på|inte på (?:kontoret|plats|jobbet)|ej på (?:kontoret|plats)|utan (?:möjlighet|tillgång))\b"
        r"|\bhar (?:semester|ledigt|slutat|gått på (?:semester|föräldraledighet))\b.{0,60}\b(?:till|t\.?o\.?m"
        r"|fram|och|åter)",
        r"\b(?:åter|tillbaka|på plats(?: igen)?|tilbage|tilbake)\b.{0,30}\b(?:\d{1,2}[./ ]|den|i|på|vecka|v\."
        r"|måndag|tisdag|onsdag|torsdag|fredag|januari|augusti|efter)",
        r"\b(?:läser|kontrollerar|svarar|besvarar|har tillgång till|kollar)\b.{0,30}\b(?:inte|ej|sporadiskt"
        r"|begränsat|sällan|då och då)\b.{0,30}\b(?:mejl|mail|e-?post|meddelanden)?"
        r"|begränsad(?:e)? (?:tillgång|möjlighet)|mejlen (?:läses|vidarebefordras) (?:inte|ej)"
        r"|vidarebefordras (?:inte|ej)",
        r"\b(?:vid|för|i|har du) (?:brådskande|akuta?|bråttom|angelägna)\b.{0,40}(?:ärende|frågor|kontakta|ring"
        r"|vänd|mejla)?|behöver du (?:snabb|omgående|akut)\w*|haster det|ved hastesager",
        r"\bdetta (?:är|mejl är|meddelande är) (?:ett )?(?:automatiskt|autosvar|automatgenererat)"
        r"|automatiskt (?:genererat|utskickat|svar|meddelande)|automatgenerera|autosvar|går (?:inte"
        r"|ej) att (?:svara|besvara)"
        r"|svara (?:inte|ej) på detta|kan (?:inte|ej) besvaras|do not reply|do-not-reply|automatisch(?:e"
        r"|es) (?:antwort|nachricht)|dette er (?:et|en) (?:automatisk|autosvar)|tämä on automaattinen"
        r"|this is an automat\w+",
        r"\b(?:tack för (?:ditt|att du|er|din)|takk for (?:din|at du)|tak for (?:din|at du)|thank you for (?:your"
        r"|contacting)|kiitos (?:viestistäsi|yhteydenotostasi)).{0,80}"
        r"(?:mejl|mail|e-?post|meddelande|kontakta\w*|hör av|henvendelse|besked|message|e-?mail|viesti|yhteyden"
        r"|fråga|förfrågan)",
        r"\b(?:vi|jag) (?:har (?:mottagit|tagit emot|fått|registrerat)|återkommer|svarar|besvarar"
        r"|hör av)\b.{0,80}(?:så snart|inom|arbetsdag|timmar|dygn|snarast|ärende|mejl|fråga)|ditt ärende har"
        r"|ärendet har (?:fått|registrerats)|ärendenummer\s*(?:är|:)"
        r"|vi (?:har modtaget|vender tilbage|har mottatt|svarer)|we (?:have received|will get back|will respond"
        r"|aim to)|your (?:request|ticket|case|message) has been (?:received|registered|created)",
        r"\b(?:e-?post)?adressen (?:används|gäller|fungerar|bevakas|är) (?:inte|ej)|\b(?:adressen"
        r"|e-?postadress(?:en)?|brevlåda(?:n)?|mejladress(?:en)?|inkorg(?:en)?)\b.{0,30}\b(?:inte längre|upphör"
        r"|avslutad|bevakas (?:inte|ej)|läses (?:inte|ej)|stängd)"
        r"|\b(?:jag|hon|han|personen|kollegan|medarbetaren)\b.{0,40}\b(?:har slutat|arbetar inte längre"
        r"|jobbar inte längre|inte längre (?:anställd|kvar))|no longer (?:with|works? (?:at|for)|in use|monitored)"
        r"|ei ole enää (?:käytössä|töissä)|arbejder ikke længere|jobber ikke lenger",
        r"\b(?:semesterstäng|sommarstäng|julstäng|lunchstäng|helgstäng)\w+|\b(?:kontoret|kundtjänst|växeln"
        r"|butiken|expeditionen|vi) (?:är|har|håller) (?:\w+ )?stängt?\b"
        r"|\böppnar (?:igen|åter)|(?:mejl|mail|meddelanden) (?:besvaras|läses) när\b|\b(?:vabbar|vab:ar"
        r"|är sjuk)\b.{0,60}\b(?:svarar|åter|tillbaka|hör av)|\bsvarar (?:när|så fort) jag\b|(?:lukket"
        r"|suljettu)\b.{0,40}\b(?:til|asti)",
        r"(?:svara|skriv(?: ditt svar)?|reply|type your reply|svar) (?:ovanför|above) (?:den här|denna"
        r"|this) (?:raden|linjen|line)",
        r"\bi(?:'m| am| will be)\b.{0,40}\b(?:out of (?:the )?office|on (?:vacation|leave|holiday|annual leave"
        r"|parental leave)|away|travel(?:l)?ing)\b|\blimited (?:access to (?:my )?e-?mail|e-?mail access)"
        r"|\bfor urgent (?:matters|issues|requests)",
        r"\bjeg (?:er|har)\b.{0,30}\b(?:ferie|på ferie|bortreist|fraværende|ikke på kontoret|ude af kontoret"
        r"|permisjon|permittert|(?:pappa|mamma|foreldre|svangerskaps)perm\w*|barsel\w*|orlov)\b",
        r"\bolen\b.{0,40}\b(?:lomalla|poissa|vapaalla|matkoilla)\b|palaan (?:töihin|takaisin|toimistolle)"
        r"|kiireellisissä asioissa",
    )
)


def signs_of_automatic(text: str) -> int:
    """How many of the wordings of automatic replies are in a text."""
    return sum(bool(pattern.search(text)) for pattern in AUTOREPLY_TEXT)


# Old and home-made bounces without a delivery status.
BOUNCE_SUBJECT = re.compile(
    r"^\s*(?:undeliver(?:able|ed)|delivery (?:status notification|failure|has failed|failed)"
    r"|mail delivery (?:failed|failure|system)|returned mail|failure notice|message not delivered"
    r"|(?:kan|kunde|går) (?:inte|ej) (?:leverera|att leverera|levereras)|oleverera\w+|olevererbart"
    r"|det gick inte att leverera|meddelandet kunde inte levereras|kunne ikke leveres|ikke leverbar"
    r"|kan ikke leveres|toimitus epäonnistui"
    r"|viestin toimitus|unzustellbar|leverans(?:fel|status|problem)|e-?post(?:en)? (?:kunde inte"
    r"|har inte) lever\w+|warning: could not send|adressen? (?:finns|existerar) inte)",
    re.IGNORECASE,
)
RECEIPT_SUBJECT = re.compile(
    r"^\s*(?:läst|ej läst|oläst|läskvitto|read|not read|lest|læst|luettu|gelesen|mottaget|levererat|delivered"
    r"|relayed|retur(?: receipt)?|kvitto på läsning|läsbekräftelse)\s*:|^\s*return receipt\b",
    re.IGNORECASE,
)
CALENDAR_ANSWER_SUBJECT = re.compile(
    r"^\s*(?:accepterat|accepterad|tackat ja|avböjt|avböjd|preliminärt|preliminär|accepted|declined|tentative"
    r"|akseptert|avslått|accepteret|afslået|hyväksytty|hylätty|inställt?|canceled|cancelled|ny tid föreslagen"
    r"|new time proposed)\s*:",
    re.IGNORECASE,
)
NO_REPLY_ADDRESS = re.compile(
    r"^(?:no-?_?\.?reply|do-?_?not-?_?reply|donotreply|noreply.*|.*[-_.+]noreply|svara-?_?(?:ej|inte)|ej-?svar"
    r"|inget-?svar|mailer-daemon|postmaster|bounces?|bounce[-+].*|.*-bounces?|abuse"
    r"|listserv|majordomo|.*-request|.*-owner|owner-.*|nobody|null|ikke-svar|eivastausta|ei-vastata|autoreply"
    r"|auto-reply|notifications?|notifiering(?:ar)?)$",
    re.IGNORECASE,
)
