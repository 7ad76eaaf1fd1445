"""The synthetic shop: same plan, same bytes; a truth that a recount in plain Python confirms; a shop like real ones."""

from __future__ import annotations

import csv
import gzip
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from io import StringIO
from pathlib import Path
from uuid import UUID

import duckdb
import pytest

from retail_assets.sources import synthetic_shop
from retail_assets.sources.synthetic_shop import ShopPlan, ShopTruth, generate_shop, generator

HEADER = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
REJECTS = (
    "bad_event_time",
    "future_event",
    "too_old",
    "unknown_event_type",
    "missing_product_id",
    "missing_user_id",
    "bad_identifier",
    "invalid_price",
)
SMALL = ShopPlan(events=12_000, start=date(2020, 2, 27), end=date(2020, 3, 2), seed=7, bad_share=0.05)


# A recount in plain Python, by the rules of the contract and with no knowledge of the generator.


def rows_of(file: Path) -> list[dict[str, str]]:
    if file.suffix == ".parquet":
        relation = duckdb.read_parquet(str(file))
        return [dict(zip(relation.columns, (value or "" for value in row), strict=True)) for row in relation.fetchall()]
    packed = file.read_bytes()
    text = (gzip.decompress(packed) if file.suffix == ".gz" else packed).decode()
    return list(csv.DictReader(StringIO(text, newline="")))


def all_rows(folder: Path) -> Iterator[dict[str, str]]:
    for file in sorted(folder.glob("events_*[!n]")):
        yield from rows_of(file)


def utc_time(text: str) -> datetime | None:
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)( UTC|Z|[+-]\d\d:\d\d)", text)
    if match is None:
        return None
    zone = match[2].replace(" UTC", "+00:00").replace("Z", "+00:00")
    try:
        return datetime.fromisoformat(match[1] + zone).astimezone(UTC)
    except ValueError:
        return None


def is_price(text: str) -> bool:
    try:
        price = Decimal(text.strip())
    except InvalidOperation:
        return False
    return price.is_finite() and price > 0


def is_missing(text: str) -> bool:
    return text.strip() in ("", "null")


def time_verdict(moment: datetime | None) -> str | None:
    if moment is None:
        return "bad_event_time"
    if moment > datetime.now(UTC) + timedelta(minutes=5):
        return "future_event"
    return "too_old" if moment.date() < date(2016, 1, 1) else None


def content_verdict(row: dict[str, str]) -> str:
    event_type = row["event_type"].strip().lower()
    if event_type == "remove_from_cart":
        return "excluded"
    faults = {
        "unknown_event_type": event_type not in ("view", "cart", "purchase"),
        "missing_product_id": is_missing(row["product_id"]),
        "missing_user_id": is_missing(row["user_id"]),
        "bad_identifier": any(
            re.fullmatch(r"\d\.\d+E\+\d+", row[name]) for name in ("product_id", "user_id", "category_id")
        ),
        "invalid_price": not is_price(row["price"]),
    }
    return next((reason for reason, is_faulty in faults.items() if is_faulty), "clean")


class Recount:
    """The books of a folder, and its clean rows."""

    def __init__(self, folder: Path) -> None:
        self.books: Counter[tuple[date | None, str, str]] = Counter()
        self.clean: list[dict[str, str]] = []
        self.types: Counter[tuple[date, str]] = Counter()
        kept: set[tuple[str, ...]] = set()
        for row in all_rows(folder):
            moment = utc_time(row["event_time"])
            day = moment.date() if moment else None
            self.books[day, "landing", "received"] += 1
            if refused := time_verdict(moment):
                self.books[day, "landing", refused] += 1
                continue
            verdict = content_verdict(row)
            if verdict == "clean" and tuple(row.values()) in kept:
                verdict = "duplicate"
            self.books[day, "cleaning", "received"] += 1
            self.books[day, "cleaning", verdict] += 1
            if verdict == "clean":
                assert day is not None
                kept.add(tuple(row.values()))
                self.clean.append(row)
                self.types[day, row["event_type"].strip().lower()] += 1

    def distinct(self, column: str) -> int:
        return len({row[column] for row in self.clean})


def assert_agree(truth: ShopTruth, folder: Path) -> None:
    recount = Recount(folder)
    assert {(entry.date, entry.stage, entry.reason): entry.rows for entry in truth.books} == dict(recount.books)
    assert {(entry.date, entry.event_type): entry.rows for entry in truth.clean_by_type} == dict(recount.types)
    assert truth.products == recount.distinct("product_id")
    assert truth.users == recount.distinct("user_id")
    assert truth.sessions == recount.distinct("user_session")


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ShopTruth]:
    folder = tmp_path_factory.mktemp("small")
    return folder, generate_shop(SMALL, folder)


# The truth


def test_truth_agrees_with_a_recount(small: tuple[Path, ShopTruth]) -> None:
    folder, truth = small
    assert_agree(truth, folder)


def test_truth_lists_the_files(small: tuple[Path, ShopTruth]) -> None:
    folder, truth = small
    assert [entry.name for entry in truth.files] == [
        f"events_{day}.csv" for day in ("2020-02-27", "2020-02-28", "2020-02-29", "2020-03-01", "2020-03-02")
    ]
    for entry in truth.files:
        file = folder / entry.name
        assert (entry.rows, entry.bytes) == (len(rows_of(file)), file.stat().st_size)
    assert truth.rows == sum(entry.rows for entry in truth.files) == SMALL.events


def test_truth_file_gives_the_truth_again(small: tuple[Path, ShopTruth]) -> None:
    folder, truth = small
    assert sorted(path.name for path in folder.iterdir() if path.suffix != ".csv") == [SMALL.truth_name]
    assert ShopTruth.read(folder / SMALL.truth_name) == truth


def test_books_balance(small: tuple[Path, ShopTruth]) -> None:
    landing, cleaning = small[1].totals("landing"), small[1].totals("cleaning")
    assert landing.pop("received") == SMALL.events
    assert cleaning.pop("received") == SMALL.events - sum(landing.values()) == sum(cleaning.values())


def test_bad_rows_come_in_the_share_asked_for(small: tuple[Path, ShopTruth]) -> None:
    totals = small[1].totals("landing") | small[1].totals("cleaning")
    bad = sum(totals[reason] for reason in (*REJECTS, "duplicate"))
    assert bad / SMALL.events == pytest.approx(SMALL.bad_share, rel=0.05)


def test_every_kind_of_bad_row_occurs_in_a_thousand_events(tmp_path: Path) -> None:
    truth = generate_shop(replace(SMALL, events=1000, bad_share=1e-9), tmp_path)
    totals = truth.totals("landing") | truth.totals("cleaning")
    assert all(totals[reason] > 0 for reason in (*REJECTS, "excluded", "duplicate"))
    assert_agree(truth, tmp_path)


def test_oddities_are_counted_and_kept(small: tuple[Path, ShopTruth]) -> None:
    folder, truth = small
    clean = Recount(folder).clean
    odd = {
        "event_type_spelling": lambda row: row["event_type"] not in ("view", "cart", "purchase"),
        "brand_spelling": lambda row: row["brand"] != row["brand"].lower().strip().rstrip("\u200b"),
        "category_spelling": lambda row: row["category_code"] != row["category_code"].strip(),
        "padded_price": lambda row: row["price"] != row["price"].strip(),
        "time_offset": lambda row: not row["event_time"].endswith(" UTC"),
    }
    assert {name: sum(map(is_odd, clean)) for name, is_odd in odd.items()} == pytest.approx(truth.oddities, abs=0)


def test_clean_feed(tmp_path: Path) -> None:
    truth = generate_shop(replace(SMALL, bad_share=0), tmp_path)
    assert truth.totals("landing") == {"received": SMALL.events}
    assert truth.totals("cleaning") == {"received": SMALL.events, "clean": SMALL.events}
    assert truth.oddities == {}
    assert_agree(truth, tmp_path)


@pytest.mark.parametrize("events", [1, 10, 999])
def test_tiny_feeds(tmp_path: Path, events: int) -> None:
    truth = generate_shop(replace(SMALL, events=events), tmp_path)
    assert truth.rows == events
    assert_agree(truth, tmp_path)


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


def test_import_is_light() -> None:
    code = "import sys, retail_assets.sources.synthetic_shop; sys.exit('duckdb' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# The plan


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"events": 0}, "events must be between 1 and"),
        ({"end": date(2020, 2, 26)}, "is before start"),
        ({"start": date(1999, 12, 31)}, "must lie between"),
        ({"end": date(2100, 1, 1)}, "must lie between"),
        ({"start": datetime(2020, 2, 27)}, "without a time"),
        ({"products": 9}, "products must be between"),
        ({"file_format": "json"}, "file_format must be one of"),
        ({"per_file": "week"}, "per_file must be one of"),
        ({"bad_share": -0.1}, "bad_share must be between"),
        ({"bad_share": 0.5}, "bad_share must be between"),
        ({"bad_share": float("nan")}, "bad_share must be between"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"events": 1e6}, "events must be a whole number"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(SMALL, **changes)  # type: ignore[arg-type]


def test_catalogue_grows_with_the_feed() -> None:
    assert replace(SMALL, events=42_448_764).catalogue_size == pytest.approx(166_794, rel=0.01)
    assert replace(SMALL, products=50).catalogue_size == 50


# The shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """Two months with every autumn peak, as table ``events``."""
    folder = tmp_path_factory.mktemp("shop")
    plan = ShopPlan(
        300_000, date(2019, 10, 28), date(2019, 12, 29), file_format="parquet", per_file="month", bad_share=0
    )
    generate_shop(plan, folder)
    connection = duckdb.connect()
    connection.execute(
        f"""
        CREATE TABLE events AS
        SELECT
            * REPLACE (event_time[:19]::TIMESTAMP AS event_time, price::DOUBLE AS price),
            event_time[:10]::DATE AS day,
            price::DOUBLE < 0.99 * max(price::DOUBLE) OVER (PARTITION BY product_id) AS is_offer
        FROM '{folder}/*.parquet'
        """
    )
    return connection


def one(shop: duckdb.DuckDBPyConnection, query: str) -> float:
    row = shop.execute(query).fetchone()
    assert row is not None
    return float(row[0])


def test_views_carts_and_purchases(shop: duckdb.DuckDBPyConnection) -> None:
    shares = {
        kind: one(shop, f"SELECT avg((event_type = '{kind}')::INT) FROM events")
        for kind in ("view", "cart", "purchase")
    }
    assert 0.93 < shares["view"] < 0.97
    assert 0.015 < shares["purchase"] < shares["cart"] < 0.04


def test_shares_without_category_and_brand(shop: duckdb.DuckDBPyConnection) -> None:
    assert one(shop, "SELECT avg((category_code IS NULL)::INT) FROM events") == pytest.approx(1 / 3, abs=0.02)
    assert one(shop, "SELECT avg((brand IS NULL)::INT) FROM events") == pytest.approx(1 / 7, abs=0.02)


def test_products_follow_zipf(shop: duckdb.DuckDBPyConnection) -> None:
    shop.execute(
        """
        CREATE OR REPLACE TEMP TABLE ranks AS
        SELECT count(*) AS events, row_number() OVER (ORDER BY count(*) DESC) AS rank
        FROM events
        GROUP BY product_id
        """
    )
    head = one(shop, "SELECT sum(events) FILTER (rank <= (SELECT count(*) / 100 FROM ranks)) / sum(events) FROM ranks")
    slope = one(shop, "SELECT regr_slope(ln(events), ln(rank)) FROM ranks WHERE rank BETWEEN 100 AND 5000")
    assert 0.25 < head < 0.6
    assert slope == pytest.approx(-1, abs=0.25)


def test_week_and_peaks(shop: duckdb.DuckDBPyConnection) -> None:
    days = dict(shop.execute("SELECT day, count(*) FROM events GROUP BY day").fetchall())
    ordinary = [days[date(2019, 10, 28) + timedelta(n)] for n in range(14)]
    assert min(ordinary[5], ordinary[6], ordinary[12], ordinary[13]) > max(ordinary[:4] + ordinary[7:11])
    weekday = sum(ordinary[:4]) / 4
    assert days[date(2019, 11, 29)] > 2 * weekday
    assert days[date(2019, 12, 2)] > 1.6 * weekday
    assert days[date(2019, 11, 11)] > 1.4 * weekday
    assert days[date(2019, 12, 25)] < 0.8 * weekday


def test_trend(tmp_path: Path) -> None:
    truth = generate_shop(ShopPlan(10_000, date(2017, 1, 1), date(2020, 12, 31), per_file="month"), tmp_path)
    years: Counter[str] = Counter()
    for entry in truth.files:
        years[entry.name[7:11]] += entry.rows
    assert years["2017"] < years["2018"] < years["2019"] < years["2020"]
    assert years["2020"] / years["2017"] == pytest.approx((1 + 0.25 * 3.5) / (1 + 0.25 * 0.5), abs=0.1)


def test_the_day_has_a_profile(shop: duckdb.DuckDBPyConnection) -> None:
    hours = dict(shop.execute("SELECT hour(event_time), count(*) FROM events GROUP BY ALL").fetchall())
    assert min(hours[hour] for hour in (15, 16, 17)) > 4 * max(hours[hour] for hour in (0, 1, 23))


def test_a_session_is_one_user_s_visit(shop: duckdb.DuckDBPyConnection) -> None:
    sessions = shop.execute(
        """
        SELECT
            user_session,
            count(DISTINCT user_id),
            count(*) - count(DISTINCT event_time),
            max(event_time) - min(event_time)
        FROM events
        GROUP BY user_session
        """
    ).fetchall()
    assert all(users == 1 and collisions == 0 for _, users, collisions, _ in sessions)
    assert max(length for *_, length in sessions) < timedelta(hours=6)
    assert all(UUID(session).version == 4 for session, *_ in sessions[:1000])
    assert 3.5 < one(shop, "SELECT count(*) / count(DISTINCT user_session) FROM events") < 6
    gap = "lead(event_time) OVER (PARTITION BY user_session ORDER BY event_time) - event_time"
    assert 20 < one(shop, f"SELECT median(epoch(gap)) FROM (SELECT {gap} AS gap FROM events)") < 180


def test_view_comes_before_cart_and_cart_before_purchase(shop: duckdb.DuckDBPyConnection) -> None:
    shop.execute(
        """
        CREATE OR REPLACE TEMP TABLE paths AS
        SELECT
            min(event_time) FILTER (event_type = 'view') AS viewed,
            min(event_time) FILTER (event_type = 'cart') AS carted,
            min(event_time) FILTER (event_type = 'purchase') AS bought
        FROM events
        GROUP BY user_session, product_id
        """
    )
    assert one(shop, "SELECT count(*) FROM paths WHERE carted IS NOT NULL AND (viewed IS NULL OR viewed > carted)") == 0
    assert one(shop, "SELECT count(*) FROM paths WHERE bought IS NOT NULL AND (viewed IS NULL OR viewed > bought)") == 0
    assert one(shop, "SELECT count(*) FROM paths WHERE carted > bought") == 0
    assert one(shop, "SELECT avg((carted IS NOT NULL)::INT) FROM paths WHERE bought IS NOT NULL") > 0.75
    assert 0.2 < one(shop, "SELECT avg((bought IS NULL)::INT) FROM paths WHERE carted IS NOT NULL") < 0.6


def test_a_product_has_one_category_and_one_brand(shop: duckdb.DuckDBPyConnection) -> None:
    kinds = "SELECT count(DISTINCT (category_id, category_code, brand)) AS kinds FROM events GROUP BY product_id"
    assert one(shop, f"SELECT max(kinds) FROM ({kinds})") == 1


def test_a_product_has_one_price_a_day(shop: duckdb.DuckDBPyConnection) -> None:
    # But for visitors from the day before, who keep the price that they came for.
    prices = "SELECT count(DISTINCT price) AS prices FROM events WHERE hour(event_time) >= 6 GROUP BY product_id, day"
    assert one(shop, f"SELECT max(prices) FROM ({prices})") == 1
    assert one(shop, "SELECT min(price) FROM events") > 0


def test_prices_are_log_normal(shop: duckdb.DuckDBPyConnection) -> None:
    prices = "SELECT ln(max(price)) AS price FROM events WHERE category_code = 'apparel.shoes' GROUP BY product_id"
    assert one(shop, f"SELECT stddev(price) FROM ({prices})") == pytest.approx(0.6, abs=0.1)
    assert one(shop, f"SELECT skewness(price) FROM ({prices})") == pytest.approx(0, abs=0.3)


def test_offers_sell_better(shop: duckdb.DuckDBPyConnection) -> None:
    rate = """
        SELECT count(*) FILTER (event_type = 'purchase') / count(*) FILTER (event_type = 'view')
        FROM events
        WHERE day NOT BETWEEN '2019-11-11' AND '2019-12-02' AND is_offer =
    """
    assert one(shop, rate + "true") > 1.2 * one(shop, rate + "false")


def test_black_friday_has_more_offers(shop: duckdb.DuckDBPyConnection) -> None:
    share = "SELECT avg(is_offer::INT) FROM events WHERE day = "
    assert one(shop, share + "'2019-11-29'") > 3 * one(shop, share + "'2019-11-06'")


def test_products_come_and_go(shop: duckdb.DuckDBPyConnection) -> None:
    lives = "SELECT product_id, min(day) AS first, max(day) AS last, count(*) AS events FROM events GROUP BY product_id"
    assert one(shop, f"SELECT count(*) FROM ({lives}) WHERE events > 50 AND first > '2019-11-10'") > 0
    assert one(shop, f"SELECT count(*) FROM ({lives}) WHERE events > 50 AND last < '2019-12-10'") > 0


def test_identifiers_look_like_rees46(shop: duckdb.DuckDBPyConnection) -> None:
    patterns = {
        "product_id": r"[1-9]\d{6,8}",
        "category_id": r"20530135\d{11}",
        "category_code": r"[a-z_]+(\.[a-z_]+)+",
        "brand": r"[a-z]+(-[a-z]+)?",
        "price": r"\d+\.\d+",
        "user_id": r"5\d{8}",
    }
    for column, pattern in patterns.items():
        query = f"SELECT count(*) FROM events WHERE NOT regexp_full_match({column}::VARCHAR, '{pattern}')"
        assert one(shop, query) == 0, column


def test_customers_return(shop: duckdb.DuckDBPyConnection) -> None:
    visits = "SELECT count(DISTINCT user_session) AS visits FROM events GROUP BY user_id"
    assert one(shop, f"SELECT avg((visits > 1)::INT) FROM ({visits})") > 0.4
    assert one(shop, f"SELECT max(visits) FROM ({visits})") > 15


def test_public_door() -> None:
    assert set(synthetic_shop.__all__) >= {"ShopPlan", "ShopTruth", "generate_shop"}
