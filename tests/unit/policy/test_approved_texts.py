"""The approved texts: every topic has its answer, every answer its source, and every phrase a place where it is said."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from string import Formatter

import pytest
import yaml

from actions import lookup, message, own_data, requests
from actions.prompts import RELATIONS
from insyn.cases.kinds import KINDS
from insyn.conversation.conversations import OPENING_CHOICES
from insyn.mail.deciding import Holding
from insyn.policy.answers import Answer, AnswerBook, Phrase
from insyn.settings import PROJECT_ROOT

# product.md, "Topics"
TOPICS = [
    "policy.categories",
    "policy.collection",
    "policy.cookies.what",
    "policy.cookies.types",
    "policy.cookies.avoid",
    "policy.cookies.analytics",
    "policy.purposes",
    "policy.purposes.marketing",
    "policy.purposes.security",
    "policy.legal_basis",
    "policy.legal_basis.contract",
    "policy.legal_basis.consent",
    "policy.legal_basis.legitimate_interest",
    "policy.sharing.group",
    "policy.sharing.partners",
    "policy.sharing.authorities",
    "policy.subprocessors",
    "policy.subprocessors.location",
    "policy.retention.general",
    "policy.retention.contacts",
    "policy.retention.applicants",
    "policy.retention.marketing",
    "policy.recruitment",
    "policy.contact_persons",
    "policy.processor_role",
    "policy.rights.overview",
    "policy.rights.access",
    "policy.rights.rectification",
    "policy.rights.erasure",
    "policy.rights.restriction",
    "policy.rights.portability",
    "policy.rights.objection",
    "policy.rights.exceptions",
    "policy.changes",
    "policy.contact",
    "policy.company",
    "policy.complaint_imy",
    "policy.confidentiality",
    "process.response_time",
    "process.cost",
    "process.identity",
    "assistant.privacy",
    "assistant.capabilities",
    "smalltalk.greet",
    "smalltalk.thanks",
    "smalltalk.bye",
    "smalltalk.bot_identity",
]

BOOK = AnswerBook(retention_chat_days=30, retention_verified_chat_days=90, retention_case_days=730)
ANSWERS = list(BOOK.answers.values())
EVERY_PHRASE = [*BOOK.phrases.items(), *BOOK.mail_phrases.items()]
INTENTS = [
    intent
    for path in sorted((PROJECT_ROOT / "domain").glob("*.yml"))
    for intent in yaml.safe_load(path.read_text(encoding="utf-8")).get("intents", [])
]
RIGHTS = [kind.id for kind in KINDS.values() if kind.is_right]
SLOTS = [*requests.ASKED, *lookup.ASKED, *own_data.ASKED]
SPEAKING = [
    *sorted((PROJECT_ROOT / "actions").glob("*.py")),
    *(PROJECT_ROOT / "insyn" / "conversation" / name for name in ("bookkeeping.py", "takeover.py")),
]

# Phrases whose names are put together where they are said, and what they are put together from.
FAMILIES = {
    "begin.{}": RIGHTS,
    "ask.{}": [slot for slot in SLOTS if slot != "erase_confirmed"],  # asked as own_data.confirm
    "ask.concerns.{}": ["request.rectification", "request.objection", "request.restriction"],
    "repeat.{}": SLOTS,
    "why.{}": [*requests.ASKED, "reference", "lookup_code", *own_data.ASKED],
    "choice.relation.{}": RELATIONS,
    "choice.own_file.{}": own_data.FILES,
    "own_data.begin.{}": ["access", "all"],
    "own_data.confirm.{}": ["all", "chat"],
}


# -- answers


def test_every_topic_has_an_answer_and_no_other_has() -> None:
    assert set(BOOK.answers) == set(TOPICS)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.topic)
def test_an_answer_stands_in_the_file_of_its_topic(answer: Answer) -> None:
    assert (PROJECT_ROOT / "data" / "answers" / f"{answer.topic}.yml").is_file()


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.topic)
def test_an_answer_is_short_whole_and_in_two_languages(answer: Answer) -> None:
    assert 3 <= len(answer.text.split()) <= 110
    assert len(answer.english.split()) >= 3
    assert not re.search(r"[{}]|\bTODO\b|⟨", answer.text + answer.english)
    last_line = answer.text.splitlines()[-1]
    assert last_line[-1] in ".!?" or last_line.startswith(("–", "-"))


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.topic)
def test_an_answer_names_where_it_comes_from(answer: Answer) -> None:
    family = answer.topic.partition(".")[0]
    if family == "policy":
        assert answer.origin == "policy"
        assert answer.sources
    elif family == "process":
        assert answer.origin == "law"
        assert answer.basis
    else:
        assert answer.origin == "assistant"
    assert set(answer.sources) <= set(BOOK.sections)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.topic)
def test_an_answer_was_approved_by_someone_on_a_day(answer: Answer) -> None:
    assert answer.reviewed_by.strip()
    assert date(2023, 11, 20) <= answer.reviewed_on <= date(2100, 1, 1)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.topic)
def test_what_an_answer_leads_to_can_be_offered(answer: Answer) -> None:
    assert answer.topic not in answer.related
    for topic in answer.related:
        assert BOOK.title(topic), topic
        assert topic in INTENTS, topic


def test_labels_tell_topics_apart() -> None:
    labels = [BOOK.title(topic) for topic in {*TOPICS, *RIGHTS, *OPENING_CHOICES} if BOOK.title(topic)]
    assert len({label.casefold() for label in labels if label}) == len(labels)


def test_every_section_is_some_answers_source() -> None:
    assert {source for answer in ANSWERS for source in answer.sources} == set(BOOK.sections)


def test_sections_have_their_own_places_on_the_page() -> None:
    anchors = [section.anchor for section in BOOK.sections.values()]
    assert len(set(anchors)) == len(anchors)
    assert all(re.fullmatch(r"[a-z0-9-]+", anchor) for anchor in anchors)
    assert all(re.fullmatch(r"[0-9a-f]{64}", section.fingerprint) for section in BOOK.sections.values())


def test_settings_are_written_into_the_answers() -> None:
    other = AnswerBook(retention_chat_days=17, retention_verified_chat_days=19, retention_case_days=4711)
    text = other.answers["assistant.privacy"].text
    assert "17" in text
    assert text != BOOK.answers["assistant.privacy"].text


# -- follow-ups


@pytest.mark.parametrize(
    ("last", "lean", "topic"),
    [
        ("policy.recruitment", {"facet": "how_long"}, "policy.retention.applicants"),
        ("policy.retention.general", {"area": "applicants"}, "policy.retention.applicants"),
        ("policy.retention.applicants", {"area": "contacts"}, "policy.retention.contacts"),
        ("policy.retention.contacts", {"area": "marketing"}, "policy.retention.marketing"),
        ("policy.retention.general", {"facet": "where"}, "policy.subprocessors.location"),
        ("policy.retention.applicants", {"area": "payroll"}, "policy.processor_role"),
        ("policy.recruitment", {"facet": "how"}, None),
        ("no.such.topic", {"facet": "how_long"}, None),
    ],
)
def test_a_follow_up_leans_on_what_was_spoken_of(last: str, lean: dict[str, str], topic: str | None) -> None:
    assert BOOK.follow_up(last, **lean) == topic


def test_a_facet_of_an_area_has_one_answer() -> None:
    seen: dict[tuple[str | None, str | None], str] = {}
    for answer in ANSWERS:
        for bearing in answer.bearings:
            if bearing[0]:
                assert seen.setdefault(bearing, answer.topic) == answer.topic, bearing


def test_facets_and_areas_are_those_people_can_ask_for() -> None:
    facets = {facet for answer in ANSWERS for facet, _ in answer.bearings if facet}
    areas = {area for answer in ANSWERS for _, area in answer.bearings if area}
    asked = {intent.removeprefix("followup.") for intent in INTENTS if intent.startswith("followup.")}
    assert {each for each in asked if not each.startswith("area.")} - {"more"} <= facets
    assert {each.removeprefix("area.") for each in asked if each.startswith("area.")} <= areas


# -- phrases


def strings(path: Path) -> Iterator[ast.AST]:
    yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def literals() -> set[str]:
    """Every string that stands in the code."""
    return {
        node.value
        for path in SPEAKING
        for node in strings(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def said() -> Iterator[tuple[str, ast.Call]]:
    """Every name that is said as it stands, and the call that says it."""
    for path in SPEAKING:
        for node in strings(path):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                prefix = {"say": "", "text": "", "phrase": "", "option": "choice."}.get(node.func.attr)
                if prefix is not None:
                    for each in constants(node.args[0]):
                        yield f"{prefix}{each}", node


def constants(node: ast.expr) -> list[str]:
    """The names an argument may stand for: one as it is written, or one of two by a condition."""
    match node:
        case ast.Constant(value=str(value)):
            return [value]
        case ast.IfExp(body=first, orelse=second):
            return [*constants(first), *constants(second)]
    return []


def put_together() -> set[str]:
    """The names with holes that phrases are said by, `begin.{}`."""
    found = set()
    for path in sorted((PROJECT_ROOT / "actions").glob("*.py")):
        for node in strings(path):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                prefix = {"say": "", "text": "", "phrase": "", "has": "", "option": "choice."}.get(node.func.attr)
                if prefix is not None and isinstance(node.args[0], ast.JoinedStr):
                    found.add(prefix + holes(node.args[0]))
            if isinstance(node, ast.Return) and isinstance(node.value, ast.JoinedStr):
                found.add(holes(node.value))
    return {each for each in found if not each.startswith(("action_", "{}", " ", "choice.{}"))}


def holes(text: ast.JoinedStr) -> str:
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in text.values)


def test_names_put_together_are_known_here() -> None:
    """A new family of phrases has to be entered above, so that its members are looked for."""
    assert put_together() <= set(FAMILIES)


def members() -> set[str]:
    return {family.format(each) for family, parts in FAMILIES.items() for each in parts}


def test_every_phrase_that_is_said_exists() -> None:
    wanted = {name for name, _ in said()} | members()
    assert sorted(wanted - set(BOOK.phrases) - set(BOOK.mail_phrases)) == []


def test_every_mail_phrase_is_said_somewhere() -> None:
    mailed = {f"holding.{holding}" for holding in Holding if holding} | {"mail.too_large", "mail.id_discarded"}
    assert sorted(set(BOOK.mail_phrases) - set(BOOK.phrases) - {name for name, _ in said()} - mailed) == []


def test_every_phrase_is_said_somewhere() -> None:
    named = literals()
    offered = {f"choice.{topic}" for topic in [*INTENTS, *message.RIGHT_BEHIND.values()]}
    spoken = named | {f"choice.{each}" for each in named} | members() | offered | set(INTENTS)
    assert sorted(set(BOOK.phrases) - spoken) == []


def test_every_variable_of_a_phrase_is_given() -> None:
    for name, call in said():
        if any(keyword.arg is None for keyword in call.keywords) or name not in BOOK.phrases:
            continue
        given = {keyword.arg for keyword in call.keywords}
        phrase = BOOK.phrases[name]
        wanted = {field for text in (phrase.text, phrase.english or "") for _, field, _, _ in Formatter().parse(text)}
        assert wanted - {None} <= given, name


@pytest.mark.parametrize("phrase", [each for name, each in EVERY_PHRASE if not name.startswith("choice.")])
def test_a_phrase_is_whole_sentences(phrase: Phrase) -> None:
    assert phrase.text[0].isupper() or phrase.text.startswith("{")
    assert phrase.text[-1] in ".?!”})"


def test_an_unknown_phrase_or_variable_is_an_error() -> None:
    with pytest.raises(KeyError):
        BOOK.phrase("no.such.phrase")
    with pytest.raises(KeyError):
        BOOK.phrase("failed")
