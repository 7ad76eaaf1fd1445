"""Rows of features into the stand-in of Redshift and out again: what we, the line and the stand-in take."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.beside import Servers
from benchmarks.findings import Finding
from benchmarks.measure import Measured
from benchmarks.timing import timed_parts
from retail_assets.local_cloud.cloud import local_cloud

if TYPE_CHECKING:
    from benchmarks.cloud import CloudPlan

SIMULATED = "- Redshift is simulated: of its own speed these figures say nothing"


def redshift(plan: CloudPlan) -> Finding:
    """COPY of a few large partitions and of many small ones in bundles; a query against UNLOAD."""
    runs: dict[str, list[Measured]] = {}
    servers = Servers()
    for number in range(plan.rounds):
        folder = plan.folder / f"cloud-{number}"
        folder.mkdir()
        with local_cloud(folder) as cloud:
            reached = {**cloud.credentials(), **cloud.variables("bench"), "RETAIL_DATA_DIR": str(folder / "data")}
            measure = partial(timed_parts, servers, "benchmarks.redshift_rows", environment=reached, folder=folder)
            for work in ("prepare", "load", "bundle", "query", "unload"):
                for name, measured in measure([work, plan.rows]).items():
                    runs.setdefault(name, []).extend(measured)
    about = f"{plan.rows:,} rows of features from the lake on S3"
    return Finding("redshift", about, runs, (), (*servers.notes(), SIMULATED))
