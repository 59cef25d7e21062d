"""E-mail addresses as people write them: read leniently, checked strictly, compared in one form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.identity.address import AddressInvalid, EmailAddress


@pytest.mark.parametrize(
    ("written", "text", "canonical", "wire"),
    [
        ("anna.ek@example.com", "anna.ek@example.com", "anna.ek@example.com", "anna.ek@example.com"),
        ("  anna@example.com ", "anna@example.com", "anna@example.com", "anna@example.com"),
        ("<anna@example.com>", "anna@example.com", "anna@example.com", "anna@example.com"),
        ("anna@example.com,", "anna@example.com", "anna@example.com", "anna@example.com"),
        ("Anna.Ek@Example.COM", "Anna.Ek@example.com", "anna.ek@example.com", "Anna.Ek@example.com"),
        ("anna+insyn@example.com", "anna+insyn@example.com", "anna+insyn@example.com", "anna+insyn@example.com"),
        ("o'brian@example.com", "o'brian@example.com", "o'brian@example.com", "o'brian@example.com"),
        ("anna@räksmörgås.se", "anna@räksmörgås.se", "anna@räksmörgås.se", "anna@xn--rksmrgs-5wao1o.se"),
        ("anna@xn--rksmrgs-5wao1o.se", "anna@räksmörgås.se", "anna@räksmörgås.se", "anna@xn--rksmrgs-5wao1o.se"),
        ("ANNA@RÄKSMÖRGÅS.SE", "ANNA@räksmörgås.se", "anna@räksmörgås.se", "ANNA@xn--rksmrgs-5wao1o.se"),
        ("björn@example.se", "björn@example.se", "björn@example.se", "björn@example.se"),
        ("bjo\u0308rn@example.se", "björn@example.se", "björn@example.se", "björn@example.se"),
    ],
)
def test_an_address_is_read(written: str, text: str, canonical: str, wire: str) -> None:
    address = EmailAddress.parse(written)
    assert (address.text, address.canonical, address.wire, str(address)) == (text, canonical, wire, text)


@pytest.mark.parametrize(
    "written",
    [
        "", " ", "@", "anna", "anna@", "@example.com", "anna@@example.com", "anna@example..com", "anna@.example.com",
        "anna@example.com.", "anna..ek@example.com", ".anna@example.com", "anna ek@example.com", "anna@exa mple.com",
        "anna@example", "anna@-example.com", "anna@[127.0.0.1]", "anna@127.0.0.1", "anna@example.com bo@example.com",
        "anna@example.com\nBcc: bo@example.com", "anna\r\n@example.com", "anna@exam\x00ple.com", "anna\u202e@example.com",
        '"anna ek"@example.com', "Anna Ek <anna@example.com>", "mailto:anna@", "anna@" + "a" * 250 + ".com", "⟨e-post 1⟩", "12345678",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(AddressInvalid):
        EmailAddress.parse(written)


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_refused_and_never_breaks_a_header(written: str) -> None:
    try:
        address = EmailAddress.parse(written)
    except AddressInvalid:
        return
    assert not set("\r\n\0 ") & set(address.text)
    assert EmailAddress.parse(address.text) == address
