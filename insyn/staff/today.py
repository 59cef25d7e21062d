"""What waits for the staff, as queues: each a number and the list behind it.

A room that has something waiting adds a `Queue` to `QUEUES`; the page Idag and its links follow by themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Moment:
    """When it is asked, and how many days before its due date a case counts as due soon."""

    now: datetime
    notice_days: int


@dataclass(frozen=True)
class Queue:
    """Something that waits.

    `path` is the page that lists it, as the table of access names it, and `query` what it is opened with: exactly what
    `count` counts stands there. `pressing` queues come first and stand out while they are not empty.
    """

    id: str
    title: str
    says: str
    path: str
    query: str
    count: Callable[[Session, Moment], int]
    pressing: bool = False

    @property
    def entry(self) -> str:
        return f"GET {self.path}"

    @property
    def href(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path


QUEUES: list[Queue] = []
