"""Ways for tests to fill a platform and to look into it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from retail_assets.assets import partitions
from retail_assets.assets.catalogue import STEPS, step_of
from retail_assets.assets.materialization import Made, materialize, runnable
from retail_assets.assets.platform import Platform
from retail_assets.engine.session import session

COLUMNS = (
    "event_time", "event_type", "product_id", "category_id", "category_code",
    "brand", "price", "user_id", "user_session",
)  # fmt: skip
GOOD = {
    "event_time": "2019-10-01 00:00:00 UTC",
    "event_type": "view",
    "product_id": "1004856",
    "category_id": "2053013555631882655",
    "category_code": "electronics.smartphone",
    "brand": "samsung",
    "price": "130.76",
    "user_id": "541312140",
    "user_session": "72d76fde-8bb3-4e00-8c23-a032dfed738c",
}


def event(**changes: str | None) -> dict[str, str | None]:
    """A good event, with some values changed."""
    return {**GOOD, **changes}


def csv_text(events: Iterable[Mapping[str, str | None]], columns: Sequence[str] = COLUMNS) -> str:
    """Events as the text of a CSV file with a header; None becomes an empty field."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([item.get(column) for column in columns] for item in events)
    return buffer.getvalue()


def land(platform: Platform, name: str, content: str | bytes | Iterable[Mapping[str, str | None]]) -> Path:
    """Put a file into the inbox: text, bytes, or events to be written as CSV."""
    if not isinstance(content, str | bytes):
        content = csv_text(content)
    path = platform.settings.landing_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def build(platform: Platform, *names: str, dates: Sequence[str] | None = None) -> dict[str, list[Made]]:
    """Take in what landed and make every step, or the named ones, for all landed dates or the given ones.

    The steps themselves, without Dagster around them: quick enough for hundreds of examples.
    """
    platform.landing.take_in()
    chosen = platform.landing.dates() if dates is None else list(dates)
    steps = [step_of(name) for name in names] if names else STEPS
    made: dict[str, list[Made]] = {}
    for step in steps:
        wanted = runnable(platform, step, partitions.of_dates(step.partitioning, chosen))
        made[step.name] = list(materialize(platform, step, platform.inputs(step), wanted))
    return made


def rows(platform: Platform, sql: str, *datasets: str) -> list[dict[str, Any]]:
    """The rows of a query over datasets of the lake, read through their manifests."""
    lake = platform.stores["lake"]
    with session(platform.settings) as connection:
        for name in datasets:
            dataset = lake.dataset(step_contract(name))
            dataset.open_to(connection)
            connection.execute(f'CREATE VIEW "{name}" AS {dataset.relation()}')
        found = connection.execute(sql)
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def step_contract(name: str) -> Any:
    """The contract of a dataset that a step makes."""
    return next(contract for contract in step_of(name).contracts() if contract.name == name)


def books(platform: Platform, day: str) -> dict[str, int]:
    """The books of cleaning of a date: rows by reason, zeros left out."""
    found = rows(
        platform, f"SELECT reason, rows FROM event_books WHERE date = DATE '{day}' AND rows > 0", "event_books"
    )
    return {row["reason"]: row["rows"] for row in found}
