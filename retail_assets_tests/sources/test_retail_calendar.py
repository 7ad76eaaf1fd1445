from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_assets.sources.retail_calendar import CalendarDay, retail_calendar

ONE_DAY = timedelta(days=1)
NEAR_DATES = st.dates(min_value=date(1950, 1, 1), max_value=date(2090, 12, 31))


def days(
    start: date,
    end: date,
    country: str = "US",
    subdivision: str | None = None,
    own_dates: Mapping[str, Sequence[date]] | None = None,
) -> list[CalendarDay]:
    return retail_calendar(start, end, country=country, subdivision=subdivision, own_dates=own_dates or {})


def day(when: date, country: str = "US", subdivision: str | None = None, **own_dates: Sequence[date]) -> CalendarDay:
    (only,) = days(when, when, country, subdivision, own_dates)
    return only


def test_a_day_has_all_of_its_columns():
    assert day(date(2019, 11, 29)) == CalendarDay(
        date=date(2019, 11, 29),
        day_of_week=4,
        is_weekend=False,
        holiday_flag=1,
        holiday_name="Black Friday",
        iso_year=2019,
        iso_week=48,
        year=2019,
        quarter=4,
        month=11,
    )


def test_an_ordinary_day_has_no_holiday():
    ordinary = day(date(2019, 11, 27))
    assert (ordinary.holiday_flag, ordinary.holiday_name) == (0, None)


def test_november_2019_in_the_united_states():
    flagged = {it.date: it.holiday_name for it in days(date(2019, 11, 1), date(2019, 12, 31)) if it.holiday_flag}
    assert flagged == {
        date(2019, 11, 11): "Veterans Day; Singles' Day",
        date(2019, 11, 28): "Thanksgiving Day",
        date(2019, 11, 29): "Black Friday",
        date(2019, 12, 2): "Cyber Monday",
        date(2019, 12, 25): "Christmas Day",
    }


@pytest.mark.parametrize(
    ("black_friday", "cyber_monday"),
    [
        (date(2018, 11, 23), date(2018, 11, 26)),  # November begins on a Thursday: the earliest there is
        (date(2019, 11, 29), date(2019, 12, 2)),  # November begins on a Friday: the latest, not the last Friday's week
        (date(2020, 11, 27), date(2020, 11, 30)),
        (date(2024, 11, 29), date(2024, 12, 2)),
    ],
)
def test_black_friday_and_cyber_monday(black_friday: date, cyber_monday: date):
    names = {it.holiday_name: it.date for it in days(date(black_friday.year, 1, 1), date(black_friday.year, 12, 31))}
    assert (names["Black Friday"], names["Cyber Monday"]) == (black_friday, cyber_monday)


@given(st.integers(min_value=1950, max_value=2090))
def test_black_friday_is_the_day_after_thanksgiving(year: int):
    names = {it.holiday_name: it.date for it in days(date(year, 11, 1), date(year, 12, 31))}
    assert names["Black Friday"] == names["Thanksgiving Day"] + ONE_DAY


def test_the_retail_days_count_in_every_country():
    flagged = {it.holiday_name for it in days(date(2019, 11, 1), date(2019, 12, 3), country="JP") if it.holiday_flag}
    assert {"Black Friday", "Cyber Monday", "Singles' Day"} <= flagged


def test_a_holiday_of_one_subdivision_only():
    epiphany = date(2020, 1, 6)
    assert day(epiphany, "DE", "BY").holiday_name == "Epiphany"
    assert day(epiphany, "DE", "BE").holiday_flag == 0
    assert day(epiphany, "DE").holiday_flag == 0


def test_public_holidays_come_before_retail_days():
    assert day(date(2019, 11, 29), "US", "CA").holiday_name == "Day After Thanksgiving; Black Friday"


def test_observed_holidays_count_beside_the_real_ones():
    names = {it.date: it.holiday_name for it in days(date(2021, 7, 3), date(2021, 7, 6))}
    assert names == {
        date(2021, 7, 3): None,
        date(2021, 7, 4): "Independence Day",
        date(2021, 7, 5): "Independence Day (observed)",
        date(2021, 7, 6): None,
    }


def test_a_holiday_observed_in_the_year_before_is_found_from_that_year_alone():
    assert day(date(2021, 12, 31)).holiday_name == "New Year's Day (observed)"


def test_own_dates_are_holidays_and_dates_outside_the_range_do_not_matter():
    sale = {"Summer sale": [date(2019, 7, 1), date(2031, 1, 1)], "Anniversary": (date(2019, 7, 1),)}
    first, second = days(date(2019, 7, 1), date(2019, 7, 2), own_dates=sale)
    assert (first.holiday_flag, first.holiday_name) == (1, "Anniversary; Summer sale")
    assert second.holiday_flag == 0


def test_own_dates_come_last_and_no_name_comes_twice():
    own = {"Aardvark day": [date(2019, 11, 29)], "Black Friday": [date(2019, 11, 29), date(2019, 11, 29)]}
    (friday,) = days(date(2019, 11, 29), date(2019, 11, 29), own_dates=own)
    assert friday.holiday_name == "Black Friday; Aardvark day"


def test_names_do_not_depend_on_the_order_of_own_dates():
    own = {"B": [date(2019, 7, 1)], "A": [date(2019, 7, 1)]}
    backwards = dict(reversed(own.items()))
    range_ = (date(2019, 7, 1), date(2019, 7, 1))
    assert days(*range_, own_dates=own) == days(*range_, own_dates=backwards)


@pytest.mark.parametrize(("year", "length"), [(2019, 365), (2020, 366), (2000, 366), (2100, 365)])
def test_a_year_has_each_of_its_dates_once(year: int, length: int):
    dates = [it.date for it in days(date(year, 1, 1), date(year, 12, 31))]
    assert len(dates) == len(set(dates)) == length
    assert dates == sorted(dates)


def test_leap_day():
    assert day(date(2020, 2, 29)).day_of_week == 5
    assert [it.date.day for it in days(date(2020, 2, 28), date(2020, 3, 1))] == [28, 29, 1]


def test_iso_week_goes_with_the_iso_year():
    new_year = day(date(2021, 1, 1))
    assert (new_year.year, new_year.iso_year, new_year.iso_week) == (2021, 2020, 53)
    new_years_eve = day(date(2019, 12, 31))
    assert (new_years_eve.year, new_years_eve.iso_year, new_years_eve.iso_week) == (2019, 2020, 1)


@given(NEAR_DATES)
def test_parts_of_the_date_agree_with_the_standard_library(when: date):
    it = day(when)
    assert it.day_of_week == when.weekday()
    assert it.is_weekend == (when.strftime("%a") in {"Sat", "Sun"})
    assert date.fromisocalendar(it.iso_year, it.iso_week, it.day_of_week + 1) == when
    assert (it.year, it.month) == (when.year, when.month)
    assert 3 * (it.quarter - 1) < it.month <= 3 * it.quarter


@given(NEAR_DATES, st.integers(min_value=0, max_value=40))
def test_a_day_is_the_same_in_every_range(start: date, length: int):
    range_ = days(start, start + timedelta(days=length))
    assert len(range_) == length + 1
    assert range_[-1] == day(start + timedelta(days=length))


def test_a_reversed_range_is_refused():
    with pytest.raises(ValueError, match="from 2020-01-02 to 2020-01-01"):
        days(date(2020, 1, 2), date(2020, 1, 1))


@pytest.mark.parametrize(
    ("country", "subdivision", "hint"),
    [
        ("us", None, "'us': did you mean US\\?"),
        ("XYZ", None, "'XYZ': "),
        ("", None, "'': there are AD, AE, .* and more"),
        ("HolidayBase", None, "'HolidayBase': there are AD"),
        ("US", "California", "'California' of US: there are AK, AL, .* and more"),
        ("US", "ca", "'ca' of US: did you mean CA"),
        ("SG", "X", "'X' of SG: it has none, so leave it unset"),
    ],
)
def test_what_is_unknown_is_refused_with_a_short_hint(country: str, subdivision: str | None, hint: str):
    with pytest.raises(ValueError, match=hint) as refusal:
        day(date(2020, 1, 1), country, subdivision)
    assert len(str(refusal.value)) < 200


def test_years_without_known_holidays_are_told():
    with pytest.warns(UserWarning, match="holidays of ES are known from 2008 to 2100 only"):
        assert day(date(2007, 1, 1), "ES").holiday_flag == 0


def test_names_are_english_whatever_the_locale(monkeypatch: pytest.MonkeyPatch):
    for variable in ("LANGUAGE", "LC_ALL", "LANG"):
        monkeypatch.setenv(variable, "de")
    assert day(date(2019, 10, 3), "DE").holiday_name == "German Unity Day"
    assert day(date(2019, 1, 1), "US").holiday_name == "New Year's Day"


def test_every_translated_country_knows_english():
    assert [country for country, known in holidays.list_localized_countries().items() if "en_US" not in known] == []


def test_the_package_of_holidays_is_imported_only_when_used():
    code = "import sys, retail_assets.sources.retail_calendar; sys.exit('holidays' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
