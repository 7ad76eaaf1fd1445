"""How tables show their columns: one look for counts, amounts, shares and dates."""

from __future__ import annotations

from typing import Any

import streamlit as st


def text(title: str, **more: Any) -> Any:
    """Words."""
    return st.column_config.TextColumn(title, **more)


def count(title: str, **more: Any) -> Any:
    """A number of things: 1,234."""
    return st.column_config.NumberColumn(title, format="localized", **more)


def amount(title: str, **more: Any) -> Any:
    """An amount of money, to the cent."""
    return st.column_config.NumberColumn(title, format="accounting", **more)


def share(title: str, **more: Any) -> Any:
    """A share, as a percentage."""
    return st.column_config.NumberColumn(title, format="percent", **more)


def decimal(title: str, digits: int = 2, **more: Any) -> Any:
    """A number with so many decimals."""
    return st.column_config.NumberColumn(title, format=f"%.{digits}f", **more)


def day(title: str, **more: Any) -> Any:
    """A UTC date; also of a time, whose hour does not matter."""
    return st.column_config.DateColumn(f"{title} (UTC)", format="YYYY-MM-DD", **more)
