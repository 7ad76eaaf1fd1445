"""Samples of rejected rows, with what the contract classifies as personal masked."""

from __future__ import annotations

import json
from typing import Any

from retail_assets.dashboard.masking import MASK, classified
from retail_assets.dashboard.opening import open_platform
from retail_assets.engine.query import sql_text
from retail_assets.engine.session import Capacity, session
from retail_assets.inspection.landed import rejected_events
from retail_assets.questions.period import Period

CAPACITY = Capacity(threads=1, memory_mb=128)


def samples(reason: str, period: Period, limit: int) -> list[dict[str, Any]]:
    """Rows that were rejected for the reason: file, row, date and the text as received."""
    with session(open_platform().settings, CAPACITY) as connection:
        rejected = rejected_events(open_platform())
        rejected.open_to(connection)
        connection.execute(f"CREATE TEMP VIEW rejected_events AS {rejected.relation()}")
        values = {"reason": reason, "limit": limit, **period.bounds}
        found = connection.execute(sql_text("dashboard/lake/rejected"), values).fetchall()
    return [{"file": file, "row": row, "date (UTC)": day, **masked(received)} for file, row, day, received in found]


def masked(received: str) -> dict[str, str]:
    """A received row without the values that its contract classifies; a line that was no record is all masked."""
    hidden = classified("raw_events") | {"line"}
    try:
        fields = json.loads(received)
    except ValueError:
        return {"line": MASK}
    return {name: MASK if name in hidden and value else value for name, value in fields.items()}
