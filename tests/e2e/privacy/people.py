"""Thirty invented people and what they write. Every identifier in it must stay behind a placeholder.

Personnummer and samordningsnummer are of the Swedish Tax Agency's test series or have a wrong check digit; phone numbers
are those that PTS keeps for fiction, cards the payment networks' test numbers, mail is of example domains.
"""

from __future__ import annotations

from dataclasses import dataclass

_NAMES = [
    "Alva Lindqvist", "Sixten Hägerstrand", "Ottilia Bråkenhielm", "Ebbe Fågelklo", "Saga Tuvesdotter", "Malte Grönvalls",
    "Hjördis Älvegren", "Torkel Skuggbo", "Vendela Åkerhjelm", "Ragnvald Ödlund", "Fatima Al-Khatibi", "Dragan Petrovićev",
    "Zeynep Karadağlı", "Oluwaseun Adebayor", "Nguyen Thi Bichlan", "Søren Kjærgaardsen", "Siobhán O'Rourkesson",
    "Björn von Essenbeck", "Agneta af Klintbergh", "Ludmila Wiśniewskaja", "Jean-Baptiste Lefèvreux", "Marisol Núñezgarcia",
    "Wilhelmina de la Gardieux", "Gunvor Stensjöbäck", "Tindra Mörkhage", "Yusuf Abdirahmanov", "Kerstin Blåvingesten",
    "Folke Drakenbergh", "Ingegerd Ljusvattna", "Amadou Diallokoné",
]  # fmt: skip
_NUMBERS = [
    "19121212-1212", "191212121212", "121212-1212", "19900118-9811", "900118-9811", "19 900 118 98 11", "20010122-2390",
    "19860225-2391", "19860226-9810", "860226–9810", "19121212+1212", "19701063-2391", "197010632391", "701063-2391",
    "19640823-3234",
]  # fmt: skip
_CARDS = ["4111 1111 1111 1111", "5555-5555-5555-4444", "4012888888881881", "3782 822463 10005", "5105 1051 0510 5100"]
_STREETS = [
    "Storgatan 17, 341 32 Ljungby", "Kråkvägen 4B, 352 46 Växjö", "Gamla Landsvägen 112", "Tallstigen 9 A, 12345 Farsta",
    "Box 5518, 114 85 Stockholm", "Älggränd 3", "Västra Hamngatan 21, 411 17 Göteborg",
]  # fmt: skip


@dataclass(frozen=True)
class Person:
    """Someone, with everything that would tell who it is."""

    number: int

    @property
    def name(self) -> str:
        return _NAMES[self.number]

    @property
    def email(self) -> str:
        local = "".join(letter for letter in self.name.lower() if "a" <= letter <= "z")
        return f"{local}{self.number}@{('example.se', 'example.com', 'post.example.net')[self.number % 3]}"

    @property
    def personnummer(self) -> str:
        return _NUMBERS[self.number % len(_NUMBERS)]

    @property
    def phone(self) -> str:
        mobile = 605 + 3 * self.number  # 070-174 06 05 – 99
        return (
            f"070-174 0{mobile // 100} {mobile % 100:02d}",
            f"+46 70 1740{mobile}",
            f"0701740{mobile}",
            f"08-465 00{400 + 3 * self.number}",
        )[self.number % 4]

    @property
    def card(self) -> str:
        return _CARDS[self.number % len(_CARDS)]

    @property
    def street(self) -> str:
        return _STREETS[self.number % len(_STREETS)]

    @property
    def account(self) -> str:
        return f"SE35 5000 0000 0549 1000 {self.number:04d}"

    def values(self) -> list[str]:
        """Everything that may be found nowhere; of a name also each part that is a word of its own."""
        names = [part for part in self.name.replace("-", " ").split() if len(part) > 4]
        street = self.street.split(",")[0]
        return [
            self.name,
            *names,
            self.email,
            self.personnummer,
            self.phone,
            self.card,
            self.account,
            self.street,
            street,
        ]


PEOPLE = [Person(number) for number in range(len(_NAMES))]
