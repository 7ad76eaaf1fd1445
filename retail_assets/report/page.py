"""The report as one HTML page: no script, nothing from the network, fit for a phone, a printer and a mail."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Any

from retail_assets.questions.numbers import change, compact, days, percent
from retail_assets.report.content import KEY_TYPES, Content
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
    sections = [_what_happened(content), _what_changed(content), _what_is_forecast(), _what_is_wrong(content)]
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
    return _section("What happened", f'<div class="tiles">{tiles}</div>{charts}{note}')


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
    return _section("What changed most", f'<div class="columns">{tables}</div>') if tables else ""


def _changes(title: str, rows: list[dict[str, Any]]) -> str:
    most = max(abs(row["change"]) for row in rows)
    lines = [
        (
            _name(row["key_value"], row.get("about", "")),
            f"{row['purchases_before']:,}",
            f"{row['purchases']:,}",
            f"{row['change']:+,}",
            bar(abs(row["change"]) / most, is_less=row["change"] < 0),
        )
        for row in rows
    ]
    return _table(title, ("", "before", "now", "change", ""), lines)


def _what_is_forecast() -> str:
    return _section("What is expected", "<p>No forecasts are built on this platform.</p>")


def _what_is_wrong(content: Content) -> str:
    found = "".join(
        f'<li class="{finding.level}"><b>{MARKS[finding.level]}</b> {escape(finding.text)}</li>'
        for finding in content.findings
    )
    lines = [(_name(row["reason"]), f"{row['rows']:,}", escape(row["meaning"])) for row in content.reasons]
    table = _table("Rejected rows", ("reason", "rows", "meaning"), lines) if lines else ""
    return _section("What is wrong with the data", f'<ul class="findings">{found}</ul>{table}')


def _foot(content: Content) -> str:
    return (
        f'<footer class="note">Made {content.made_at:%Y-%m-%d %H:%M} UTC from data of '
        f"{days(*content.reach)}. Times and dates are UTC; amounts are in the shop’s currency.</footer>"
    )


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>\n"


def _table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are HTML; those of digits stand to the right."""
    kinds = [' class="number"' if rows and _is_number(cell) else "" for cell in rows[0]]
    names = "".join(f"<th{kind}>{escape(name)}</th>" for kind, name in zip(kinds, head, strict=True))
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"


def _cell(text: str) -> str:
    return f'<td class="number">{text}</td>' if _is_number(text) else f"<td>{text}</td>"


def _is_number(text: str) -> bool:
    return bool(text) and set(text) <= set("0123456789,.+-%")


def _name(text: str, about: str = "") -> str:
    """A name that may be broken where its parts meet, and what else is known of it."""
    more = f' <span class="note">{escape(about)}</span>' if about else ""
    return "<span>" + escape(text).replace("_", "_<wbr>").replace(".", ".<wbr>") + f"</span>{more}"
