"""The retail calendar of a platform: for code, and as a small table that queries join."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from operator import attrgetter

from retail_assets.contracts import contract
from retail_assets.engine.dataset import Rows
from retail_assets.settings import Settings
from retail_assets.sources.retail_calendar import CalendarDay, retail_calendar


def calendar_of(settings: Settings, first: date, last: date) -> list[CalendarDay]:
    """The days of the configured country from one date to another, both included."""
    return retail_calendar(
        first, last, country=settings.country, subdivision=settings.subdivision, own_dates=settings.retail_calendar
    )


def holiday_names(settings: Settings, first: date, last: date) -> dict[date, str]:
    """The names of the holidays and retail dates among them."""
    return {day.date: day.holiday_name for day in calendar_of(settings, first, last) if day.holiday_name}


def calendar_rows(settings: Settings, first: date | None = None, last: date | None = None) -> Rows:
    """The calendar of the configured country from one date to another, both included; empty without dates."""
    days = calendar_of(settings, first, last) if first and last else []
    types = {column.name: column.type for column in contract("dim_date").columns}
    names = [field.name for field in fields(CalendarDay)]
    return Rows.of({name: types[name] for name in names}, map(attrgetter(*names), days))
