"""Signatures against the specification's own example and its Python reference library."""

from __future__ import annotations

import base64
import os
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from insyn.webhooks.signature import Signer

BODY = b'{"test": 2432232314}'


def secret(size: int = 32) -> str:
    return "whsec_" + base64.b64encode(os.urandom(size)).decode()


def test_published_example_of_the_scheme() -> None:
    signer = Signer("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signer.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", datetime.fromtimestamp(1614265330, UTC), BODY)

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("size", [24, 32, 64])
def test_the_reference_library_accepts_what_we_sign(size: int) -> None:
    ours = secret(size)
    headers = Signer(ours).headers("msg_1", datetime.now(UTC), BODY)

    assert Webhook(ours).verify(BODY, headers) == {"test": 2432232314}


@pytest.mark.parametrize(
    "change",
    [
        lambda headers: headers | {"webhook-id": "msg_2"},
        lambda headers: headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)},
        lambda headers: headers | {"webhook-signature": headers["webhook-signature"].replace("v1,", "v2,")},
    ],
    ids=["id", "timestamp", "version"],
)
def test_each_signed_part_is_bound(change) -> None:  # type: ignore[no-untyped-def]
    ours = secret()
    headers = Signer(ours).headers("msg_1", datetime.now(UTC), BODY)

    with pytest.raises(WebhookVerificationError):
        Webhook(ours).verify(BODY, change(headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(ours).verify(BODY + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret()).verify(BODY, headers)


def test_a_captured_request_is_refused_after_five_minutes() -> None:
    ours = secret()
    headers = Signer(ours).headers("msg_1", datetime.now(UTC) - timedelta(minutes=5, seconds=2), BODY)

    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(ours).verify(BODY, headers)


def test_while_a_secret_is_replaced_either_opens() -> None:
    new, old = secret(), secret()
    headers = Signer(f"{new}, {old}").headers("msg_1", datetime.now(UTC), BODY)

    assert len(headers["webhook-signature"].split(" ")) == 2
    for each in (new, old):
        Webhook(each).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret()).verify(BODY, headers)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(broken, id=what)
        for what, broken in {
            "empty": "",
            "only a comma": " , ",
            "no key": "whsec_",
            "far too short": "whsec_c2hvcnQ=",
            "23 bytes": secret(23),
            "65 bytes": secret(65),
            "no prefix": secret()[6:],
            "not base64": "whsec_å",
            "a second one that is none": secret() + ",x",
        }.items()
    ],
)
def test_a_secret_that_is_none_is_refused_and_not_quoted(broken: str) -> None:
    with pytest.raises(ValueError, match=r"secret") as refused:
        Signer(broken)
    assert len(broken) < 8 or broken not in str(refused.value)
