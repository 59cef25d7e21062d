"""A lock that is handed on in the order in which it was asked for."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Queue:
    """First come, first served; `threading.Lock` lets whoever has just let go of it take it again before those who wait."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def turn(self, patience_seconds: float) -> Iterator[None]:
        """Waits for one's turn. Raises `TimeoutError` when it has not come in time."""
        self._take(patience_seconds)
        try:
            yield
        finally:
            self._hand_on()

    def _take(self, patience_seconds: float) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            called = threading.Event()
            self._waiting.append(called)
        if not called.wait(patience_seconds):
            with self._guard:
                if not called.is_set():
                    self._waiting.remove(called)
                    raise TimeoutError

    def _hand_on(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
