"""The tables that forecasts are published from, computed once for all outputs of a step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from retail_assets.assets.calendar import holiday_names
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.partition import Partition
from retail_assets.engine.query import Computed, sql_text
from retail_assets.forecasting.window import Window
from retail_assets.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

MEMORY_DAYS = 400
"""Days of history that a forecast looks at: a year, and what the smoothing still feels before."""
HORIZON = 28
MODEL_VERSION = "3"
"""Raised when the forecasts of the same history change."""


class ForecastTables:
    """Forecasts, scores of the back-test and errors by series of the windows of some partitions.

    ``history`` names the SQL that reads units by key and day from the inputs.
    """

    def __init__(
        self,
        settings: Settings,
        history: str,
        inputs: Mapping[str, Dataset],
        windows: Callable[[list[Partition]], Iterable[Window]],
    ) -> None:
        self._settings, self._history, self._inputs, self._windows = settings, sql_text(history), inputs, windows
        self._batch: tuple[list[Partition], dict[str, pa.Table]] | None = None

    def table(self, name: str) -> Computed:
        """The table ``forecasts``, ``scores`` or ``errors``, as the input of a query."""

        def compute(connection: DuckDBPyConnection, partitions: list[Partition]) -> pa.Table:
            return self._made(connection, partitions)[name]

        chosen = self._settings
        code = (
            f"{MODEL_VERSION} {chosen.forecast_model} {chosen.country} {chosen.subdivision} {chosen.retail_calendar} "
            f"{self._history} {sql_text('forecast/keys')} {sql_text('forecast/daily_units')}"
        )
        return Computed(self._inputs, code, compute)

    def _made(self, connection: DuckDBPyConnection, partitions: list[Partition]) -> dict[str, pa.Table]:
        """All tables of the batch; made when the first of them is asked for."""
        from retail_assets.forecasting.platform import forecast_windows

        if self._batch is None or self._batch[0] != partitions:
            windows = list(self._windows(partitions))
            first, last = min(window.first for window in windows), max(window.origin for window in windows)
            holidays = holiday_names(self._settings, first, last + timedelta(days=HORIZON))
            connection.execute(f"CREATE OR REPLACE TEMP VIEW forecast_history AS {self._history}")
            model = self._settings.forecast_model
            self._batch = partitions, forecast_windows(connection, windows, holidays, HORIZON, model)
        return self._batch[1]
