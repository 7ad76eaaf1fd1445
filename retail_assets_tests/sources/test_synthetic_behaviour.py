"""The synthetic shop behaves as real ones do: its mix, its weeks and peaks, its visits, prices and customers."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import duckdb
import pytest

from retail_assets.sources.synthetic_shop import ShopPlan, generate_shop


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
