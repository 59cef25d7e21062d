"""The sequence of decisions. Each has a name, says nothing (None) or decides; the first that decides is the answer.

First comes what needs no understanding and can be left unread by Rasa: duplicates, bounces, automatic replies. Then
what headers make likely but text can overrule: a request in such a mail goes to a human instead of nowhere. Last, what
was understood. No automatic reply ever goes anywhere but to the address in From, and none goes to a machine: that, and
the limit per sender and day, is why no loop can arise.
"""

from __future__ import annotations

from collections.abc import Callable

from insyn.mail.deciding import senders, wordings
from insyn.mail.deciding.decision import Context, Decision, Holding
from insyn.mail.reading import Grade, ReadMail
from insyn.mail.sentences import sentences, unwrapped

Rule = Callable[[ReadMail, Context], Decision | None]
CALENDAR_ANSWER = "Ett svar på en kalenderinbjudan, eller en avbokning."
MAILING_LIST = "Ett utskick till en e-postlista."

# Readings that ask for something to be done, so that a mail with one of them is never only put aside.
_WANTED = ("request.", "report.", "complaint", "handover", "inform.code")
# How a mail is not complete when it has been read; a person has to look at the rest.
_INCOMPLETE = frozenset(
    {"text_truncated", "too_many_parts", "too_many_texts", "too_deep", "html_overnested", "answers_in_quote"}
)


def decide(mail: ReadMail, context: Context) -> Decision:
    """What happens to a mail, by the first of the decisions that has something to say."""
    for rule in (*BEFORE_UNDERSTANDING, *AFTER_UNDERSTANDING):
        decision = rule(mail, context)
        if decision is not None:
            return decision
    return Decision(
        "answered",
        "answered",
        "Mejlet besvaras automatiskt.",
        reply_to=_address(mail),
        evidence=_evidence(mail, context),
    )


def needs_understanding(mail: ReadMail, context: Context) -> bool:
    """Whether the text has to be read by Rasa before a decision can be made."""
    return all(rule(mail, context) is None for rule in BEFORE_UNDERSTANDING)


def already_seen(mail: ReadMail, context: Context) -> Decision | None:
    if context.already_seen:
        return Decision("ignored", "already_seen", "Samma mejl har redan kommit in.")
    return None


def unreadable(mail: ReadMail, context: Context) -> Decision | None:
    if "unreadable" in mail.oddities:
        return Decision("human", "unreadable", "Mejlet gick inte att läsa.")
    return None


def bounce(mail: ReadMail, context: Context) -> Decision | None:
    """Delivery reports (RFC 3464) and what older servers send instead. The addresses that failed are flagged."""
    machine = mail.automatic.null_return_path or context.envelope_sender == "" or _is_no_reply(mail)
    if mail.automatic.delivery_report or (wordings.BOUNCE_SUBJECT.match(mail.subject) and machine):
        return Decision(
            "ignored",
            "bounce",
            "Ett leveransbesked: ett mejl från oss kom inte fram.",
            unreachable=mail.automatic.failed_recipients,
        )
    return None


def receipt(mail: ReadMail, context: Context) -> Decision | None:
    if mail.automatic.disposition_report:
        return Decision("ignored", "read_receipt", "Ett läskvitto.")
    return None


def abuse_report(mail: ReadMail, context: Context) -> Decision | None:
    if mail.automatic.abuse_report:
        return Decision("human", "abuse_report", "En rapport om att mejl från oss har anmälts som skräppost.")
    return None


def own_mail(mail: ReadMail, context: Context) -> Decision | None:
    """A mail from an address of our own, or one that claims to be: answering it would be answering ourselves."""
    if mail.sender and mail.sender.address.lower() in context.own_addresses:
        if mail.is_forward and mail.automatic.auto_submitted in ("", "no"):
            return Decision(
                "human",
                "forwarded_by_ourselves",
                "Vidarebefordrat från en av våra egna adresser.",
                evidence=_evidence(mail, context),
            )
        return Decision("ignored", "own_mail", "Avsändaren är en av våra egna adresser.")
    return None


def automatic_reply(mail: ReadMail, context: Context) -> Decision | None:
    """RFC 3834 and its forerunners, and subjects that only automatic replies have."""
    if mail.automatic.auto_submitted not in ("", "no", "auto-generated"):
        return Decision("ignored", "automatic_reply", "Ett automatiskt svar (Auto-Submitted).")
    if mail.automatic.autoreply_header:
        return Decision("ignored", "automatic_reply", f"Ett automatiskt svar ({mail.automatic.autoreply_header}).")
    if wordings.AUTOREPLY_SUBJECT.match(mail.subject):
        return Decision("ignored", "automatic_reply", "Ett automatiskt svar, enligt ämnesraden.")
    return None


def calendar(mail: ReadMail, context: Context) -> Decision | None:
    """Invitations are a human's to accept; answers to invitations and cancellations are only put aside."""
    method = mail.automatic.calendar_method
    if method in ("reply", "cancel", "refresh", "declinecounter"):
        return Decision("ignored", "calendar_answer", CALENDAR_ANSWER)
    if method:
        return Decision("human", "calendar_invitation", "En kalenderinbjudan: svara i kalendern.")
    return None


def mailing_list(mail: ReadMail, context: Context) -> Decision | None:
    """Lists and newsletters of others. A group address of our own adds list headers to all it gets."""
    if not (mail.automatic.list_id or mail.automatic.list_post) or _is_our_list(mail, context):
        return None
    return Decision("ignored", "mailing_list", MAILING_LIST)


def no_sender(mail: ReadMail, context: Context) -> Decision | None:
    if mail.sender is None:
        return Decision("human", "no_sender", "Mejlet saknar en avsändaradress som går att svara till.")
    return None


def sealed(mail: ReadMail, context: Context) -> Decision | None:
    """Encrypted mails, and mails that say nothing but have something attached."""
    if mail.encrypted and len(mail.new_text.split()) < 3:
        return _human(
            mail,
            context,
            "encrypted",
            "Mejlet är krypterat och kan bara läsas av en människa med nyckel.",
            Holding.UNREADABLE,
        )
    if "nothing_said" in mail.oddities and (mail.attachments or "winmail" in mail.oddities):
        return _human(mail, context, "only_attachments", "Mejlet har ingen text, bara bilagor.", Holding.UNREADABLE)
    return None


# From here on the text has been read, and a request in it keeps a mail from being put aside.


def machine_made(mail: ReadMail, context: Context) -> Decision | None:
    """Marks of a mail sent by a machine, or in bulk, that is no reply: nothing goes back, but a request is seen."""
    automatic = mail.automatic
    if automatic.auto_submitted == "auto-generated":
        name, reason = "auto_generated", "Mejlet är maskinellt skapat (Auto-Submitted: auto-generated)"
    elif automatic.spam_flagged:
        name, reason = "spam", "Mejlet är märkt som skräppost"
    elif context.envelope_sender == "" or automatic.null_return_path:
        name, reason = "null_sender", "Mejlet har ingen avsändare på kuvertet, så det går inte att svara på"
    elif _is_no_reply(mail):
        name, reason = "no_reply_address", "Avsändaradressen tar inte emot svar"
    elif (automatic.list_headers and not _is_our_list(mail, context)) or automatic.bulk_sender:
        name, reason = "newsletter", "Mejlet är ett massutskick"
    else:
        return None
    if _wanted(context):
        return Decision("human", name, f"{reason}, men det står en begäran i det.", evidence=_evidence(mail, context))
    return Decision("ignored", name, f"{reason}.")


def our_own_list(mail: ReadMail, context: Context) -> Decision | None:
    """What goes round within our own organisation: put aside, unless something is asked for."""
    if (mail.automatic.list_id or mail.automatic.list_post) and not (
        _is_the_mailbox(mail, context) or _wanted(context)
    ):
        return Decision("ignored", "mailing_list", MAILING_LIST)
    return None


def perhaps_automatic(mail: ReadMail, context: Context) -> Decision | None:
    """Only the wording of text or subject gives it away: put aside when nothing is asked, else a human's."""
    name, reason = "automatic_reply", "Ett automatiskt svar, enligt formuleringen."
    signs = wordings.signs_of_automatic(_beginning(mail))
    absent = bool(wordings.ABSENCE_SUBJECT.match(mail.topic))
    subject = absent or any(
        pattern.match(mail.topic)
        for pattern in (wordings.RECEIVED_SUBJECT, wordings.AUTOREPLY_SUBJECT, wordings.BEFORE_OUR_SUBJECT)
    )
    likely = signs >= 2 or (signs == 1 and (subject or mail.automatic.response_suppressed))
    if not subject and _asks_beside_one_absence(mail, context):
        return None
    if absent and not signs and not _wanted(context) and not _asked(context):
        likely = True
    if wordings.RECEIPT_SUBJECT.match(mail.subject):
        name, reason, likely = "read_receipt", "Ett läskvitto, enligt ämnesraden.", True
    elif wordings.CALENDAR_ANSWER_SUBJECT.match(mail.subject):
        name, reason, likely = "calendar_answer", CALENDAR_ANSWER, True
    if not likely and not (signs == 1 and (mail.is_reply or context.known_thread)):
        return None
    if not (_wanted(context) or _asked(context)):
        return Decision("ignored", name, reason)
    if likely or not _wanted(context):
        return Decision(
            "human",
            "perhaps_automatic",
            "Kan vara ett automatiskt svar, men någon ber om något eller frågar i det.",
            evidence=_evidence(mail, context),
        )
    return None


def too_many_replies(mail: ReadMail, context: Context) -> Decision | None:
    if context.automatic_replies >= context.max_automatic_replies:
        return Decision(
            "human",
            "too_many_replies",
            "Avsändaren har redan fått så många automatiska svar som får skickas på ett dygn.",
            evidence=_evidence(mail, context),
        )
    return None


def suppressed(mail: ReadMail, context: Context) -> Decision | None:
    """Bulk precedence, or a wish for no automatic reply: an agent's request may look so, and must not vanish."""
    if mail.automatic.precedence in ("bulk", "junk", "list") and not _is_our_list(mail, context):
        return Decision(
            "human",
            "bulk_precedence",
            "Mejlet är märkt som massutskick (Precedence) men kan vara skrivet av en människa.",
            evidence=_evidence(mail, context),
        )
    if mail.automatic.response_suppressed:
        return Decision(
            "human",
            "response_suppressed",
            "Avsändaren vill inte ha automatiska svar.",
            evidence=_evidence(mail, context),
        )
    return None


def doubtful_sender(mail: ReadMail, context: Context) -> Decision | None:
    """A sender whose address is not clear, or disowns the mail: a reply might reach someone who never wrote."""
    if {"sender_malformed", "several_senders"} & set(mail.oddities):
        return Decision(
            "human",
            "sender_unclear",
            "Det går inte att säga säkert vem som är avsändare.",
            evidence=_evidence(mail, context),
        )
    if mail.authentication.grade is Grade.FAILED:
        return Decision(
            "human",
            "sender_disowned",
            "Avsändarens domän underkänner mejlet: det kan vara skickat av någon annan.",
            evidence=_evidence(mail, context),
        )
    if any(each.address.lower() in context.own_addresses for each in mail.reply_to):
        return Decision(
            "human",
            "reply_to_ourselves",
            "Mejlet vill ha svar till vår egen adress.",
            evidence=_evidence(mail, context),
        )
    return None


def distress(mail: ReadMail, context: Context) -> Decision | None:
    if _read(context, "handover.distress"):
        return _human(mail, context, "distress", "Personen verkar må dåligt.", Holding.DISTRESS)
    return None


def protected_identity(mail: ReadMail, context: Context) -> Decision | None:
    if _read(context, "handover.protected"):
        return _human(mail, context, "protected_identity", "Det gäller skyddad identitet.", Holding.PROTECTED)
    return None


def office(mail: ReadMail, context: Context) -> Decision | None:
    holding = senders.office(mail)
    names = {
        Holding.AUTHORITY: ("authority", "Mejlet kommer från en myndighet."),
        Holding.LAWYER: ("lawyer", "Mejlet kommer från ett juridiskt ombud."),
        Holding.PRESS: ("press", "Mejlet kommer från en redaktion."),
    }
    if holding in names:
        return _human(mail, context, *names[holding], holding)
    return None


def representative(mail: ReadMail, context: Context) -> Decision | None:
    """Agents, guardians, minors and estates: a human decides, and nothing is confirmed to them meanwhile."""
    if _read(context, "handover.representative"):
        return _human(
            mail,
            context,
            "representative",
            "Någon skriver för någon annan, eller det gäller en minderårig eller avliden.",
            Holding.REPRESENTATIVE,
        )
    return None


def wants_human(mail: ReadMail, context: Context) -> Decision | None:
    if _read(context, "handover.human"):
        return _human(mail, context, "wants_human", "Personen vill ha kontakt med en människa.", Holding.GENERAL)
    return None


def someone_elses(mail: ReadMail, context: Context) -> Decision | None:
    """A forwarded request is its first writer's: verifying the forwarder's address would prove nothing about them."""
    if mail.forwarded and _wanted(context) and not _forwards_own(mail, context):
        return _human(
            mail,
            context,
            "forwarded_request",
            "Begäran står i ett vidarebefordrat mejl från någon annan.",
            Holding.GENERAL,
        )
    return None


def incomplete(mail: ReadMail, context: Context) -> Decision | None:
    if _INCOMPLETE & set(mail.oddities):
        return _human(
            mail,
            context,
            "incomplete",
            "Allt i mejlet gick inte att läsa maskinellt: läs det i sin helhet.",
            Holding.GENERAL,
        )
    return None


def nothing_new(mail: ReadMail, context: Context) -> Decision | None:
    if not mail.new_text:
        if mail.quoted:
            return Decision(
                "human", "only_quoted", "Mejlet har ingen ny text, bara citat.", evidence=_evidence(mail, context)
            )
        return Decision("human", "empty", "Mejlet är tomt.", evidence=_evidence(mail, context))
    return None


def small_talk(mail: ReadMail, context: Context) -> Decision | None:
    """Only a thank-you or a greeting: to answer it would be to go on for ever."""
    if context.readings and all(
        each.intent.startswith("smalltalk.") and each.intent != "smalltalk.bot_identity" for each in context.readings
    ):
        if mail.is_reply or context.known_thread or all(each.intent != "smalltalk.greet" for each in context.readings):
            return Decision("ignored", "small_talk", "Ett tack eller en hälsning, inget att svara på.")
        return _not_understood(mail, context)
    return None


def not_understood(mail: ReadMail, context: Context) -> Decision | None:
    if all(each.intent.startswith("out_of_scope") or each.intent.startswith("smalltalk.") for each in context.readings):
        return _not_understood(mail, context)
    return None


BEFORE_UNDERSTANDING: tuple[Rule, ...] = (
    already_seen,
    unreadable,
    bounce,
    receipt,
    abuse_report,
    own_mail,
    automatic_reply,
    calendar,
    mailing_list,
    no_sender,
    sealed,
)
AFTER_UNDERSTANDING: tuple[Rule, ...] = (
    machine_made,
    our_own_list,
    perhaps_automatic,
    doubtful_sender,
    suppressed,
    too_many_replies,
    distress,
    protected_identity,
    office,
    representative,
    wants_human,
    someone_elses,
    incomplete,
    nothing_new,
    small_talk,
    not_understood,
)


def _not_understood(mail: ReadMail, context: Context) -> Decision:
    """A human's. An answer to a mail may be a machine's that Insyn does not know as such: nothing goes back to it."""
    answers = mail.is_reply or context.known_thread or context.automatic_replies > 0
    holding = Holding.NONE if answers else Holding.GENERAL
    return _human(mail, context, "not_understood", "Insyn förstod inte vad mejlet gäller.", holding)


def _human(mail: ReadMail, context: Context, name: str, reason: str, holding: Holding) -> Decision:
    """A human takes over, and the sender is told: unless a machine sent it, or they have had enough replies today."""
    quiet = (
        context.automatic_replies >= context.max_automatic_replies
        or context.envelope_sender == ""
        or mail.automatic.null_return_path
        or mail.automatic.response_suppressed
        or mail.automatic.spam_flagged
        or mail.automatic.bulk_sender
        or mail.automatic.auto_submitted not in ("", "no")
        or (
            bool(mail.automatic.precedence)
            and not _is_our_list(mail, context)
            and mail.automatic.precedence in ("bulk", "junk", "list")
        )
        or mail.authentication.grade is Grade.FAILED
        or _is_no_reply(mail)
        or bool({"sender_malformed", "several_senders"} & set(mail.oddities))
        or any(each.address.lower() in context.own_addresses for each in mail.reply_to)
    )
    return Decision(
        "human",
        name,
        reason,
        reply_to=None if quiet or holding is Holding.NONE else _address(mail),
        holding=Holding.NONE if quiet else holding,
        evidence=_evidence(mail, context),
    )


def _address(mail: ReadMail) -> str | None:
    return mail.sender.address if mail.sender else None


def _is_no_reply(mail: ReadMail) -> bool:
    local = mail.sender.address.rpartition("@")[0] if mail.sender else ""
    return bool(wordings.NO_REPLY_ADDRESS.match(local))


def _is_the_mailbox(mail: ReadMail, context: Context) -> bool:
    """Whether the list is the very mailbox that is read here."""
    own_ids = {address.replace("@", ".") for address in context.own_addresses} | context.own_addresses
    list_id, post = mail.automatic.list_id, mail.automatic.list_post
    return (not list_id or list_id in own_ids) and (not post or post in context.own_addresses)


def _is_our_list(mail: ReadMail, context: Context) -> bool:
    """Whether the list is one of our own organisation's, by its domain."""
    domains = {address.rpartition("@")[2] for address in context.own_addresses}
    list_id, post = mail.automatic.list_id, mail.automatic.list_post
    if not (list_id or post):
        return False
    ours = any(list_id == domain or list_id.endswith(("." + domain, "@" + domain)) for domain in domains)
    return (not list_id or ours) and (not post or post.rpartition("@")[2] in domains)


def _asks_beside_one_absence(mail: ReadMail, context: Context) -> bool:
    """Whether a mail that answers none has but one sentence worded like an absence message, and asks for something in others.

    "Jag har slutat på företaget. Radera mina uppgifter." is a person's.
    """
    if mail.is_reply or context.known_thread or mail.automatic.response_suppressed:
        return False
    worded = [each for each in sentences(unwrapped(_beginning(mail))) if wordings.signs_of_automatic(each)]
    return len(worded) == 1 and any(each.plainly and each.intent.startswith(_WANTED) for each in context.readings)


def _beginning(mail: ReadMail) -> str:
    return mail.new_text[:3_000]


def _read(context: Context, intent: str) -> bool:
    return any(each.intent == intent or each.intent.startswith(f"{intent}.") for each in context.readings)


def _wanted(context: Context) -> bool:
    return any(each.intent.startswith(_WANTED) for each in context.readings)


def _asked(context: Context) -> bool:
    """Whether the text asks something that the policy answers."""
    return any(each.intent.startswith(("policy.", "process.", "assistant.")) for each in context.readings)


def _forwards_own(mail: ReadMail, context: Context) -> bool:
    """Whether what was forwarded was written by the one who forwards it, or by ourselves."""
    source, sender = mail.forwarded_from.casefold(), mail.sender
    if sender is None or not source:
        return False
    if "@" in source:
        ours = {address.rpartition("@")[2] for address in context.own_addresses}
        domain = source.rpartition("@")[2].strip(" <>()[]\"',;")
        return sender.address.casefold() in source or domain in ours
    return bool(sender.name) and sender.name.casefold() in source


def _evidence(mail: ReadMail, context: Context) -> tuple[str, ...]:
    """Stable identifiers of what a human may want to know."""
    found = [f"authentication_{mail.authentication.grade.value}"]
    sender = mail.sender.address.lower() if mail.sender else ""
    if mail.reply_to and any(each.address.lower() != sender for each in mail.reply_to):
        found.append("reply_to_differs")
    if mail.sender and "@" in mail.sender.name and sender not in mail.sender.name.lower():
        found.append("name_shows_other_address")
    if any(each.looks_like_id_document for each in mail.attachments):
        found.append("id_document_attached")
    elif mail.attachments:
        found.append("attachments")
    if "hidden_text" in mail.oddities:
        found.append("hidden_text")
    return tuple(found)
