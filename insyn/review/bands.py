"""Bands of confidence, as people speak of them."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import InstrumentedAttribute

LOW, HIGH = 0.5, 0.8


class Band(StrEnum):
    """How sure the understanding was; the value stands in addresses."""

    UNSURE = "lag"
    FAIRLY_SURE = "mellan"
    SURE = "hog"


NAMES = {Band.UNSURE: "under 50 %", Band.FAIRLY_SURE: "50–80 %", Band.SURE: "80 % och mer"}


def within(confidence: InstrumentedAttribute[float | None], band: Band) -> ColumnElement[bool]:
    """The condition that a confidence lies in a band."""
    if band is Band.UNSURE:
        return confidence < LOW
    if band is Band.SURE:
        return confidence >= HIGH
    return and_(confidence >= LOW, confidence < HIGH)
