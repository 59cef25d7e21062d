"""What leaves the numbers: cells that no spreadsheet runs (security.md 18), and drawings that hold what they show."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.web.staff import charts, csv_file
from insyn.web.staff.pages import percent


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "  @"])
def test_a_cell_that_would_be_a_formula_is_text(start: str) -> None:
    assert csv_file.cell(f"{start}HYPERLINK(1)").startswith("'")


def test_other_cells_are_as_they_are() -> None:
    assert [csv_file.cell(value) for value in ("rättelse", 3, 0.5, None, "")] == ["rättelse", "3", "0,5", "", ""]


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\n\0")), min_size=1, max_size=4))
def test_a_file_is_read_back(cells: list[str]) -> None:
    text = csv_file.written(["a"] * len(cells), [cells])
    (_, row) = csv.reader(io.StringIO(text.removeprefix(csv_file.BYTE_ORDER_MARK)), delimiter=";")
    assert row == [csv_file.cell(each) for each in cells]
    assert not any(each.lstrip(" ").startswith(csv_file.DANGEROUS) for each in row)


@given(st.lists(st.tuples(st.just("jan"), st.integers(0, 10**7)), max_size=12))
def test_bars_stay_within_the_drawing(values: list[tuple[str, int]]) -> None:
    chart = charts.bars([(label, value, value // 2) for label, value in values])
    assert [number for _, number in chart.scale][-1] >= max([value for _, value in values], default=1)
    assert len(chart.scale) == charts.LINES + 1
    for bar, (_, value) in zip(chart.bars, values, strict=True):
        assert charts.TOP - 0.1 <= bar.y <= charts.HEIGHT - charts.BOTTOM
        assert bar.x + bar.width <= charts.WIDTH
        assert (bar.value, bar.part) == (value, value // 2)
        assert bar.part_height <= bar.height


def test_a_line_has_gaps_where_there_is_nothing() -> None:
    chart = charts.line([("jan", 0.5), ("feb", 1.0), ("mar", None), ("apr", 0.0), ("maj", 0.25)])
    assert len(chart.pieces) == 2
    assert [share for *_, share in chart.points] == [0.5, 1.0, 0.0, 0.25]
    assert [y for _, y, _, _ in chart.points][1:3] == [charts.TOP, charts.HEIGHT - charts.BOTTOM]
    assert [label for _, label in chart.labels] == ["jan", "feb", "mar", "apr", "maj"]


@pytest.mark.parametrize(
    ("share", "written"),
    [
        (None, "–"), (0, "0 %"), (1, "100 %"), (0.5, "50 %"), (0.004, "0,4 %"), (0.00001, "0,1 %"), (0.996, "99,6 %"), (0.9999, "99,9 %"),
        (0.006, "1 %"), (0.994, "99 %"),
    ],
)  # fmt: skip
def test_nearly_all_is_not_all_and_hardly_any_is_not_none(share: float | None, written: str) -> None:
    assert percent(share).replace("\u00a0", " ") == written
