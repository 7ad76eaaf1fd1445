"""`retail forget`: let a customer of the shop go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from retail_assets.cli.opening import open_platform
from retail_assets.cli.options import Format, FormatOption
from retail_assets.cli.output import Column, Table, grouped, note, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retail_assets.assets.forgetting import Trace
    from retail_assets.assets.platform import Platform


def forget(
    customer_id: Annotated[
        str, typer.Argument(metavar="CUSTOMER_ID", show_default=False, help="The customer_id of the shop's database.")
    ],
    form: FormatOption = Format.table,
) -> None:
    """Let a customer of the shop go, for good.

    What names the customer leaves every dataset, the warehouse and what was extracted; the database is not asked. What
    they paid stays in the sums, as that of nobody. A mark keeps later extractions from bringing them back. This cannot
    be undone. It may be repeated, and must be where it was interrupted. Declared sources are left alone: their rows are
    removed where they come from.
    """
    from retail_assets.assets.forgetting import traces_of

    platform = open_platform()
    if not platform.settings.has_sales:
        raise ValueError("there is no shop: RETAIL_SALES_HOST names no database, and none was ever extracted")
    identifier = customer_id.strip()
    before = traces_of(platform, identifier)
    platform.extraction.forget(identifier)
    left = _follow(platform, identifier)
    _show(before, left, form)
    if any(left.values()):
        note("Rows that name the customer are left, since a stage failed. Mend the cause and run this again.")
        raise typer.Exit(1)


def _follow(platform: Platform, customer_id: str) -> dict[str, int]:
    """Make everything again that is made of the shop's tables, without extracting; returns the rows that are left."""
    from retail_assets.assets.forgetting import traces_of
    from retail_assets.cli.backfill import run_backfill, tell_trouble
    from retail_assets.warehouse.duckdb_file import DuckDBFile

    settings = platform.settings
    sales = settings.sales.model_copy(update={"host": None})
    if platform.extraction.latest().tables:
        alone = type(platform).of(settings.model_copy(update={"sales": sales}))
        tell_trouble(run_backfill(alone, asks_sources=False))
    store = platform.stores["warehouse"]
    if isinstance(store, DuckDBFile):
        store.rewrite()
    return {trace.dataset: trace.rows for trace in traces_of(platform, customer_id)}


def _show(before: Sequence[Trace], left: dict[str, int], form: Format) -> None:
    columns = [Column("dataset"), Column("rows", look=grouped), Column("left", look=grouped)]
    show(Table(columns, [(trace.dataset, trace.rows, left[trace.dataset]) for trace in before]), form)
    if not any(trace.rows for trace in before):
        note("Nothing named this customer. Nothing that is extracted from now on will.")
