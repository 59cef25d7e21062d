"""A person who files a request at the desk, a step at a time; each step is one transaction, as for an action of the bot."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from insyn.identity import challenge
from insyn.identity.challenge import Outcome
from tests.fixtures.house import House, Visitor

CODE = "13572468"
_numbers = itertools.count(1)


class Person(Visitor):
    """Someone with an address of their own."""

    def __init__(self, house: House) -> None:
        super().__init__(house, "chat")
        self.desk = house.services.desk
        self.mailbox = f"person{next(_numbers)}@example.com"
        self.placeholder = self.address(self.mailbox)

    def begin(self) -> str:
        """Expresses the right; returns the reference."""
        return self.desk.begin(self.says(), ["request.access"], "Jag vill ha en kopia.")[0].reference

    def give(self) -> None:
        self.desk.give_address(self.says(), self.placeholder)

    def ask(self) -> None:
        assert self.desk.send_code(self.says(), self.placeholder).until is None

    def verify(self) -> None:
        assert self.desk.check_code(self.says(), self.code(CODE)) is Outcome.RIGHT

    def confirm(self) -> None:
        assert len(self.desk.submit(self.says())) == 1

    def file(self) -> str:
        """The whole request, from the first word to the receipt."""
        reference = self.begin()
        self.give()
        self.ask()
        self.verify()
        self.confirm()
        return reference


@contextmanager
def known_codes() -> Iterator[None]:
    """Every code is the same, so that no letter need be read for it."""
    with mock.patch.object(challenge.secrets, "randbelow", return_value=int(CODE)):
        yield
