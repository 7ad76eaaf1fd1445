"""D18 to D24: columns that moved, came, went, repeat, or changed their type."""

from __future__ import annotations

import pyarrow as pa
import pytest

from retail_assets.assets.platform import Platform
from retail_assets_tests.bad_inputs.verdicts import (
    HEADER,
    assert_blocked,
    build_events,
    clean,
    deliver,
    deliver_table,
    deliver_text,
    entry_of,
    every_form,
    first_line,
    line,
    quarantine,
    typed,
    warnings,
)
from retail_assets_tests.building import COLUMNS, event, land, rows

OPTIONAL = ("category_id", "category_code", "brand", "user_session")


@every_form
def test_d18_reordered_columns_are_mapped_by_name(platform: Platform, form: str) -> None:
    deliver(platform, form, [event(price="9.99", user_id="42")], [*reversed(COLUMNS)])

    build_events(platform)

    (row,) = clean(platform)
    assert (str(row["price"]), row["user_id"], row["event_type"]) == ("9.9900", "42", "view")


@every_form
def test_d19_a_new_column_is_kept_in_raw_and_warned_of(platform: Platform, form: str) -> None:
    name = deliver(platform, form, [{**event(), "coupon": "SAVE10"}], [*COLUMNS[:3], "coupon", *COLUMNS[3:]])

    made = build_events(platform)

    (raw,) = rows(platform, "SELECT extra_columns FROM raw_events", "raw_events")
    assert raw["extra_columns"] == '{"coupon":"SAVE10"}'
    assert "coupon" not in clean(platform)[0]
    assert list(entry_of(platform, name).notes) == ["schema_added"]
    assert warnings(made)["delivery"] == f"{name}: schema_added: 1 unknown columns, kept as extra_columns: coupon"


@every_form
@pytest.mark.parametrize("missing", OPTIONAL)
def test_d20_a_missing_optional_column_is_null_and_warned_of(platform: Platform, form: str, missing: str) -> None:
    name = deliver(platform, form, [event()], [column for column in COLUMNS if column != missing])

    made = build_events(platform)

    assert clean(platform)[0][missing] is None
    assert warnings(made)["delivery"].startswith(f"{name}: schema_missing: ")
    assert missing in warnings(made)["delivery"]


@every_form
@pytest.mark.parametrize("missing", [column for column in COLUMNS if column not in OPTIONAL])
def test_d20_a_missing_required_column_blocks_the_file(platform: Platform, form: str, missing: str) -> None:
    name = deliver(platform, form, [event()], [column for column in COLUMNS if column != missing])

    assert_blocked(platform, name, "missing_column", missing, "Export")


@every_form
def test_d21_case_and_spaces_of_the_header_do_not_count(platform: Platform, form: str) -> None:
    odd = [
        "Event_Time",
        " event type ",
        "PRODUCT_ID",
        "category-id",
        "Category_Code",
        "BRAND ",
        "price",
        "user_id",
        "n",
    ]
    renamed = dict(zip(odd, event().values(), strict=False))
    deliver(platform, form, [renamed], odd)

    build_events(platform)

    (row,) = clean(platform)
    assert (row["event_type"], row["brand"], row["category_id"]) == ("view", "samsung", "2053013555631882655")


@pytest.mark.parametrize("second", ["brand", "Brand "])
@pytest.mark.parametrize("form", ["csv", "csv.gz"])
def test_d22_a_duplicate_header_name_blocks_the_file(platform: Platform, form: str, second: str) -> None:
    name = deliver_text(platform, form, f"{HEADER},{second}\n{line()},apple\n")

    assert_blocked(platform, name, "duplicate_column", "brand")


def test_d22_two_equal_names_in_parquet_block_the_file(platform: Platform) -> None:
    columns = typed(1)
    table = pa.table([*columns.values(), pa.array(["apple"])], names=[*columns, "Brand"])
    path = platform.settings.landing_dir / "day.parquet"
    path.parent.mkdir(parents=True)
    pa.parquet.write_table(table, path)

    assert_blocked(platform, "day.parquet", "duplicate_column", "brand")


def test_d23_types_that_differ_between_files_are_cast_by_the_contract(platform: Platform) -> None:
    deliver_table(platform, typed(1, price=pa.array([9.5]), product_id=pa.array([7], pa.int64())), "a.parquet")
    deliver_table(platform, typed(2, price=pa.array(["8.5", "cheap"]), product_id=pa.array(["007", "8"])), "b.parquet")
    decimals = pa.array(["7.25"]).cast(pa.decimal128(9, 2))
    deliver_table(platform, typed(1, price=decimals, product_id=pa.array([b"9"], pa.binary())), "c.parquet")

    build_events(platform)

    assert {row["product_id"]: str(row["price"]) for row in clean(platform)} == {
        "7": "9.5000", "007": "8.5000", "9": "7.2500",
    }  # fmt: skip
    (bad,) = quarantine(platform)
    assert (bad.reason, bad.source_file, bad.source_row) == ("invalid_price", "b.parquet", 2)
    assert bad.received["price"] == "cheap"


def test_d23_parquet_times_are_read_as_what_they_are(platform: Platform) -> None:
    micros = pa.array([1_569_888_000_000_000])
    deliver_table(platform, typed(1, event_time=micros.cast(pa.timestamp("us"))), "a.parquet")
    deliver_table(platform, typed(1, event_time=micros.cast(pa.timestamp("us", "Europe/Berlin"))), "b.parquet")
    deliver_table(platform, typed(1, event_time=pa.array([1_569_888_000_000]).cast(pa.timestamp("ms"))), "c.parquet")

    build_events(platform)

    found = rows(platform, "SELECT DISTINCT event_time::VARCHAR AS at FROM clean_events", "clean_events")
    assert [row["at"] for row in found] == ["2019-10-01 00:00:00"]


@every_form
def test_d24_identifiers_stay_text_and_rounded_ones_are_rejected(platform: Platform, form: str) -> None:
    huge, spreadsheet = "18446744073709551617", "2.10381E+18"
    events = [event(product_id="00123"), event(product_id=huge), event(product_id=spreadsheet)]
    name = deliver(platform, form, [*events, event(user_id="1,2E+9"), event(category_id="2.05E18")])

    build_events(platform, "raw_events", "clean_events", "daily_aggregates")

    keys = rows(platform, "SELECT key_value FROM daily_aggregates WHERE key_type = 'product_id'", "daily_aggregates")
    assert {row["key_value"] for row in keys} == {"00123", huge}
    found = [(item.reason, item.source_file, item.source_row) for item in quarantine(platform)]
    assert found == [("bad_identifier", name, first_line(form) + n) for n in (2, 3, 4)]
    assert quarantine(platform)[0].received["product_id"] == spreadsheet


@pytest.mark.parametrize(
    ("kind", "good", "rounded"),
    [
        (pa.float64(), 1004856.0, 2.0530135556318827e18),
        (pa.float64(), 9007199254740991.0, 9007199254740992.0),
        (pa.float32(), 1004856.0, 541312140.0),
    ],
)
def test_d24_identifiers_kept_as_floating_point_are_whole_or_rejected(
    platform: Platform, kind: pa.DataType, good: float, rounded: float
) -> None:
    deliver_table(platform, typed(3, product_id=pa.array([good, rounded, None], kind)))

    build_events(platform)

    assert [row["product_id"] for row in clean(platform)] == [str(int(good))]
    assert [item.reason for item in quarantine(platform)] == ["bad_identifier", "missing_product_id"]


def test_d24_nan_is_no_identifier(platform: Platform) -> None:
    deliver_table(platform, typed(2, user_id=pa.array([float("nan"), 5.0])))

    build_events(platform)

    assert [row["user_id"] for row in clean(platform)] == ["5"]
    assert [item.reason for item in quarantine(platform)] == ["missing_user_id"]


def test_a_column_without_a_name_is_kept_like_any_new_one(platform: Platform) -> None:
    land(platform, "pandas.csv", f",{HEADER}\n0,{line()}\n")

    build_events(platform)

    (raw,) = rows(platform, "SELECT extra_columns, brand FROM raw_events", "raw_events")
    assert raw == {"extra_columns": '{"":"0"}', "brand": "samsung"}
