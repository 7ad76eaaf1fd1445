"""Questions about forecasts against plain Python over the rows of the warehouse's tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from statistics import fmean

import pytest

from retail_assets.questions.file_reader import FileReader
from retail_assets.questions.outlook import outlook
from retail_assets.settings import Settings
from retail_assets_tests.questions.test_answers import Rows, asked, table
from retail_assets_tests.shop import FORECAST_LAST, ORIGINS

EARLY, LATE = ORIGINS
Sold = dict[tuple[str, date], int]


@pytest.fixture(scope="module")
def sold(built_forecasts: Settings) -> Sold:
    """What each brand sold on each date."""
    rows = [row for row in table(built_forecasts, "features") if row["key_type"] == "brand"]
    return {(row["key_value"], row["date"]): row["purchases_t"] for row in rows}


@pytest.fixture
def reader(built_forecasts: Settings) -> Iterator[FileReader]:
    opened = FileReader(built_forecasts)
    yield opened
    opened.close()


def expected(settings: Settings, origin: date, key: str) -> Rows:
    rows = table(settings, "demand_forecast")
    chosen = [row for row in rows if (row["date"], row["key_value"]) == (origin, key)]
    return sorted(chosen, key=lambda row: row["day_ahead"])


def mean_square_change(settings: Settings, key: str) -> float:
    """Of a brand's purchases, from day to day up to the early origin."""
    rows = [row for row in table(settings, "features") if (row["key_type"], row["key_value"]) == ("brand", key)]
    known = [row for row in rows if row["date"] <= EARLY and row["purchases_t-1"] is not None]
    return fmean((row["purchases_t"] - row["purchases_t-1"]) ** 2 for row in known)


def test_origins(reader: FileReader) -> None:
    assert asked(reader, "forecast_origins") == [{"key_type": "brand", "origin": day} for day in (LATE, EARLY)]


def test_a_forecast(reader: FileReader, built_forecasts: Settings) -> None:
    found = asked(reader, "forecast", key_type="brand", key="cedar", origin=EARLY)

    wanted = expected(built_forecasts, EARLY, "cedar")
    assert [row["date"] for row in found] == [EARLY + timedelta(days=ahead) for ahead in range(1, 29)]
    for name in ("mean", "q10", "q50", "q90", "model"):
        assert [row[name] for row in found] == [row[name] for row in wanted]


def test_scores_are_means_over_the_tested_origins(reader: FileReader, built_forecasts: Settings) -> None:
    found = asked(reader, "forecast_scores", key_type="brand", origin=LATE, demand_class="all")

    rows = [
        row
        for row in table(built_forecasts, "forecast_backtest")
        if (row["date"], row["demand_class"]) == (LATE, "all")
    ]
    assert {row["model"] for row in found} == {row["model"] for row in rows}
    assert [row["rmsse"] for row in found] == sorted(row["rmsse"] for row in found)
    for row in found:
        tested = [other for other in rows if other["model"] == row["model"]]
        assert row["origins"] == len({other["tested_origin"] for other in tested}) == len(tested)
        assert row["rmsse"] == pytest.approx(fmean(other["rmsse"] for other in tested))
        assert row["bias"] == pytest.approx(fmean(other["bias"] for other in tested))
        assert bool(row["is_published"]) == any(other["is_published"] for other in tested)
    assert sum(row["is_published"] for row in found) == 1


def test_classes(reader: FileReader) -> None:
    found = asked(reader, "forecast_classes", key_type="brand", origin=LATE)

    assert found[0] == {"demand_class": "all", "series": 3}
    assert sum(row["series"] for row in found[1:]) >= 3


def test_outcomes_are_judged_on_the_days_that_have_come(
    reader: FileReader, built_forecasts: Settings, sold: Sold
) -> None:
    last = EARLY + timedelta(days=28)
    found = asked(reader, "forecast_outcomes", key_type="brand", origin=EARLY, last=last, least=1, limit=2)

    assert [(row["best"], row["worst"]) for row in found] == [(1, 3), (2, 2), (3, 1)]  # two of either end, of three
    assert [row["rmsse"] for row in found] == sorted(row["rmsse"] for row in found)
    for row in found:
        key = row["key_value"]
        days = [item for item in expected(built_forecasts, EARLY, key) if item["forecast_date"] <= FORECAST_LAST]
        came = [sold[key, item["forecast_date"]] for item in days]
        errors = fmean((item["mean"] - number) ** 2 for item, number in zip(days, came, strict=True))
        within = fmean(item["q10"] <= number <= item["q90"] for item, number in zip(days, came, strict=True))
        assert (row["days"], row["came"]) == (14, sum(came))
        assert row["expected"] == pytest.approx(sum(item["mean"] for item in days))
        assert row["bias"] == pytest.approx(row["expected"] / sum(came) - 1)
        assert row["rmsse"] == pytest.approx((errors / mean_square_change(built_forecasts, key)) ** 0.5)
        assert row["coverage"] == pytest.approx(within)


@pytest.mark.parametrize(("origin", "least"), [(EARLY, 1_000_000), (LATE, 1)])
def test_what_sold_too_little_or_has_not_come_is_not_judged(reader: FileReader, origin: date, least: int) -> None:
    values = {"key_type": "brand", "origin": origin, "last": FORECAST_LAST, "least": least, "limit": 5}

    assert asked(reader, "forecast_outcomes", **values) == []


def test_misses_are_those_of_the_back_test_by_key(reader: FileReader, built_forecasts: Settings) -> None:
    found = asked(reader, "forecast_misses", key_type="brand", origin=LATE, least=1, limit=2)

    rows = [row for row in table(built_forecasts, "forecast_errors") if row["date"] == LATE]
    tested: dict[str, Rows] = {}
    for row in rows:
        tested.setdefault(row["key_value"], []).append(row)
    ranked = sorted(tested, key=lambda key: fmean(row["rmsse"] for row in tested[key]))
    assert [(row["key_value"], row["best"], row["worst"]) for row in found] == [
        (key, place, 4 - place) for place, key in enumerate(ranked, start=1)
    ]
    for row in found:
        own = tested[row["key_value"]]
        units = sum(item["units"] for item in own)
        assert (row["origins"], row["came"]) == (len(own), units)
        assert row["bias"] == pytest.approx(sum(item["expected"] for item in own) / units - 1)
        assert row["wmape"] == pytest.approx(sum(item["absolute_error"] for item in own) / units)


@pytest.mark.parametrize(("last", "origin"), [(FORECAST_LAST, LATE), (LATE - timedelta(days=1), EARLY)])
def test_the_outlook_is_the_latest_by_then(
    reader: FileReader, built_forecasts: Settings, sold: Sold, last: date, origin: date
) -> None:
    found = outlook(reader, last, most_leaders=2)

    assert found is not None
    assert (found.origin, found.key_type) == (origin, "brand")
    rows = [
        row
        for row in table(built_forecasts, "demand_forecast")
        if row["date"] == origin and row["forecast_date"] > last  # what is past is expected no more
    ]
    days = 28 - (last - origin).days
    assert [row["date"] for row in found.days] == [last + timedelta(days=ahead) for ahead in range(1, days + 1)]
    assert found.expected == pytest.approx(sum(row["mean"] for row in rows))
    leaders = found.leaders["brand"]
    assert [row["key_value"] for row in leaders] == ["cedar", "birch"]
    assert leaders[0]["sold"] == sum(sold["cedar", last - timedelta(days=past)] for past in range(days))
    assert leaders[0]["expected"] == pytest.approx(sum(row["mean"] for row in rows if row["key_value"] == "cedar"))


def test_a_forecast_whose_days_have_passed_has_run_out(reader: FileReader) -> None:
    found = outlook(reader, LATE + timedelta(days=28), most_leaders=2)

    assert found is not None
    assert (found.origin, found.days, found.leaders) == (LATE, [], {})


def test_before_the_first_forecast_there_is_no_outlook(reader: FileReader) -> None:
    assert outlook(reader, EARLY - timedelta(days=1), most_leaders=2) is None


def test_without_tables_there_is_no_outlook(settings: Settings) -> None:
    assert outlook(FileReader(settings), FORECAST_LAST, most_leaders=2) is None
