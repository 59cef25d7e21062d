"""What the bot did in a span of Swedish days, from the daily counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import String, case, cast, func, select
from sqlalchemy.orm import Session

from insyn.numbers.counting import MESSAGES, QUESTIONS, Outcome
from insyn.numbers.rights import months_between
from insyn.store.review_tables import BotCount

TOP = 10
ASKED = (Outcome.ANSWERED, Outcome.REQUEST)


@dataclass
class Bot:
    """Counts by outcome; shares lie between 0 and 1, and are of all questions where nothing else is said."""

    counts: Counter[str] = field(default_factory=Counter)
    topics: Counter[str] = field(default_factory=Counter)  # of what was answered or became a request

    @property
    def asked_most(self) -> list[tuple[str, int]]:
        """The topics that are asked about most, with their counts."""
        return sorted(self.topics.items(), key=lambda each: (-each[1], each[0]))[:TOP]

    @property
    def questions(self) -> int:
        return sum(self.counts[outcome] for outcome in QUESTIONS)

    @property
    def messages(self) -> int:
        """Everything people wrote or chose that Insyn read: the questions, answers to what it asked, and small talk."""
        return sum(self.counts[outcome] for outcome in MESSAGES)

    def share(self, *outcomes: Outcome) -> float | None:
        """The share of all questions that had one of the outcomes; None without questions."""
        return sum(self.counts[outcome] for outcome in outcomes) / self.questions if self.questions else None

    @property
    def handled(self) -> float | None:
        """The share that was answered or became a request: nobody else was needed to understand it."""
        return self.share(*ASKED)

    @property
    def corrected(self) -> float | None:
        """The share of all messages that someone on the staff has said were misread; None without messages.

        A message counts once, whatever is learnt from it, on the day on which it came; a correction that is taken back counts
        no more. What nobody has looked at counts as read rightly, so this is at most the share that was misread. The count
        stays when the conversation is erased or purged.
        """
        return self.counts[Outcome.CORRECTED] / self.messages if self.messages else None

    @property
    def thumbs_up(self) -> float | None:
        """The share of thumbs that point up; None without thumbs."""
        thumbs = self.counts[Outcome.THUMB_UP] + self.counts[Outcome.THUMB_DOWN]
        return self.counts[Outcome.THUMB_UP] / thumbs if thumbs else None


def by_month(session: Session, begin: date, end: date) -> dict[str, Bot]:
    """Month by month, from `begin` to before `end`; keys are `2026-03`, all months there."""
    months = {key: Bot() for key in months_between(begin, end)}
    month = func.substr(cast(BotCount.day, String), 1, 7).label("month")
    topic = case((BotCount.outcome.in_(ASKED), BotCount.topic), else_="").label("topic")
    rows = (
        select(month, BotCount.outcome, topic, func.sum(BotCount.count).label("sum"))
        .where(BotCount.day >= begin, BotCount.day < end)
        .group_by("month", BotCount.outcome, "topic")
    )
    for row in session.execute(rows):
        months[row.month].counts[row.outcome] += int(row.sum)
        if row.outcome in ASKED:
            months[row.month].topics[row.topic] += int(row.sum)
    return months


def whole(months: Iterable[Bot]) -> Bot:
    """All of some months."""
    year = Bot()
    for each in months:
        year.counts += each.counts
        year.topics += each.topics
    return year
