"""What pages show instead of numbers: what is missing or broken, and the command that mends it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from retail_assets.dashboard.opening import command_line, open_platform, warehouse
from retail_assets.inspection.errors import explain
from retail_assets.questions.warehouse import UnreadableWarehouse

LOG = logging.getLogger(__name__)
FORECASTS = ("demand_forecast", "forecast_backtest")
SALES = "sales_by_region"


class Obstacle(Exception):
    """A page cannot be shown, for a reason that its user can do something about."""

    def __init__(self, title: str, text: str, commands: Sequence[str] = ()) -> None:
        super().__init__(title)
        self.title = title
        self.text = text
        self.commands = commands


def needs(*tables: str) -> None:
    """Make sure that the warehouse has these tables, and rows of a date.

    Raises:
        Obstacle: it lacks one; the text says which and how to make it.
    """
    held = warehouse().tables()
    if not held or (
        "features" in tables and ("features" not in held or not warehouse().ask("reach").to_pylist()[0]["dates"])
    ):
        raise _nothing_built()
    if missing := [table for table in tables if table not in held]:
        raise _not_built(missing)


def _not_built(missing: Sequence[str]) -> Obstacle:
    """What to do about tables that are missing: it depends on what makes them."""
    if missing[0] in FORECASTS:
        return Obstacle(
            "No forecast is made yet",
            "A schedule makes them once a day while `retail dev` runs; this makes them now. The page follows.",
            ["backfill --forecasts"],
        )
    if SALES in missing and not open_platform().settings.has_sales:
        return Obstacle(
            "There are no sales here",
            "They come from a shop's PostgreSQL, which the variables RETAIL_SALES_* name: docs/sales.md tells how. The "
            "demo brings a shop of its own.",
            ["demo"],
        )
    return Obstacle(
        "This page is not built yet",
        f"The warehouse has no table {' and no table '.join(f'`{name}`' for name in missing)}. A backfill makes "
        "whatever is missing or stale; this page follows by itself.",
        ["backfill"],
    )


def _nothing_built() -> Obstacle:
    """What to do about a platform whose warehouse holds nothing: it depends on whether anything has landed."""
    platform = open_platform()
    files, pending = platform.landing.files(), platform.landing.pending()
    landed = sum(entry.state == "landed" for entry in files.values()) + len(pending)
    if landed:
        return Obstacle(
            "Data has landed, but nothing is built from it yet",
            f"Files to build from: {landed:,}. That takes seconds to minutes, and this page follows by itself. Where a "
            "backfill has run already, its status says what keeps it from building.",
            ["backfill", "status"],
        )
    return Obstacle(
        "There is no data here yet",
        "Build a synthetic shop to look around in, or land files of your own and build from them. "
        "This page follows by itself.",
        ["demo", "land FILE_OR_FOLDER", "backfill"],
    )


@contextmanager
def helpful() -> Iterator[None]:
    """Show what went wrong as people can use it; the log has the traceback of what nobody foresaw."""
    try:
        yield
    except Obstacle as obstacle:
        _show(obstacle)
    except UnreadableWarehouse as error:
        _show(Obstacle("The warehouse cannot be read", str(error), ["status", "backfill"]))
    except Exception as error:
        found = explain(error)
        if not found.is_expected:
            LOG.exception("a page could not be shown")
        _show(Obstacle("This page cannot be shown", found.message, ["status", "doctor"]))


def _show(found: Obstacle) -> None:
    with st.container(border=True):
        st.subheader(found.title, anchor=False)
        st.text(found.text) if "`" not in found.text else st.markdown(found.text)
        if found.commands:
            st.code("\n".join(command_line(command) for command in found.commands), language="shell")
