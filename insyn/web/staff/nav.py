"""The navigation of the console. Who sees an item follows from the table of `insyn.web.staff.access`."""

from __future__ import annotations

from dataclasses import dataclass

from insyn.web.staff.access import PREFIX


@dataclass(frozen=True)
class Item:
    """A place in the console. `key` is pressed after g to go there."""

    title: str
    path: str
    key: str

    @property
    def entry(self) -> str:
        """The route it leads to, as the table of access names it."""
        return f"GET {self.path}"


NAVIGATION = (
    Item("Idag", PREFIX, "i"),
    Item("Ärenden", f"{PREFIX}/arenden", "a"),
    Item("Samtal", f"{PREFIX}/samtal", "s"),
    Item("E-post", f"{PREFIX}/post", "e"),
    Item("Lärande", f"{PREFIX}/larande", "t"),
    Item("Svar", f"{PREFIX}/svar", "v"),
    Item("Siffror", f"{PREFIX}/siffror", "f"),
    Item("Insynslogg", f"{PREFIX}/insynslogg", "l"),
    Item("Inloggningar", f"{PREFIX}/inloggningar", "n"),
    Item("Konton", f"{PREFIX}/konton", "k"),
)
