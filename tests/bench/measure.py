"""What is measured: the same questions to both systems in turns, so that both meet the same machine."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import yaml

from insyn.settings import PROJECT_ROOT
from tests.bench.systems import Candidate, Conversation

QUESTIONS = PROJECT_ROOT / "tests" / "understanding" / "dev" / "topics.yml"
PERSONAL = "Hej, jag heter Anna Svensson och nås på anna.svensson@example.com. "
PERSONAL_EVERY = 5
FAR_FROM_REQUESTS = ("policy.cookies", "policy.sharing", "policy.subprocessors", "policy.changes", "policy.company")
MESSAGES_IN_A_CONVERSATION = 10
LONG = 200


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    rounds: int
    at_once: int = 16
    rounds_at_once: int = 3
    long_pairs: int = 40


@dataclass
class Figures:
    """What was measured of one system; times in milliseconds."""

    alone: list[float] = field(default_factory=list)
    at_once: list[float] = field(default_factory=list)
    at_once_seconds: float = 0.0
    first: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    cpu: float = 0.0  # processor time for one message of one person


def questions(about: str | tuple[str, ...] = "policy.") -> Iterator[str]:
    """Questions about the policy, without end, always in the same order; one in five tells who asks."""
    by_topic = yaml.safe_load(QUESTIONS.read_text(encoding="utf-8"))
    about_policy = [texts for topic, texts in by_topic.items() if topic.startswith(about)]
    mixed = [text for row in itertools.zip_longest(*about_policy) for text in row if text]
    for number, text in enumerate(itertools.cycle(mixed), start=1):
        yield text if number % PERSONAL_EVERY else PERSONAL + text


async def measure(systems: Sequence[Candidate], size: Size) -> list[Figures]:
    """Everything, for each of the systems. The first round of each is thrown away."""
    figures = [Figures() for _ in systems]
    for number in range(size.rounds + 1):
        for system, figure in _in_turn(systems, figures, number):
            await _alone(system, figure if number else Figures())
    for figure in figures:
        figure.cpu = 1000 * figure.cpu / len(figure.alone)
    for number in range(size.rounds_at_once + 1):
        for system, figure in _in_turn(systems, figures, number):
            await _at_once(system, figure if number else Figures(), size.at_once)
    await _long(systems, figures, size.long_pairs)
    return figures


def _in_turn(
    systems: Sequence[Candidate], figures: Sequence[Figures], number: int
) -> Sequence[tuple[Candidate, Figures]]:
    pairs = list(zip(systems, figures, strict=True))
    return pairs if number % 2 else pairs[::-1]


async def _alone(system: Candidate, figures: Figures) -> None:
    asked = questions()
    conversation = await system.conversation()
    before = system.cpu_seconds()
    figures.alone += [await _timed(conversation, next(asked)) for _ in range(MESSAGES_IN_A_CONVERSATION)]
    figures.cpu += system.cpu_seconds() - before


async def _at_once(system: Candidate, figures: Figures, people: int) -> None:
    asked = questions()
    conversations = [await system.conversation() for _ in range(people)]

    async def person(conversation: Conversation) -> list[float]:
        return [await _timed(conversation, next(asked)) for _ in range(MESSAGES_IN_A_CONVERSATION)]

    began = time.perf_counter()
    times = await asyncio.gather(*map(person, conversations))
    figures.at_once_seconds += time.perf_counter() - began
    figures.at_once += itertools.chain.from_iterable(times)


async def _long(systems: Sequence[Candidate], figures: Sequence[Figures], pairs: int) -> None:
    """A conversation of 200 messages and more, each of its late ones beside the first of a new conversation.

    It is about what no request grows from: in the middle of a request each answer has a second message.
    """
    asked = questions(FAR_FROM_REQUESTS)
    long = [await system.conversation() for system in systems]
    for conversation in long:
        for _ in range(LONG - 1):
            await conversation.ask(next(asked))
    for _ in range(pairs):
        text = next(asked)
        for system, figure, conversation in zip(systems, figures, long, strict=True):
            figure.first.append(await _timed(await system.conversation(), text))
            figure.late.append(await _timed(conversation, text))


async def _timed(conversation: Conversation, text: str) -> float:
    began = time.perf_counter()
    answer = await conversation.ask(text)
    seconds = time.perf_counter() - began
    if not answer:
        raise RuntimeError("a system did not answer")
    return seconds * 1000


def percentile(times: Sequence[float], share: int) -> float:
    """The time that `share` percent of the times do not exceed."""
    return statistics.quantiles(times, n=100, method="inclusive")[share - 1]
