"""The part of the demo's summary that tells of forecasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retail_assets.cli.output import Column, Table, grouped, print_table, say

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

EXPECTED = """
    WITH latest AS (
        SELECT max(date) AS date FROM {forecast}
    ),
    expected AS (
        SELECT key_type, date, count(DISTINCT key_value) AS series, sum(mean) AS units, any_value(model) AS model
        FROM {forecast} SEMI JOIN latest USING (date)
        GROUP BY key_type, date
    ),
    tested AS (
        SELECT
            key_type,
            avg(rmsse) FILTER (WHERE is_published) AS rmsse,
            avg(rmsse) FILTER (WHERE model = 'seasonal_naive_7') AS naive,
            avg(rmsse) FILTER (WHERE model = 'ma_28') AS average,
            avg(bias) FILTER (WHERE is_published) AS bias
        FROM {backtest} SEMI JOIN latest USING (date)
        WHERE demand_class = 'all'
        GROUP BY key_type
    )
    SELECT key_type, series, round(units)::BIGINT, model, rmsse, naive, average, bias, date
    FROM expected LEFT JOIN tested USING (key_type)
    ORDER BY key_type
"""


def print_forecasts(connection: DuckDBPyConnection, *, has_sales: bool) -> None:
    """Print what is expected of the coming 28 days by key type, and how good that would have been before."""
    tables = [("demand_forecast", "forecast_backtest")]
    tables += [("sales_forecast", "sales_forecast_backtest")] if has_sales else []
    found = [
        row
        for forecast, backtest in tables
        for row in connection.execute(EXPECTED.format(forecast=forecast, backtest=backtest)).fetchall()
    ]
    if not found:
        return
    say(f"Forecasts of the 28 days after {max(row[-1] for row in found)}: purchases, and net amounts of sales")
    columns = [Column("by"), Column("series", look=grouped), Column("expected", look=grouped), Column("model")]
    columns += [Column(name, look=_error) for name in ("RMSSE", "seasonal naive", "28-day mean")]
    print_table(Table([*columns, Column("bias", look=_share)], [row[:-1] for row in found], absent="-"))


def _error(value: float) -> str:
    return f"{value:.3f}"


def _share(value: float) -> str:
    return f"{value:+.1%}"
