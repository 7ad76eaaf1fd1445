"""The report as one HTML page: no script, nothing from the network, fit for a phone, a printer and a mail."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from typing import Any

from retail_assets.questions.key_types import KEY_TYPES
from retail_assets.questions.numbers import change, compact, days, percent
from retail_assets.report.content import Content
from retail_assets.report.expected import what_is_expected
from retail_assets.report.pieces import key_name, section, table
from retail_assets.report.svg import Point, bar, line_charts, sparkline

MARKS = {"error": "Problem", "warning": "Note", "good": "Good"}
MEASURES = (
    ("Events", "events", compact),
    ("Purchases", "purchases", compact),
    ("Revenue (shop’s currency)", "revenue", compact),
    ("Conversion (purchases per view)", "conversion", lambda value: percent(value, 2)),
)


def page(content: Content) -> str:
    """The whole page."""
    title = f"Retail report, {content.period}"
    style = files("retail_assets").joinpath("report", "style.css").read_text(encoding="utf-8")
    sections = [_what_happened(content), _what_changed(content), what_is_expected(content), _what_is_wrong(content)]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>\n{style}</style></head>\n<body><main>\n"
        f"{_head(content)}\n{''.join(sections)}{_foot(content)}</main></body></html>\n"
    )


def _head(content: Content) -> str:
    length = content.period.length
    compared = f"compared with the {length} days before" if content.before else "with nothing before to compare with"
    return f"<header><h1>Retail report</h1><p>{content.period} (UTC), {compared}.</p></header>"


def _what_happened(content: Content) -> str:
    tiles = "".join(_tile(content, label, name, look) for label, name, look in MEASURES)
    shaded = [row["date"] for row in content.dates if row["holiday_name"]]
    charts = "".join(
        f"<figure><figcaption>{caption}</figcaption>"
        f"{line_charts([Point(row['date'], row[name]) for row in content.dates], unit, compact, shaded)}</figure>"
        for caption, name, unit in (
            ("Purchases by day", "purchases", "purchases a day"),
            ("Revenue by day", "revenue", "revenue a day"),
        )
    )
    named = [
        f"{escape(row['holiday_name'])} ({row['date'].day} {row['date']:%b})"
        for row in content.dates
        if row["holiday_name"]
    ]
    note = f'<p class="note">Shaded: {", ".join(named)}.</p>' if named else ""
    return section("What happened", f'<div class="tiles">{tiles}</div>{charts}{note}')


def _tile(content: Content, label: str, name: str, look: Any) -> str:
    now, before = content.now[name], (content.before or {}).get(name)
    differs = change(now, before)
    kind = "up" if differs and differs.startswith("+") else "down"
    versus = f'<span class="{kind}">{differs}</span>' if differs else ""
    values = [row[name] for row in content.dates]
    return (
        f'<div class="tile"><span class="label">{escape(label)}</span>'
        f'<span class="value">{escape(look(now))}</span>{versus}{sparkline(values)}</div>'
    )


def _what_changed(content: Content) -> str:
    if not content.changes:
        return ""
    tables = "".join(_changes(KEY_TYPES[kind], rows) for kind, rows in content.changes.items() if rows)
    return section("What changed most", f'<div class="columns">{tables}</div>') if tables else ""


def _changes(title: str, rows: list[dict[str, Any]]) -> str:
    most = max(abs(row["change"]) for row in rows)
    lines = [
        (
            key_name(row["key_value"], row.get("about", "")),
            f"{row['purchases_before']:,}",
            f"{row['purchases']:,}",
            f"{row['change']:+,}",
            bar(abs(row["change"]) / most, is_less=row["change"] < 0),
        )
        for row in rows
    ]
    return table(title, ("", "before", "now", "change", ""), lines)


def _what_is_wrong(content: Content) -> str:
    found = "".join(
        f'<li class="{finding.level}"><b>{MARKS[finding.level]}</b> {escape(finding.text)}</li>'
        for finding in content.findings
    )
    lines = [(key_name(row["reason"]), f"{row['rows']:,}", escape(row["meaning"])) for row in content.reasons]
    reasons = table("Rejected rows", ("reason", "rows", "meaning"), lines) if lines else ""
    return section("What is wrong with the data", f'<ul class="findings">{found}</ul>{reasons}')


def _foot(content: Content) -> str:
    return (
        f'<footer class="note">Made {content.made_at:%Y-%m-%d %H:%M} UTC from data of '
        f"{days(*content.reach)}. Times and dates are UTC; amounts are in the shop’s currency.</footer>"
    )
