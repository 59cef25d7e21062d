"""The numbers are those of the cases and messages, counted here one by one by the rules of the calendar."""

from __future__ import annotations

import random
import statistics
import uuid
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from insyn.cases.deadline import due_after, extended_due_after
from insyn.cases.transitions import Event
from insyn.clock import swedish_date
from insyn.conversation.transcript import public_topic
from insyn.numbers import bot, rights
from insyn.numbers.bot import Bot
from insyn.numbers.counting import QUESTIONS, Outcome, count, count_thumb, outcome_of
from insyn.numbers.rights import Months
from insyn.store.models import Case, Turn
from tests.fixtures.house import House
from tests.fixtures.talks import Talk
from tests.seed.filling import fill

YEAR = (date(2026, 1, 1), date(2027, 1, 1))
KINDS = ("request.access", "request.erasure", "complaint")
ENDS = ("completed", "refused", "partly_refused", "withdrawn")


def a_case(house: House, kind: str, received: datetime, closed: datetime | None, state: str, *, extended: bool) -> Case:
    day = swedish_date(received)
    due = extended_due_after(day) if extended else due_after(day).due
    return Case(
        id=str(uuid.uuid4()), reference=f"INS-{uuid.uuid4().hex[:12]}", kind=kind, state=state, channel="chat", group_id="g",
        opening_key=str(uuid.uuid4()), received_at=received, due_on=due if kind.startswith("request.") else None, sort_on=due,
        closed_at=closed, extended_at=received + timedelta(days=20) if extended else None, proof="none", data_key_id="k",
        sealed=b"", created_at=received, changed_at=received,
    )  # fmt: skip


def bot_in(session: Session) -> Bot:
    return bot.whole(bot.by_month(session, *YEAR).values())


def test_each_right_is_counted_as_by_hand(house: House) -> None:
    chance = random.Random(20260305)
    cases = []
    for _ in range(400):
        received = datetime(2025, 12, 30, tzinfo=UTC) + timedelta(minutes=chance.randrange(370 * 24 * 60))
        ended = chance.random() < 0.8
        closed = received + timedelta(minutes=chance.randrange(110 * 24 * 60)) if ended else None
        state = chance.choice(ENDS) if ended else "open"
        cases.append(a_case(house, chance.choice(KINDS), received, closed, state, extended=chance.random() < 0.15))
    with house.store.write() as session:
        session.add_all(cases)
    with house.store.read() as session:
        months = Months().between(session, *YEAR)
    found = {right.kind: right for right in rights.by_kind(months.values())}
    for kind in KINDS:
        mine = [each for each in cases if each.kind == kind and YEAR[0] <= swedish_date(each.received_at) < YEAR[1]]
        days = [
            (swedish_date(each.received_at), swedish_date(each.closed_at))
            for each in mine
            if each.closed_at and each.state != "withdrawn"
        ]
        right = found[kind]
        assert (right.received, right.open, right.decided) == (
            len(mine), sum(each.closed_at is None for each in mine), len(days)
        ), kind  # fmt: skip
        assert right.extended == sum(each.extended_at is not None for each in mine)
        assert right.refused == sum(each.state in ("refused", "partly_refused") for each in mine)
        assert right.median_days == statistics.median((closed - received).days for received, closed in days)
        if kind != "complaint":  # to which no time of the law applies
            assert right.within_month == sum(closed <= due_after(received).due for received, closed in days)
            assert right.within_three == sum(closed <= extended_due_after(received) for received, closed in days)
    assert sum(month.received[0] for month in months.values()) == sum(
        found[kind].received for kind in KINDS if kind != "complaint"
    )
    assert list(months) == [f"2026-{month:02}" for month in range(1, 13)]


def test_the_database_knows_swedish_days(house: House) -> None:
    """Over the changes of the clock, and the hour on either side of each midnight."""
    moments = [
        datetime(2026, month, day, hour, minute, tzinfo=UTC)
        for month, day in ((1, 1), (3, 28), (3, 29), (3, 30), (7, 1), (10, 24), (10, 25), (10, 26), (12, 31))
        for hour, minute in ((0, 59), (1, 0), (21, 59), (22, 0), (22, 30), (23, 0), (23, 59))
    ]
    with house.store.write() as session:
        session.add_all([a_case(house, KINDS[0], moment, None, "open", extended=False) for moment in moments])
    with house.store.read() as session:
        rows = session.execute(select(Case.received_at, rights.swedish_day(session, Case.received_at, YEAR[0]))).all()
    assert len(rows) == len(moments)
    for moment, day in rows:
        assert str(day) == swedish_date(moment).isoformat(), moment


def test_a_month_is_counted_again_only_when_a_case_of_it_has_changed(house: House) -> None:
    house.clock.now = datetime(2026, 3, 10, 12, tzinfo=UTC)

    def received(month: int) -> str:
        with house.store.write() as session:
            return house.casebook.open(
                session, KINDS[0], opening_key=str(uuid.uuid4()), received_at=datetime(2026, month, 10, tzinfo=UTC), channel="chat",
                conversation_id=None, group_id="g",
            ).id  # fmt: skip

    def counted() -> tuple[rights.Month, rights.Month]:
        with house.store.read() as session:
            year = months.between(session, *YEAR)
            fresh = Months().between(session, *YEAR)
        assert [each.received for each in year.values()] == [each.received for each in fresh.values()]
        assert rights.by_kind(year.values()) == rights.by_kind(fresh.values())
        return year["2026-02"], year["2026-03"]

    first, _ = received(2), received(3)
    months = Months()
    february, march = counted()
    assert (february.received, march.received) == ((1, 1, 0), (1, 1, 0))
    with house.store.write() as session:
        house.casebook.move(session, house.casebook.locked(session, first), Event.WITHDRAWN)
    ended, same = counted()
    assert ended.received == (1, 0, 0)
    assert same.rights is march.rights
    with house.store.write() as session:
        house.casebook.note(session, house.casebook.locked(session, first), "ringde", by="staff-1")
    assert counted()[0].rights is ended.rights
    received(2)
    one_more, same = counted()
    assert one_more.received == (2, 1, 0)
    assert same.rights is march.rights


@pytest.mark.parametrize("read_back", [0, 2, 100])
def test_after_much_has_happened_all_is_counted_again(
    house: House, monkeypatch: pytest.MonkeyPatch, read_back: int
) -> None:
    monkeypatch.setattr(rights, "READ_BACK", read_back)
    months = Months()
    with house.store.read() as session:
        before = months.between(session, *YEAR)["2026-01"]
    with house.store.write() as session:
        for _ in range(3):
            house.services.audit.append(session, "of.something.else", "nobody")
    with house.store.read() as session:
        after = months.between(session, *YEAR)["2026-01"]
    assert (after.rights is before.rights) is (read_back > 2)
    assert after.seq > before.seq


def test_a_year_without_anything(house: House) -> None:
    with house.store.read() as session:
        found = rights.by_kind(Months().between(session, *YEAR).values())
        nothing = bot_in(session)
    assert {(right.received, right.median_days, right.share_within_month) for right in found} == {(0, None, None)}
    assert (nothing.questions, nothing.handled, nothing.thumbs_up) == (0, None, None)


def test_the_bot_is_counted_by_day(house: House) -> None:
    late = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)  # April in Sweden
    with house.store.write() as session:
        for _ in range(3):
            count(session, house.clock(), "chat", Outcome.ANSWERED, "policy.cookies.what")
        count(session, house.clock(), "email", Outcome.ANSWERED, "policy.company")
        count(session, late, "chat", Outcome.UNKNOWN, "out_of_scope")
        count(session, late, "chat", Outcome.DIALOGUE, "inform.name")
        for thumb in ("up", "up", "down", "sideways"):
            count_thumb(session, late, "chat", thumb, None)
    with house.store.read() as session:
        year, months = bot_in(session), bot.by_month(session, *YEAR)
        last_year = bot.whole(bot.by_month(session, date(2025, 1, 1), date(2026, 1, 1)).values())
    assert (year.questions, year.handled, year.share(Outcome.UNKNOWN), year.thumbs_up) == (5, 0.8, 0.2, 2 / 3)
    assert (months["2026-03"].questions, months["2026-04"].questions) == (4, 1)
    assert year.asked_most == [("policy.cookies.what", 3), ("policy.company", 1)]
    assert last_year.questions == 0


@pytest.mark.parametrize(
    ("read_as", "said", "became", "about"),
    [
        ("policy.company", ["policy.company"], Outcome.ANSWERED, "policy.company"),
        ("followup.how_long", ["policy.retention.general"], Outcome.ANSWERED, "policy.retention.general"),
        ("followup.how_long", ["out_of_scope"], Outcome.UNKNOWN, "out_of_scope"),
        ("process.cost", ["process.cost", None], Outcome.ANSWERED, "process.cost"),
        ("request.erasure", [None, None], Outcome.REQUEST, "request.erasure"),
        ("policy.company", ["policy.company", "handover.human"], Outcome.HUMAN, "handover.human"),
        ("inform.name", [None], Outcome.DIALOGUE, "inform.name"),
        ("out_of_scope", [None], Outcome.DIALOGUE, "out_of_scope"),  # taken as what the request is about
        (
            "answer.affirm",
            ["request.erasure"],
            Outcome.DIALOGUE,
            "answer.affirm",
        ),  # confirmed: it was counted when it began
        ("inform.code", [None, "assistant.privacy"], Outcome.DIALOGUE, "inform.code"),
        ("inform.name", ["fallback.clarify"], Outcome.CLARIFIED, "fallback.clarify"),
    ],
)
def test_what_was_said_tells_what_became_of_a_message(
    read_as: str, said: list[str | None], became: Outcome, about: str
) -> None:
    assert outcome_of(read_as, said, failed=False) == (became, about)
    assert outcome_of(read_as, said, failed=True) == (Outcome.FAILED, read_as)


def test_whatever_is_asked_about_has_a_title(house: House) -> None:
    intents = house.services.intents
    asked = [
        name for name in map(public_topic, intents.names) if outcome_of(name, [name], failed=False)[0] in QUESTIONS
    ]
    assert len(asked) > 50
    assert [name for name in asked if intents.title(name) == name] == []


def test_what_the_staff_corrected_is_counted_as_by_hand(house: House) -> None:
    """Some messages are corrected, anew, rejected, approved or taken back; the count is that of those left corrected."""
    chance, corrections = random.Random(12), house.services.corrections
    house.clock.now = datetime(2026, 3, 31, 21, 50, tzinfo=UTC)  # ten minutes before April in Sweden
    talks = [Talk(house, *["hej"] * 3) for _ in range(4)]
    house.clock.go(minutes=20)
    talks += [Talk(house, *["hej"] * 3) for _ in range(6)]
    with house.store.write() as session:
        turns = list(session.scalars(select(Turn).where(Turn.author == "person")))
        for turn in turns:
            count(session, turn.at, turn.channel, Outcome.DIALOGUE, "smalltalk.greet")
    left: set[int] = set()
    for _ in range(120):
        talk = chance.choice(talks)
        seq = chance.choice(talk.seqs)
        house.clock.go(hours=chance.randrange(9))
        match chance.choice(["correct", "correct", "withdraw", "reject", "approve"]):
            case "correct":
                corrections.correct(talk.id, seq, chance.choice(["complaint", "policy.company"]), by="x")
                left.add(seq)
            case "withdraw" if seq in left:
                corrections.withdraw(talk.id, seq, by="x")
                left.discard(seq)
            case "reject" if seq in left:
                corrections.reject(seq, by="x")
            case "approve" if seq in left:
                corrections.approve(seq, "complaint", "det är inte okej", by="x")
            case _:
                continue
    with house.store.read() as session:
        months = bot.by_month(session, *YEAR)
    for month in ("2026-03", "2026-04"):
        mine = [turn for turn in turns if f"{swedish_date(turn.at):%Y-%m}" == month]
        corrected = [turn for turn in mine if turn.seq in left]
        assert 0 < len(corrected) < len(mine)
        assert (months[month].messages, months[month].counts[Outcome.CORRECTED]) == (len(mine), len(corrected))
        assert months[month].corrected == len(corrected) / len(mine)


def test_the_share_that_was_corrected_outlives_the_conversations(house: House) -> None:
    talk = Talk(house, "hej", "hallå")
    with house.store.write() as session:
        for _ in talk.seqs:
            count(session, house.clock(), "chat", Outcome.ANSWERED, "policy.company")
    house.services.corrections.correct(talk.id, talk.seqs[0], "complaint", by="x")
    house.clock.go(days=1000)
    assert house.services.purge.run()["anonymous_chats"] == 1
    with house.store.read() as session:
        assert bot_in(session).corrected == 0.5


def test_a_thumb_that_is_turned_counts_once(house: House) -> None:
    with house.store.write() as session:
        count_thumb(session, house.clock(), "chat", "up", None)
        count_thumb(session, house.clock(), "chat", "down", None, instead_of="up")
        count_thumb(
            session, house.clock(), "chat", "down", "policy.company", instead_of="up"
        )  # that none was counted of
    with house.store.read() as session:
        counts = bot_in(session).counts
    assert (counts[Outcome.THUMB_UP], counts[Outcome.THUMB_DOWN]) == (0, 2)


def test_a_seeded_store_has_the_numbers_of_its_messages(house: House) -> None:
    """Filled twice: what was there before stays counted."""
    for seed in (1, 2):
        fill(house.services, house.index, cases=20, turns=600, seed=seed)
    begin, end = date(2020, 1, 1), date(2027, 1, 1)
    with house.store.read() as session:
        turns = list(session.scalars(select(Turn)))
        found, months = bot.whole(bot.by_month(session, begin, end).values()), bot.by_month(session, begin, end)
    asked = [turn for turn in turns if turn.author == "person"]
    assert len(turns) == 1200
    by_hand = {
        Outcome.ANSWERED: sum(str(turn.intent).startswith("policy.") for turn in asked),
        Outcome.REQUEST: sum(str(turn.intent).startswith("request.") for turn in asked),
        Outcome.UNKNOWN: sum(turn.intent == "out_of_scope" for turn in asked),
        Outcome.THUMB_UP: sum(turn.feedback == "up" for turn in turns),
        Outcome.THUMB_DOWN: sum(turn.feedback == "down" for turn in turns),
    }
    assert all(by_hand.values())
    assert found.counts == by_hand
    assert found.questions == len(asked)
    by_month = Counter(f"{swedish_date(turn.at):%Y-%m}" for turn in asked)
    assert {month: each.questions for month, each in months.items() if each.questions} == by_month
