"""Numbers: per right and of the bot, month by month, to look at, to take out and to print for a year."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from insyn.cases.transitions import RIGHTS
from insyn.clock import MONTHS, swedish_date
from insyn.numbers import bot
from insyn.numbers.bot import Bot
from insyn.numbers.counting import Outcome
from insyn.numbers.rights import Months, Right, by_kind
from insyn.web.staff import charts, csv_file, pages
from insyn.web.staff.access import PREFIX
from insyn.web.staff.gate import Visit, gate

HERE = f"{PREFIX}/siffror"
FIRST_YEAR = 2018  # the regulation began to apply
DECIMALS = 4  # of what is taken out
RIGHT_COLUMNS = {
    "ratt": "rätt", "inkomna": "inkomna", "oppna": "öppna", "beslutade": "beslutade", "mediandagar": "mediandagar",
    "inom_en_manad": "andel inom en månad", "inom_tre_manader": "andel inom tre månader", "forlangda": "förlängda",
    "avslagna": "helt eller delvis avslagna", "andra_slut": "avslutade på annat sätt",
}  # fmt: skip
BOT_COLUMNS = {
    "manad": "månad", "fragor": "frågor", "besvarade": "andel besvarade", "fortydligade": "andel motfrågor",
    "okanda": "andel utan svar", "manniska": "andel till människa", "misslyckade": "andel misslyckade",
    "tumme_upp": "tummar upp", "tumme_ner": "tummar ner", "meddelanden": "meddelanden", "rattade": "rättade meddelanden",
    "andel_rattade": "andel rättade meddelanden",
}  # fmt: skip


@dataclass(frozen=True)
class Year:
    """All numbers of a year, up to today; `shown` are its months that have begun."""

    year: int
    shown: list[str]
    rights: list[Right]
    others: list[Right]
    all_rights: Right
    bot: Bot
    months: dict[str, Bot]
    received: dict[str, tuple[int, int, int]]

    @property
    def late(self) -> int:
        """How many of all rights ended late or were extended."""
        return sum(late for _, _, late in self.received.values())


def numbers_router() -> APIRouter:
    """The routes under /konsol/siffror."""
    router = APIRouter(prefix=HERE)
    months = Months()

    @router.get("")
    def show(visit: Visit = Depends(gate)) -> Response:
        return _page(visit, months, "numbers.html.j2", _year(visit, visit.request.query_params.get("ar", "")))

    @router.get("/uttag")
    def take_out(visit: Visit = Depends(gate)) -> Response:
        query = visit.request.query_params
        year = _read(visit, months, _year(visit, query.get("ar", "")))
        rows = {"ratter": _right_rows(year), "assistenten": _bot_rows(year)}
        which = query.get("del", "ratter")
        if which not in rows:
            return pages.missing(visit)
        name = f"insyn-{which}-{year.year}"
        if query.get("format") == "json":
            columns = list(RIGHT_COLUMNS if which == "ratter" else BOT_COLUMNS)
            data = [dict(zip(columns, row, strict=True)) for row in rows[which]]
            return _file(json.dumps(data, ensure_ascii=False, indent=2) + "\n", f"{name}.json", "application/json")
        headings = list((RIGHT_COLUMNS if which == "ratter" else BOT_COLUMNS).values())
        return _file(csv_file.written(headings, rows[which]), f"{name}.csv", "text/csv; charset=utf-8")

    @router.get("/{year}")
    def report(year: str, visit: Visit = Depends(gate)) -> Response:
        wanted = _year(visit, year)
        return _page(visit, months, "year_report.html.j2", wanted) if str(wanted) == year else pages.missing(visit)

    return router


def _year(visit: Visit, text: str) -> int:
    """A year that there can be numbers of; this one where the text is none."""
    this = swedish_date(visit.services.clock()).year
    year = int(text) if text.isascii() and text.isdigit() and len(text) == 4 else this
    return year if FIRST_YEAR <= year <= this else this


def _read(visit: Visit, months: Months, year: int) -> Year:
    begin, end = date(year, 1, 1), date(year + 1, 1, 1)
    with visit.services.store.read() as session:
        counted = months.between(session, begin, end)
        kinds = by_kind(counted.values())
        months_of_bot = bot.by_month(session, begin, end)
        all_rights = Right("alla rättigheter")
        claimed = [each for each in kinds if each.kind in RIGHTS]
        for each in claimed:
            all_rights.add(each)
        return Year(
            year=year,
            shown=[key for key in counted if key <= f"{swedish_date(visit.services.clock()):%Y-%m}"],
            rights=claimed,
            others=[each for each in kinds if each not in claimed],
            all_rights=all_rights,
            bot=bot.whole(months_of_bot.values()),
            months=months_of_bot,
            received={key: month.received for key, month in counted.items()},
        )


def _page(visit: Visit, months: Months, template: str, wanted: int) -> Response:
    year, this = _read(visit, months, wanted), swedish_date(visit.services.clock())
    shown, names = year.shown, {key: MONTHS[int(key[5:]) - 1] for key in year.received}
    return pages.page(
        visit, template, year=year, names=names, this_year=this.year,
        years=list(range(this.year, max(this.year - 4, FIRST_YEAR) - 1, -1)),
        received=charts.bars([(names[key][:3], year.received[key][0], year.received[key][2]) for key in shown]),
        asked=charts.bars(
            [(names[key][:3], year.months[key].questions, year.months[key].counts[Outcome.UNKNOWN]) for key in shown]
        ),
        handled=charts.line([(names[key][:3], year.months[key].handled) for key in shown]),
        corrected=charts.bars([(names[key][:3], year.months[key].counts[Outcome.CORRECTED], 0) for key in shown]),
        title=visit.services.intents.title, Outcome=Outcome,
    )  # fmt: skip


def _right_rows(year: Year) -> list[list[object]]:
    return [
        [
            each.name, each.received, each.open, each.decided, each.median_days,
            # The times of the law are for the rights.
            *((_rounded(each.share_within_month), _rounded(each.share_within_three)) if each in year.rights else (None, None)),
            each.extended, each.refused, each.other_ends,
        ]
        for each in [*year.rights, *year.others]
    ]  # fmt: skip


def _bot_rows(year: Year) -> list[list[object]]:
    return [
        [
            key, each.questions, _rounded(each.handled),
            *(_rounded(each.share(of)) for of in (Outcome.CLARIFIED, Outcome.UNKNOWN, Outcome.HUMAN, Outcome.FAILED)),
            each.counts[Outcome.THUMB_UP], each.counts[Outcome.THUMB_DOWN], each.messages, each.counts[Outcome.CORRECTED],
            _rounded(each.corrected),
        ]
        for key, each in ((key, year.months[key]) for key in year.shown)
    ]  # fmt: skip


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, DECIMALS)


def _file(content: str, name: str, media_type: str) -> Response:
    headers: dict[str, Any] = {**pages.PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content.encode(), media_type=media_type, headers=headers)
