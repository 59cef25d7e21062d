"""Waking those who listen for what is new in a conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class News:
    """Wakes those who listen for what is new in a conversation."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Event]] = {}

    def tell(self, conversation_id: str) -> None:
        """Something new has been said."""
        for listener in self._listeners.get(conversation_id, ()):
            listener.set()

    @asynccontextmanager
    async def listening(self, conversation_id: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever something new is said."""
        listener = asyncio.Event()
        self._listeners.setdefault(conversation_id, set()).add(listener)
        try:
            yield listener
        finally:
            self._listeners[conversation_id].discard(listener)
            if not self._listeners[conversation_id]:
                del self._listeners[conversation_id]
