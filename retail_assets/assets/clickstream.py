"""The clickstream: from received files to features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from retail_assets.assets.calendar import calendar_rows
from retail_assets.assets.step import Upstream, step
from retail_assets.checks.drift import COVERAGE, VOLUME
from retail_assets.contracts import contract
from retail_assets.engine.audit import Audit
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.query import Query, column_expressions, first_reason, query
from retail_assets.landing.landing import Landing
from retail_assets.settings import Settings

WINDOW_DAYS = 28

BOOKS = Audit("books", "Rows in = clean + excluded + duplicates + rejected, in the books and in the datasets.")
REJECTED_SHARE = Audit(
    "rejected_share",
    "No more than the set share of a day's rows is rejected: else too_many_rejected.",
    settings=("max_rejected_share",),
)
ROUNDED_PRICES = Audit(
    "rounded_prices", "No price brings more decimals than the contract keeps. Warns only.", blocking=False
)
BOTS = Audit(
    "bots",
    "No user views more than any person could in a day. Warns only.",
    blocking=False,
    settings=("bot_views_per_day",),
)
PRICE_HISTORY = Audit("price_history", "No product is priced far outside its own history. Warns only.", blocking=False)
RECONCILIATION = Audit(
    "reconciliation", "Products add up to all clean events, categories and brands to the events that carry one."
)
DELIVERY = Audit(
    "delivery",
    "The files of the day came as the contract says: known columns, one kind of time, honest names. Warns only.",
    blocking=False,
)
SAME_AS_AGGREGATES = Audit(
    "features_match_aggregates", "Features repeat the aggregates of their date; all other rows are quiet."
)


@step(partitioning="date", takes_in_files=True, audits=(DELIVERY,), drifts=(VOLUME,))
def raw_events(landing: Landing) -> Query:
    """Every received event of a UTC day, as text, as the landed files brought it."""
    return query(
        "clickstream/raw_events",
        landed_events=landing.landed_events(),
        landing_notes=landing.notes(),
        same_as="landed_events",
    )


@step(
    "clean_events",
    "rejected_events",
    "event_books",
    partitioning="date",
    upstreams=(Upstream("raw_events", "date"),),
    audits=(BOOKS, REJECTED_SHARE, ROUNDED_PRICES, BOTS),
    drifts=(COVERAGE,),
    shared_sql=("clickstream/judged_events", "clickstream/suspect_events", "clickstream/withheld_events"),
    fixed=(("stage", "cleaning"),),
)
def clean_events(raw_events: Dataset, settings: Settings) -> Mapping[str, Query]:
    """Typed events that passed every rule, the rejected rows with their reason, and the books of both."""
    received = [column.name for column in contract("raw_events").received_columns]
    parts = {
        "column_expressions": column_expressions(contract("clean_events")),
        "first_reason": first_reason(contract("clean_events")),
        "received_struct": ", ".join(f"{name}: received.{name}" for name in received),
        "received_values": ", ".join(f"received.{name}" for name in received),
    }
    read = {"source_timezone": settings.source_timezone, "event_time_format": settings.event_time_format}

    def of_rows(name: str, row_by_row: bool = False, **inputs: Dataset | Query) -> Query:
        made = query(f"clickstream/{name}", fragments=parts, parameters=read, row_by_row=row_by_row)
        return replace(made, inputs=inputs)

    judged = of_rows("judged_events", raw_events=raw_events)
    suspect = of_rows("suspect_events", judged_events=judged, raw_events=raw_events)
    withheld = of_rows("withheld_events", judged_events=judged, suspect_events=suspect)
    return {
        "clean_events": of_rows("clean_events", row_by_row=True, raw_events=raw_events, withheld_events=withheld),
        "rejected_events": of_rows("rejected_events", row_by_row=True, suspect_events=suspect),
        "event_books": of_rows("event_books", judged_events=judged, withheld_events=withheld),
    }


@step(
    partitioning="date_and_key",
    upstreams=(Upstream("clean_events", "date"),),
    audits=(RECONCILIATION,),
)
def daily_aggregates(clean_events: Dataset) -> Query:
    """Views, carts, purchases, revenue, mean price and conversion per day and key."""
    return query("clickstream/daily_aggregates", clean_events=clean_events)


@step(partitioning="date", upstreams=(Upstream("clean_events", "date"),))
def product_days(clean_events: Dataset) -> Query:
    """First and last event of each product on a day, with its category and brand at the last."""
    return query("clickstream/product_days", clean_events=clean_events)


@step(
    partitioning="date_and_key",
    upstreams=(Upstream("daily_aggregates", "date_and_key", lookback_days=WINDOW_DAYS - 1),),
    audits=(SAME_AS_AGGREGATES, PRICE_HISTORY),
)
def features(daily_aggregates: Dataset, settings: Settings) -> Query:
    """The daily series of every live key with lags, moving averages and the calendar."""
    dates = [partition.date for partition in daily_aggregates.partitions if partition.date]
    return query(
        "clickstream/features",
        parameters={"feature_grid": settings.feature_grid},
        daily_aggregates=daily_aggregates,
        calendar=calendar_rows(settings, min(dates), max(dates)) if dates else calendar_rows(settings),
    )


TO_FEATURES = (raw_events, clean_events, daily_aggregates, features)
"""The steps by which rows of landed files become features, upstream first."""
