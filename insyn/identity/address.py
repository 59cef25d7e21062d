"""E-mail addresses: read leniently, checked strictly, compared in one form."""

from __future__ import annotations

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email


class AddressInvalid(Exception):
    """The text is not an address mail can be sent to."""


@dataclass(frozen=True)
class EmailAddress:
    """An address to send to (`text`) and the form two spellings of it share (`canonical`)."""

    text: str
    canonical: str

    @classmethod
    def parse(cls, text: str) -> EmailAddress:
        """Reads an address, internationalised ones included (RFC 6531). Raises `AddressInvalid`."""
        try:
            result = validate_email(text.strip().strip("<>,;"), check_deliverability=False, test_environment=True)
        except EmailNotValidError as error:
            raise AddressInvalid from error
        return cls(result.normalized, result.normalized.casefold())

    def __str__(self) -> str:
        return self.text
