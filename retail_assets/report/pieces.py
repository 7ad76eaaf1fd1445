"""Pieces of HTML that sections of the report are made of."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


def section(title: str, body: str) -> str:
    """A section under its heading."""
    return f"<section><h2>{escape(title)}</h2>{body}</section>\n"


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are HTML; those of digits stand to the right."""
    kinds = [' class="number"' if rows and _is_number(cell) else "" for cell in rows[0]]
    names = "".join(f"<th{kind}>{escape(title)}</th>" for kind, title in zip(kinds, head, strict=True))
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"


def key_name(text: str, about: str = "") -> str:
    """A name that may be broken where its parts meet, and what else is known of it."""
    more = f' <span class="note">{escape(about)}</span>' if about else ""
    return "<span>" + escape(text).replace("_", "_<wbr>").replace(".", ".<wbr>") + f"</span>{more}"


def _cell(text: str) -> str:
    return f'<td class="number">{text}</td>' if _is_number(text) else f"<td>{text}</td>"


def _is_number(text: str) -> bool:
    return bool(text) and set(text) <= set("0123456789,.+-%")
