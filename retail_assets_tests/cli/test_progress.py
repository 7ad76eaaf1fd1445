"""Progress where nobody watches, and warnings between its lines."""

from __future__ import annotations

import io
import logging

import pytest

from retail_assets.cli.progress import Lines, listening, meter
from retail_assets.cli.summary import sparkline


def test_lines_come_at_the_start_now_and_then_and_at_the_end() -> None:
    stream = io.StringIO()
    lines = Lines(stream)

    for done in range(1001):
        lines.show("copying", done, 1000)
    lines.show("copying", 1000, 1000)

    assert stream.getvalue().splitlines() == ["copying: 0 of 1,000", "copying: 1,000 of 1,000"]


def test_warnings_of_the_platform_are_lines_and_records_are_handed_on(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[object] = []

    with meter(), listening("retail_assets.progress", logging.INFO, lambda record: heard.append(record.args)):
        logging.getLogger("retail_assets.engine").warning("another run is %s", "writing")
        logging.getLogger("retail_assets.landing.landing").error("blocked: the report says it")
        logging.getLogger("retail_assets.progress").info("%s: %d of %d partitions", "features", 3, 9)

    assert heard == [("features", 3, 9)]
    assert capsys.readouterr().err == "warning: another run is writing\n"
    assert logging.getLogger("retail_assets").handlers == []


@pytest.mark.parametrize(
    ("values", "width", "bars"),
    [
        ([0, 1, 2, 7], 10, "▁▂▃█"),
        ([0, 0, 0], 10, "▁▁▁"),
        ([1, 3, 5, 7, 7], 3, "▃▇█"),
        ([], 10, ""),
    ],
)
def test_a_sparkline_fits_its_place(values: list[int], width: int, bars: str) -> None:
    assert sparkline(values, width) == bars
