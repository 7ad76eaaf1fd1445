"""The synthetic shop's files: same plan, same bytes; the same rows in every form, and nothing half written."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from retail_assets.sources.synthetic_shop import ShopTruth, generate_shop, generator
from retail_assets_tests.oracles.shop_recount import all_rows, rows_of
from retail_assets_tests.sources.feed import SMALL

HEADER = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


# Determinism


def test_same_bytes_on_any_number_of_threads_and_in_batches_of_any_size(
    small: tuple[Path, ShopTruth], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate_shop(SMALL, tmp_path / "one thread", threads=1)
    generate_shop(SMALL, tmp_path / "two threads", threads=2, memory_limit_mb=200)
    monkeypatch.setattr(generator, "EVENTS_PER_BATCH", 1)
    generate_shop(SMALL, tmp_path / "day by day")
    assert content(small[0]) == content(tmp_path / "one thread")
    assert content(small[0]) == content(tmp_path / "two threads")
    assert content(small[0]) == content(tmp_path / "day by day")


def test_same_bytes_in_any_time_zone(
    small: tuple[Path, ShopTruth], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        generate_shop(SMALL, tmp_path)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert content(tmp_path) == content(small[0])


def test_another_seed_is_another_shop(small: tuple[Path, ShopTruth], tmp_path: Path) -> None:
    truth = generate_shop(replace(SMALL, seed=8), tmp_path)
    sessions = {row["user_session"] for row in all_rows(small[0])}
    assert sessions.isdisjoint(row["user_session"] for row in all_rows(tmp_path))
    assert truth.rows == small[1].rows


# Files


@pytest.mark.parametrize(
    ("file_format", "per_file", "first", "files"),
    [
        ("csv", "month", "events_2020-02.csv", 2),
        ("csv", "hour", "events_2020-02-27T00.csv", 120),
        ("csv.gz", "day", "events_2020-02-27.csv.gz", 5),
        ("parquet", "month", "events_2020-02.parquet", 2),
    ],
)
def test_same_rows_in_every_form(
    small: tuple[Path, ShopTruth], tmp_path: Path, file_format: str, per_file: str, first: str, files: int
) -> None:
    plan = replace(SMALL, file_format=file_format, per_file=per_file)  # type: ignore[arg-type]
    truth = generate_shop(plan, tmp_path)
    assert (truth.files[0].name, len(truth.files)) == (first, files)
    assert list(all_rows(tmp_path)) == list(all_rows(small[0]))
    assert truth.books == small[1].books


def test_a_month_of_several_batches_is_one_file(
    small: tuple[Path, ShopTruth], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generator, "EVENTS_PER_BATCH", 3000)
    truth = generate_shop(replace(SMALL, per_file="month"), tmp_path)
    assert list(all_rows(tmp_path)) == list(all_rows(small[0]))
    assert truth.books == small[1].books


def test_files_hold_their_period_in_order_of_time(tmp_path: Path) -> None:
    plan = replace(SMALL, per_file="hour", bad_share=0)
    generate_shop(plan, tmp_path)
    for planned in plan.files():
        times = [row["event_time"] for row in rows_of(tmp_path / planned.name)]
        assert times == sorted(times)
        assert all(f"{planned.begins} UTC" <= moment < f"{planned.ends} UTC" for moment in times)


def test_an_empty_period_is_a_file_without_rows(tmp_path: Path) -> None:
    truth = generate_shop(replace(SMALL, events=3, per_file="hour"), tmp_path)
    empty = next(entry for entry in truth.files if entry.rows == 0)
    assert (tmp_path / empty.name).read_text() == HEADER + "\n"


def test_parquet_is_text(tmp_path: Path) -> None:
    generate_shop(replace(SMALL, events=100, file_format="parquet", per_file="month"), tmp_path)
    relation = duckdb.read_parquet(str(tmp_path / "events_2020-02.parquet"))
    assert ",".join(relation.columns) == HEADER
    assert {str(kind) for kind in relation.types} == {"VARCHAR"}


def test_progress_is_told_file_by_file(tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    generate_shop(replace(SMALL, events=100), tmp_path, on_progress=lambda *step: told.append(step))
    assert [step[:2] for step in told] == [(done, 5) for done in range(1, 6)]
    assert told[0][2] == "events_2020-02-27.csv"


def test_nothing_half_written_is_left_behind(tmp_path: Path) -> None:
    folder = tmp_path / "landing" / "shop"
    (folder / "events_2020-03-01.csv" / "in the way").mkdir(parents=True)
    (folder / SMALL.truth_name).write_text("an older truth")
    with pytest.raises(OSError, match="events_2020-03-01"):
        generate_shop(SMALL, folder)
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    assert not (folder / SMALL.truth_name).exists()
    assert [path.name for path in folder.parent.iterdir()] == ["shop"]
