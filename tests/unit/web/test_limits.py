"""Rate limits: buckets that fill with time, and whose address counts."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from insyn.web import limits
from insyn.web.limits import Buckets, client_address


class Seconds:
    """A clock of seconds, set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_as_many_as_a_minute_allows_at_once_then_one_by_one() -> None:
    clock = Seconds()
    buckets = Buckets(6, clock)
    assert [buckets.wait_for("a") for _ in range(7)] == [0] * 6 + [10]
    clock.now += 9.9
    assert buckets.wait_for("a") == 1
    clock.now += 0.2
    assert [buckets.wait_for("a"), buckets.wait_for("a")] == [0, 10]


def test_waiting_as_told_is_enough() -> None:
    clock = Seconds()
    buckets = Buckets(7, clock)
    for _ in range(7):
        buckets.wait_for("a")
    clock.now += buckets.wait_for("a")
    assert buckets.wait_for("a") == 0


def test_a_refused_call_costs_nothing() -> None:
    clock = Seconds()
    buckets = Buckets(1, clock)
    assert buckets.wait_for("a") == 0
    for _ in range(59):
        clock.now += 1
        assert buckets.wait_for("a") > 0
    clock.now += 1.1
    assert buckets.wait_for("a") == 0


def test_a_bucket_never_holds_more_than_a_minutes_worth() -> None:
    clock = Seconds()
    buckets = Buckets(3, clock)
    buckets.wait_for("a")
    clock.now += 86_400
    assert [buckets.wait_for("a") for _ in range(4)] == [0, 0, 0, 20]


def test_everyone_has_a_bucket_of_their_own() -> None:
    buckets = Buckets(1, Seconds())
    assert [buckets.wait_for(key) for key in "abcab"] == [0, 0, 0, 60, 60]


def test_only_so_many_buckets_are_kept_and_the_least_used_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "KEPT_BUCKETS", 3)
    buckets = Buckets(1, Seconds())
    for key in "abc":
        buckets.wait_for(key)
    assert buckets.wait_for("a") > 0  # used again, so now the newest
    buckets.wait_for("d")  # "b" is forgotten
    assert [buckets.wait_for(key) > 0 for key in "acd"] == [True, True, True]
    assert len(buckets._levels) == 3


def request(peer: str | None, forwarded: str | None = None) -> Request:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded is not None else []
    return Request({"type": "http", "headers": headers, "client": (peer, 1234) if peer else None})


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "address"),
    [
        ("203.0.113.5", None, "", "203.0.113.5"),
        ("203.0.113.5", "198.51.100.7", "", "203.0.113.5"),
        ("203.0.113.5", "198.51.100.7", "10.0.0.0/8", "203.0.113.5"),
        ("10.0.0.2", "198.51.100.7", "10.0.0.0/8", "198.51.100.7"),
        ("10.0.0.2", "198.51.100.7", "10.0.0.2", "198.51.100.7"),
        ("10.0.0.2", "192.0.2.1, 198.51.100.7", "10.0.0.0/8", "198.51.100.7"),
        ("10.0.0.2", "192.0.2.1, 198.51.100.7, 10.1.1.1", "10.0.0.0/8", "198.51.100.7"),
        ("10.0.0.2", "10.1.1.1", "10.0.0.0/8", "10.1.1.1"),
        ("10.0.0.2", "", "10.0.0.0/8", "10.0.0.2"),
        ("10.0.0.2", "someone", "10.0.0.0/8", "10.0.0.2"),
        ("10.0.0.2", "2001:db8::7", "10.0.0.0/8, 2001:db8:1::/48", "2001:db8::7"),
        ("2001:db8:1::1", "198.51.100.7", "10.0.0.0/8, 2001:db8:1::/48", "198.51.100.7"),
        (None, "198.51.100.7", "10.0.0.0/8", "unknown"),
    ],
)
def test_a_forwarded_address_counts_only_from_a_trusted_proxy(
    peer: str | None, forwarded: str | None, trusted: str, address: str
) -> None:
    assert client_address(request(peer, forwarded), trusted) == address
