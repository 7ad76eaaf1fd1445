"""`retail demo`: from nothing to a platform whose books equal the truth, and quickly again."""

from __future__ import annotations

from pathlib import Path

from retail_assets_tests.building import csv_text, event
from retail_assets_tests.cli.conftest import Result, Retail

SMALL = ("demo", "--events", "3000", "--from", "2019-11-29", "--to", "2019-11-30")


def _state(folder: Path) -> dict[Path, tuple[int, int]]:
    files = [path for part in ("lake", "landing", "generated") for path in (folder / part).rglob("*") if path.is_file()]
    return {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in [*files, folder / "warehouse.duckdb"]}


def _summary(result: Result) -> str:
    return result.out.partition(" events ")[2].partition("Checks")[0]


def test_the_demo_adds_up_and_a_second_run_changes_nothing(retail: Retail, data_dir: Path) -> None:
    first = retail(*SMALL)

    assert first.code == 0, first.err
    assert "from 2019-11-29 to 2019-11-30: 2 daily files" in first.out
    assert "The books balance: 3,000 received = " in first.out
    assert "They equal the generator's truth file, date by date and reason by reason." in first.out
    assert "by product_id. The best sellers, day by day:" in first.out
    assert "paid at the shop, the same by category, by region and by both." in first.out
    assert "Forecasts of 28 days: purchases after 2019-11-30, net amounts of sales after " in first.out
    assert "Checks: " in first.out
    assert "Not run, for want of data that is made on demand: training_set." in first.out
    assert "failed" not in first.out
    assert "of memory at most" in first.out
    assert "retail dev, then open http://127.0.0.1:3000" in first.out
    assert "Traceback" not in first.err

    before = _state(data_dir)
    second = retail(*SMALL)
    assert second.code == 0, second.err
    assert "Nothing changed: all files were there, byte for byte, and all 59 partitions are up to date." in second.out
    assert _state(data_dir) == before
    assert _summary(second) == _summary(first)

    # Other files are not held against the truth; one that cannot be read makes the demo fail.
    (data_dir / "landing" / "own.csv").write_text(csv_text([event(event_time="1999-01-01 00:00:00 UTC")]))
    third = retail(*SMALL)
    assert third.code == 0, third.err
    assert "1 other file landed too" in third.out
    (data_dir / "landing" / "strange.csv").write_text("name,age\nAda,36\n")
    fourth = retail(*SMALL)
    assert fourth.code == 1
    assert "blocked file: header_mismatch: strange.csv" in fourth.err
