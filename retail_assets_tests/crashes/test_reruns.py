"""D64 and D67: what a rerun over unchanged inputs leaves is what was there, untouched."""

from __future__ import annotations

from pathlib import Path

from retail_assets.assets.platform import Platform
from retail_assets_tests.building import build
from retail_assets_tests.crashes.state import files_of, observe
from retail_assets_tests.crashes.workload import land, write_generations


def _places(platform: Platform) -> dict[str, tuple[int, int]]:
    """Every object and manifest with its identity: one that is written anew has another."""
    found = [*platform.settings.lake_dir.rglob("*.parquet"), *platform.settings.lake_dir.glob("*/_manifest.json")]
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}


def test_a_rerun_of_everything_on_unchanged_inputs_rewrites_nothing(platform: Platform, tmp_path: Path) -> None:
    """Every partition is made again, not only judged to be up to date."""
    files, _ = write_generations(tmp_path / "files")
    land(platform, files)
    build(platform)
    before = (observe(platform), files_of(platform), _places(platform))

    made = build(platform)

    assert len(made["features"]) == 30
    assert (observe(platform), files_of(platform), _places(platform)) == before
