"""Runs the shop's SQL: one batch of days after another, each file as soon as its period is complete."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.sources.synthetic_shop.files import sql, write_file
from retail_assets.sources.synthetic_shop.plan import PlannedFile, ShopPlan, midnight
from retail_assets.sources.synthetic_shop.truth import BookEntry, FileEntry, ShopTruth, TypeCount

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

OnProgress = Callable[[int, int, str], None]

# Enough for DuckDB to work in bulk, and few enough to need little memory.
EVENTS_PER_BATCH = 1_000_000
EVENTS_PER_CUSTOMER = 12
MAX_CUSTOMERS = 90_000_000


def generate_shop(
    plan: ShopPlan,
    folder: Path,
    *,
    threads: int | None = None,
    memory_limit_mb: int | None = None,
    on_progress: OnProgress | None = None,
) -> ShopTruth:
    """Write the plan's event files into the folder, the truth file last, and return the truth.

    Files of the same names are replaced, each at once; other files are left alone. ``on_progress`` is told the number
    of files done, the number of all files and the name of the last one.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / plan.truth_name).unlink(missing_ok=True)
    with _connection(folder, threads, memory_limit_mb) as connection:
        _open_shop(connection, plan)
        written = _write_files(connection, plan, folder, on_progress or _no_progress)
        truth = _truth(connection, plan, written)
    truth.write(folder / plan.truth_name)
    return truth


@contextmanager
def _connection(folder: Path, threads: int | None, memory_limit_mb: int | None) -> Iterator[DuckDBPyConnection]:
    """A DuckDB of our own in memory, which spills beside the folder."""
    import duckdb

    with TemporaryDirectory(prefix=".synthetic_shop-", dir=folder.parent) as spill:
        options: dict[str, Any] = {"temp_directory": spill}
        if threads is not None:
            options["threads"] = threads
        if memory_limit_mb is not None:
            options["memory_limit"] = f"{memory_limit_mb}MiB"
        with duckdb.connect(":memory:", config=options) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            yield connection


def _open_shop(connection: DuckDBPyConnection, plan: ShopPlan) -> None:
    """Lay out the calendar, the catalogue, the visitors' habits and the defects."""
    _let(
        connection,
        seed=str(plan.seed),
        rows=plan.events,
        bad_share=plan.bad_share,
        products=plan.catalogue_size,
        customers=min(plan.events // EVENTS_PER_CUSTOMER, MAX_CUSTOMERS),
        first_day=plan.start,
        last_day=plan.end,
        closes=midnight(plan.end + timedelta(days=1)),
    )
    for name in ("macros", "categories", "slots", "behaviour", "defects", "tables"):
        connection.execute(sql(name))
    events, stratum_size = _one(connection, sql("sizes"))
    _let(connection, events=events, stratum_size=stratum_size)
    for name in ("calendar", "labels", "views"):
        connection.execute(sql(name))


def _write_files(
    connection: DuckDBPyConnection, plan: ShopPlan, folder: Path, on_progress: OnProgress
) -> list[FileEntry]:
    """Write every file whose period is complete, while the next batch is being generated."""
    files, written = list(plan.files()), list[FileEntry]()
    write = partial(write_file, connection, folder=folder, file_format=plan.file_format)

    def finish(writing: list[Future[FileEntry]]) -> None:
        for future in writing:
            written.append(future.result())
            on_progress(len(written), len(files), written[-1].name)

    writing: list[Future[FileEntry]] = []
    with ThreadPoolExecutor(_threads(connection)) as pool:
        for first, last in _batches(connection):
            _generate(connection, first, last)
            finish(writing)
            _forget(connection, files[: len(written)])
            generated_until = midnight(last + timedelta(days=1))
            writing = [pool.submit(write, file) for file in files[len(written) :] if file.ends <= generated_until]
        finish(writing)
    return written


def _batches(connection: DuckDBPyConnection) -> Iterator[tuple[date, date]]:
    """First and last days of runs of days that hold about one batch of events."""
    days = connection.execute("SELECT day, events FROM calendar ORDER BY day").fetchall()
    first, gathered = days[0][0], 0
    for day, events in days:
        if gathered + events > EVENTS_PER_BATCH and day > first:
            yield first, day - timedelta(days=1)
            first, gathered = day, 0
        gathered += events
    yield first, days[-1][0]


def _generate(connection: DuckDBPyConnection, first: date, last: date) -> None:
    """Add the events of the days to those that wait, and to the books."""
    _let(
        connection,
        batch_first=first,
        batch_last=last,
        batch_start=midnight(first),
        batch_end=midnight(last + timedelta(days=1)),
    )
    for name in ("sessions", "events", "judge"):
        connection.execute(sql(name))


def _forget(connection: DuckDBPyConnection, written: list[PlannedFile]) -> None:
    """Drop the events that no later file needs."""
    if written:
        _let(connection, written_until=written[-1].ends)
        connection.execute(sql("forget"))


def _truth(connection: DuckDBPyConnection, plan: ShopPlan, written: list[FileEntry]) -> ShopTruth:
    """The books of the whole plan."""
    rows = sum(entry.rows for entry in written)
    if rows != plan.events:
        raise RuntimeError(f"{rows:,} rows written, not {plan.events:,}: please report this plan as a bug: {plan}")
    products, users, sessions = _one(connection, sql("truth_identifiers"))
    return ShopTruth(
        plan=plan,
        rows=rows,
        files=tuple(written),
        books=tuple(BookEntry(*row) for row in _all(connection, sql("truth_books"))),
        clean_by_type=tuple(TypeCount(*row) for row in _all(connection, sql("truth_clean_by_type"))),
        oddities=dict(_all(connection, sql("truth_oddities"))),
        products=products,
        users=users,
        sessions=sessions,
        occasions=dict(_all(connection, "SELECT day, occasion FROM calendar WHERE occasion IS NOT NULL ORDER BY day")),
    )


def _threads(connection: DuckDBPyConnection) -> int:
    return int(_one(connection, "SELECT current_setting('threads')")[0])


def _no_progress(done: int, total: int, file: str) -> None:
    """Tell nobody."""


def _let(connection: DuckDBPyConnection, **variables: Any) -> None:
    """Set variables that the SQL reads with getvariable."""
    for name, value in variables.items():
        kind = {datetime: "TIMESTAMP", date: "DATE"}.get(type(value), "")
        connection.execute(f"SET VARIABLE {quote_identifier(name)} = {kind} {quote_literal(value)}")


def _all(connection: DuckDBPyConnection, query: str) -> list[Any]:
    return connection.execute(query).fetchall()


def _one(connection: DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    (row,) = _all(connection, query)
    return tuple(row)
