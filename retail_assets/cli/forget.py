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
    from retail_assets.contracts import Contract


def forget(
    customer_id: Annotated[
        str, typer.Argument(metavar="CUSTOMER_ID", show_default=False, help="The customer_id of the shop's database.")
    ],
    form: FormatOption = Format.table,
) -> None:
    """Let a customer of the shop go, for good.

    What names the customer leaves every dataset, the warehouse and what was extracted. The database is not changed; it
    is read where other machines may have done so since, which is where the lake is on S3. What they paid stays in the
    sums, as that of nobody. A mark keeps later extractions from bringing them back. This cannot be undone. It may be
    repeated, and must be where it was interrupted. Declared sources are left alone: their rows are removed where they
    come from.
    """
    from retail_assets.assets.forgetting import traces_of

    platform = open_platform()
    if not platform.settings.has_sales:
        raise ValueError("there is no shop: RETAIL_SALES_HOST names no database, and none was ever extracted")
    identifier = customer_id.strip()
    _require_latest(platform)
    before = traces_of(platform, identifier)
    platform.extraction.forget(identifier)
    is_done = _follow(platform)
    left = {trace.dataset: trace.rows for trace in traces_of(platform, identifier)}
    _show(before, left, form)
    if any(left.values()):
        note("Rows that name the customer are left, since a stage failed. Mend the cause and run this again.")
    if any(left.values()) or not is_done:
        raise typer.Exit(1)


def _require_latest(platform: Platform) -> None:
    """Refuse where others may have extracted since, and this machine cannot: what it holds would replace theirs."""
    settings = platform.settings
    if not settings.lake_url or settings.sales.is_configured:
        return
    published = {item.name: _digest_in_lake(platform, item) for item in platform.extraction.contracts}
    known = {name: table.digest for name, table in platform.extraction.latest().tables.items()}
    if other := [name for name, digest in published.items() if digest and known.get(name) != digest]:
        raise ValueError(
            f"{settings.lake_url} holds another extraction than this machine ({', '.join(other)}), which must not "
            "replace it. Set RETAIL_SALES_HOST and its kin, so that the database is extracted here first."
        )


def _follow(platform: Platform) -> bool:
    """Make everything again that is made of the shop's tables; whether all of it went well."""
    from retail_assets.cli.backfill import run_backfill, tell_trouble
    from retail_assets.warehouse.duckdb_file import DuckDBFile

    settings, is_done = platform.settings, True
    if _must_extract(platform):
        platform.extraction.take()
    if platform.extraction.latest().tables:
        sales = settings.sales.model_copy(update={"host": None})
        alone = type(platform).of(settings.model_copy(update={"sales": sales}))
        report = run_backfill(alone, asks_sources=False)
        tell_trouble(report)
        is_done = report.succeeded
    store = platform.stores["warehouse"]
    if isinstance(store, DuckDBFile):
        store.rewrite()
    return is_done


def _must_extract(platform: Platform) -> bool:
    """Whether the lake holds tables that this machine may hold none of, or older ones."""
    settings, extraction = platform.settings, platform.extraction
    is_elsewhere = bool(settings.lake_url) or not extraction.latest().tables
    in_lake = any(_digest_in_lake(platform, item) for item in extraction.contracts)
    return settings.sales.is_configured and is_elsewhere and in_lake


def _digest_in_lake(platform: Platform, contract: Contract) -> str:
    """The digest of what is published of a table; empty where nothing is."""
    return next((entry.digest for entry in platform.stores["lake"].published(contract).values()), "")


def _show(before: Sequence[Trace], left: dict[str, int], form: Format) -> None:
    columns = [Column("dataset"), Column("rows", look=grouped), Column("left", look=grouped)]
    show(Table(columns, [(trace.dataset, trace.rows, left[trace.dataset]) for trace in before]), form)
    if not any(trace.rows for trace in before):
        note("No customer of this identifier is known here. Nothing that is extracted from now on will name them.")
