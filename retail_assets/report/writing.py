"""Writes the report of a platform, whole or not at all."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from retail_assets.engine.private import private_file
from retail_assets.questions.opening import open_warehouse
from retail_assets.questions.period import Period
from retail_assets.report.content import Content, gather, usual_period
from retail_assets.report.page import page
from retail_assets.settings import Settings


@dataclass(frozen=True)
class Written:
    """A report that was written, and what it tells."""

    path: Path
    content: Content


def write_report(
    settings: Settings,
    *,
    period: Period | None = None,
    last: date | None = None,
    path: Path | None = None,
    blocked: Collection[str] = (),
) -> Written:
    """Write the report of a period, or of the usual weeks up to ``last``; by default below ``reports`` of the platform.

    Raises:
        UnreadableWarehouse: there is no warehouse that can be read.
        ValueError: there is nothing to report of these dates.
    """
    with closing(open_warehouse(settings)) as warehouse:
        content = gather(warehouse, period or usual_period(warehouse, last), blocked)
    target = path or settings.reports_dir / f"report_{content.period.first}_{content.period.last}.html"
    target.parent.mkdir(parents=True, exist_ok=True)
    with private_file(target.parent, target.name) as temporary:
        temporary.write_text(page(content), encoding="utf-8")
        temporary.replace(target)
    return Written(target, content)
