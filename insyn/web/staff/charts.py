"""Charts as a page draws them: places and lengths within an SVG, reckoned here so that the page needs no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 66, 8, 12, 30
STEPS = (1, 2, 5)
LINES = 4


@dataclass(frozen=True)
class Bar:
    """A bar with a part of it set off at the bottom; all in the units of the viewBox."""

    label: str
    x: float
    width: float
    y: float
    height: float
    part_y: float
    part_height: float
    value: int
    part: int


@dataclass(frozen=True)
class Bars:
    """A chart of bars with its scale: `(y, number)` for each line."""

    bars: tuple[Bar, ...]
    scale: tuple[tuple[float, int], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT


@dataclass(frozen=True)
class Line:
    """A chart of shares between 0 and 1: pieces of line (a gap where there is no share), points, and the scale in per cent."""

    pieces: tuple[str, ...]
    points: tuple[tuple[float, float, str, float], ...]
    labels: tuple[tuple[float, str], ...]
    scale: tuple[tuple[float, int], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT


def bars(values: Sequence[tuple[str, int, int]]) -> Bars:
    """Bars for `(label, value, part of it)`."""
    top = _round_up(max([value for _, value, _ in values] + [1]))
    slot = (WIDTH - LEFT - RIGHT) / max(len(values), 1)
    unit = (HEIGHT - TOP - BOTTOM) / top
    drawn = []
    for place, (label, value, part) in enumerate(values):
        height, part_height = value * unit, part * unit
        drawn.append(
            Bar(
                label, _r(LEFT + place * slot + slot * 0.15), _r(slot * 0.7), _r(HEIGHT - BOTTOM - height), _r(height),
                _r(HEIGHT - BOTTOM - part_height), _r(part_height), value, part,
            )
        )  # fmt: skip
    lines = min(LINES, top)
    return Bars(tuple(drawn), tuple((_r(HEIGHT - BOTTOM - n * unit), n) for n in range(0, top + 1, top // lines)))


def line(values: Sequence[tuple[str, float | None]]) -> Line:
    """A line through `(label, share)`."""
    slot = (WIDTH - LEFT - RIGHT) / max(len(values), 1)
    span = HEIGHT - TOP - BOTTOM
    pieces: list[list[str]] = [[]]
    points, labels = [], []
    for place, (label, share) in enumerate(values):
        x = _r(LEFT + (place + 0.5) * slot)
        labels.append((x, label))
        if share is None:
            pieces.append([])
            continue
        y = _r(HEIGHT - BOTTOM - share * span)
        pieces[-1].append(f"{x},{y}")
        points.append((x, y, label, share))
    return Line(
        tuple(" ".join(piece) for piece in pieces if len(piece) > 1), tuple(points), tuple(labels),
        tuple((_r(HEIGHT - BOTTOM - n / 100 * span), n) for n in range(0, 101, 25)),
    )  # fmt: skip


def _round_up(value: int) -> int:
    """The next number that divides into four whole steps, such as 4, 8, 20, 40, 80, 200."""
    size = 1
    while True:
        for step in STEPS:
            if value <= LINES * step * size:
                return LINES * step * size
        size *= 10


def _r(value: float) -> float:
    return round(value, 1)
