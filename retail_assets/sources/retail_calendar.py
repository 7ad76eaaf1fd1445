"""The calendar of a shop: weekdays, public holidays and the days of the year that sell by themselves."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One date and what is known about it beforehand: a row of ``dim_date``."""

    date: date
    day_of_week: int
    """0 is Monday, 6 is Sunday."""
    is_weekend: bool
    holiday_flag: int
    """1 on a public holiday or a day of the retail calendar, else 0."""
    holiday_name: str | None
    """The day's holidays, joined with '; '."""
    iso_year: int
    """The year that iso_week belongs to: around New Year it differs from ``year``."""
    iso_week: int
    year: int
    quarter: int
    month: int


def retail_calendar(
    start: date,
    end: date,
    *,
    country: str,
    subdivision: str | None,
    own_dates: Mapping[str, Sequence[date]],
) -> list[CalendarDay]:
    """Every date from ``start`` to ``end``, both included, with its holidays.

    On a day with several holidays, the public ones come first, then Black Friday, Cyber Monday and
    Singles' Day, then own dates, each group in alphabetical order; no name comes twice.

    Args:
        start: First date.
        end: Last date.
        country: Country of the public holidays, as an ISO 3166-1 alpha-2 code.
        subdivision: State or province whose holidays count too, as the ISO 3166-2 code without the country.
        own_dates: Own retail dates by name; those outside the range do not matter.

    Raises:
        ValueError: The range is reversed, or nobody knows the country's or subdivision's holidays.
    """
    if start > end:
        raise ValueError(f"The calendar cannot run from {start} to {end}: the end comes before the start.")

    years = range(start.year, end.year + 1)
    names: defaultdict[date, list[str]] = defaultdict(list)
    for day, name in sorted(_public_holidays(years, country, subdivision)):
        names[day].append(name)
    for day, name in sorted(_retail_days(years)):
        names[day].append(name)
    for day, name in sorted((day, name) for name, days in own_dates.items() for day in days):
        names[day].append(name)

    days = (start + timedelta(days=offset) for offset in range((end - start).days + 1))
    return [_calendar_day(day, names.get(day, [])) for day in days]


def _calendar_day(day: date, names: Sequence[str]) -> CalendarDay:
    iso = day.isocalendar()
    return CalendarDay(
        date=day,
        day_of_week=day.weekday(),
        is_weekend=day.weekday() >= 5,
        holiday_flag=int(bool(names)),
        holiday_name="; ".join(dict.fromkeys(names)) or None,
        iso_year=iso.year,
        iso_week=iso.week,
        year=day.year,
        quarter=(day.month + 2) // 3,
        month=day.month,
    )


def _public_holidays(years: range, country: str, subdivision: str | None) -> Iterator[tuple[date, str]]:
    import holidays
    from holidays.registry import EntityLoader  # list_supported_countries() imports every country: 0.3 s

    countries = set(EntityLoader.get_country_codes())
    if country not in countries:
        hint = _hint(country, sorted(code for code in countries if len(code) == 2))
        raise ValueError(f"No public holidays are known for country {country!r}: {hint}")
    subdivisions = getattr(holidays, country).subdivisions
    if subdivision is not None and subdivision not in subdivisions:
        hint = _hint(subdivision, subdivisions)
        raise ValueError(f"No public holidays are known for subdivision {subdivision!r} of {country}: {hint}")

    # Without a language, the names would follow the locale of the machine. Every translated country has en_US;
    # the others know one language only.
    calendar = holidays.country_holidays(country, subdiv=subdivision, years=years, expand=False, language="en_US")
    if years[0] < calendar.start_year or years[-1] > calendar.end_year:
        warnings.warn(
            f"Public holidays of {country} are known from {calendar.start_year} to {calendar.end_year} only: "
            "dates outside have none.",
            stacklevel=3,
        )
    for day in calendar:
        yield from ((day, name) for name in calendar.get_list(day))


def _hint(wrong: str, known: Collection[str]) -> str:
    """What to write instead of ``wrong``: a few codes that look like it, or the first ones."""
    if not known:
        return "it has none, so leave it unset."
    likely = get_close_matches(wrong.upper(), known)
    if likely:
        return f"did you mean {' or '.join(likely)}?"
    first = sorted(known)[:12]
    return f"there are {', '.join(first)}{' and more' if len(known) > len(first) else ''}."


def _retail_days(years: range) -> Iterator[tuple[date, str]]:
    for year in years:
        november = date(year, 11, 1)
        first_thursday = november + timedelta(days=(3 - november.weekday()) % 7)
        black_friday = first_thursday + timedelta(weeks=3, days=1)
        yield black_friday, "Black Friday"
        yield black_friday + timedelta(days=3), "Cyber Monday"
        yield date(year, 11, 11), "Singles' Day"
