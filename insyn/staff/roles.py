"""The roles of the staff. What each may see and do stands in `insyn.web.staff.access`."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """A role; one person can have several."""

    REVIEWER = "reviewer"
    HANDLER = "handler"
    DPO = "dpo"
    ADMIN = "admin"


NAMES = {
    Role.REVIEWER: "granskare",
    Role.HANDLER: "handläggare",
    Role.DPO: "dataskyddsombud",
    Role.ADMIN: "administratör",
}

DOES = {
    Role.REVIEWER: "granskar samtal och rättar det som assistenten missförstått",
    Role.HANDLER: "handlägger ärenden",
    Role.DPO: "handlägger ärenden, godkänner svar och ser vem som tittat på vad",
    Role.ADMIN: "lägger upp och stänger konton",
}
