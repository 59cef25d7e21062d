"""One message of a conversation at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class OneAtATime:
    """Whoever works with a conversation has it alone meanwhile, within this process: two tabs take turns."""

    def __init__(self) -> None:
        self._busy: dict[str, tuple[asyncio.Lock, int]] = {}

    @property
    def is_idle(self) -> bool:
        """Whether nobody works with any conversation, or waits to."""
        return not self._busy

    @asynccontextmanager
    async def __call__(self, conversation_id: str) -> AsyncIterator[None]:
        """Waits until nobody else works with the conversation."""
        lock, waiting = self._busy.get(conversation_id, (asyncio.Lock(), 0))
        self._busy[conversation_id] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._busy[conversation_id]
            if waiting == 1:
                del self._busy[conversation_id]
            else:
                self._busy[conversation_id] = (lock, waiting - 1)
