"""How the tests of bad inputs deliver files in every form, and read the verdicts through the public doors."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from retail_assets.assets.materialization import Made
from retail_assets.assets.platform import Platform
from retail_assets.engine.session import session
from retail_assets.landing.ledger import LandedFile
from retail_assets.settings import Settings
from retail_assets_tests.building import COLUMNS, build, csv_text, event, land, rows, step_contract

DAY = "2019-10-01"
FORMS = ("csv", "csv.gz", "parquet")
every_form = pytest.mark.parametrize("form", FORMS)
csv_forms = pytest.mark.parametrize("form", ["csv", "csv.gz"])
MANY = [event(user_id=str(n), user_session=None) for n in range(2_000)]
TEXT = csv_text(MANY)

Event = Mapping[str, str | None]


@dataclass(frozen=True)
class Rejected:
    """A row of the quarantine."""

    stage: str
    reason: str
    source_file: str
    source_row: int
    received: dict[str, Any]
    event_date: date | None


def platform_with(platform: Platform, **changes: Any) -> Platform:
    """The same platform with other settings."""
    return Platform.local(Settings.model_validate({**platform.settings.model_dump(), **changes}))


def deliver(
    platform: Platform, form: str, events: Iterable[Event], columns: Sequence[str] = COLUMNS, name: str = "day"
) -> str:
    """Put events into the inbox in one of the forms; returns the file's name."""
    events = list(events)
    text = csv_text(events, columns)
    if form == "parquet":
        held = {column: pa.array([item.get(column) for item in events], pa.string()) for column in columns}
        deliver_table(platform, held, f"{name}.parquet")
    else:
        land(platform, f"{name}.{form}", gzip.compress(text.encode()) if form == "csv.gz" else text)
    return f"{name}.{form}"


def deliver_table(platform: Platform, columns: Mapping[str, Any], name: str = "day.parquet") -> str:
    """Put a Parquet file with these typed columns into the inbox; the columns that it lacks come from a good event."""
    path = platform.settings.landing_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(dict(columns)), path)
    return name


def typed(count: int, **columns: pa.Array) -> dict[str, pa.Array]:
    """Columns of that many good events as text, some of them replaced."""
    good = {name: pa.array([value] * count, pa.string()) for name, value in event().items()}
    return {**good, **columns}


def deliver_text(platform: Platform, form: str, text: str | bytes, name: str = "day") -> str:
    """Put the exact text of a CSV file into the inbox, plain or compressed; returns the file's name."""
    content = text.encode() if isinstance(text, str) else text
    land(platform, f"{name}.{form}", gzip.compress(content) if form == "csv.gz" else content)
    return f"{name}.{form}"


def line(**changes: str | None) -> str:
    """A good event, with some values changed, as a line of a CSV file, without quotes around anything."""
    return ",".join(value or "" for value in event(**changes).values())


HEADER = ",".join(COLUMNS)


def first_line(form: str) -> int:
    """The source_row of the first event: CSV files count their lines, Parquet files their rows."""
    return 1 if form == "parquet" else 2


def quarantine(platform: Platform) -> list[Rejected]:
    """Everything in quarantine, of landing and of cleaning, by file and row."""
    contract = step_contract("rejected_events")
    held = (platform.landing.rejected_events(), platform.stores["lake"].dataset(contract))
    union = " UNION ALL ".join(f"({dataset.relation()})" for dataset in held)
    names = "stage, reason, source_file, source_row, received, event_date"
    with session(platform.settings) as connection:
        found = connection.execute(f"SELECT {names} FROM ({union}) ORDER BY source_file, source_row, stage").fetchall()
    return [Rejected(stage, reason, file, row, json.loads(text), day) for stage, reason, file, row, text, day in found]


def reasons(platform: Platform) -> Counter[str]:
    """Quarantined rows by reason."""
    return Counter(item.reason for item in quarantine(platform))


def clean(platform: Platform) -> list[dict[str, Any]]:
    """The clean events in order of time, then user."""
    return rows(platform, "SELECT * FROM clean_events ORDER BY event_time, user_id, product_id", "clean_events")


def entry_of(platform: Platform, name: str) -> LandedFile:
    """What the ledger knows of a file."""
    return platform.landing.files()[name]


def build_events(platform: Platform, *names: str) -> dict[str, list[Made]]:
    """Take in and build as far as clean events; every partition is published and every file's books balance."""
    made = build(platform, *(names or ("raw_events", "clean_events")))
    assert all(item.published for items in made.values() for item in items)
    assert_books_balance(platform)
    return made


def assert_books_balance(platform: Platform) -> None:
    """Per file: received = clean + rejected, and both are what the lake holds."""
    raw = Counter[str]()
    if platform.stores["lake"].published(step_contract("raw_events")):
        raw.update({r["source_file"]: r["n"] for r in rows(platform, _BY_FILE, "raw_events")})
    rejected = Counter(item.source_file for item in quarantine(platform) if item.stage == "landing")
    for name, entry in platform.landing.files().items():
        by_reason = Counter[str]()
        for book in entry.books:
            by_reason[book.reason] += book.rows
        received, sent_on = by_reason.pop("received", 0), by_reason.pop("clean", 0)
        assert received == entry.rows == sent_on + by_reason.total()
        assert (raw[name], rejected[name]) == (sent_on, by_reason.total())


_BY_FILE = "SELECT source_file, count(*) AS n FROM raw_events GROUP BY source_file"


def warnings(made: Mapping[str, list[Made]]) -> dict[str, str]:
    """The checks that did not pass and do not block, with what they found."""
    return {
        verdict.check: verdict.detail
        for items in made.values()
        for item in items
        for verdict in item.verdicts
        if not verdict.passed and not verdict.blocking
    }


def assert_blocked(platform: Platform, name: str, code: str, *words: str) -> None:
    """The file is blocked with its code; the message names file, cause and mend; a good file of the run goes on."""
    land(platform, "zz_good.csv", [event(product_id="777")])
    build(platform, "raw_events", "clean_events")

    blocked, good = entry_of(platform, name), entry_of(platform, "zz_good.csv")
    assert (blocked.state, blocked.code, blocked.file_id) == ("blocked", code, "")
    assert blocked.detail.startswith(f"{code}: {name}: ")
    assert blocked.detail.endswith(".")
    assert all(word in blocked.detail for word in words), blocked.detail
    assert good.state == "landed"
    assert [row["product_id"] for row in clean(platform)] == ["777"]
    leftovers = [path.name for path in Path(platform.landing.folder / "parts").glob(".reading-*")]
    assert not leftovers
