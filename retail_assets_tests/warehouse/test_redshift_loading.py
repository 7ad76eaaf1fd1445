"""Loads of Redshift: partition by partition, all or nothing, once. Redshift is the local stand-in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from retail_assets.contracts import Column, Contract, contract
from retail_assets.contracts.loader import read_contract
from retail_assets.engine.audit import Facts
from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Publication
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.engine.staging import Staged
from retail_assets.settings import Settings
from retail_assets.warehouse.redshift import RedshiftError, RedshiftStore, tables
from retail_assets_tests.warehouse.staged import output_of, publication

FEATURES = contract("features")
ODDITIES = read_contract(Path(__file__).with_name("oddities.yaml"))
FIRST, SECOND = (Partition.of(region=name, date="2019-10-01") for name in ("north", "south"))
Query = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def store(cloud_settings: Settings) -> RedshiftStore:
    return RedshiftStore(cloud_settings)


@pytest.fixture
def query(reader: psycopg2.extensions.connection) -> Query:
    """What somebody else sees."""

    def run(sql: str) -> list[tuple[Any, ...]]:
        with reader.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    return run


def _item(partition: Partition, count: int, folder: Path, inputs: str = "first") -> Publication:
    columns = ", ".join(
        f"NULL::{column.type} AS {column.quoted}" for column in ODDITIES.stored_columns if column.name != "number"
    )
    return publication(
        ODDITIES, partition, f"SELECT i AS number, {columns} FROM range({count}) AS r(i)", folder, inputs
    )


def _with(extra: Iterable[Column], base: Contract = ODDITIES) -> Contract:
    return replace(base, columns=(*base.columns, *extra))


def test_a_partition_is_replaced_and_the_others_stay(store: RedshiftStore, query: Query, tmp_path: Path) -> None:
    output = output_of(ODDITIES)
    assert store.publish(output, [_item(FIRST, 3, tmp_path), _item(SECOND, 2, tmp_path)]) == 2
    before = store.version()

    assert store.publish(output, [_item(FIRST, 5, tmp_path, "second")]) == 1

    assert query("SELECT region, count(*) FROM oddities GROUP BY 1 ORDER BY 1") == [("north", 5), ("south", 2)]
    assert {p.get("region"): (e.rows, e.inputs) for p, e in store.published(ODDITIES).items()} == {
        "north": (5, "second"),
        "south": (2, "first"),
    }
    assert store.version() != before


def test_what_is_loaded_already_is_not_loaded_again(store: RedshiftStore, tmp_path: Path) -> None:
    items = [_item(FIRST, 3, tmp_path), _item(SECOND, 0, tmp_path)]
    assert store.publish(output_of(ODDITIES), items) == 2
    before = store.version()

    assert store.publish(output_of(ODDITIES), items) == 0
    assert store.version() == before
    assert store.published(ODDITIES)[SECOND].rows == 0  # an empty partition is one, too


def test_who_asks_for_the_version_does_not_wake_redshift(store: RedshiftStore, tmp_path: Path) -> None:
    away = store.settings.redshift.model_copy(update={"port": 1})
    unreachable = RedshiftStore(store.settings.model_copy(update={"redshift": away}))
    store.publish(output_of(ODDITIES), [_item(FIRST, 1, tmp_path)])
    known = store.version()
    assert unreachable.version() == known

    begun = store.version_mark.begin()  # as a load does that then dies
    with pytest.raises(RedshiftError):
        unreachable.version()
    assert store.version() == known

    store.version_mark.begin()  # another load
    store.version_mark.end(begun, "of the one that began before")
    assert store.version() == known
    store.publish(output_of(ODDITIES), [_item(FIRST, 2, tmp_path, "second")])
    assert unreachable.version() == store.version() != known


def test_a_table_without_partitions_is_replaced_as_a_whole(store: RedshiftStore, query: Query, tmp_path: Path) -> None:
    item = contract("data_quality")
    for reason in ("clean", "received"):
        sql = f"SELECT NULL AS date, 'landing' AS stage, '{reason}' AS reason, 1 AS rows"
        store.publish(output_of(item), [publication(item, Partition(), sql, tmp_path, reason)])

    assert query("SELECT * FROM data_quality") == [(None, "landing", "received", 1)]


def test_fewer_rows_than_were_audited_are_not_loaded(store: RedshiftStore, query: Query, tmp_path: Path) -> None:
    store.publish(output_of(ODDITIES), [_item(FIRST, 3, tmp_path)])
    item = _item(FIRST, 4, tmp_path, "second")

    with pytest.raises(RedshiftError, match=r"north would have 4 rows in Redshift, but 5 were audited\. Nothing was"):
        store.publish(output_of(ODDITIES), [replace(item, facts=Facts(5, "other"))])

    assert query("SELECT count(*) FROM oddities") == [(3,)]
    assert store.published(ODDITIES)[FIRST].inputs == "first"


def test_objects_of_the_lake_are_copied_from_where_they_are(
    store: RedshiftStore, cloud_settings: Settings, query: Query, tmp_path: Path
) -> None:
    local = _item(FIRST, 3, tmp_path)
    place = S3Location.of(str(cloud_settings.lake_url)) / "oddities/data.parquet"
    S3(cloud_settings.s3).put_file(place, local.staged.path, "sha256")
    linked = replace(local, staged=Staged(FIRST, str(place), local.staged.bytes))

    assert store.publish(output_of(ODDITIES), [linked]) == 1

    assert query("SELECT count(*) FROM oddities") == [(3,)]
    bucket = S3Location(place.bucket, place.key.partition("/")[0])
    left = {str(found) for found, *_ in S3(cloud_settings.s3).listed(bucket)}
    assert left == {str(place), str(store.version_mark.place)}  # and nothing else


def test_many_partitions_go_in_few_objects(store: RedshiftStore, query: Query, tmp_path: Path) -> None:
    days = [f"2019-{month:02}-{day:02}" for month in (10, 11) for day in range(1, 31)]
    items = [_item(Partition.of(region="north", date=day), 2, tmp_path) for day in days]

    assert store.publish(output_of(ODDITIES), items) == 60

    assert query("SELECT count(DISTINCT date), count(*) FROM oddities") == [(60, 120)]


def test_the_table_is_as_the_contract_says(store: RedshiftStore, query: Query, tmp_path: Path) -> None:
    assert 'DISTSTYLE KEY DISTKEY ("key_value") COMPOUND SORTKEY ("date", "key_type", "key_value")' in (
        tables.create_table(FEATURES, "retail")
    )
    assert "DISTSTYLE ALL" in tables.create_table(contract("dim_date"), "retail")
    store.publish(output_of(ODDITIES), [_item(FIRST, 1, tmp_path)])

    found = query(
        "SELECT column_name, data_type, is_nullable, remarks FROM svv_columns WHERE table_name = 'oddities' "
        "AND table_schema = current_schema() AND column_name IN ('region', 'number', 'ma7', 'say \"hi\"')"
    )
    assert sorted(found) == [
        ("ma7", "double precision", "YES", "A name in upper case."),
        ("number", "bigint", "NO", "Number of the row."),
        ("region", "character varying", "NO", "A key with quotes ' \" and slashes / \\"),
        ('say "hi"', "smallint", "YES", "A name with quotes."),
    ]
    assert query("SELECT obj_description('oddities'::REGCLASS)") == [("Every type, every trap: it's a \\ backslash",)]


def test_a_new_column_is_added_and_old_rows_lack_it(store: RedshiftStore, query: Query, tmp_path: Path) -> None:
    store.publish(output_of(ODDITIES), [_item(FIRST, 1, tmp_path)])
    wider = _with([Column("cart_rate", "DOUBLE", "New.", required=True)])
    sql = ", ".join(
        f"{'7' if c.name in ('number', 'cart_rate') else 'NULL'} AS {c.quoted}" for c in wider.stored_columns
    )

    store.publish(output_of(wider), [publication(wider, SECOND, f"SELECT {sql}", tmp_path)])

    assert query("SELECT region, cart_rate FROM oddities ORDER BY 1") == [("north", None), ("south", 7.0)]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (Column("born", "TIMESTAMP", ""), "column born is DATE instead of TIMESTAMP"),
        (Column("price", "DECIMAL(18,2)", ""), r"column price is DECIMAL\(18,4\) instead of DECIMAL\(18,2\)"),
        (None, "column number, which must not be NULL, is not in the contract"),
    ],
)
def test_a_changed_column_is_an_error_that_says_what_to_do(
    store: RedshiftStore, query: Query, tmp_path: Path, column: Column | None, said: str
) -> None:
    item = _item(FIRST, 1, tmp_path)
    store.publish(output_of(ODDITIES), [item])
    name = column.name if column else "number"
    kept = [column if column and old.name == name else old for old in ODDITIES.columns if column or old.name != name]

    with pytest.raises(RedshiftError, match=rf"{said}.*\. Nothing was loaded\. Change the column by hand, or drop"):
        store.publish(output_of(replace(ODDITIES, columns=tuple(kept))), [replace(item, inputs="second")])

    assert query("SELECT count(*) FROM oddities") == [(1,)]


def test_columns_that_are_one_to_redshift_are_refused(store: RedshiftStore, tmp_path: Path) -> None:
    twice = _with([Column("ma7", "DOUBLE", "")])

    with pytest.raises(ValueError, match="columns MA7 and ma7 would be one column in Redshift"):
        store.publish(output_of(twice), [_item(FIRST, 1, tmp_path)])


def test_a_failed_copy_names_the_row_and_the_column(store: RedshiftStore, query: Query, tmp_path: Path) -> None:
    short = replace(
        ODDITIES,
        columns=tuple(replace(c, max_length=2) if c.name == "key_value" else c for c in ODDITIES.columns),
    )
    rows = ", ".join(
        f"{'i' if c.name == 'number' else 'repeat(chr(252), i)' if c.name == 'key_value' else 'NULL'} AS {c.quoted}"
        for c in short.stored_columns
    )
    item = publication(short, FIRST, f"SELECT {rows} FROM range(7) AS r(i)", tmp_path)

    with pytest.raises(
        RedshiftError,
        match=r"loading oddities into Redshift: String length exceeds .* at row 6, column key_value .* of s3://.*parquet"
        r"\. Nothing was loaded",
    ) as caught:
        store.publish(output_of(short), [item])

    assert "ü" not in str(caught.value)  # the value itself may be personal
    assert query("SELECT count(*) FROM oddities") == [(0,)]
    assert store.published(short) == {}


def test_two_loads_of_one_partition_at_once(store: RedshiftStore, query: Query, tmp_path: Path) -> None:
    items = {name: _item(FIRST, count, tmp_path, name) for name, count in (("one", 300), ("two", 500))}
    other = {name: _item(SECOND, count, tmp_path, name) for name, count in (("one", 7), ("two", 9))}
    failed: list[BaseException] = []

    def load(name: str) -> None:
        try:
            store.publish(output_of(ODDITIES), [items[name], other[name]])
        except Exception as error:  # noqa: BLE001 - told below, in the test's own thread
            failed.append(error)

    for _ in range(4):
        threads = [threading.Thread(target=load, args=(name,)) for name in items]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert failed == []
        found = query("SELECT region, count(*) FROM oddities GROUP BY 1 ORDER BY 1")
        told = {p.get("region"): (e.inputs, e.rows) for p, e in store.published(ODDITIES).items()}
        assert dict(found) == {region: rows for region, (_, rows) in told.items()}
        assert found in ([("north", 300), ("south", 7)], [("north", 500), ("south", 9)])


def test_readers_see_old_or_new_and_never_wait(store: RedshiftStore, query: Query, tmp_path: Path) -> None:
    """A reader asks all the time while partitions are replaced, whole and in bundles."""
    states = [[_item(p, count, tmp_path, str(count)) for p in (FIRST, SECOND)] for count in (100, 200)]
    store.publish(output_of(ODDITIES), states[0])
    seen: set[tuple[int, ...]] = set()
    done = threading.Event()

    def load() -> None:
        for state in (states * 5)[1:]:
            store.publish(output_of(ODDITIES), state)
        done.set()

    loading = threading.Thread(target=load)
    loading.start()
    while not done.is_set():
        seen.add(tuple(count for _, count in query("SELECT region, count(*) FROM oddities GROUP BY 1")))
    loading.join()

    assert seen == {(100, 100), (200, 200)}


def test_nobody_waits_for_ever(store: RedshiftStore, query: Query, tmp_path: Path) -> None:
    store.publish(output_of(ODDITIES), [_item(FIRST, 1, tmp_path)])
    hasty = store.settings.redshift.model_copy(update={"statement_timeout_seconds": 1})
    impatient = RedshiftStore(store.settings.model_copy(update={"redshift": hasty}))
    query("BEGIN")
    query("LOCK TABLE _guard")

    with pytest.raises(RedshiftError, match=r"waiting for other loads: it took longer than the 1 seconds of RETAIL_"):
        impatient.publish(output_of(ODDITIES), [_item(FIRST, 2, tmp_path, "second")])

    query("ROLLBACK")
    assert store.publish(output_of(ODDITIES), [_item(FIRST, 2, tmp_path, "second")]) == 1
