"""The platform's dataset versions: ``retail_aggregates:1``, ``:2``, … are snapshots of features. No Dagster in here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from importlib.metadata import PackageNotFoundError, version

from retail_assets.assets import clickstream
from retail_assets.assets.materialization import stale
from retail_assets.assets.platform import Platform
from retail_assets.assets.step import of_dates
from retail_assets.contracts import contract
from retail_assets.versions.publishing import Outcome, Publisher
from retail_assets.versions.shelf import Shelf
from retail_assets.versions.version import Origin, SourceFile

NAME = "retail_aggregates"


def shelf(platform: Platform) -> Shelf:
    """The versions of the platform."""
    return Shelf(platform.settings.lake_dir, NAME)


def publish_features(platform: Platform, number: int | None = None) -> Outcome:
    """Publish features as they are now as a version; the earlier one where an earlier one is the same.

    Raises:
        ValueError: it cannot be published; the message says why and what to do.
    """
    lake = platform.store(clickstream.features)
    publisher = Publisher(
        shelf=shelf(platform),
        store=lake,
        contract=contract("features"),
        settings=platform.settings,
        origin=lambda dates: origin(platform, dates),
    )
    return publisher.publish(number)


def origin(platform: Platform, dates: Sequence[str]) -> Origin:
    """The landed files that features of these dates were made from, and what made them."""
    wanted = _with_windows(dates)
    sources = []
    for name, entry in sorted(platform.landing.files().items()):
        if entry.file_id and (rows := sum(rows for day, rows in entry.parts.items() if day in wanted)):
            sha256 = entry.sha256 or entry.file_id.partition("-")[0]  # what is read is older than what was blocked
            sources.append(SourceFile(name, sha256, rows))
    return Origin(_package(), sources=tuple(sources), stale_dates=tuple(stale_dates(platform, dates)))


def stale_dates(platform: Platform, dates: Iterable[str] = ()) -> list[str]:
    """Of these dates and all that landed, those whose features are not what the landed files would make them now."""
    known = sorted({*dates, *platform.landing.dates()})
    return sorted(
        {
            str(found.date)
            for step in clickstream.TO_FEATURES
            for found in stale(platform, step, of_dates(step.partitioning, known))
        }
    )


def _with_windows(dates: Iterable[str]) -> set[str]:
    """The dates with those that their features look back upon."""
    days = max(upstream.lookback_days for upstream in clickstream.features.upstreams)
    return {str(date.fromisoformat(day) - timedelta(days=back)) for day in dates for back in range(days + 1)}


def _package() -> str:
    try:
        return version("retail-assets")
    except PackageNotFoundError:
        return "not installed"
