"""Finding conversations: each filter, all together, page after page; words are found however they are bent, and gone when erased."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, text

from insyn.review import finding
from insyn.review.bands import Band
from insyn.review.finding import Wanted
from insyn.review.marks import FLAGGED, REVIEWED, tag_mark
from insyn.store import word_index
from insyn.store.models import Conversation, Turn
from tests.fixtures.house import House
from tests.fixtures.talks import Asked, Talk

ME = "00000000-0000-4000-8000-00000000000a"


def found(house: House, **wanted: object) -> list[str]:
    with house.store.read() as session:
        return [row.id for row in finding.page(session, Wanted(**wanted)).rows]  # type: ignore[arg-type]


def all_pages(house: House, wanted: Wanted, limit: int) -> list[str]:
    seen: list[str] = []
    after = None
    for _ in range(100):
        with house.store.read() as session:
            page = finding.page(session, wanted, after=after, limit=limit)
        assert len(page.rows) <= limit
        seen += [row.id for row in page.rows]
        after = page.after
        if after is None:
            return seen
    raise AssertionError("the pages never end")


def test_the_latest_activity_comes_first(house: House) -> None:
    first, second, third = (Talk(house, "hej") for _ in range(3))
    first.asks(Asked("en sak till"))
    assert found(house) == [first.id, third.id, second.id]


def test_each_filter(house: House) -> None:
    cookies = Talk(house, Asked("vad är kakor", confidence=0.9))
    unsure = Talk(house, Asked("hur länge då", intent="policy.retention.general", confidence=0.42))
    unknown = Talk(house, Asked("vem vann matchen", intent="out_of_scope.chitchat", confidence=0.7))
    asked_back = Talk(house, Asked("uppgifter", intent="fallback.clarify", confidence=0.6))
    human = Talk(house, Asked("jag vill prata med någon", intent="handover.human"), channel="email")
    disliked = Talk(house, Asked("får ni spara mitt cv", intent="policy.recruitment", feedback="down"))
    liked = Talk(house, Asked("tack för det", intent="smalltalk.thanks", feedback="up"))
    house.services.marks.add([cookies.id, liked.id], REVIEWED, by=ME)
    house.services.marks.add([human.id], FLAGGED, by=ME)
    house.services.marks.add([human.id, cookies.id], tag_mark("kakor"), by=ME)

    assert found(house, channel="email") == [human.id]
    assert found(house, topic="policy.cookies.what") == [cookies.id]
    assert found(house, topic="out_of_scope") == [unknown.id]
    assert found(house, band=Band.UNSURE) == [unsure.id]
    assert found(house, band=Band.FAIRLY_SURE) == [asked_back.id, unknown.id]
    assert found(house, not_understood=True) == [asked_back.id, unknown.id]
    assert found(house, thumb="down") == [disliked.id]
    assert found(house, thumb="up") == [liked.id]
    assert found(house, handed_over=True) == [human.id]
    assert found(house, reviewed=True) == [liked.id, cookies.id]
    assert found(house, reviewed=False) == [disliked.id, human.id, asked_back.id, unknown.id, unsure.id]
    assert found(house, flagged=True) == [human.id]
    assert found(house, flagged=True, waiting=True) == []
    assert found(house, flagged=True, reviewed=True) == []
    assert found(house, tag="kakor", reviewed=True) == [cookies.id]
    assert found(house, tag="kakor") == [human.id, cookies.id]
    assert found(house, tag="kakor", reviewed=False) == [human.id]
    assert found(house, tag="kakor", handed_over=True, channel="email", flagged=True) == [human.id]
    assert found(house, topic="policy.recruitment", thumb="up") == []
    assert found(house, topic="policy.recruitment", thumb="down", band=Band.SURE, words="cv") == [disliked.id]


def test_a_conversation_is_to_be_reviewed_again_after_a_new_message(house: House) -> None:
    talk = Talk(house, "hej")
    house.services.marks.add([talk.id], REVIEWED, by=ME)
    assert found(house, reviewed=True) == [talk.id]
    talk.asks(Asked("en sak till"))
    assert found(house, reviewed=True) == []
    assert found(house, reviewed=False) == [talk.id]


@pytest.mark.parametrize(
    ("words", "hit"),
    [
        ("registerutdrag", True), ("REGISTERUTDRAG", True), ("ålder", True), ("ÅLDER", True), ("e-post", True), ("kontek", True), ("register", True), ("vill registerutdrag", True), ("utdrag", False),
        ("registerutdrag saknas", False), ("\"; DROP TABLE turn; --", False), ("'", True), ("⟨namn", True), ("* : & | !", True),
        ("godkänt", False),
    ],
)  # fmt: skip
def test_words_of_people_are_found_by_their_beginnings(house: House, words: str, hit: bool) -> None:
    """Signs without any word are no search; what Insyn answers is not searched."""
    talk = Talk(house, Asked("Jag vill ha ett registerutdrag, hälsar ⟨namn 1⟩. ÅLDER? E-post? www.kontek.se"))
    assert found(house, words=words) == ([talk.id] if hit else [])
    if asked := word_index.words_of(words):
        with house.store.read() as session:
            each_by_itself = word_index.newest_with(session, asked, before=None, size=1, most=5)
            assert [len(part) for part in each_by_itself if part] == ([1] if hit else [])


def test_pages_hold_each_conversation_once(house: House) -> None:
    talks = [
        Talk(house, Asked("om kakor"), Asked("mer om kakor"), Asked("om cv", intent="policy.recruitment"))
        for _ in range(7)
    ]
    for talk in reversed(talks):
        talk.asks(Asked("kakor igen"))
    newest_last = [talk.id for talk in talks]
    for wanted in (Wanted(), Wanted(topic="policy.cookies.what"), Wanted(words="kakor"), Wanted(reviewed=False)):
        assert all_pages(house, wanted, limit=3) == newest_last, wanted


def test_where_little_matches_one_goes_on_from_where_the_search_stopped(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"LOOKED_AT": 4, "BATCH": 2, "SCANNED": 5}.items():
        monkeypatch.setattr(finding, name, value)
    rare = Talk(house, Asked("sällsynt", confidence=0.1), channel="email")
    for _ in range(12):
        Talk(house, Asked("vanligt"))
    for wanted in (
        Wanted(band=Band.UNSURE), Wanted(topic="policy.cookies.what", channel="email"), Wanted(channel="email", reviewed=False)
    ):  # fmt: skip
        with house.store.read() as session:
            first = finding.page(session, wanted)
        assert all_pages(house, wanted, limit=50) == [rare.id]
        if wanted.band or wanted.topic:
            assert (first.rows, first.cut_short) == ([], True)


@pytest.mark.parametrize("after", ["x", "å", "99999999999999999999999", "MjAyNi0wMy0wNQ", "-1"])
def test_a_place_that_cannot_be_read_counts_as_none(house: House, after: str) -> None:
    talk = Talk(house, "hej")
    with house.store.read() as session:
        for wanted in (Wanted(), Wanted(words="hej")):
            assert [row.id for row in finding.page(session, wanted, after=after).rows] == [talk.id]


def test_words_of_an_erased_conversation_are_not_found(house: House) -> None:
    gone, stays = Talk(house, "sällsamma ord"), Talk(house, "sällsamma tider")
    with house.store.write() as session:
        session.execute(delete(Conversation).where(Conversation.id == gone.id))
    assert found(house, words="sällsamma") == [stays.id]
    with house.store.write() as session:
        session.get_one(Turn, stays.seqs[0]).text = "något annat"
    assert found(house, words="sällsamma") == []
    assert found(house, words="annat") == [stays.id]


def test_the_index_is_made_over_what_there_is(house: House) -> None:
    talk = Talk(house, "gamla ord")
    with house.store.engine.begin() as connection:
        if house.store.engine.dialect.name == "sqlite":
            for trigger in ("added", "removed", "changed"):
                connection.execute(text(f"DROP TRIGGER {word_index.NAME}_{trigger}"))
            connection.execute(text(f"DROP TABLE {word_index.TERMS}"))
            connection.execute(text(f"DROP TABLE {word_index.NAME}"))
        else:
            connection.execute(text(f"DROP INDEX {word_index.NAME}"))
        word_index.ensure(connection)
        word_index.ensure(connection)
    assert found(house, words="gamla") == [talk.id]


def test_a_row_tells_what_to_look_at(house: House) -> None:
    talk = Talk(
        house,
        Asked("vad är kakor", feedback="up"),
        Asked("⟨namn 1⟩ undrar", intent="fallback.clarify", confidence=0.31),
        Asked("Har sökt jobb", choice="/inform.relation.applicant", confidence=1.0, feedback="down"),
    )
    with house.store.read() as session:
        (row,) = finding.page(session, Wanted()).rows
        (by_word,) = finding.page(session, Wanted(words="kakor")).rows
    assert (row.id, row.messages, row.words, row.least_confidence) == (talk.id, 3, "Har sökt jobb", 0.31)
    assert (row.not_understood, row.thumbs_up, row.thumbs_down, row.handed_over) == (1, 1, 1, False)
    assert by_word.words == "vad är kakor"
