"""Parquet files that are read in stretches: every row once, by date, in the file's order, within little memory."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from retail_assets.assets.platform import Platform
from retail_assets.contracts import contract
from retail_assets.landing import parquet_reader
from retail_assets.settings import Settings
from retail_assets_tests.building import build, rows

ROWS = 20_000
EVENTS = f"""
SELECT
    strftime(TIMESTAMP '2019-10-01' + INTERVAL (number * 7919 % 259200) SECOND, '%Y-%m-%d %H:%M:%S UTC') AS event_time,
    CASE WHEN number % 7 = 0 THEN 'purchase' ELSE 'view' END AS event_type,
    number::VARCHAR AS product_id,
    '1' AS category_id,
    NULL::VARCHAR AS category_code,
    'brand ' || number % 5 AS brand,
    CASE WHEN number % 1000 = 0 THEN NULL ELSE (number % 90 + 1)::DECIMAL(8, 2) END AS price,
    '7' AS user_id,
    NULL::VARCHAR AS user_session
FROM range(1, {ROWS + 1}) AS numbers(number)
"""
"""Events of three days, mixed, whose product is the number of the row."""


@pytest.fixture
def few_rows_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stretches of one row group each."""
    monkeypatch.setattr(parquet_reader, "BYTES_PER_ROW", 10**12)


def write(settings: Settings, select: str = EVENTS) -> Path:
    path = settings.landing_dir / "events.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.sql(f"COPY ({select}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)")
    return path


def landed(platform: Platform) -> list[tuple[str, str, str, int]]:
    found = rows(platform, "SELECT date::VARCHAR AS day, * FROM raw_events ORDER BY date, source_row", "raw_events")
    return [(row["day"], row["product_id"], row["brand"], row["source_row"]) for row in found]


@pytest.mark.usefixtures("few_rows_at_once")
def test_every_row_lands_under_its_date_with_its_number(platform: Platform) -> None:
    path = write(platform.settings)
    build(platform, "raw_events")
    wanted = duckdb.sql(f"SELECT event_time[:10], product_id, brand, product_id::INT FROM '{path}'").fetchall()
    assert landed(platform) == sorted(wanted, key=lambda row: (row[0], row[3]))


@pytest.mark.usefixtures("few_rows_at_once")
def test_parts_keep_the_order_of_the_file(platform: Platform) -> None:
    write(platform.settings)
    build(platform, "raw_events")
    for stored in platform.stores["lake"].published(contract("raw_events")).values():
        numbers = duckdb.sql(f"SELECT source_row FROM read_parquet('{stored.location}')").fetchall()
        assert numbers == sorted(numbers)


@pytest.mark.usefixtures("few_rows_at_once")
def test_rejected_rows_of_all_stretches_are_kept(platform: Platform) -> None:
    spoilt = EVENTS.replace("strftime(", "CASE WHEN number % 4000 = 0 THEN 'soon' ELSE strftime(").replace(
        "'%Y-%m-%d %H:%M:%S UTC')", "'%Y-%m-%d %H:%M:%S UTC') END"
    )
    write(platform.settings, spoilt)
    build(platform, "raw_events")
    (entry,) = platform.landing.files().values()
    assert [tuple(book) for book in entry.rejected] == [(None, "bad_event_time", 5)]
    (quarantine,) = platform.landing.rejected_events().objects
    found = duckdb.sql(f"SELECT source_row FROM read_parquet('{quarantine.location}')").fetchall()
    assert found == [(4000,), (8000,), (12000,), (16000,), (20000,)]


def test_a_column_named_as_duckdbs_own_hides_no_row(platform: Platform) -> None:
    write(platform.settings, EVENTS.replace("'1' AS category_id", "'1' AS category_id, 3 AS File_Row_Number"))
    build(platform, "raw_events")
    found = rows(platform, "SELECT count(*) AS n, min(extra_columns) AS extra FROM raw_events", "raw_events")
    assert found == [{"n": ROWS, "extra": '{"File_Row_Number":"3"}'}]


def test_a_file_without_rows_lands(platform: Platform) -> None:
    write(platform.settings, f"{EVENTS} LIMIT 0")
    build(platform)
    (entry,) = platform.landing.files().values()
    assert (entry.state, entry.rows) == ("landed", 0)


def test_files_that_do_not_fit_leave_no_session_open(platform: Platform) -> None:
    inbox, spill = platform.settings.landing_dir, platform.settings.spill_dir
    inbox.mkdir(parents=True, exist_ok=True)
    for number in range(20):
        duckdb.sql(f"COPY (SELECT {number} AS price) TO '{inbox / f'{number}.parquet'}' (FORMAT parquet)")
    open_at_once: set[int] = set()

    taken = platform.landing.take_in(lambda _: open_at_once.add(len(list(spill.glob("*")))))

    assert [entry.state for entry in taken] == ["blocked"] * 20
    assert all("missing_column" in entry.detail for entry in taken)
    assert 0 < max(open_at_once) <= 4  # two threads, and whoever settles
