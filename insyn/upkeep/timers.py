"""What the service does by the clock: the purge every night, the audit anchor every minute."""

from __future__ import annotations

import asyncio
from datetime import datetime, time, timedelta

import structlog

from insyn.audit.anchor import Anchor
from insyn.clock import STOCKHOLM, Clock
from insyn.policy.fingerprint import NotAPolicy
from insyn.policy.standing import Approvals
from insyn.store.engine import Store, StoreUnavailable
from insyn.upkeep.purge import Purge

PURGE_AT = time(3, 20)  # Swedish time; the store is written anew then, and hardly anyone waits
PURGE_AGAIN_SECONDS = 600.0
ANCHOR_SECONDS = 60.0
POLICY_SECONDS = 60.0

log = structlog.get_logger()


async def purge_nightly(purge: Purge, clock: Clock, *, again_seconds: float = PURGE_AGAIN_SECONDS) -> None:
    """Purges every night, and at once when the last night was missed, until cancelled.

    A purge that fails is tried again after `again_seconds`.
    """
    while True:
        try:
            last = await asyncio.to_thread(purge.last)
            if last is None or (clock() - last).total_seconds() >= seconds_until(PURGE_AT, last):
                removed = await asyncio.to_thread(purge.run)
                log.info("purged", **{kind: count for kind, count in removed.items() if count})
            pause = seconds_until(PURGE_AT, clock())
        except StoreUnavailable as error:
            log.warning("purge waits", error=str(error))
            pause = again_seconds
        except Exception:
            log.exception("purge failed")
            pause = again_seconds
        await asyncio.sleep(pause)


async def keep_anchored(store: Store, anchor: Anchor, *, pause_seconds: float = ANCHOR_SECONDS) -> None:
    """Writes down where the audit log ends, every `pause_seconds` and once more when cancelled."""

    def mark() -> None:
        try:
            with store.read() as session:
                anchor.mark(session)
        except (StoreUnavailable, OSError) as error:
            log.error("audit log is not anchored", error=type(error).__name__)
        except Exception:
            log.exception("audit log is not anchored")

    try:
        while True:
            await asyncio.to_thread(mark)
            await asyncio.sleep(pause_seconds)
    finally:
        mark()


def seconds_until(hour: time, now: datetime) -> float:
    """Seconds from `now` to the next time the clock in Sweden shows `hour`."""
    local = now.astimezone(STOCKHOLM)
    day = local.date() if local.time() < hour else local.date() + timedelta(days=1)
    return (datetime.combine(day, hour, STOCKHOLM) - now).total_seconds()


async def keep_policy_watched(approvals: Approvals, *, pause_seconds: float = POLICY_SECONDS) -> None:
    """Looks whether the policy or an approval has changed, until cancelled."""
    while True:
        try:
            await asyncio.to_thread(approvals.look_at_file)
        except (OSError, NotAPolicy, StoreUnavailable) as error:
            log.warning("policy not read", error=type(error).__name__)
        except Exception:
            log.exception("policy not read")
        await asyncio.sleep(pause_seconds)
