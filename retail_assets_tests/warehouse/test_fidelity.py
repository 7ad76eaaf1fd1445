"""What goes into a warehouse comes out of it: the same values, whichever warehouse it is and however it is read.

Redshift is the local stand-in, real to the wire: see retail_assets/local_cloud/redshift.
"""

from __future__ import annotations

import datetime as dt
import math
import struct
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from retail_assets.contracts.contract import Contract, quote_literal
from retail_assets.contracts.loader import read_contract
from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Publication, Store
from retail_assets.settings import Settings
from retail_assets.warehouse.duckdb_file import DuckDBFile
from retail_assets.warehouse.redshift import RedshiftStore, pieces
from retail_assets.warehouse.redshift.reading import read, unload
from retail_assets_tests.warehouse.staged import output_of, publication

ODDITIES = read_contract(Path(__file__).with_name("oddities.yaml"))
DAY = dt.date(2019, 10, 1)
MOMENT = dt.datetime(2019, 10, 1, 23, 59, 59, 999_999)
TEXTS = (
    *("", " ", "NULL", "null", r"\N", "\\", "a\\b", "\\'; DROP TABLE oddities; --", "it's", '"quoted"', "a,b;c|d\te"),
    *(
        "line\nbreak",
        "carriage\r\nreturn",
        "ünïcödé",
        "日本語",
        "🛒👩‍👩‍👧",
        "e\u0301 is not é",
        "\u200b",
        "\ufeff",
        "%_*?[]{}",
    ),
    *("x" * 10_000, "ü" * 30_000, "1004856", "0004856", "1e5", "true", "2019-10-01", "infinity", "\x01\x7f"),
)
DOUBLES = (
    *(
        0.1,
        1 / 3,
        0.1 + 0.2,
        -0.0,
        5e-324,
        2.2250738585072014e-308,
        1.7976931348623157e308,
        math.pi,
        1e22,
        123456789.123,
    ),
    *(math.inf, -math.inf),
)
DECIMALS = ("0.0001", "-0.0001", "0.0000", "19.99", "99999999999999.9999", "-99999999999999.9999")
REVENUES = ("0.0000", "9999999999999999999999999999999999.9999", "-9999999999999999999999999999999999.9999", "0.3000")
MOMENTS = (
    MOMENT,
    dt.datetime(1970, 1, 1),
    dt.datetime(1969, 12, 31, 23, 59, 59, 1),
    dt.datetime(2038, 1, 19, 3, 14, 8),
)
DATES = (DAY, dt.date(1900, 1, 1), dt.date(2000, 2, 29), dt.date(9999, 12, 31))
KEYS = (  # any but those with '|', which joins the values of a key of Dagster's
    *("plain", "with space", "it's", 'say "hi"', "a/b", "a\\b", "a=b&c", "100%", "ü", "日本", "..", "%2F", "a,b", "#?"),
    *("__HIVE_X__", "A", "a"),
)
Row = tuple[Any, ...]
Rows = Callable[[Contract], list[Row]]


def _sql(value: Any, kind: str) -> str:
    if isinstance(value, float):
        return f"'{value!r}'::DOUBLE"
    if isinstance(value, str) and kind == "VARCHAR":
        codes = ", ".join(str(ord(letter)) for letter in value) if len(value) < 200 else ""
        return f"[{codes}].list_transform(lambda c: chr(c)).array_to_string('')" if codes else quote_literal(value)
    return f"CAST({quote_literal(value)} AS {kind})"


def _publication(partition: Partition, rows: Sequence[dict[str, Any]], folder: Path) -> Publication:
    """The rows as a partition; what a row does not name is NULL."""
    columns = [column for column in ODDITIES.stored_columns if column.name != "number"]
    selects = [
        f"SELECT {number}::BIGINT AS number, "
        + ", ".join(f"{_sql(row.get(column.name), column.type)} AS {column.quoted}" for column in columns)
        for number, row in enumerate(rows)
    ]
    return publication(ODDITIES, partition, " UNION ALL ".join(selects), folder)


@pytest.fixture(
    params=["duckdb", "redshift by sql", "redshift by query", "redshift by unload", "redshift in bundles by sql"]
)
def way(request: pytest.FixtureRequest) -> str:
    """Which warehouse, and how its rows are read."""
    return str(request.param)


@pytest.fixture
def store(way: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    if way == "duckdb":
        return DuckDBFile(tmp_path / "warehouse.duckdb", Settings(data_dir=tmp_path, threads=2, memory_limit_mb=512))
    if "in bundles" in way:
        monkeypatch.setattr(pieces, "MOST_PIECES", 0)
    return RedshiftStore(request.getfixturevalue("cloud_settings"))


@pytest.fixture
def readings(way: str, request: pytest.FixtureRequest, store: Store) -> Rows:
    """Gets the rows out of the warehouse, all columns in order of the contract."""
    if isinstance(store, DuckDBFile):
        return lambda contract: _from_file(store, contract)
    assert isinstance(store, RedshiftStore)
    if way.endswith("by sql"):
        connection: psycopg2.extensions.connection = request.getfixturevalue("reader")
        return lambda contract: _by_psycopg2(connection, contract)
    take = read if way.endswith("by query") else unload
    return lambda contract: _from_arrow(take(store, contract))


def _from_file(store: DuckDBFile, contract: Contract) -> list[Row]:
    with store.reading() as connection:
        return connection.execute(f"SELECT * FROM warehouse.{contract.name} ORDER BY region, number").fetchall()


def _by_psycopg2(connection: psycopg2.extensions.connection, contract: Contract) -> list[Row]:
    names = ", ".join(column.quoted for column in contract.columns)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {names} FROM {contract.name} ORDER BY region, number")
        return cursor.fetchall()


def _from_arrow(found: Any) -> list[Row]:
    table = found if hasattr(found, "to_pylist") else found.to_arrow()
    rows = [tuple(row.values()) for row in table.to_pylist()]
    return sorted(rows, key=lambda row: (row[0].encode(), row[2]))


def _column(rows: list[Row], name: str) -> list[Any]:
    position = [column.name for column in ODDITIES.columns].index(name)
    return [row[position] for row in rows]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("key_value", TEXTS),
        ("price", tuple(map(Decimal, DECIMALS))),
        ("revenue", tuple(map(Decimal, REVENUES))),
        ("MA7", DOUBLES),
        ("purchases_t-1", (0, 2**63 - 1, -(2**63))),
        ("rows", (0, 2**31 - 1, -(2**31))),
        ('say "hi"', (0, 2**15 - 1, -(2**15))),
        ("day_of_week", (0, 6, 127, -128)),
        ("is_weekend", (True, False)),
        ("seen", MOMENTS),
        ("born", DATES),
    ],
)
def test_values_come_back_as_they_were(
    store: Store, readings: Rows, tmp_path: Path, name: str, values: tuple[Any, ...]
) -> None:
    rows = [{name: value} for value in values] + [{}]

    store.publish(output_of(ODDITIES), [_publication(Partition.of(region="all", date="2019-10-01"), rows, tmp_path)])

    found = _column(readings(ODDITIES), name)
    assert found == [*values, None]
    assert [type(value) for value in found[:-1]] == [type(value) for value in values]
    if name == "MA7":  # to the last bit, the sign of zero included
        assert [struct.pack("d", value) for value in found[:-1]] == [struct.pack("d", value) for value in values]


def test_keys_of_partitions_come_back_as_they_were(store: Store, readings: Rows, tmp_path: Path) -> None:
    items = [_publication(Partition.of(region=key, date="2019-10-01"), [{"key_value": key}], tmp_path) for key in KEYS]

    assert store.publish(output_of(ODDITIES), items) == len(KEYS)

    rows = readings(ODDITIES)
    assert _column(rows, "region") == _column(rows, "key_value") == sorted(KEYS, key=str.encode)
    assert _column(rows, "date") == [DAY] * len(KEYS)
    assert {partition.get("region") for partition in store.published(ODDITIES)} == {*KEYS}


def test_a_partition_is_replaced_whatever_its_key(store: Store, readings: Rows, tmp_path: Path) -> None:
    partitions = [Partition.of(region=key, date="2019-10-01") for key in KEYS]
    first = [_publication(partition, [{"rows": 1}], tmp_path / "1") for partition in partitions]
    store.publish(output_of(ODDITIES), first)
    again = [_publication(partition, [{"rows": 2}, {"rows": 3}], tmp_path / "2") for partition in partitions]

    store.publish(output_of(ODDITIES), again)

    assert _column(readings(ODDITIES), "rows") == [2, 3] * len(partitions)
