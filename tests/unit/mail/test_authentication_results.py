"""Authentication-Results (RFC 8601): what the grammar allows, and what the results say about a sender."""

from __future__ import annotations

import pytest

from insyn.mail.reading import Grade, Result
from insyn.mail.reading.authentication import NotWellFormed, grade, parse

HERE = "mx.kontek.example"
SENDER = "anna.ek@example.com"


@pytest.mark.parametrize(
    ("value", "authserv_id", "results"),
    [  # RFC 8601, appendix B
        ("example.org 1; none", "example.org", []),
        ("example.com; spf=pass smtp.mailfrom=example.net", "example.com", [("spf", "pass")]),
        (
            "example.com; auth=pass (cram-md5) smtp.auth=sender@example.net; spf=pass smtp.mailfrom=example.net",
            "example.com",
            [("auth", "pass"), ("spf", "pass")],
        ),
        (
            'example.com; dkim=pass (good signature) header.d=example.com; dkim=fail reason="bad signature" header.d=x.example',
            "example.com",
            [("dkim", "pass"), ("dkim", "fail")],
        ),
        (
            "foo.example.net (foobar) 1 (baz); dkim (Because I like it) / 1 (One yay) = (wait for it) fail policy (A dot can go "
            "here) . (like that) expired (this surprised me) = (as I wasn't expecting it) 1362471462",
            "foo.example.net",
            [("dkim", "fail")],
        ),
        ("mx.example; spf=hardfail smtp.mailfrom=a@example.com;", "mx.example", [("spf", "fail")]),
    ],
)
def test_reads_what_servers_write(value: str, authserv_id: str, results: list[tuple[str, str]]) -> None:
    header = parse(value)
    assert header.authserv_id == authserv_id
    assert [(each.method, each.result.value) for each in header.results] == results


@pytest.mark.parametrize(
    "value",
    [
        "",
        ";",
        "; spf=pass",
        "mx.example 2; spf=pass",
        "mx.example; spf",
        "mx.example; spf=",
        "mx.example; =pass",
        "mx.example; spf=pass smtp.mailfrom",
        "mx.example; spf=pass smtp=x",
        "mx.example; spf=pass (never ends",
        'mx.example; spf=pass reason="never ends',
        "mx.example spf=pass",
        "mx.example; spf=pass smtp.mailfrom=a b",
        "mx.example; spf=pass; none",
        "mx.example; " + "(" * 9_000,
    ],
)
def test_security_23_refuses_what_the_grammar_does_not_produce(value: str) -> None:
    with pytest.raises(NotWellFormed):
        parse(value)


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ("dmarc=pass header.from=example.com", Grade.ALIGNED),
        ("dmarc=pass", Grade.ALIGNED),
        ("dmarc=pass header.from=evil.example", Grade.PARTIAL),
        ("dmarc=fail header.from=example.com; dkim=pass header.d=example.com", Grade.FAILED),
        ("dkim=pass header.d=EXAMPLE.com", Grade.ALIGNED),
        ("dkim=pass header.i=@example.com", Grade.ALIGNED),
        ("dkim=pass header.d=notexample.com", Grade.PARTIAL),
        ("dkim=fail header.d=a.example; dkim=pass header.d=example.com", Grade.ALIGNED),
        ("spf=pass smtp.mailfrom=anna.ek@example.com", Grade.ALIGNED),
        ("spf=pass smtp.mailfrom=bounce@list.example", Grade.PARTIAL),
        ("spf=softfail; dkim=none", Grade.FAILED),
        ("spf=none; dkim=fail header.d=example.com", Grade.FAILED),
        ("spf=temperror; dkim=temperror", Grade.UNKNOWN),
        ("none", Grade.UNKNOWN),
        ("spf=surelynot smtp.mailfrom=a@example.com", Grade.UNKNOWN),
    ],
)
def test_grades_what_the_results_say_about_the_sender(results: str, expected: Grade) -> None:
    assert grade([f"{HERE}; {results}"], HERE, SENDER)[0].grade is expected


def test_security_23_only_the_pinned_server_counts() -> None:
    forged = "mx.evil.example; dmarc=pass header.from=example.com"
    assert grade([forged], HERE, SENDER)[0].grade is Grade.UNKNOWN
    assert grade([f"{HERE}.evil.example; dmarc=pass"], HERE, SENDER)[0].grade is Grade.UNKNOWN
    assert grade([f"{HERE}; dmarc=pass"], "", SENDER)[0].grade is Grade.UNKNOWN


def test_security_23_of_the_pinned_servers_headers_only_the_topmost_counts() -> None:
    """The receiving server writes above what it got, so what claims to be its own further down came with the mail."""
    genuine, forged = f"{HERE}; spf=fail; dkim=none", f"{HERE}; dmarc=pass header.from=example.com"
    verdict, malformed = grade([genuine, forged], HERE, SENDER)
    assert (verdict.grade, verdict.spf, verdict.dmarc, malformed) == (Grade.FAILED, Result.FAIL, Result.NONE, False)


def test_security_23_a_malformed_header_is_no_evidence_and_is_noted() -> None:
    verdict, malformed = grade([f"{HERE}; dmarc=pass header.from=(", "other.example; spf=pass"], HERE, SENDER)
    assert (verdict.grade, malformed) == (Grade.UNKNOWN, True)
