"""E-mail addresses: read leniently, checked strictly, compared in one form."""

from __future__ import annotations

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email


class AddressInvalid(Exception):
    """The text is not an address mail can be sent to."""


@dataclass(frozen=True)
class EmailAddress:
    """An address as written (`text`), the form two spellings of it share (`canonical`), and as SMTP takes it (`wire`).

    On the wire an internationalised domain is in its ASCII form, so that only a local part with å needs SMTPUTF8.
    """

    text: str
    canonical: str
    wire: str

    @classmethod
    def parse(cls, text: str) -> EmailAddress:
        """Reads an address, internationalised ones included (RFC 6531). Raises `AddressInvalid`."""
        try:
            result = validate_email(text.strip().strip("<>,;"), check_deliverability=False, test_environment=True)
        except EmailNotValidError as error:
            raise AddressInvalid from error
        wire = f"{result.local_part}@{result.ascii_domain}"
        return cls(result.normalized, result.normalized.casefold(), wire)

    def __str__(self) -> str:
        return self.text
