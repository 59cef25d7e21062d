"""Passwords: argon2id (RFC 9106), and what is asked of a new one (NIST SP 800-63B-4, 3.1.1).

Length and not being guessable from the account is asked for; composition rules and forced changes are not.
"""

from __future__ import annotations

from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 12
MAX_LENGTH = 200
AT_ONCE = 2  # each hashing takes 64 MiB and some processor; the rest wait for their turn

_hasher = PasswordHasher()
_nobodys = _hasher.hash("the hash that is compared with when there is no such account")
_turns = BoundedSemaphore(AT_ONCE)


class PasswordTooWeak(Exception):
    """The password may not be used; `says` tells why, in Swedish."""

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self.says = says


def hashed(password: str, *, known: tuple[str, ...] = ()) -> str:
    """The hash of a new password. `known` are words about its owner. Raises `PasswordTooWeak`."""
    if len(password) < MIN_LENGTH:
        raise PasswordTooWeak(f"Lösenordet behöver minst {MIN_LENGTH} tecken. En mening med några ord fungerar bra.")
    if len(password) > MAX_LENGTH:
        raise PasswordTooWeak(f"Lösenordet får ha högst {MAX_LENGTH} tecken.")
    if len(set(password.casefold())) < 5:
        raise PasswordTooWeak("Lösenordet upprepar samma tecken. Välj något mer varierat.")
    parts = {part for word in known for part in word.casefold().replace("@", " ").replace(".", " ").split()}
    rest = password.casefold()
    for part in sorted((part for part in parts | {"insyn", "kontek"} if len(part) > 2), key=len, reverse=True):
        rest = rest.replace(part, "")
    if len(rest) < MIN_LENGTH // 2:
        raise PasswordTooWeak("Lösenordet består mest av ditt namn, din adress eller tjänstens namn. Välj något annat.")
    with _turns:
        return _hasher.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one; without a hash the same time is taken, and the answer is no."""
    with _turns:
        try:
            _hasher.verify(password_hash or _nobodys, password[:MAX_LENGTH])
        except (VerificationError, InvalidHashError):
            return False
    return password_hash is not None
