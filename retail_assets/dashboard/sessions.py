"""Sessions, which only the lake's clean events know: counted a date at a time, and once as long as the date stays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from retail_assets.contracts import contract
from retail_assets.dashboard.opening import open_platform
from retail_assets.engine.dataset import Dataset, StoredObject
from retail_assets.engine.query import sql_text
from retail_assets.engine.session import Capacity, session

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CAPACITY = Capacity(threads=2, memory_mb=192)
"""A date of 1.4 M events takes 110 MB."""


@dataclass(frozen=True)
class SessionDay:
    """The sessions of a date, and how many of them went how far."""

    date: date
    sessions: int
    with_view: int
    with_cart: int
    with_purchase: int


_counted: dict[str, SessionDay] = {}
"""What this server has counted, by the digest of the date's object."""
_counting = Lock()


def period_sessions(first: date, last: date, *, includes_last: bool = True) -> list[SessionDay]:
    """The sessions of every date of a period that the lake has, in order."""
    end = last if includes_last else last - timedelta(days=1)
    events = open_platform().stores["lake"].dataset(contract("clean_events"))
    wanted = {day: stored for stored in events.objects if first <= (day := _date_of(stored)) <= end}
    with _counting:
        if missing := [day for day, stored in wanted.items() if stored.digest not in _counted]:
            with session(open_platform().settings, CAPACITY) as connection:
                for day in missing:
                    _counted[wanted[day].digest] = _count(connection, events, day, wanted[day])
    return [_counted[stored.digest] for _, stored in sorted(wanted.items())]


def _date_of(stored: StoredObject) -> date:
    return date.fromisoformat(stored.partition.get("date") or "")


def _count(connection: DuckDBPyConnection, events: Dataset, day: date, stored: StoredObject) -> SessionDay:
    of_day = replace(events, objects=(stored,))
    of_day.open_to(connection)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW events AS {of_day.relation()}")
    ((*counts,),) = connection.execute(sql_text("dashboard/lake/session_day")).fetchall()
    return SessionDay(day, *counts)
