"""The part of the demo's summary that tells of sales."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from retail_assets.cli.output import Column, Table, grouped, print_table, say

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST = 5
TOTALS = """
    SELECT
        (SELECT coalesce(sum(amount), 0) FROM raw_payment),
        (SELECT coalesce(sum(net_amount), 0) FROM sales_by_category),
        (SELECT coalesce(sum(net_amount), 0) FROM sales_by_region),
        (SELECT coalesce(sum(net_amount), 0) FROM sales_by_category_region)
"""


def print_sales(connection: DuckDBPyConnection) -> None:
    """Print the best categories and regions, and whether every cut sums to what the shop was paid."""
    totals = _rows(connection, TOTALS)[0]
    same = "the same by category, by region and by both" if len(set(totals)) == 1 else f"but in the cuts {totals[1:]}"
    say(f"Sales: {_money(totals[0])} paid at the shop, {same}.")
    columns = [Column("by"), Column("name"), Column("payments", look=grouped)]
    columns += [Column("net", "net amount", _money), Column("refunds", look=_money)]
    print_table(Table(columns, [*_best(connection, "category"), *_best(connection, "region")]))


def _best(connection: DuckDBPyConnection, by: str) -> list[tuple[Any, ...]]:
    return _rows(
        connection,
        f"SELECT '{by}', {by}, sum(payments)::BIGINT, sum(net_amount), sum(refunds) FROM sales_by_{by} "
        f"GROUP BY {by} ORDER BY sum(net_amount) DESC, {by} LIMIT {MOST}",
    )


def _rows(connection: DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql).fetchall()


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"
