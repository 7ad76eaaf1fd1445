"""The machine that a benchmark ran on, and what else it was doing."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

PACKAGES = ("duckdb", "dagster", "polars", "dask", "pandas", "pyarrow")
QUIET_SHARE = 0.05
"""Other work below this share of the cores is what an idle machine does for itself."""


def machine_facts(folder: Path) -> dict[str, object]:
    """Cores, memory, disk, versions and the load at this moment; ``folder`` is where the data go."""
    disk, usage = _disk_of(folder), psutil.disk_usage(str(folder))
    return {
        "cores": len(psutil.Process().cpu_affinity()),
        "cpu": _cpu_model(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "memory_free_gib": round(psutil.virtual_memory().available / 2**30, 1),
        "disk": f"{disk}, {usage.free / 2**30:.0f} of {usage.total / 2**30:.0f} GiB free",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
        "load_at_start": [round(load, 2) for load in os.getloadavg()],
        "busy_at_start": round(psutil.cpu_percent(interval=1) / 100, 3),
    }


def summary(facts: dict[str, object]) -> str:
    """The facts in one sentence."""
    versions = ", ".join(f"{name} {facts[name]}" for name in ("python", *PACKAGES))
    return (
        f"{facts['cores']} cores ({facts['cpu']}), {facts['memory_gib']} GiB, {facts['disk']}; {versions}; "
        f"load at start {facts['load_at_start']}"
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _cpu_model() -> str:
    known = Path("/proc/cpuinfo")
    lines = known.read_text(encoding="utf-8").splitlines() if known.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or "unknown"


def _disk_of(folder: Path) -> str:
    """The kind of file system that the folder lies on."""
    mounts = [part for part in psutil.disk_partitions(all=True) if folder.resolve().is_relative_to(part.mountpoint)]
    return max(mounts, key=lambda part: len(part.mountpoint)).fstype if mounts else "unknown"
