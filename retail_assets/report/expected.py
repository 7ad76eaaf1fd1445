"""The report's section on what is expected."""

from __future__ import annotations

from html import escape
from typing import Any

from retail_assets.questions.key_types import KEY_TYPES
from retail_assets.questions.numbers import change, compact, day, percent
from retail_assets.questions.outlook import Outlook
from retail_assets.report.content import Content
from retail_assets.report.pieces import key_name, section, table
from retail_assets.report.svg import Point, line_charts

TITLE = "What is expected"
ANOTHER = "<code>retail backfill --forecasts</code> makes one."
BASELINES = {"seasonal_naive_7": "the same weekday of last week", "ma_28": "the mean of 28 days"}


def what_is_expected(content: Content) -> str:
    """The coming days in sum and of the largest keys, and how far off such forecasts have been."""
    found = content.outlook
    if found is None:
        text = f"No forecast was made by {day(content.period.last)}."
        return section(TITLE, f"<p>{text} {ANOTHER}</p>")
    if not found.days:
        text = f"The last forecast, of {day(found.origin)}, has run out."
        return section(TITLE, f"<p>{text} {ANOTHER}</p>")
    tables = "".join(_leaders(KEY_TYPES[kind], rows) for kind, rows in found.leaders.items() if rows)
    return section(TITLE, f'{_in_words(found)}{_chart(content, found)}<div class="columns">{tables}</div>')


def _in_words(found: Outlook) -> str:
    start, end = found.days[0]["date"], found.days[-1]["date"]
    text = f"{compact(found.expected)} purchases are expected from {day(start)} to {day(end)}, "
    text += f"by what was known on {day(found.origin)}."
    return f"<p>{escape(text)} {escape(_trust(found.scores))}</p>"


def _trust(scores: list[dict[str, Any]]) -> str:
    """How far off the published model was in the back-test, beside the better baseline."""
    published = next((row for row in scores if row["is_published"]), None)
    baselines = [row for row in scores if row["model"] in BASELINES and row["rmsse"] is not None]
    if published is None or published["rmsse"] is None or not baselines:
        return "There was too little history to test how good that is."
    best = min(baselines, key=lambda row: row["rmsse"])
    if published["model"] == best["model"]:
        return f"No model was better than {BASELINES[best['model']]}, so that is what is expected."
    return (
        f"Tested on the past, the error (RMSSE) is {published['rmsse']:.2f}, against {best['rmsse']:.2f} of "
        f"{BASELINES[best['model']]}; in sum it is {percent(published['bias'])} off."
    )


def _chart(content: Content, found: Outlook) -> str:
    sold = [Point(row["date"], row["purchases"]) for row in content.dates if row["date"] < found.days[0]["date"]]
    expected = [Point(row["date"], row["mean"]) for row in found.days]
    caption = "Purchases by day; dashed: expected"
    return (
        f"<figure><figcaption>{caption}</figcaption>"
        f"{line_charts(sold, 'purchases a day', compact, expected=expected)}</figure>"
    )


def _leaders(title: str, rows: list[dict[str, Any]]) -> str:
    lines = [
        (
            key_name(row["key_value"]),
            f"{row['sold']:,}",
            f"{row['expected']:,.0f}",
            change(row["expected"], row["sold"]) or "",
        )
        for row in rows
    ]
    return table(title, ("", "as many days before", "expected", "change"), lines)
