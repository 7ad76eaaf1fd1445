"""What is loaded is what was audited: nothing is measured twice, and nothing less arrives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from retail_assets.assets import contract_facts
from retail_assets.assets.platform import Platform
from retail_assets.contracts import contract
from retail_assets.engine.audit import Facts
from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Publication, Published
from retail_assets.engine.staging import Staged
from retail_assets.warehouse.loading import load
from retail_assets_tests.building import build, event, land

DAY_TWO = event(event_time="2019-10-02 10:00:00 UTC")


def _lake(platform: Platform) -> dict[Partition, Published]:
    return platform.stores["lake"].published(contract("features"))


def _publications(platform: Platform) -> list[Publication]:
    return [
        Publication(
            Staged(entry.partition, entry.location, entry.bytes), Facts(entry.rows, entry.digest), "inputs", "code"
        )
        for entry in _lake(platform).values()
    ]


def _counts(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int]]:
    return connection.execute("SELECT key_type, count(*) FROM features GROUP BY ALL ORDER BY ALL").fetchall()


def test_a_partition_is_replaced_and_the_others_stay(platform: Platform) -> None:
    land(platform, "day.csv", [event(brand="apple"), event(brand="nokia"), DAY_TWO])
    build(platform)
    items = _publications(platform)
    brand = [item for item in items if item.staged.partition == Partition.of(date="2019-10-02", key_type="brand")]
    with duckdb.connect() as connection:
        load(connection, contract("features"), items, replaced=())
        before = _counts(connection)

        load(connection, contract("features"), brand, replaced=[item.staged.partition for item in items])

        assert _counts(connection) == before
        assert connection.execute("SELECT count(*) FROM _loads").fetchall() == [(6,)]


def test_fewer_rows_than_were_audited_are_not_loaded(platform: Platform) -> None:
    land(platform, "day.csv", [event()])
    build(platform)
    before = platform.settings.warehouse_file.read_bytes()
    first, *others = _publications(platform)
    more = replace(first, facts=Facts(first.facts.rows + 1, "other"))
    output = contract("features")

    with duckdb.connect() as connection, pytest.raises(RuntimeError, match=r"would have 1 rows .* but 2 were audited"):
        load(connection, output, [more, *others], replaced=())

    assert platform.settings.warehouse_file.read_bytes() == before


def test_published_features_are_not_measured_again(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    land(platform, "day.csv", [event(), DAY_TWO])
    build(platform)
    loaded = platform.stores["warehouse"].published(contract("features"))
    platform.settings.warehouse_file.unlink()

    def scan(*_: object) -> None:
        raise AssertionError("scanned")

    monkeypatch.setattr(contract_facts, "audit_contract", scan)
    made = build(platform, "warehouse.features")["warehouse_features"]

    assert all(item.published and [verdict.check for verdict in item.verdicts] == ["contract"] for item in made)
    assert platform.stores["warehouse"].published(contract("features")) == loaded
    assert {key: entry.digest for key, entry in loaded.items()} == {
        key: entry.digest for key, entry in _lake(platform).items()
    }


def test_an_object_that_is_not_the_published_one_is_measured(platform: Platform) -> None:
    land(platform, "day.csv", [event()])
    build(platform)
    entry = _lake(platform)[Partition.of(date="2019-10-01", key_type="brand")]
    bad = f"SELECT * REPLACE (-views_t AS views_t) FROM read_parquet('{entry.location}', hive_partitioning = false)"
    duckdb.execute(f"COPY ({bad}) TO '{entry.location}.new' (FORMAT parquet, COMPRESSION uncompressed)")
    Path(f"{entry.location}.new").replace(entry.location)
    platform.settings.warehouse_file.unlink()

    made = build(platform, "warehouse.features")["warehouse_features"]

    (verdict,) = (verdict for item in made for verdict in item.verdicts if not verdict.passed)
    assert (verdict.partition, verdict.detail) == (entry.partition, "views_t:too_small: 1 of 1 rows")
