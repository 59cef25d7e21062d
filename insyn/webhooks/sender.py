"""Delivers what is queued to the organisation's own system, each event under its id until it is taken (at least once)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import structlog

from insyn.clock import Clock
from insyn.store.engine import Store, StoreUnavailable
from insyn.webhooks.queue import DueEvent, WebhookQueue
from insyn.webhooks.signature import Signer

TIMEOUT_SECONDS = 20.0
PRUNE_EVERY = timedelta(hours=1)
LONGEST_WAIT = timedelta(hours=24)
# How long everything rests when the receiver cannot be reached or says that it is under load, by failures in a row.
RESTS = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=5))
UNDER_LOAD = frozenset({429, 502, 503, 504})

log = structlog.get_logger()


@dataclass(frozen=True)
class _Outcome:
    """What came of an attempt: a status, or the kind of error where there was no answer."""

    said: str
    status: int | None = None
    retry_after: timedelta = timedelta()

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def strained(self) -> bool:
        return self.status is None or self.status in UNDER_LOAD


class WebhookSender:
    """Works through the queue, oldest first. `state` is ok, failing (the last attempt was) or stopped (410 Gone).

    Redirects are not followed, and what the receiver writes in its answer is not read.
    """

    def __init__(
        self,
        store: Store,
        queue: WebhookQueue,
        url: str,
        signer: Signer,
        clock: Clock,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._queue = queue
        self._url = url
        self._signer = signer
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._jitter = jitter
        self._strained = 0
        self._rest_until = datetime.min.replace(tzinfo=UTC)
        self._prune_at = self._rest_until
        self.state = "ok"

    async def run(self, *, pause_seconds: float = 1.0) -> None:
        """Delivers until cancelled."""
        while True:
            delivered = 0
            try:
                await self._prune()
                delivered = await self.deliver_due()
            except StoreUnavailable as error:
                log.warning("webhooks cannot reach the store", error=str(error))
            except Exception:
                log.exception("webhooks could not be delivered")
            if not delivered:
                await asyncio.sleep(pause_seconds)

    async def deliver_due(self) -> int:
        """Sends what is due, one event after the other; returns how many were taken. Raises `StoreUnavailable`."""
        if self._clock() < self._rest_until:
            return 0
        due = await asyncio.to_thread(self._due)
        delivered = 0
        if due:
            async with httpx.AsyncClient(
                follow_redirects=False, trust_env=False, timeout=self._timeout_seconds
            ) as client:
                for event in due:
                    outcome = await self._attempt(client, event)
                    await asyncio.to_thread(self._book, event, outcome)
                    delivered += outcome.taken
                    if outcome.strained or outcome.status == httpx.codes.GONE:
                        break
        return delivered

    async def _attempt(self, client: httpx.AsyncClient, event: DueEvent) -> _Outcome:
        headers = self._signer.headers(event.id, self._clock(), event.body)
        headers |= {"content-type": "application/json", "user-agent": "Insyn"}
        try:
            async with (
                asyncio.timeout(self._timeout_seconds),
                client.stream("POST", self._url, content=event.body, headers=headers) as response,
            ):
                return _Outcome(
                    str(response.status_code), response.status_code, self._wait(response.headers.get("retry-after", ""))
                )
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:  # TimeoutError is an OSError
            return _Outcome(type(error).__name__)

    def _wait(self, retry_after: str) -> timedelta:
        """What a Retry-After header asks for, at most a day: seconds or a date (RFC 9110, 10.2.3)."""
        try:
            if retry_after.strip().isdecimal():
                asked = timedelta(seconds=int(retry_after))
            else:
                asked = parsedate_to_datetime(retry_after).astimezone(UTC) - self._clock()
        except (ValueError, OverflowError):
            return timedelta()
        return min(max(asked, timedelta()), LONGEST_WAIT)

    def _due(self) -> list[DueEvent]:
        with self._store.read() as session:
            if self._queue.is_stopped(session):
                self.state = "stopped"
                return []
            if self.state == "stopped":
                self.state = "ok"
            return self._queue.due(session)

    def _book(self, event: DueEvent, outcome: _Outcome) -> None:
        told = log.bind(event=event.id, type=event.type, answer=outcome.said)
        now = self._clock()
        with self._store.write() as session:
            if outcome.taken:
                self._queue.delivered(session, event.id)
                self.state = "ok"
            elif outcome.status == httpx.codes.GONE:
                self._queue.stop(session)
                self.state = "stopped"
                told.error("webhooks stopped: the receiver wants no more")
            else:
                again = self._queue.not_delivered(
                    session, event.id, outcome.said, not_before=now + outcome.retry_after, jitter=self._jitter()
                )
                self.state = "failing"
                told.warning("webhook not delivered" if again else "webhook given up")
        if not outcome.strained:
            self._strained = 0
        else:
            rest = RESTS[min(self._strained, len(RESTS) - 1)]
            self._strained += 1
            self._rest_until = now + max(rest, outcome.retry_after)

    async def _prune(self) -> None:
        if self._clock() >= self._prune_at:
            self._prune_at = self._clock() + PRUNE_EVERY
            await asyncio.to_thread(self._prune_now)

    def _prune_now(self) -> None:
        with self._store.write() as session:
            self._queue.prune(session)
