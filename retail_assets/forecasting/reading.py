"""Long tables: one row per series and day, as forecasting people keep them, read into a panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.forecasting.panel import Integers, Panel

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

REQUIRED = ("unique_id", "ds", "y")
PRICE = "price"
MOST_CELLS = 1_000_000_000
"""Series times days, 4 GB. A table that asks for more has a wrong date in it."""
LEAST_DATES = 10
"""From so many dates on, a table without two neighbouring ones is not daily."""
ROWS_PER_BATCH = 1_000_000


@dataclass(frozen=True)
class LongTable:
    """What was read: the panel, how many days it fills with 0 between its rows, and the columns left aside."""

    panel: Panel
    filled_days: int
    ignored_columns: tuple[str, ...]


def read_long_table(
    connection: DuckDBPyConnection, path: Path, groups: Path | None = None, holidays: Mapping[date, str] | None = None
) -> LongTable:
    """Read a Parquet or CSV file of ``unique_id``, ``ds`` and ``y``, in any order.

    Days that the file does not hold, from a series' first to the last of the file, sold nothing. A column ``price`` is
    the day's price. Other text columns group the series where they never change within one; of the file ``groups``,
    which has a row per series, all columns do.

    Raises:
        ValueError: a file lacks columns or rows, or holds rows that no panel of daily demand can.
    """
    kinds = _open(connection, "received", path)
    _require(kinds, REQUIRED, path)
    _type(connection, has_price=PRICE in kinds)
    _refuse_bad_rows(connection, path)
    texts = [name for name, kind in kinds.items() if kind == "VARCHAR" and name not in (*REQUIRED, PRICE)]
    chosen = _list_series(connection, texts)
    _refuse_other_periods(connection, path)
    panel, filled = _panel(connection, path, has_price=PRICE in kinds)
    found = _codes(connection, chosen)
    if groups:
        found |= _read_groups(connection, groups)
    ignored = tuple(name for name in kinds if name not in (*REQUIRED, PRICE, *chosen))
    return LongTable(replace(panel, groups=found, holidays=holidays or {}), filled, ignored)


def _open(connection: DuckDBPyConnection, name: str, path: Path) -> dict[str, str]:
    """Make the file readable by that name; its columns and their types."""
    if not path.is_file():
        raise ValueError(f"There is no file {path}.")
    reader = "read_csv" if path.suffix.lower() in (".csv", ".gz") else "read_parquet"
    import duckdb

    try:
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM {reader}({quote_literal(str(path))})")
        return {row[0]: row[1] for row in connection.execute(f"DESCRIBE {name}").fetchall()}
    except duckdb.Error as error:
        told = str(error).partition("\n")[0]
        raise ValueError(f"{path} cannot be read as {'CSV' if reader == 'read_csv' else 'Parquet'}: {told}") from error


def _require(kinds: Mapping[str, str], names: tuple[str, ...], path: Path) -> None:
    if missing := [name for name in names if name not in kinds]:
        raise ValueError(
            f"{path} has no column {' and no '.join(missing)}; it has {', '.join(kinds)}. Name the series unique_id, "
            "its day ds and the units sold y."
        )


def _type(connection: DuckDBPyConnection, *, has_price: bool) -> None:
    """The rows with the types that a panel wants; what has no such value is NULL."""
    price = f"TRY_CAST({PRICE} AS FLOAT)" if has_price else "NULL::FLOAT"
    connection.execute(
        f"""CREATE OR REPLACE TEMP VIEW demand AS
        SELECT received.* RENAME (unique_id AS id_received, ds AS ds_received, y AS y_received),
            received.unique_id::VARCHAR AS unique_id, TRY_CAST(received.ds AS TIMESTAMP) AS moment,
            TRY_CAST(received.ds AS DATE) AS day, TRY_CAST(received.y AS DOUBLE) AS units, {price} AS unit_price
        FROM received"""
    )


BAD_ROWS = (
    ("unique_id IS NULL", "have no unique_id", "Every row needs the series that it belongs to."),
    ("moment IS NULL OR NOT isfinite(moment)", "have no date in ds", "Write dates as 2019-10-31."),
    ("units IS NULL OR isnan(units)", "have no number in y", "Leave days without sales out, or write 0."),
    ("NOT isfinite(units)", "have an infinite y", "Correct or remove them."),
    ("units < 0", "have a negative y", "Demand is what was asked for: leave returns out, or net them per day."),
    ("moment <> date_trunc('day', moment)", "have a time of day in ds", "Sum y to one row per series and day."),
)
"""What no panel can hold: the predicate, what to call it and what to do."""


def _refuse_bad_rows(connection: DuckDBPyConnection, path: Path) -> None:
    """Raise for the first kind of row that cannot be used, with how many there are and one of them."""
    counts = ", ".join(f"count(*) FILTER (WHERE {predicate})" for predicate, _, _ in BAD_ROWS)
    rows, *bad = connection.execute(f"SELECT count(*), {counts} FROM demand").fetchone() or (0,)
    if not rows:
        raise ValueError(f"{path} has no rows.")
    for (predicate, what, advice), count in zip(BAD_ROWS, bad, strict=True):
        if count:
            raise ValueError(f"{path}: {count:,} of {rows:,} rows {what}, {_example(connection, predicate)}. {advice}")


def _example(connection: DuckDBPyConnection, predicate: str) -> str:
    found = connection.execute(
        "SELECT coalesce(unique_id, 'NULL'), coalesce(ds_received::VARCHAR, 'NULL'), "
        f"coalesce(y_received::VARCHAR, 'NULL') FROM demand WHERE {predicate} ORDER BY ALL LIMIT 1"
    ).fetchone()
    series, day, units = found or ("", "", "")
    return f"such as unique_id {series}, ds {day}, y {units}"


def _list_series(connection: DuckDBPyConnection, texts: list[str]) -> list[str]:
    """Number the series in the order of their ids; returns the text columns that never change within one."""
    firsts = "".join(f", min({quote_identifier(name)}) AS {quote_identifier(name)}" for name in texts)
    changes = "".join(
        f", min({quote_identifier(name)}) IS DISTINCT FROM max({quote_identifier(name)}) "
        f"OR count({quote_identifier(name)}) NOT IN (0, count(*)) AS {quote_identifier(f'{name} changes')}"
        for name in texts
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE series AS
        SELECT row_number() OVER (ORDER BY unique_id) - 1 AS series, * FROM (
            SELECT unique_id, min(day) AS begins, max(day) AS ends, count(*) AS days{firsts}{changes}
            FROM demand GROUP BY unique_id
        )"""
    )
    if not texts:
        return []
    asked = ", ".join(f"bool_or({quote_identifier(f'{name} changes')})" for name in texts)
    found = connection.execute(f"SELECT {asked} FROM series").fetchone() or ()
    return [name for name, changes_within in zip(texts, found, strict=True) if not changes_within]


def _refuse_other_periods(connection: DuckDBPyConnection, path: Path) -> None:
    """Weeks and months, which would be taken for days amid gaps."""
    dates, closest = connection.execute(
        "SELECT count(*), min(day - before) FROM (SELECT day, lag(day) OVER (ORDER BY day) AS before "
        "FROM (SELECT DISTINCT day FROM demand))"
    ).fetchone() or (0, None)
    if dates >= LEAST_DATES and closest and closest > 1:
        raise ValueError(
            f"{path} is not daily: its {dates:,} dates lie {closest} days or more apart. Give a row per series and day."
        )


def _panel(connection: DuckDBPyConnection, path: Path, *, has_price: bool) -> tuple[Panel, int]:
    """The matrix of all series and days, filled batch by batch; and how many of its days no row told of."""
    ids = np.array([row[0] for row in connection.execute("SELECT unique_id FROM series ORDER BY series").fetchall()])
    first, last, told, expected = connection.execute(
        "SELECT min(begins), max(ends), sum(days), sum((SELECT max(ends) FROM series) - begins + 1) FROM series"
    ).fetchone() or (date.min, date.min, 0, 0)
    days = (last - first).days + 1
    if days * len(ids) > MOST_CELLS:
        raise ValueError(
            f"{path}: {len(ids):,} series from {first} to {last} are too many days to hold in memory. Is a date wrong?"
        )
    demand = np.zeros((len(ids), days), dtype=np.float32)
    prices = np.full((len(ids), days), np.nan, dtype=np.float32) if has_price else None
    seen = np.zeros((len(ids), days), dtype=bool)
    reader = connection.execute(
        f"SELECT series::INTEGER AS series, (day - {quote_literal(first)}::DATE)::INTEGER AS day, "
        "units::FLOAT AS units, unit_price FROM demand JOIN series USING (unique_id)"
    ).to_arrow_reader(ROWS_PER_BATCH)
    for batch in reader:
        cells = batch["series"].to_numpy(), batch["day"].to_numpy()
        demand[cells] = batch["units"].to_numpy()
        seen[cells] = True
        if prices is not None:
            prices[cells] = batch["unit_price"].to_numpy(zero_copy_only=False)
    if seen.sum() < told:
        _refuse_duplicates(connection, path)
    return Panel(ids, first, demand, prices=prices), int(expected - told)


def _refuse_duplicates(connection: DuckDBPyConnection, path: Path) -> None:
    series, day, times, more = connection.execute(
        "SELECT unique_id, day, count(*), sum(count(*) - 1) OVER () FROM demand GROUP BY ALL "
        "HAVING count(*) > 1 ORDER BY 1, 2 LIMIT 1"
    ).fetchone() or ("", None, 0, 0)
    raise ValueError(
        f"{path}: {int(more):,} rows repeat a unique_id and ds; {series} has {times} rows of {day}. "
        "Sum y to one row per series and day."
    )


def _codes(connection: DuckDBPyConnection, names: list[str], join: str = "series") -> dict[str, Integers]:
    """A code per series for each group column; series without a value are a group of their own."""
    if not names:
        return {}
    ranks = ", ".join(f"dense_rank() OVER (ORDER BY {quote_identifier(name)}::VARCHAR) - 1" for name in names)
    found = connection.execute(f"SELECT {ranks} FROM {join} ORDER BY series.series").fetchall()
    return {name: np.array(codes) for name, codes in zip(names, zip(*found, strict=True), strict=True)}


def _read_groups(connection: DuckDBPyConnection, path: Path) -> dict[str, Integers]:
    """The columns of a file that has one row per series."""
    kinds = _open(connection, "received_groups", path)
    _require(kinds, REQUIRED[:1], path)
    names = [name for name in kinds if name != "unique_id"]
    if not names:
        raise ValueError(f"{path} has no column beside unique_id. Give a column per group, such as store and category.")
    repeated = connection.execute(
        "SELECT unique_id FROM received_groups GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT 1"
    ).fetchone()
    if repeated:
        raise ValueError(f"{path} has several rows of unique_id {repeated[0]}. Give one row per series.")
    lacking = connection.execute(
        "SELECT min(unique_id), count(*) FROM series WHERE unique_id NOT IN "
        "(SELECT unique_id::VARCHAR FROM received_groups WHERE unique_id IS NOT NULL)"
    ).fetchone()
    if lacking and lacking[1]:
        raise ValueError(f"{path} lacks {lacking[1]:,} series of the table, such as {lacking[0]}. Give each a row.")
    return _codes(connection, names, "series JOIN received_groups g ON series.unique_id = g.unique_id::VARCHAR")
