"""A synthetic film rental shop in a PostgreSQL, for demonstrations: same settings, same rows. No person is real."""

from __future__ import annotations

from datetime import date
from string import Template
from typing import Any

from retail_assets.engine.query import sql_text

RENTALS_A_DAY = 100


def fill_shop_database(connection: Any, first: date, last: date) -> None:
    """Make the shop's tables in an empty database and fill them with rentals of these days.

    ``connection`` is one of psycopg2.
    """
    days = (last - first).days + 1
    values = {"first": first.isoformat(), "days": str(days), "rentals": str(RENTALS_A_DAY * days)}
    rows = Template(sql_text("synthetic_shop/database/rows").replace("$$", "$$$$")).substitute(values)
    with connection.cursor() as cursor:
        cursor.execute(sql_text("synthetic_shop/database/tables"))
        cursor.execute(rows)
