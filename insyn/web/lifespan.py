"""What the service does beside answering: mail, kept messages, due dates, webhooks, the purge and the audit anchor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from fastapi import FastAPI

from insyn.bootstrap import Services
from insyn.cases.due import LOOK_EVERY_SECONDS
from insyn.conversation.rasa import RasaUnavailable
from insyn.privacy import lexicon
from insyn.store.engine import StoreUnavailable
from insyn.upkeep.timers import (
    ANCHOR_SECONDS,
    POLICY_SECONDS,
    PURGE_AGAIN_SECONDS,
    keep_anchored,
    keep_policy_watched,
    purge_nightly,
)

log = structlog.get_logger()


@dataclass(frozen=True)
class Rhythm:
    """Seconds between one look and the next; `purge_again` is after a purge that failed, others come once a night."""

    mail: float = 0.5
    pending: float = 2.0
    due: float = LOOK_EVERY_SECONDS
    webhooks: float = 1.0
    anchor: float = ANCHOR_SECONDS
    policy: float = POLICY_SECONDS
    purge_again: float = PURGE_AGAIN_SECONDS


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Runs everything of `background` for as long as the service does."""
    services: Services = app.state.services
    if services.mailbox is not None:
        await services.mailbox.start()
    if services.listener is not None:
        await services.listener.start()
    tasks = [asyncio.create_task(work, name=name) for name, work in background(services, app.state.rhythm).items()]
    for task in tasks:
        task.add_done_callback(_tell_if_broken)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if services.listener is not None:
            await services.listener.stop()
        if services.mailbox is not None:
            await services.mailbox.stop()
        await services.rasa.close()
        if services.step_up is not None:
            await services.step_up.close()
        if services.staff_provider is not None:
            await services.staff_provider.close()
        services.store.close()


def background(services: Services, rhythm: Rhythm) -> dict[str, Coroutine[Any, Any, Any]]:
    """Everything that runs in the background, by name. Each goes on after a fault of the store."""
    work: dict[str, Coroutine[Any, Any, Any]] = {
        "mail": services.sender.run(pause_seconds=rhythm.mail),
        "kept messages": _answer_pending(services, rhythm.pending),
        "names": asyncio.to_thread(lexicon.load),
        "due dates": services.due_watch.run(pause_seconds=rhythm.due),
        "purge": purge_nightly(services.purge, services.clock, again_seconds=rhythm.purge_again),
        "policy": keep_policy_watched(services.approvals, pause_seconds=rhythm.policy),
        "audit anchor": keep_anchored(services.store, services.anchor, pause_seconds=rhythm.anchor),
    }
    work["incoming mail"] = services.mailroom.run(pause_seconds=rhythm.mail)
    if services.imap is not None:
        work["mailbox"] = services.imap.run()
    if services.webhooks is not None:
        work["webhooks"] = services.webhooks.run(pause_seconds=rhythm.webhooks)
    return work


def _tell_if_broken(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("background work ended", work=task.get_name(), error=type(error).__name__, exc_info=error)


async def _answer_pending(services: Services, pause_seconds: float) -> None:
    """Answers what was kept while Rasa was away, as soon as it is back, and erases what such an answer has ended."""
    while True:
        await asyncio.sleep(pause_seconds)
        try:
            await services.gateway.erase_ended()
            if await services.rasa.is_ready():
                await services.gateway.answer_pending()
        except (RasaUnavailable, StoreUnavailable) as error:
            log.warning("kept messages wait", error=type(error).__name__)
        except Exception:
            log.exception("kept messages could not be answered")
