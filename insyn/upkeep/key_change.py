"""`insyn keys rotate`: new keys put in use, what is stored brought under them, and the old ones removed; the service runs on.

The master key is changed at once. The index key takes two goes: what remains of codes and failures cannot be brought
under a new key and lives for a day or as long as codes are kept, so the former key is removed by a later go.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select

from insyn.audit.chain import AuditLog
from insyn.clock import Clock
from insyn.identity.challenge import LIFETIME
from insyn.store.engine import Store
from insyn.store.models import AuditRow
from insyn.upkeep.key_place import KeyPlace
from insyn.upkeep.rotation import SUBJECT, Rotation

# Longer than a transaction of the running service lasts: after it nobody writes under a key that has been replaced.
SETTLE_SECONDS = 6.0
INDEX_CHANGED, INDEX_FINISHED = "keys.index_changed", "keys.index_finished"


@dataclass(frozen=True)
class Changed:
    """What was done. `index` is begun, waiting (the former key is still needed until `again`) or finished."""

    master_key: str
    rewrapped: int
    removed: tuple[str, ...]
    index: Literal["begun", "waiting", "finished"]
    reindexed: int
    again: datetime | None


class KeyChange:
    """Changes master key and index key where the settings have them."""

    def __init__(
        self,
        keys: KeyPlace,
        rotation: Rotation,
        store: Store,
        audit: AuditLog,
        clock: Clock,
        codes_kept: timedelta,
        *,
        settle: Callable[[float], None] = time.sleep,
    ) -> None:
        self._keys = keys
        self._rotation = rotation
        self._store = store
        self._audit = audit
        self._clock = clock
        self._codes_kept = codes_kept
        self._settle = settle

    def run(self) -> Changed:
        """Does what can be done now. Raises `KeysElsewhere` before anything is changed, `UnknownMasterKey`."""
        under_change = self._keys.index_is_under_change()
        master = self._keys.add_master_key()
        if not under_change:
            self._keys.change_index_key()
        again = self._began() + self._codes_kept
        self._settle(SETTLE_SECONDS)
        rewrapped = self._rotation.rotate_master()
        # A key made just before the service heard of the new one is wrapped by the old one, which then stays.
        removed = tuple(self._keys.keep_master_keys(set(self._rotation.masters_in_use())))
        reindexed = self._rotation.rotate_index()
        count = reindexed.addresses + reindexed.values
        if not under_change:
            return Changed(master, rewrapped, removed, "begun", count, again)
        if reindexed.waiting:
            again = max(again, self._clock() + LIFETIME)
        if again > self._clock():
            return Changed(master, rewrapped, removed, "waiting", count, again)
        self._keys.forget_former_index_key()
        with self._store.write() as session:
            self._audit.append(session, INDEX_FINISHED, SUBJECT)
        return Changed(master, rewrapped, removed, "finished", count, None)

    def _began(self) -> datetime:
        """When the change of the index key that is under way was first seen; that it was is logged."""
        steps = (
            select(AuditRow).where(AuditRow.event.in_((INDEX_CHANGED, INDEX_FINISHED))).order_by(AuditRow.seq.desc())
        )
        with self._store.write() as session:
            last = session.scalar(steps.limit(1))
            if last is not None and last.event == INDEX_CHANGED:
                return last.at
            self._audit.append(session, INDEX_CHANGED, SUBJECT)
            return self._clock()
