"""Every text that Insyn is taught or measured on, written in every client: what was said is in the new text, whole.

The texts are the examples of data/nlu and tests/understanding/dev: real wordings of every length, in several languages.
"""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from insyn.mail.reading.new_text import reflowed, separate
from insyn.settings import PROJECT_ROOT

TAUGHT = PROJECT_ROOT / "data" / "nlu"
MEASURED = Path(__file__).parents[2] / "understanding" / "dev" / "topics.yml"
EACH = 600  # texts in each client; all of them in all clients take two minutes
COURTESIES = re.compile(
    r"^(?:ha|have) (?:det|en|a)\b|^trevlig \w+|^hälsningar\b|^cheers\b|^(?:ha det|kram|hilsen)|^\W+$", re.IGNORECASE
)
CLIENTS = {
    "nothing added": "{}\n",
    "greeting and name": "Hej!\n\n{}\n\nMvh\nAnna Ek\n",
    "name after a slash": "{}\n\n/Anna\n",
    "corporate signature": (
        "Hej,\n\n{}\n\nMed vänliga hälsningar\n\nAnna Ek\nEkonomichef\n\nTel 010-174 06 00\nanna.ek@example.com\n\n"
        "Detta meddelande är konfidentiellt och avsett endast för adressaten.\n"
    ),
    "iPhone": "{}\n\nSkickat från min iPhone\n",
    "iPhone, answer": (
        "{}\n\nSkickat från min iPhone\n\n> 4 mars 2026 kl. 10:14 skrev Insyn Kontek <dpo@kontek.example>:\n> \n> Hej!\n"
    ),
    "Gmail": "{}\n\nDen ons 4 mars 2026 kl 10:14 skrev Insyn Kontek <\ndpo@kontek.example>:\n\n> Hej!\n> Vad gäller saken?\n",
    "Gmail, no blank line": "{}\nDen ons 4 mars 2026 10:14Insyn Kontek <dpo@kontek.example> skrev:\n> Hej!\n",
    "Outlook": (
        "{}\n\nMed vänlig hälsning\nAnna Ek\n\nFrån: Insyn Kontek <dpo@kontek.example>\nSkickat: den 4 mars 2026 10:14\n"
        "Till: Anna Ek\nÄmne: Din begäran\n\nHej!\nVad gäller saken?\n"
    ),
    "Outlook for Android": (
        "{}\n\nHämta Outlook för Android<https://example.com/x>\n________________________________\n"
        "From: Insyn Kontek <dpo@kontek.example>\nSent: Wednesday, March 4, 2026 10:14:22 AM\nTo: Anna\nSubject: Hej\n\nHej!\n"
    ),
    "Samsung": (
        "{}\n\n\n\n-------- Originalmeddelande --------\nFrån: Insyn Kontek <dpo@kontek.example> \n"
        "Datum: 2026-03-04  10:14  (GMT+01:00) \nTill: anna.ek@example.com \nRubrik: Din begäran \n\nHej!\n"
    ),
    "Yahoo": "{}\n    Den onsdag 4 mars 2026 10:14:22 CET, Insyn Kontek <dpo@kontek.example> skrev:  \n \n Hej!\n",
    "below the quote": (
        "Den 2026-03-04 kl. 10:14, skrev Insyn Kontek:\n> Hej!\n> Vad gäller saken?\n\n{}\n\n-- \nAnna Ek\n070-174 06 05\n"
    ),
    "between quotes": "Den 4 mars 2026 skrev Insyn <dpo@kontek.example>:\n> Vad gäller saken?\n{}\n> Hälsningar\n> Insyn\n",
    "forwarded": (
        "Se nedan.\n\n---------- Forwarded message ---------\nFrån: Anna Ek <anna.ek@example.com>\n"
        "Date: tis 3 mars 2026 kl 19:02\nSubject: Begäran\nTo: <info@kontek.example>\n\n{}\n\nMvh Anna\n"
    ),
    "Norwegian": "{}\n\nons. 4. mars 2026 kl. 10:14 skrev Insyn Kontek <dpo@kontek.example>:\n\n> Hei\n",
    "Danish": "{}\n\nFra: Insyn Kontek <dpo@kontek.example>\nSendt: 4. marts 2026 10:14\nTil: Mette\nEmne: Hej\n\nHej\n",
    "Finnish": "{}\n\nke 4. maalisk. 2026 klo 10.14 Insyn Kontek (dpo@kontek.example) kirjoitti:\n\n> Hei\n",
    "English": "{}\n\nOn Wed, Mar 4, 2026 at 10:14 AM Insyn Kontek <dpo@kontek.example>\nwrote:\n\n> Hello\n",
}


@cache
def texts() -> list[str]:
    """What people may write, courtesies alone excepted: as the end of a mail those are a greeting."""
    found = {
        match[1].strip()
        for path in sorted(TAUGHT.glob("*.yml"))
        for match in re.finditer(r"^ +- (?!intent:)(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    for questions in yaml.safe_load(MEASURED.read_text(encoding="utf-8")).values():
        found |= set(questions)
    return sorted(text for text in found if "⟨" not in text and len(text) > 1 and not COURTESIES.match(text))


@pytest.mark.parametrize("client", CLIENTS)
def test_is_whole_in_the_new_text(client: str) -> None:
    chosen = random.Random(client).sample(texts(), EACH)
    replies = client not in (
        "nothing added",
        "greeting and name",
        "name after a slash",
        "corporate signature",
        "forwarded",
    )
    lost = []
    for text in chosen:
        new = separate(CLIENTS[client].format(text), is_reply=replies, is_forward=client == "forwarded").new
        if " ".join(text.split()) not in " ".join(new.split()):
            lost.append((text, new))
    assert lost == []


@pytest.mark.parametrize("client", CLIENTS)
def test_nothing_of_the_older_mail_comes_with_it(client: str) -> None:
    """Measured on longer texts: a word alone may be a name or a greeting."""
    chosen = random.Random(client).sample([text for text in texts() if len(text) > 40], EACH // 3)
    around = [
        word
        for word in ("Kontek <dpo", "Vad gäller saken", "Skickat från", "konfidentiellt", "Ekonomichef")
        if word in CLIENTS[client]
    ]
    for text in chosen:
        new = separate(CLIENTS[client].format(text), is_reply=True, is_forward=client == "forwarded").new
        assert not [word for word in around if word in new.replace(text, "")], (text, new)


def test_wrapped_lines_are_put_together_and_lists_are_not() -> None:
    wrapped = [
        "Jag undrar om ni lämnar ut uppgifter om mig till andra företag inom",
        "koncernen, och i så fall till vilka.",
        "- ett",
        "- två",
    ]
    assert reflowed(wrapped).split("\n") == [f"{wrapped[0]} {wrapped[1]}", "- ett", "- två"]
