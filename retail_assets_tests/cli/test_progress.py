"""Progress where nobody watches, and warnings between its lines."""

from __future__ import annotations

import io
import logging
import re
import time
from pathlib import Path

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.cli.progress import Lines, _bars, listening, meter
from retail_assets.cli.summary import sparkline
from retail_assets.cli.watching import watching
from retail_assets.engine.pace import Pace, Reach
from retail_assets.inspection.instance import open_instance
from retail_assets.landing.progress import Progress
from retail_assets.settings import Settings
from retail_assets_tests.building import event, land
from retail_assets_tests.cli.conftest import Retail


def test_lines_come_at_the_start_now_and_then_and_at_the_end() -> None:
    stream = io.StringIO()
    lines = Lines(stream)

    for done in range(1001):
        lines.show("copying", done, 1000)
    lines.show("copying", 1000, 1000)

    assert stream.getvalue().splitlines() == ["copying: 0 of 1,000", "copying: 1,000 of 1,000"]


def test_a_line_says_how_fast_it_goes_and_how_long_it_will_take() -> None:
    reach = Reach(12, 31, "partitions", rows=16_400_000, seconds=13.5)

    assert str(reach) == "12 of 31 partitions, 16.4 M rows, 1.2 M rows/s, about 21 s left"
    assert (
        str(Reach(31, 31, "partitions", rows=42_448_764, seconds=30))
        == "31 of 31 partitions, 42.4 M rows, 1.4 M rows/s"
    )
    assert str(Reach(0, 1, "file", rows=812_345, seconds=60, share=0.25)) == (
        "0 of 1 file, 25%, 812 k rows, 14 k rows/s, about 3 min left"
    )
    assert str(Reach(1, 4, "files", seconds=7200)) == "1 of 4 files, about 6.0 h left"
    assert str(Reach(1, 4, "files", rows=3, seconds=0.5)) == "1 of 4 files, 3 rows"
    assert str(Reach(0, 0)) == "0 of 0"


def test_bars_move_by_what_is_known_best_and_say_what_lines_say() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()

    with _bars(terminal) as bars:
        bars.tell("taking in files", Reach(0, 1, "file", rows=1_500_000, seconds=10, share=0.4))
        bars.show("copying files", 3, 3)
        moved = [task.completed for task in bars.progress.tasks]

    assert moved == [0.4, 1.0]
    assert "0 of 1 file, 40%, 1.5 M rows, 150 k rows/s, about 15 s left" in re.sub(r"\s+", " ", terminal.getvalue())


def test_a_stage_of_several_runs_counts_on(capsys: pytest.CaptureFixture[str]) -> None:
    with meter() as shown, watching(shown) as shows:
        shows.on_file(Progress("a.csv", 0, 2, bytes_done=10, bytes=40, rows=7))
        shows.on_stage("clean_events", 5)
        first = Pace("clean_events", 3, "partitions")
        first.add(2, 100)
        first.add(1, 50)
        Pace("clean_events", 2, "partitions").add(2, 25)
        Pace("features", 1, "partitions").add(1, 9)

    assert capsys.readouterr().err.splitlines() == [
        "taking in files: 0 of 2 files, 25%, 7 rows",
        "taking in files: 2 of 2 files, 7 rows",
        "clean_events: 0 of 5 partitions",
        "clean_events: 5 of 5 partitions, 175 rows",
        "features: 1 of 1 partitions, 9 rows",
    ]


def test_of_stages_that_share_a_run_each_is_timed_from_the_end_of_the_one_before(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    with meter() as shown, watching(shown) as shows:
        shows.on_stage("raw_events", 1)
        first = Pace("raw_events", 1, "partitions", started=clock[0])
        clock[0] = 10.0
        first.add(1, 1000)
        second = Pace("clean_events", 1, "partitions", started=clock[0])
        clock[0] = 14.0
        second.add(1, 1000)

    assert capsys.readouterr().err.splitlines()[1:] == [
        "raw_events: 1 of 1 partitions, 1,000 rows, 100 rows/s",
        "clean_events: 1 of 1 partitions, 1,000 rows, 250 rows/s",
    ]


def test_the_log_of_a_run_says_how_far_it_came(retail: Retail, data_dir: Path) -> None:
    platform = Platform.local(Settings(data_dir=data_dir))
    land(platform, "a.csv", [event(), event(event_type="cart")])

    done = retail("backfill")

    assert "clean_events: 1 of 1 partitions, 2 rows" in done.err
    with open_instance(platform.settings) as instance:
        told = [entry.user_message for run in instance.get_runs() for entry in instance.all_logs(run.run_id)]
    assert "clean_events: 1 of 1 partitions, 2 rows" in told


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
