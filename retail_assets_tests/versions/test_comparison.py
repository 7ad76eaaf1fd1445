"""What differs between two versions, beside a plain account of the same rows."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from retail_assets.contracts import Column
from retail_assets.settings import Settings
from retail_assets.versions import comparison
from retail_assets.versions.comparison import compare
from retail_assets.versions.difference import Counts, KeyTypeDifference, Largest, MetricDifference
from retail_assets_tests.versions.snapshots import COLUMNS, METRICS, Row, expected, feature, snapshot

DAYS = ("2019-10-01", "2019-10-02", "2019-10-03", "2019-10-04")
KEY_TYPES = ("brand", "product_id")


def random_rows(chance: random.Random, days: tuple[str, ...]) -> list[Row]:
    """Rows of some keys on these days, with NULLs and numbers of every type."""
    return [
        feature(
            day,
            key_type,
            key,
            purchases_t=chance.randrange(5),
            price_mean_t=chance.choice([None, 0.1, 1 / 3, 1e6 / 7]),
            revenue_t=Decimal(chance.randrange(10**6)) / 10000,
            conv_rate=chance.choice([None, 0.5, 0.25]),
            day_of_week=chance.randrange(7),
            is_weekend=chance.random() < 0.5,
            **{"purchases_t-1": chance.choice([None, 1, 2])},
        )
        for day in days
        for key_type in KEY_TYPES
        for key in "abcdefgh/'"
        if chance.random() < 0.7
    ]


def changed_rows(chance: random.Random, rows: list[Row]) -> list[Row]:
    """The rows with some taken away, some changed and some more; those of the second day stay as they are."""
    kept = [row for row in rows if row["date"] == DAYS[1] or chance.random() < 0.8]
    fresh = random_rows(chance, DAYS[2:])
    there = {(row["key_type"], row["date"], row["key_value"]) for row in kept}
    more = [row for row in fresh if (row["key_type"], row["date"], row["key_value"]) not in there]
    return [
        row if row["date"] == DAYS[1] or chance.random() < 0.5 else {**row, **_some(chance)} for row in [*kept, *more]
    ]


def _some(chance: random.Random) -> Row:
    changes: Row = {
        "purchases_t": chance.randrange(5),
        "conv_rate": chance.choice([None, 0.75]),
        "revenue_t": Decimal("3.1415"),
        "is_weekend": chance.random() < 0.5,
        "MA7": chance.random(),
    }
    return {name: value for name, value in changes.items() if chance.random() < 0.5}


def found(item: KeyTypeDifference) -> dict[str, tuple[int, int, int]]:
    return {name: (c.added, c.removed, c.changed) for name, c in (("rows", item.rows), ("keys", item.keys))}


@pytest.mark.parametrize("seed", range(6))
def test_a_difference_is_what_a_look_at_every_row_finds(
    seed: int, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    if seed % 2:
        monkeypatch.setattr(comparison, "SHARE_OF_MEMORY", 2**40)  # one partition at a time
    chance = random.Random(seed)
    before = random_rows(chance, DAYS[:3])
    after = changed_rows(chance, before)

    difference = compare(snapshot(tmp_path, 1, before), snapshot(tmp_path, 2, after), settings)

    assert [item.key_type for item in difference.key_types] == list(KEY_TYPES)
    for item in difference.key_types:
        wanted = expected(before, after, item.key_type)
        assert found(item) == {"rows": wanted["rows"], "keys": wanted["keys"]}
        assert item.rows_after == item.rows_before + item.rows.added - item.rows.removed
        assert list(item.metrics) == METRICS
        for name, metric in item.metrics.items():
            plain = wanted["metrics"][name]
            assert metric.rows_changed == plain["changed"], name
            for side in ("sum_before", "sum_after"):
                told, wanted_sum = getattr(metric, side), plain[side]
                assert (told is None) == (wanted_sum is None), name
                assert told is None or float(told) == pytest.approx(wanted_sum, abs=1e-9), name
            largest = metric.largest and (metric.largest.difference, metric.largest.date, metric.largest.key_value)
            assert largest == plain["largest"], name


def test_equal_versions_differ_in_nothing(tmp_path: Path, settings: Settings) -> None:
    rows = [feature(DAYS[0], "brand", "a")]

    difference = compare(snapshot(tmp_path, 1, rows), snapshot(tmp_path, 2, rows), settings)

    assert difference.is_none
    assert difference.partitions == Counts()
    (brand,) = difference.key_types
    assert (brand.rows, brand.keys, brand.rows_before, brand.rows_after) == (Counts(), Counts(), 1, 1)


def test_null_equals_null_and_nothing_else(tmp_path: Path, settings: Settings) -> None:
    def rows(*rates: float | None) -> list[Row]:
        return [feature(DAYS[0], "brand", key, conv_rate=rate) for key, rate in zip("abcd", rates, strict=True)]

    before, after = rows(None, None, 0.0, 0.5), rows(None, 0.0, None, 0.75)
    difference = compare(snapshot(tmp_path, 1, before), snapshot(tmp_path, 2, after), settings)

    (brand,) = difference.key_types
    assert brand.rows == Counts(changed=3)
    largest = Largest(0.25, date(2019, 10, 1), "d")
    assert brand.metrics["conv_rate"] == MetricDifference(3, 0.5, 0.75, largest)
    assert not difference.is_none


def test_a_key_that_stands_in_an_unchanged_partition_is_neither_new_nor_gone(
    tmp_path: Path, settings: Settings
) -> None:
    shared = [feature(DAYS[0], "brand", key) for key in "ab"]
    before = [*shared, feature(DAYS[1], "brand", "a"), feature(DAYS[1], "brand", "c")]
    after = [*shared, feature(DAYS[1], "brand", "b"), feature(DAYS[1], "brand", "d")]

    difference = compare(snapshot(tmp_path, 1, before), snapshot(tmp_path, 2, after), settings)

    (brand,) = difference.key_types
    assert brand.rows == Counts(added=2, removed=2)
    assert brand.keys == Counts(added=1, removed=1, changed=2)


def test_a_key_that_moves_from_one_date_to_another_is_changed(tmp_path: Path, settings: Settings) -> None:
    before, after = [feature(DAYS[0], "brand", "a")], [feature(DAYS[1], "brand", "a")]

    difference = compare(snapshot(tmp_path, 1, before), snapshot(tmp_path, 2, after), settings)

    (brand,) = difference.key_types
    assert (brand.rows, brand.keys) == (Counts(added=1, removed=1), Counts(changed=1))
    assert difference.partitions == Counts(added=1, removed=1)


def test_of_partitions_with_the_same_hash_nothing_but_keys_is_read(tmp_path: Path, settings: Settings) -> None:
    same = [feature(DAYS[0], "brand", "a"), feature(DAYS[0], "product_id", "1")]
    before = snapshot(tmp_path, 1, [*same, feature(DAYS[1], "brand", "a", views_t=1)])
    after = snapshot(tmp_path, 2, [*same, feature(DAYS[1], "brand", "a", views_t=3)])
    for version in (before, after):
        for file in version.files[:1] + version.files[2:]:
            (version.folder / file.path).unlink()

    difference = compare(before, after, settings)

    brand, product = difference.key_types
    assert brand.metrics["views_t"] == MetricDifference(1, 1, 3, Largest(2, date(2019, 10, 2), "a"))
    assert product.metrics["views_t"] == MetricDifference(0, None, None, None)


def test_columns_that_come_go_and_change_their_type_are_named(tmp_path: Path, settings: Settings) -> None:
    before = [*COLUMNS, Column("old", "BIGINT", "")]
    after = [replace(c, type="DOUBLE") if c.name == "views_t" else c for c in COLUMNS]
    after = [replace(c, type="VARCHAR") if c.name == "carts_t" else c for c in after] + [Column("new", "BIGINT", "")]
    first = snapshot(tmp_path, 1, [feature(DAYS[0], "brand", key, old=1) for key in "ab"], before)
    rows = [feature(DAYS[0], "brand", key, new=1, views_t=0.0, carts_t="0") for key in "ab"]
    second = snapshot(tmp_path, 2, [rows[0], {**rows[1], "views_t": 2.5, "carts_t": "many"}], after)

    difference = compare(first, second, settings)

    assert (difference.columns_added, difference.columns_removed) == (("new",), ("old",))
    assert difference.columns_retyped == (("views_t", "BIGINT", "DOUBLE"), ("carts_t", "BIGINT", "VARCHAR"))
    (brand,) = difference.key_types
    assert brand.rows == Counts(changed=1)
    assert brand.metrics["views_t"] == MetricDifference(1, 0.0, 2.5, Largest(2.5, date(2019, 10, 1), "b"))
    assert "carts_t" not in brand.metrics
    assert not difference.is_none


def test_a_file_that_is_gone_is_named(tmp_path: Path, settings: Settings) -> None:
    before, after = (snapshot(tmp_path, n, [feature(DAYS[0], "brand", "a", views_t=n)]) for n in (1, 2))
    (before.folder / before.files[0].path).unlink()

    with pytest.raises(ValueError, match=r"key_type=brand/date=2019-10-01/data.parquet of .*:1 is gone.*--verify"):
        compare(before, after, settings)
