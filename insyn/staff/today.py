"""What waits for the staff, as queues: each a number and the list behind it.

A room that has something waiting adds a `Queue` to `QUEUES`; the page Idag and its links follow by themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from insyn.cases import finding
from insyn.cases.finding import Tray, Wanted
from insyn.review import finding as talks
from insyn.review.finding import Wanted as TalkWanted
from insyn.staff import mail as staff_mail
from insyn.staff.mail import Tray as MailTray


@dataclass(frozen=True)
class Moment:
    """When it is asked, and how many days before its due date a case counts as due soon."""

    now: datetime
    notice_days: int


@dataclass(frozen=True)
class Queue:
    """Something that waits.

    `path` is the page that lists it, as the table of access names it, and `query` what it is opened with: exactly what
    `count` counts stands there. `one` is the title where just one waits and that is another word. `pressing` queues come first and stand out while they are not empty.
    """

    id: str
    title: str
    says: str
    path: str
    query: str
    count: Callable[[Session, Moment], int]
    pressing: bool = False
    one: str = ""
    most: int | None = None  # no more are counted; one beyond it stands for all the rest

    @property
    def entry(self) -> str:
        return f"GET {self.path}"

    @property
    def href(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path


MOST_TALKS = 200
_CASES = "/konsol/arenden"


def _tray(tray: Tray, title: str, says: str, *, pressing: bool = False, one: str = "") -> Queue:
    """A queue of cases: the number is that of the list it leads to."""

    def count(session: Session, moment: Moment) -> int:
        return finding.count(session, Wanted(tray=tray, state=""), moment.now, notice_days=moment.notice_days)

    return Queue(tray, title, says, _CASES, f"fack={tray}", count, pressing, one)


def _mails(tray: MailTray, title: str, says: str, *, pressing: bool = False) -> Queue:
    """A queue of mails."""
    return Queue(
        tray, title, says, "/konsol/post", f"fack={tray}", lambda session, _: staff_mail.count(session, tray), pressing
    )


def _talks(name: str, wanted: TalkWanted, query: str, title: str, says: str, *, pressing: bool = False) -> Queue:
    """A queue of conversations."""
    return Queue(
        name, title, says, "/konsol/samtal", query, lambda session, _: talks.count(session, wanted, most=MOST_TALKS),
        pressing, most=MOST_TALKS,
    )  # fmt: skip


QUEUES: list[Queue] = [
    _tray(Tray.LATE, "försenade", "Sista svarsdagen har passerat.", pressing=True, one="försenat"),
    _tray(
        Tray.INCIDENTS,
        "incidenter",
        "Rapporter som kan behöva anmälas till IMY inom 72 timmar.",
        pressing=True,
        one="incident",
    ),
    _talks(
        "vantar",
        TalkWanted(waiting=True),
        "vantar=ja",
        "väntar i chatten",
        "Personer som skriver med en människa och inte har fått svar.",
        pressing=True,
    ),
    _tray(Tray.SOON, "förfaller snart", "Ärenden vars sista svarsdag är nära."),
    _tray(Tray.HUMAN, "väntar på en människa", "Frågor och klagomål som någon vill få svar på."),
    _tray(
        Tray.UNVERIFIED, "ej verifierade", "Begäranden som inte är bekräftade. Klockan går ändå.", one="ej verifierad"
    ),
    _tray(Tray.DOUBTED, "identitet utreds", "Personen har ombetts att visa mer."),
    _tray(
        Tray.REPEATS, "möjliga upprepningar", "Liknar ett tidigare ärende. En människa avgör.", one="möjlig upprepning"
    ),
    _tray(Tray.UNASSIGNED, "utan handläggare", "Öppna ärenden som ingen har tagit."),
    _tray(Tray.UNFETCHED, "svar som inte hämtats", "Filer som väntar på sin mottagare."),
    _mails(MailTray.HUMAN, "mejl till en människa", "Mejl som Insyn inte svarat på och som inte hör till ett ärende."),
    _mails(MailTray.QUARANTINED, "mejl i karantän", "Mejl som inte gick att behandla.", pressing=True),
    _talks(
        "obesvarade",
        TalkWanted(not_understood=True, reviewed=False),
        "ej_forstatt=ja&granskat=nej",
        "samtal med obesvarade frågor",
        "Insyn förstod inte eller visste inte, och ingen har granskat samtalet.",
    ),
    _tray(
        Tray.BOUNCED,
        "brev som inte gick fram",
        "Brev som inte kunde skickas, eller som kom tillbaka. Försök på annat sätt.",
    ),
]
