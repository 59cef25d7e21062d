"""A case's audit rows told in Swedish: what happened, when, by whom. Nothing here that the log does not hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from insyn.cases.checklist import CHECKLISTS
from insyn.cases.grounds import GROUNDS
from insyn.cases.kinds import KINDS
from insyn.clock import STOCKHOLM, written_date
from insyn.store.models import AuditRow, Case

# Who acts on the command line, where nobody is logged in.
OPERATOR = "operator"

Data = Mapping[str, Any]
NameOf = Callable[[str], str]


@dataclass(frozen=True)
class Sentence:
    """One thing that happened; `event` is the row's own name for it, `seq` its place in the log, `note` the id of its words."""

    seq: int
    at: datetime
    event: str
    text: str
    note: str | None = None

    def line(self) -> str:
        """`5 mars 2026 klockan 09.30: …`"""
        local = self.at.astimezone(STOCKHOLM)
        return f"{written_date(local.date())} klockan {local.strftime('%H.%M')}: {self.text}"


def story(session: Session, case_id: str, *, name_of: NameOf | None = None) -> list[Sentence]:
    """The life of a case, oldest first; empty when the log knows nothing of it.

    `name_of` turns a staff id into what the reader may call that person.
    """
    teller = _Teller(session, name_of or (lambda staff_id: f"handläggare {staff_id}"))
    rows = session.scalars(select(AuditRow).where(AuditRow.subject == case_id).order_by(AuditRow.seq))
    told = []
    for row in rows:
        data = json.loads(row.data)
        told.append(Sentence(row.seq, row.at, row.event, teller.tell(row.event, data), data.get("note")))
    return told


_DETAILS = {
    "relation": "kopplingen till Kontek",
    "concerns": "vad begäran gäller",
    "name": "namnet",
    "referred": "att personen hänvisats till arbetsgivaren",
    "address": "adressen",
}
_CHANNELS = {"chat": "chatten", "mail": "e-post", "email": "e-post", "staff": "en handläggare"}
_PLAIN = {
    "case.confirmed": "Personen bekräftade begäran. Ärendet öppnades för handläggning.",
    "case.identification_refused": "Personen försökte legitimera sig, men det godtogs inte. Tvivlet står kvar.",
    "case.due_soon": "Sista svarsdagen är nära.",
    "case.overdue": "Sista svarsdagen har passerat.",
    "case.shredded": "Ärendets innehåll raderades på personens begäran. Bara de yttre uppgifterna är kvar.",
    "delivery.opened": "Rätt kod skrevs in, och filerna blev åtkomliga för en kort stund.",
    "delivery.fetched": "En fil hämtades.",
    "delivery.shredded": "Filerna bakom en länk förstördes, eftersom tiden gått ut.",
}
_BY_STAFF = {
    "case.taken_in": "{By} öppnade ärendet för personens räkning.",
    "case.taken_up": "{By} började handlägga ärendet.",
    "case.verified_by_staff": "{By} bedömde att begäran kommer från personen och antecknade hur det visats.",
    "case.identity_doubted": "{By} antecknade tvivel om vem personen är, med skäl. Den pausade klockan står stilla.",
    "case.noted": "{By} skrev en anteckning.",
    "case.viewed": "{By} öppnade ärendet.",
    "case.revealed": "{By} visade en maskerad uppgift, med skäl.",
    "case.exported": "{By} tog ut hela ärendet, med skäl.",
    "case.held": "{By} bestämde att ärendet inte får gallras, med skäl.",
    "case.released": "{By} bestämde att ärendet får gallras igen, med skäl.",
    "delivery.sent": "{By} skickade en länk till filer till personens adress.",
    "delivery.taken_back": "{By} drog tillbaka en länk. Filerna bakom den förstördes.",
    "delivery.file_put": "{By} lade en fil till ärendet.",
    "delivery.file_removed": "{By} tog bort en fil som inte var skickad.",
    "case.repeat_seen": "{By} tittade på den möjliga upprepningen och lät ärendet stå för sig, med skäl.",
    "case.id_copy_discarded": "{By} antecknade att en kopia av en id-handling kom in utan att behövas och förstördes.",
    "case.closed_unidentified": "{By} avslutade ärendet utan verifiering, med skäl.",
}
_LETTERS = {
    "delivery": "besked om filer att hämta",
    "receipt": "mottagningsbevis",
    "withdrawn": "bekräftelse på att begäran är återtagen",
    "alarm": "larm till personalen",
    "answered": "svar från en handläggare",
    "acknowledged": "bekräftelse på mottagandet",
    "identity": "begäran om mer underlag för identiteten",
    "extended": "besked om förlängd frist",
    "completed": "svar",
    "refused": "beslut om avslag",
    "partly_refused": "beslut om delvis avslag",
    "handed_over": "hänvisning till den som ansvarar för uppgifterna",
    "closed_unidentified": "besked om avslut utan verifiering",
    "attached": "besked om sammanlagda ärenden",
}


class _Teller:
    """Turns one row into one or two sentences; a row it does not know is told by its name."""

    def __init__(self, session: Session, name_of: NameOf) -> None:
        self._session = session
        self._name_of = name_of
        self._special: dict[str, Callable[[Data], str]] = {
            "case.received": self._received,
            "case.details_added": self._details_added,
            "case.mailbox_proved": self._mailbox_proved,
            "case.strongly_identified": self._strongly_identified,
            "case.possible_repeat": self._possible_repeat,
            "case.assigned": self._assigned,
            "case.extended": self._extended,
            "case.completed": self._completed,
            "case.refused": self._refused,
            "case.partly_refused": self._refused,
            "case.withdrawn": self._withdrawn,
            "case.handed_over": self._handed_over,
            "case.attached": self._attached,
            "case.due_soon": self._due_soon,
            "case.overdue": self._overdue,
            "letter.queued": self._letter,
            "letter.to_send_by_hand": self._by_hand,
            "letter.came_back": lambda data: (
                f"Ett brev kom tillbaka, så det har inte nått personen: {_letter_name(data)}."
            ),
            "letter.settled": lambda data: (
                f"{_capital(self._by(data))} antecknade att ett brev som inte kom fram har nått personen på annat sätt: {_letter_name(data)}."
            ),
            "case.address_given": self._address_given,
            "case.reminded": self._reminded,
        }
        self._kind = ""

    def tell(self, event: str, data: Data) -> str:
        if event in self._special:
            return self._special[event](data)
        if event in _PLAIN:
            return _PLAIN[event]
        if event in _BY_STAFF:
            return _BY_STAFF[event].format(By=_capital(self._by(data)))
        return f"Händelsen ”{event}” antecknades."

    def _by(self, data: Data) -> str:
        by = str(data.get("by") or "insyn")
        return {"person": "personen", "insyn": "Insyn", OPERATOR: "den som sköter driften"}.get(by) or self._name_of(by)

    def _reference(self, case_id: object) -> str:
        case = self._session.get(Case, str(case_id))
        return f"ärende {case.reference}" if case else "ett gallrat ärende"

    def _received(self, data: Data) -> str:
        kind = KINDS.get(str(data.get("kind")))
        self._kind = kind.id if kind else ""
        where = _CHANNELS.get(str(data.get("channel")), str(data.get("channel")))
        what = kind.name if kind else str(data.get("kind"))
        text = f"Ärendet kom in genom {where}. Det gäller {what}."
        return f"{text} Svar senast den {_day(data['due'])}." if data.get("due") else text

    def _details_added(self, data: Data) -> str:
        fields = [_DETAILS.get(field, field) for field in str(data.get("fields", "")).split(",")]
        return f"Personen berättade mer: {_listed(fields)}."

    def _mailbox_proved(self, data: Data) -> str:
        did = "öppnade engångslänken" if data.get("how") == "engångslänk" else "gav tillbaka engångskoden"
        return f"Personen {did} och visade så att den når brevlådan."

    def _strongly_identified(self, data: Data) -> str:
        text = "Personen legitimerade sig hos legitimeringstjänsten, på ett sätt som godtas."
        if data.get("same_name"):
            return f"{text} Namnet är det som begäran är gjord i. Tvivlet är utrett."
        return f"{text} Det gick inte att jämföra namnen, så en människa avgör."

    def _possible_repeat(self, data: Data) -> str:
        return f"Möjlig upprepning av {self._reference(data.get('earlier'))}. En människa ska titta på det."

    def _assigned(self, data: Data) -> str:
        to, by = data.get("to"), data.get("by")
        if to is None:
            return f"{_capital(self._by(data))} lämnade ifrån sig ärendet. Ingen har det nu."
        if to == by:
            return f"{_capital(self._by(data))} tog ärendet."
        return f"{_capital(self._by(data))} gav ärendet till {self._name_of(str(to))}."

    def _extended(self, data: Data) -> str:
        return f"{_capital(self._by(data))} förlängde fristen till den {_day(data.get('due'))}, med skäl."

    def _completed(self, data: Data) -> str:
        points = {point.id: point.text for point in CHECKLISTS.get(self._kind, ())}
        ticked = [points.get(each, each) for each in str(data.get("ticked") or "").split(",") if each]
        text = f"{_capital(self._by(data))} avslutade ärendet som klart."
        return f"{text} Avbockat: {' '.join(ticked)}" if ticked else text

    def _refused(self, data: Data) -> str:
        ground = GROUNDS.get(str(data.get("ground")))
        on = f" på grund av {ground.text} ({ground.law})" if ground else ""
        how = "avslog begäran" if data.get("state") == "refused" else "avslog begäran delvis"
        return f"{_capital(self._by(data))} {how}{on}, med skäl."

    def _withdrawn(self, data: Data) -> str:
        if data.get("by", "person") == "person":
            return "Personen tog tillbaka begäran. Ärendet avslutades."
        return f"{_capital(self._by(data))} antecknade att personen har tagit tillbaka begäran, och hur. Ärendet avslutades."

    def _address_given(self, data: Data) -> str:
        by = data.get("by", "person")
        return f"{'Personen angav' if by == 'person' else _capital(self._by(data)) + ' antecknade'} en e-postadress."

    def _reminded(self, data: Data) -> str:
        text = "Personen hörde av sig igen, och orden lades till ärendet."
        return text if data.get("by", "person") == "person" else f"{text} Det antecknade {self._by(data)}."

    def _handed_over(self, data: Data) -> str:
        if data.get("to") == "employer":
            return "Personen hänvisades till sin arbetsgivare, som ansvarar för uppgifterna. Ärendet avslutades."
        if data.get("forwarded"):
            return f"{_capital(self._by(data))} skickade begäran vidare till den som ansvarar för uppgifterna. Ärendet avslutades."
        return (
            f"{_capital(self._by(data))} hänvisade personen till den som ansvarar för uppgifterna. Ärendet avslutades."
        )

    def _attached(self, data: Data) -> str:
        return f"{_capital(self._by(data))} lade ärendet till {self._reference(data.get('earlier'))}, med skäl."

    def _due_soon(self, data: Data) -> str:
        return f"Fristen närmade sig: svar senast den {_day(data.get('due'))}."

    def _overdue(self, data: Data) -> str:
        return f"Fristen gick ut den {_day(data.get('due'))} utan att ärendet var avslutat."

    def _letter(self, data: Data) -> str:
        return f"Brev lades i utkorgen: {_letter_name(data)}."

    def _by_hand(self, data: Data) -> str:
        return f"Brev skrevs men ingen e-postadress är känd, så det ska skickas för hand: {_letter_name(data)}."


def _letter_name(data: Data) -> str:
    return letter_name(str(data.get("kind")))


def letter_name(kind: str) -> str:
    """What a kind of letter is called in Swedish."""
    return _LETTERS.get(kind, kind)


def _day(value: object) -> str:
    return written_date(date.fromisoformat(str(value))) if value else "okänd dag"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} och {parts[-1]}"
