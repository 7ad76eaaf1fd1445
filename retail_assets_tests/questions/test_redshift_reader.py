"""Every question to Redshift's stand-in: the same answers as the file gives, and the state that open pages follow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from retail_assets.assets.catalogue import step_of
from retail_assets.assets.materialization import materialize
from retail_assets.assets.platform import Platform
from retail_assets.assets.step import of_dates
from retail_assets.engine.partition import Partition
from retail_assets.local_cloud.cloud import LocalCloud
from retail_assets.questions import redshift_reader
from retail_assets.questions.file_reader import FileReader
from retail_assets.questions.opening import open_warehouse
from retail_assets.questions.redshift_reader import RedshiftReader
from retail_assets.questions.redshift_sql import redshift_sql
from retail_assets.questions.warehouse import UnreadableWarehouse, Value, Warehouse
from retail_assets.settings import Settings
from retail_assets.warehouse.redshift import RedshiftStore
from retail_assets_tests.questions.test_answers import Rows
from retail_assets_tests.questions.test_sales_answers import SALES, TABLES, sales_file
from retail_assets_tests.servers.cloud import connected
from retail_assets_tests.shop import FORECAST_DAYS, FORECAST_FIRST, FORECAST_LAST, ORIGINS

FIRST = FORECAST_LAST - timedelta(days=13)
PERIOD: dict[str, Any] = {"first": FIRST, "last": FORECAST_LAST}
FORECAST = {"key_type": "brand", "origin": ORIGINS[0]}
ODD = """it's \\ "quoted" %s $x"""
QUESTIONS: dict[str, dict[str, Value | list[str]]] = {
    "reach": {},
    "dates": PERIOD,
    "periods": {**PERIOD, "before": FIRST - timedelta(days=14)},
    "movers": {**PERIOD, "before": FIRST - timedelta(days=14), "key_type": "brand", "limit": 5},
    "search_keys": {"key_type": "product_id", "text": "AMB", "chosen": ["3", ODD], "limit": 5},
    "series": {**PERIOD, "key_type": "brand", "key": "amber"},
    "funnel_keys": {**PERIOD, "key_type": "category_code", "limit": 5},
    "books": PERIOD,
    "holidays": {"first": FORECAST_FIRST, "last": FORECAST_LAST},
    "products": {"keys": ["1", "2"]},
    "forecast_origins": {},
    "forecast": {**FORECAST, "key": "cedar"},
    "forecast_classes": FORECAST,
    "forecast_scores": {**FORECAST, "demand_class": "all"},
    "forecast_outcomes": {**FORECAST, "last": FORECAST_LAST, "least": 1, "limit": 2},
    "forecast_misses": {**FORECAST, "least": 1, "limit": 2},
    "forecast_days": {"last": FORECAST_LAST},
    "forecast_leaders": {**FORECAST, "first": ORIGINS[0] - timedelta(days=27), "last": ORIGINS[0], "limit": 2},
}
DATED = ("warehouse.features", "warehouse.dim_date", "warehouse.dim_product", "warehouse.data_quality")
FORECASTS = ("warehouse.demand_forecast", "warehouse.forecast_backtest", "warehouse.forecast_errors")


@pytest.fixture
def redshift(built_forecasts: Settings, cloud_settings: Settings) -> Settings:
    """The same lake, with Redshift instead of the file."""
    update = {"data_dir": built_forecasts.data_dir, "lake_url": None, "env": "local", "warehouse": "redshift"}
    return cloud_settings.model_copy(update=update)


@pytest.fixture
def reader(redshift: Settings) -> Iterator[Warehouse]:
    """A reader of a Redshift that holds all tables."""
    load(redshift, *DATED, *FORECASTS)
    opened = open_warehouse(redshift)
    assert isinstance(opened, RedshiftReader)
    yield opened
    opened.close()


def load(settings: Settings, *names: str, days: int = FORECAST_DAYS) -> None:
    """Make tables from the lake, as far as so many dates go."""
    platform = Platform.of(settings)
    dates = [(FORECAST_FIRST + timedelta(days=number)).isoformat() for number in range(days)]
    for name in names:
        step = step_of(name)
        asked = of_dates(step.partitioning, dates)
        if name in FORECASTS:
            asked = [Partition.of(date=origin.isoformat(), key_type="brand") for origin in ORIGINS]
        assert not [made for made in materialize(platform, step, platform.inputs(step), asked) if not made.published]


def test_every_question_has_the_same_answer_as_of_the_file(reader: Warehouse, built_forecasts: Settings) -> None:
    file = FileReader(built_forecasts)
    for question, values in QUESTIONS.items():
        wanted, found = (whom.ask(question, **values) for whom in (file, reader))
        assert found.column_names == wanted.column_names, question
        assert _comparable(found.to_pylist()) == pytest.approx(_comparable(wanted.to_pylist())), question
        assert wanted.num_rows, f"{question} is asked in a way that says nothing"


def test_questions_about_sales_too(redshift: Settings, cloud: LocalCloud, tmp_path: Path) -> None:
    load(redshift, "warehouse.dim_product")  # whatever is loaded makes a state
    with connected(cloud.redshift).cursor() as cursor:
        cursor.execute(f"SET search_path TO {redshift.redshift.namespace}; {TABLES}")
    file, reader = FileReader(sales_file(tmp_path)), RedshiftReader(redshift)

    for question, values in SALES.items():
        wanted, found = (whom.ask(question, **values) for whom in (file, reader))
        assert _comparable(found.to_pylist()) == pytest.approx(_comparable(wanted.to_pylist())), question
        assert wanted.num_rows
    reader.close()


def test_no_question_is_left_out() -> None:
    folder = files("retail_assets").joinpath("sql", "dashboard")
    known = {item.name.removesuffix(".sql") for item in folder.iterdir() if item.name.endswith(".sql")}

    assert known == {*QUESTIONS, *SALES}


def test_nothing_is_asked_twice_of_one_state(reader: Warehouse) -> None:
    assert reader.ask("reach") is reader.ask("reach")


def test_a_load_is_another_state(redshift: Settings) -> None:
    reader = RedshiftReader(redshift)
    assert (reader.state(), reader.tables()) == ("", frozenset())
    with pytest.raises(UnreadableWarehouse, match="retail backfill"):
        reader.ask("reach")

    load(redshift, "warehouse.features", days=10)
    before = _seen(reader, "")
    assert reader.tables() == {"features"}
    assert reader.ask("reach").to_pylist()[0]["last_date"] == FORECAST_FIRST + timedelta(days=9)
    load(redshift, "warehouse.features", days=11)

    assert _seen(reader, before) != before
    assert reader.ask("reach").to_pylist()[0]["last_date"] == FORECAST_FIRST + timedelta(days=10)
    assert reader.published_at() is not None
    reader.close()


def test_redshift_is_not_asked_all_the_time_while_a_load_is_under_way_or_dead(
    reader: RedshiftReader, redshift: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    ask = RedshiftStore.asked_version
    monkeypatch.setattr(RedshiftStore, "asked_version", lambda self: asked.append(ask(self)) or asked[-1])
    known = reader.state()
    begun = RedshiftStore(redshift).version_mark.begin()

    monkeypatch.setattr(redshift_reader, "LOOK_SECONDS", 0.0)
    assert {reader.state() for _ in range(5)} == {known}
    assert asked == []
    monkeypatch.setattr(redshift_reader, "ASK_SECONDS", 0.0)
    assert reader.state() == known
    assert asked == [known]
    RedshiftStore(redshift).version_mark.end(begun, "another state")
    assert reader.state() == "another state"


def test_a_lost_connection_is_told_and_made_anew(reader: Warehouse, redshift: Settings) -> None:
    reader.ask("reach")
    cut(redshift)

    with pytest.raises(UnreadableWarehouse, match="was lost"):
        reader.ask("periods", before=FIRST, **PERIOD)
    assert reader.ask("periods", before=FIRST, **PERIOD).num_rows == 1


def test_nobody_there_is_told_without_the_password(redshift: Settings) -> None:
    away = redshift.redshift.model_copy(update={"port": 1})
    reader = RedshiftReader(redshift.model_copy(update={"redshift": away}))

    with pytest.raises(UnreadableWarehouse, match="nobody listens there") as raised:
        reader.tables()
    password = redshift.redshift.password
    assert password is not None
    assert password.get_secret_value() not in str(raised.value)


def test_places_for_values_are_psycopgs() -> None:
    assert redshift_sql('SELECT "MA7" FROM t WHERE date = $day') == 'SELECT "ma7" FROM "t" WHERE "date" = %(day)s'


def cut(settings: Settings) -> None:
    """End all connections to the database, as a gateway does that has heard nothing for a while."""
    from retail_assets.warehouse.redshift import Redshift

    with Redshift(settings.redshift, settings.s3).session() as session:
        session.run(
            "cutting",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND usename = current_user",
        )


def _seen(reader: RedshiftReader, before: str) -> str:
    """The state, once it is another one: a reader looks twice a second."""
    from time import monotonic, sleep

    deadline = monotonic() + 30
    while (state := reader.state()) == before and monotonic() < deadline:
        sleep(0.05)
    return state


def _comparable(rows: Rows) -> list[Any]:
    """Values one after the other; dates and texts as they are, numbers as such."""
    return [_plain(value) for row in rows for value in row.values()]


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, date) else value
