"""What `retail doctor` finds of declared sources."""

from __future__ import annotations

from collections.abc import Iterator

from retail_assets.assets.declared_sources import declared_sources
from retail_assets.assets.platform import Platform
from retail_assets.cli.examination import Finding
from retail_assets.engine.s3_errors import S3Error
from retail_assets.sources.declared.errors import SourceUnavailable


def examine_sources(platform: Platform) -> Iterator[Finding]:
    """Sources that cannot be, places that cannot be looked at, and files that are blocked."""
    found = declared_sources(platform.settings)
    for source in found.broken:
        yield Finding(f"source {source.name}", "wrong", "broken, and not made", source.problem)
    for sound in found.sound:
        intake = platform.intake(sound.name)
        try:
            is_new = bool(intake.unseen())
        except (SourceUnavailable, S3Error) as error:
            yield Finding(f"source {sound.name}", "wrong", "it cannot be looked at", str(error))
            continue
        state = intake.latest()
        blocked = [seen.blocked for seen in state.files if seen.blocked]
        if blocked:
            told = f"{len(blocked)} of {len(state.files)} files are blocked"
            yield Finding(f"source {sound.name}", "wrong", told, "; ".join(blocked))
        else:
            waiting = ", more to take in" if is_new else ""
            yield Finding(f"source {sound.name}", "ok", f"{state.rows:,} rows in {len(state.files):,} files{waiting}")
