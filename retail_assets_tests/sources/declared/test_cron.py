"""Cron expressions: what is taken for one, Dagster takes too."""

from __future__ import annotations

import pytest
from dagster._utils.schedules import is_valid_cron_string

from retail_assets.sources.declared.cron import is_cron

GOOD = (
    *("0 5 * * *", "*/15 * * * *", "0 8-18/2 * * 1-5", "0,30 4 1 * *", "5 4 * jan,JUL *", "0 0 29 2 *", "0 0 * * 7"),
    *("0 0 * * mon-fri", "59 23 31 12 0", "0 0 30,31 2,3 *", "0 0 * * sun,wed"),
)
BAD = (
    *("daily", "@daily", "99 5 * * *", "0 24 * * *", "0 0 0 * *", "0 0 32 * *", "0 0 * 13 *", "0 0 * * 8", "a b c d e"),
    *(
        "0 0 30 2 *",
        "0 0 31 2 *",
        "0 0 31 4,6 *",
        "*/0 * * * *",
        "10-5 * * * *",
        "0 5 * *",
        "0 0 5 * * *",
        "0 5 ** * *",
    ),
    *("1,,2 * * * *", "0 0 * * fri-mon", "0 0 * foo *", "5/10 * * * *", "٣ 5 * * *", "-1 * * * *", ""),
)


@pytest.mark.parametrize("expression", GOOD)
def test_what_is_good_is_so_for_dagster(expression: str) -> None:
    assert is_cron(expression)
    assert is_valid_cron_string(expression)


@pytest.mark.parametrize("expression", BAD)
def test_what_is_none_is_refused(expression: str) -> None:
    assert not is_cron(expression)
