"""Rate limits: token buckets per conversation, per network address and for the whole service."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.requests import Request

KEPT_BUCKETS = 50_000


class Buckets:
    """Token buckets by key: `per_minute` on average, as many at once. The least used are forgotten first."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._capacity = float(per_minute)
        self._rate = per_minute / 60
        self._now = now
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_for(self, key: str) -> int:
        """Takes one from the bucket of `key`: 0, or the whole seconds to wait when it is empty."""
        now = self._now()
        level, then = self._levels.pop(key, (self._capacity, now))
        level = min(self._capacity, level + (now - then) * self._rate)
        taken = level >= 1
        self._levels[key] = (level - 1 if taken else level, now)
        if len(self._levels) > KEPT_BUCKETS:
            self._levels.popitem(last=False)
        return 0 if taken else max(1, math.ceil((1 - level) / self._rate))


def by_address(per_minute: int, trusted_proxies: str) -> Callable[[Request], int]:
    """A limit for each network address: of a request, 0 or the whole seconds its sender has to wait."""
    buckets = Buckets(per_minute)
    return lambda request: buckets.wait_for(client_address(request, trusted_proxies))


def client_address(request: Request, trusted_proxies: str) -> str:
    """The caller's network address; `X-Forwarded-For` counts only when it comes from a trusted proxy."""
    peer = request.client.host if request.client else "unknown"
    trusted = [ipaddress.ip_network(each.strip()) for each in trusted_proxies.split(",") if each.strip()]
    hops = [
        peer,
        *(hop.strip() for hop in reversed(request.headers.get("x-forwarded-for", "").split(",")) if hop.strip()),
    ]
    for hop in hops:
        try:
            address = ipaddress.ip_address(hop)
        except ValueError:
            return peer
        if not any(address in network for network in trusted):
            return hop
    return hops[-1]
