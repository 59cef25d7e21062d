"""Retention: how long each kind of thing is kept, and why. The periods are settings; the reasons are Kontek's.

Audit rows hold pseudonymous ids only and are kept: they are what shows that all this was done (GDPR art. 5(2)).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from insyn.settings import Settings

ABOUT_STAFF = frozenset({"staff_log_ins"})  # what is kept about the staff and nobody else


@dataclass(frozen=True)
class Period:
    """How long a kind of thing is kept. `name` and `reason` in Swedish, for people; `length` runs from `since`."""

    kind: str
    name: str
    since: str
    length: timedelta
    reason: str

    def written(self) -> str:
        """`30 dagar`, `24 timmar`."""
        days, rest = divmod(self.length, timedelta(days=1))
        if rest or days == 1:
            return f"{self.length // timedelta(hours=1)} timmar"
        return f"{days} dagar"


def periods(settings: Settings) -> dict[str, Period]:
    """All periods, by kind."""
    listed = (
        Period(
            "anonymous_chats", "Konversationer utan kontrollerad e-postadress", "det senaste meddelandet",
            timedelta(days=settings.retention_chat_days),
            "Tid att komma tillbaka till samtalet och för oss att rätta svar som blev fel.",
        ),
        Period(
            "verified_chats", "Konversationer med kontrollerad e-postadress", "det senaste meddelandet",
            timedelta(days=settings.retention_verified_chat_days),
            "En begäran ska besvaras inom en månad, eller tre om tiden förlängs. Under den tiden kan samtalet behövas.",
        ),
        Period(
            "unfinished_cases", "Begäranden som aldrig verifierades", "den senaste ändringen",
            timedelta(days=settings.retention_unverified_case_days),
            "Tid att slutföra begäran. Därefter avslutas den, med ett brev om vi har en adress.",
        ),
        Period(
            "unverified_cases", "Avslutade ärenden som aldrig verifierades", "avslutet",
            timedelta(days=settings.retention_unverified_case_days),
            "Tid att invända mot att ärendet avslutades. Inget har beslutats i sak.",
        ),
        Period(
            "cases", "Avslutade ärenden", "avslutet",
            timedelta(days=settings.retention_case_days),
            "Vi ska kunna visa hur begäran hanterades om du klagar hos IMY eller går till domstol. "
            "Därefter finns bara ärendets yttre uppgifter kvar: nummer, slag, datum och utfall.",
        ),
        Period(
            "codes", "Spår av engångskoder", "att koden gick ut",
            timedelta(hours=settings.retention_code_hours),
            "Gränserna mot gissning räknar ett dygn bakåt.",
        ),
        Period(
            "failed_codes", "Att en fel kod har skrivits för en adress", "försöket",
            timedelta(hours=settings.retention_code_hours),
            "Gränserna mot gissning räknar ett dygn bakåt.",
        ),
        Period(
            "mails", "Innehållet i skickad e-post", "att brevet skickades eller gavs upp",
            timedelta(hours=settings.retention_mail_hours),
            "Tid att göra om efter ett fel. Brevets ord finns sedan bara i ärendet.",
        ),
        Period(
            "incoming_mails", "Mejl som har kommit in", "att mejlet var färdigbehandlat",
            timedelta(days=settings.retention_incoming_mail_days),
            "Tid att se vad som lästes fel och att rätta det. Det du skrev finns sedan i konversationen och ärendet.",
        ),
        Period(
            "deliveries", "Filer som du kan hämta", "att länken skickades",
            timedelta(days=settings.delivery_days),
            "Tid att hämta filerna. En ny länk går alltid att be om.",
        ),
        Period(
            "unsent_files", "Filer som lagts till ett ärende men inte skickats", "att ärendet avslutades",
            timedelta(days=settings.delivery_days),
            "När ärendet är avslutat ska det som skulle skickas vara skickat.",
        ),
        Period(
            "staff_log_ins", "Personalens försök att logga in", "försöket",
            timedelta(days=settings.retention_log_in_days),
            "Ett intrång upptäcks ofta först efter månader. Därefter behövs raderna inte.",
        ),
        Period(
            "broken_uploads", "Filer som aldrig blev hela", "att de började läggas in",
            timedelta(days=1),
            "En avbruten fil är till ingen nytta.",
        ),
    )  # fmt: skip
    return {each.kind: each for each in listed}
