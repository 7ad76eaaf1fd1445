"""Landed files as an asset that nothing makes: what came in is reported to it, and blocked files fail its check."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg

from retail_assets.assets.documentation import markdown_table
from retail_assets.assets.platform import Platform
from retail_assets.landing.ledger import LandedFile

LANDED_FILES = dg.AssetKey("landed_files")
BLOCKED_FILES = "blocked_files"
MOST_NAMED = 20

landed_files = dg.AssetSpec(
    LANDED_FILES,
    description="Event files that arrived in the landing folder, as the ledger knows them: by name and content, with "
    "rows, dates and state. The same bytes under another name are ignored; a file that cannot be read without guessing "
    "is blocked; `retail withdraw` takes a file's rows out again.",
    group_name="clickstream",
    owners=["team:retail-data"],
    kinds={"file"},
)


@dg.asset_check(
    asset=LANDED_FILES,
    name=BLOCKED_FILES,
    description="Every file in the landing folder could be read. Blocked files are named with cause and mend.",
    required_resource_keys={"platform"},
)
def blocked_files_check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Look for blocked files in the ledger."""
    platform: Platform = context.op_execution_context.resources.platform
    blocked = _blocked(platform.landing.files().values())
    return dg.AssetCheckResult(passed=not blocked, metadata=_named(blocked))


def report_landed(instance: dg.DagsterInstance, platform: Platform, taken: Iterable[LandedFile]) -> None:
    """Tell Dagster, outside of any run, which files were taken in and which are blocked; nothing if there were none."""
    entries = list(taken)
    if not entries:
        return
    instance.report_runless_asset_event(dg.AssetMaterialization(LANDED_FILES, metadata=_taken_in(entries)))
    blocked = _blocked(platform.landing.files().values())
    instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=LANDED_FILES, check_name=BLOCKED_FILES, passed=not blocked, metadata=_named(blocked)
        )
    )


def _taken_in(entries: list[LandedFile]) -> dict[str, Any]:
    states = Counter(str(entry.state) for entry in entries)
    dates = sorted({day for entry in entries for day in entry.parts})
    rows = sum(entry.rows for entry in entries if entry.state == "landed")
    told = {f"{state}_files": count for state, count in sorted(states.items())}
    reach = {"first_date": dates[0], "last_date": dates[-1]} if dates else {}
    return {**told, "rows": rows, **reach, "files": dg.MetadataValue.md(_table(entries))}


def _table(entries: list[LandedFile]) -> str:
    told = [(_cell(e.name), str(e.state), f"{e.rows:,}", _cell(e.detail)) for e in entries[:MOST_NAMED]]
    more = len(entries) - MOST_NAMED
    left_out = [(f"and {more:,} more", "", "", "")] if more > 0 else []
    return markdown_table(("file", "state", "rows", "detail"), [*told, *left_out])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _blocked(entries: Iterable[LandedFile]) -> dict[str, str]:
    return {entry.name: entry.detail for entry in entries if entry.state == "blocked"}


def _named(blocked: Mapping[str, str]) -> dict[str, Any]:
    shown = dict(sorted(blocked.items())[:MOST_NAMED])
    return {"blocked_files": len(blocked), **shown}
