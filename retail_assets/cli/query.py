"""`retail query`: SQL over every dataset."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retail_assets.cli.opening import open_platform
from retail_assets.cli.options import Format, FormatOption
from retail_assets.cli.output import Table, note, show

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ROWS_IN_A_TABLE = 100
FETCH = 1000


def query(
    sql: Annotated[str, typer.Argument(help="The query, in DuckDB's dialect; - reads it from stdin.")],
    form: FormatOption = Format.table,
    limit: Annotated[
        int | None,
        typer.Option(min=0, show_default="100 in a table, else all", help="Rows to print at most; 0 for all."),
    ] = None,
) -> None:
    """Ask every dataset in SQL.

    Each dataset of lake and warehouse is a view by its name. The lake: raw_events, clean_events, rejected_events,
    event_books, daily_aggregates, product_days, features. The warehouse: warehouse.features, dim_date, dim_product,
    data_quality. The landing: landed_files. Where the shop's database is configured: its tables as raw_payment and so
    on, sales, sales_by_category, sales_by_region, sales_by_category_region, customer_value and rejected_sales. Marts
    by their names, and their tables as warehouse.NAME. Names with a hyphen want quotes, as in '"purchases_t-1"'. SHOW
    TABLES lists the views, DESCRIBE features the columns of one.
    """
    from retail_assets.inspection.views import open_views

    text = sys.stdin.read() if sql == "-" else sql
    if not text.strip():
        raise typer.BadParameter("the query is empty")
    if limit is None and form is Format.table:
        limit = ROWS_IN_A_TABLE
    platform = open_platform()
    if not any(store.version() for store in platform.stores.values()):
        note(f"Nothing has been built in {platform.settings.data_dir} yet: every view is empty.")
    with open_views(platform) as connection:
        _run(connection, text, form, limit or 0)


def _run(connection: DuckDBPyConnection, sql: str, form: Format, limit: int) -> None:
    """Run the query and print its rows.

    Raises:
        ValueError: DuckDB refuses it; the message is DuckDB's own.
    """
    import duckdb

    try:
        connection.execute(sql)
        rows = _Rows(connection, limit)
        show(Table.of([column[0] for column in connection.description or []], rows), form)
    except RuntimeError as error:
        if "Query interrupted" in str(error):  # how DuckDB reports Ctrl-C
            raise KeyboardInterrupt from error
        raise
    except duckdb.Error as error:
        hint = "SHOW TABLES lists the views, DESCRIBE features the columns of one."
        raise ValueError(f"{str(error).strip()}\n{hint}") from error
    if rows.were_cut:
        note(f"The first {limit:,} rows; there are more: --limit 0 prints all.")


class _Rows:
    """The result's rows, fetched while they are printed; it remembers whether the limit cut some off."""

    def __init__(self, connection: DuckDBPyConnection, limit: int) -> None:
        self.connection = connection
        self.limit = limit
        self.were_cut = False

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        printed = 0
        while self.connection.description and (rows := self.connection.fetchmany(FETCH)):
            for row in rows:
                if self.limit and printed == self.limit:
                    self.were_cut = True
                    return
                yield row
                printed += 1
