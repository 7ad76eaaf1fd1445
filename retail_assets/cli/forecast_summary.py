"""The part of the demo's summary that tells of forecasts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from retail_assets.cli.output import Column, Table, grouped, print_table, say
from retail_assets.contracts.contract import quote_literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

EXPECTED = """
    SELECT key_type, count(DISTINCT key_value), round(sum(mean))::BIGINT, any_value(model)
    FROM {forecast}
    WHERE date = {origin}
    GROUP BY key_type
    ORDER BY key_type
"""
TESTED = """
    SELECT
        key_type,
        avg(rmsse) FILTER (WHERE is_published),
        avg(rmsse) FILTER (WHERE model = 'seasonal_naive_7'),
        avg(rmsse) FILTER (WHERE model = 'ma_28'),
        avg(bias) FILTER (WHERE is_published)
    FROM {backtest}
    WHERE demand_class = 'all' AND date = {origin}
    GROUP BY key_type
"""
UNTESTED = (None, None, None, None)


def print_forecasts(connection: DuckDBPyConnection, *, has_sales: bool) -> None:
    """Print what is expected of the coming 28 days by key type, and how good that would have been before."""
    found = {"purchases": list(_rows(connection, "demand_forecast", "forecast_backtest"))}
    if has_sales:
        found["net amounts of sales"] = list(_rows(connection, "sales_forecast", "sales_forecast_backtest"))
    told = [f"{what} after {rows[0][-1]}" for what, rows in found.items() if rows]
    if not told:
        return
    say(f"Forecasts of 28 days: {', '.join(told)}")
    columns = [Column("by"), Column("series", look=grouped), Column("expected", look=grouped), Column("model")]
    columns += [Column(name, look=_error) for name in ("RMSSE", "seasonal naive", "28-day mean")]
    print_table(
        Table(
            [*columns, Column("bias", look=_share)], [row[:-1] for rows in found.values() for row in rows], absent="-"
        )
    )


def _rows(connection: DuckDBPyConnection, forecast: str, backtest: str) -> Iterator[tuple[Any, ...]]:
    """What is expected by key type, with the errors at tested origins where there are any; the origin last."""
    # No max(date): of the only object of a dataset, DuckDB 1.5.5 cannot tell it.
    days = connection.execute(f"SELECT DISTINCT date FROM {forecast}").fetchall()
    origin = max((day for (day,) in days), default=None)
    named = {"forecast": forecast, "backtest": backtest, "origin": quote_literal(origin)}
    tested = {key: errors for key, *errors in connection.execute(TESTED.format(**named)).fetchall()}
    for key, *expected in connection.execute(EXPECTED.format(**named)).fetchall():
        yield (key, *expected, *tested.get(key, UNTESTED), origin)


def _error(value: float) -> str:
    return f"{value:.3f}"


def _share(value: float) -> str:
    return f"{value:+.1%}"
