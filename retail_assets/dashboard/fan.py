"""The chart of a forecast: what was sold, what was expected from an origin on, and how sure that was."""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from retail_assets.dashboard.charts import SHADE, Chart, Data, date_axis, lines

SOLD, EXPECTED, MEDIAN = "sold", "expected (mean)", "median"
TITLE = "purchases a day"
FORM = ",.1f"


def fan(sold: pa.Table, forecast: pa.Table, origin: date) -> Chart:
    """What was sold before and after the origin, and the 80 % interval, mean and median of the days after it."""
    told = [_line(sold, "purchases", SOLD), _line(forecast, "mean", EXPECTED), _line(forecast, "q50", MEDIAN)]
    together = lines(pa.concat_tables(told), "purchases", TITLE, FORM, colour="what", legend="")
    return together + _interval(forecast) + _origin(pa.table({"date": [origin]}))


def _line(data: pa.Table, measure: str, what: str) -> pa.Table:
    values = data[measure].cast(pa.float64())
    return pa.table({"date": data["date"], "purchases": values, "what": [what] * data.num_rows})


def _interval(forecast: Data) -> Chart:
    low = {"field": "q10", "type": "quantitative", "title": TITLE}
    band = {
        "mark": {"type": "area", "opacity": 0.22},
        "encoding": {"x": date_axis(), "y": low, "y2": {"field": "q90"}, "color": {"datum": EXPECTED, "legend": None}},
    }
    return Chart.over("interval", forecast, band)


def _origin(data: Data) -> Chart:
    known = {"field": "date", "type": "temporal", "format": "%a %-d %b %Y", "title": "origin: the last day known"}
    rule = {
        "mark": {"type": "rule", "strokeDash": [4, 4], "strokeWidth": 2, "color": SHADE},
        "encoding": {"x": date_axis(), "tooltip": [known]},
    }
    return Chart.over("origin", data, rule)
