"""Examines a platform and the machine that it runs on."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel

from retail_assets.cli.opening import command_line
from retail_assets.cli.output import human_bytes, plural, some
from retail_assets.inspection.errors import explain
from retail_assets.inspection.instance import instance_home, open_definitions, open_existing_instance

if TYPE_CHECKING:
    from retail_assets.assets.platform import Platform
    from retail_assets.settings import Settings

State = Literal["ok", "hint", "wrong"]

PACKAGES = ("dagster", "dagster-webserver", "duckdb", "pyarrow", "pandas", "sqlglot", "holidays", "typer", "rich")
CLOUD_PACKAGES = ("dagster-aws", "duckdb-extension-httpfs", "duckdb-extension-postgres-scanner")
SECRET_WORDS = ("password", "secret", "token", "credential", "api_key")
LITTLE_DISK = 1_000_000_000
LITTLE_MEMORY_MB = 256
LEFT_BEHIND_SECONDS = 3600
MOST_NAMES = 3


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: how it is and, where it could be better, the mend."""

    what: str
    state: State
    found: str
    mend: str = ""


@dataclass(frozen=True)
class SettingInForce:
    """A setting as this process sees it."""

    variable: str
    value: str
    origin: str


def in_force() -> list[SettingInForce]:
    """Every setting, which variable sets it, and whether it is the default. Secrets are not shown."""
    from retail_assets.settings import settings

    try:
        chosen = settings()
    except ValueError:
        return []
    return list(_settings_of(chosen, "RETAIL_"))


def _settings_of(chosen: BaseModel, prefix: str) -> Iterator[SettingInForce]:
    for name in type(chosen).model_fields:
        is_secret = any(word in name for word in SECRET_WORDS)
        value, variable = getattr(chosen, name), f"{prefix}{name.upper()}"
        if isinstance(value, BaseModel):
            yield from _settings_of(value, f"{variable}_")
            continue
        shown = "(set, not shown)" if is_secret and value else "(unset)" if value is None else str(value)
        yield SettingInForce(variable, shown, "set" if name in chosen.model_fields_set else "default")


def examine() -> list[Finding]:
    """Look at everything; a look that fails becomes a finding, never an error."""
    findings = [*_guarded("versions", _versions)]
    settings = _readable_settings(findings)
    if settings is None:
        return findings
    from retail_assets.assets.platform import Platform

    platform = Platform.of(settings)
    looks: dict[str, Callable[[], Iterator[Finding]]] = {
        "folders": lambda: _folders(settings),
        "memory": lambda: _memory(settings),
        "contracts": _contracts,
        "sources": lambda: _sources(platform),
        "marts": lambda: _marts(settings),
        "definitions": lambda: _definitions(settings),
        "Dagster instance": lambda: _instance(settings),
        "ledger": lambda: _ledger(platform),
        "datasets": lambda: _datasets(platform),
        "left behind": lambda: _left_behind(settings),
    }
    for what, look in looks.items():
        findings.extend(_guarded(what, look))
    return findings


def _guarded(what: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except Exception as error:  # noqa: BLE001 whatever is wrong belongs into the report
        yield Finding(what, "wrong", explain(error).message, "see the message; RETAIL_DEBUG=1 retail status shows more")


def _readable_settings(findings: list[Finding]) -> Settings | None:
    from retail_assets.settings import settings

    try:
        return settings()
    except ValueError as error:
        findings.append(Finding("settings", "wrong", explain(error).message, "correct the RETAIL_* variables"))
        return None


def _versions() -> Iterator[Finding]:
    python = ".".join(map(str, sys.version_info[:3]))
    found = {name: _version(name) for name in PACKAGES}
    missing = [name for name, number in found.items() if not number]
    own = f"retail-assets {_version('retail-assets') or 'run from its folder'}"
    text = ", ".join([own, f"python {python}", *(f"{name} {number}" for name, number in found.items() if number)])
    mend = f"install {', '.join(missing)}: pip install -c constraints.txt -e ." if missing else ""
    yield Finding("versions", "wrong" if missing else "ok", text, mend)
    yield _cloud()


def _cloud() -> Finding:
    """The packages of the cloud extra; DuckDB loads only extensions of its own version."""
    found = {name: _version(name) for name in CLOUD_PACKAGES}
    there = ", ".join(f"{name} {number}" for name, number in found.items() if number)
    missing = ", ".join(name for name, number in found.items() if not number)
    absent = f"not installed: {missing} (only the cloud needs them)" if missing else ""
    text = "; ".join(part for part in (there, absent) if part)
    duckdb = _version("duckdb")
    odd = [name for name, number in found.items() if name.startswith("duckdb") and number and number != duckdb]
    mend = f"install {', '.join(f'{name}=={duckdb}' for name in odd)}: DuckDB loads no other version" if odd else ""
    return Finding("cloud extra", "wrong" if odd else "ok", text, mend)


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _folders(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir
    place = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(place).free
    if not os.access(place, os.W_OK) or not place.is_dir():
        mend = f"make {place} a folder that you may write to, or choose another with --data-dir"
        yield Finding("data folder", "wrong", f"{folder} cannot be written", mend)
    elif not folder.exists():
        yield Finding("data folder", "ok", f"{folder} is not there yet; the first command that writes makes it")
    else:
        parts = {"landing": settings.landing_dir, "lake": settings.lake_dir, "warehouse": settings.warehouse_file}
        sizes = ", ".join(f"{name} {human_bytes(_size(path))}" for name, path in parts.items())
        yield Finding("data folder", "ok", f"{folder}: {sizes}")
    is_low = free < LITTLE_DISK
    mend = "free some space: a full disk stops runs, and keeps what was published" if is_low else ""
    yield Finding("disk", "wrong" if is_low else "ok", f"{human_bytes(free)} free", mend)


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(item.stat().st_size for item in path.rglob("*") if item.is_file())


def _memory(settings: Settings) -> Iterator[Finding]:
    import psutil

    from retail_assets.engine.session import memory_limit_mb, thread_count

    limit, free = memory_limit_mb(settings), psutil.virtual_memory().available // 1024**2
    text = f"DuckDB may use {limit:,} MiB and {plural(thread_count(settings), 'thread')}; {free:,} MiB are free"
    if limit > free:
        yield Finding("memory", "hint", text, f"set RETAIL_MEMORY_LIMIT_MB below {free:,}, or close other programs")
    elif limit <= LITTLE_MEMORY_MB:
        yield Finding("memory", "hint", text, "large days spill to disk; raise RETAIL_MEMORY_LIMIT_MB if there is more")
    else:
        yield Finding("memory", "ok", text)


def _contracts() -> Iterator[Finding]:
    from retail_assets.contracts import contract, contract_names

    names = contract_names()
    for name in names:
        contract(name)
    yield Finding("contracts", "ok", f"{plural(len(names), 'contract')} readable")


def _sources(platform: Platform) -> Iterator[Finding]:
    from retail_assets.cli.source_examination import examine_sources

    yield from examine_sources(platform)


def _marts(settings: Settings) -> Iterator[Finding]:
    from retail_assets.assets.catalogue import marts_of

    marts = marts_of(settings)
    for mart in marts.broken:
        yield Finding(f"mart {mart.name}", "wrong", "broken, and not made", str(mart.error))
    good = sum(step.store == "lake" for step in marts.steps)
    yield Finding("marts", "ok", f"{plural(good, 'mart')} of {settings.marts_dir} can be made")


def _definitions(settings: Settings) -> Iterator[Finding]:
    graph = open_definitions(settings).resolve_asset_graph()
    counts = f"{plural(len(graph.get_all_asset_keys()), 'asset')} and {plural(len(graph.asset_check_keys), 'check')}"
    yield Finding("definitions", "ok", f"{counts} load")


def _instance(settings: Settings) -> Iterator[Finding]:
    home = instance_home(settings)
    if home != settings.dagster_home:
        mend = f"unset DAGSTER_HOME, unless platforms shall share their runs; this one's own is {settings.dagster_home}"
        yield Finding("DAGSTER_HOME", "hint", f"runs are recorded in {home}", mend)
    with open_existing_instance(settings) as instance:
        if instance is None:
            yield Finding("Dagster instance", "ok", f"none in {home} yet; the first backfill makes it")
        else:
            yield Finding("Dagster instance", "ok", f"{plural(instance.get_runs_count(), 'run')} recorded in {home}")


def _ledger(platform: Platform) -> Iterator[Finding]:
    from retail_assets.lake.lost import gone

    files = platform.landing.files()
    pending = platform.landing.pending()
    landed = sum(entry.state == "landed" for entry in files.values())
    yield Finding(
        "ledger",
        "hint" if pending else "ok",
        f"{plural(landed, 'file')} landed, {len(pending):,} waiting",
        f"take the waiting files in: {command_line('backfill')}" if pending else "",
    )
    for entry in files.values():
        if entry.state == "blocked":
            yield Finding("blocked file", "wrong", entry.name, entry.detail)
    parts = [stored.location for stored in platform.landing.landed_events().objects]
    if lacking := gone(parts, platform.settings.s3):
        inbox, command = platform.settings.landing_dir, command_line("backfill")
        mend = f"touch the files in {inbox}, so that `{command}` takes them in again"
        yield Finding("landed rows", "wrong", f"{plural(len(lacking), 'part')} gone: {some(lacking, MOST_NAMES)}", mend)


def _datasets(platform: Platform) -> Iterator[Finding]:
    from retail_assets.assets.catalogue import steps_of
    from retail_assets.lake.lost import lost

    steps = steps_of(platform.settings)
    for step in steps:
        for item in step.contracts():
            what = f"{step.store} {item.name}"
            try:
                keys = [partition.key for partition in lost(platform.store(step), item)] if step.store == "lake" else []
            except ValueError as error:
                yield Finding(what, "wrong", "its manifest is damaged", str(error))
                continue
            if keys:
                mend = f"make them again: {command_line('backfill --force')}, with --from and --to"
                found = f"{plural(len(keys), 'object')} of the manifest are gone: {some(keys, MOST_NAMES)}"
                yield Finding(what, "wrong", found, mend)
    yield Finding("datasets", "ok", f"manifests of {plural(sum(len(s.outputs) for s in steps), 'dataset')} looked at")


def _left_behind(settings: Settings) -> Iterator[Finding]:
    """Private folders of runs that were killed: those that nobody has touched for an hour."""
    private = [
        *settings.lake_dir.glob("_staging/*"),
        *settings.lake_staging_dir.glob("_staging/*"),
        *settings.lake_dir.glob("_landing/parts/.reading-*"),
        *settings.data_dir.glob(".warehouse-staging/*/"),
        *settings.data_dir.glob(".sources/*/staging/*"),
        *settings.data_dir.glob(".*/staging/*"),
        *settings.spill_dir.glob("*"),
    ]
    old = sorted(str(path) for path in private if time.time() - path.stat().st_mtime > LEFT_BEHIND_SECONDS)
    mend = f"while nothing runs: rm -r {some(old, MOST_NAMES, ' ')}" if old else ""
    yield Finding("left behind", "hint" if old else "ok", f"{plural(len(old), 'folder')} of killed runs", mend)
