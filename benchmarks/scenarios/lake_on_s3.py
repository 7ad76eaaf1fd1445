"""A cold backfill of a month with the lake on S3, beside the same in a folder; files arrive in a folder in both."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.beside import Servers
from benchmarks.data import megabytes
from benchmarks.findings import Finding, Rating, peak_gib, seconds
from benchmarks.measure import Measured, alternate
from benchmarks.retail import Retail, cold
from retail_assets.local_cloud.s3_server import BUCKET, s3_server

if TYPE_CHECKING:
    from benchmarks.cloud import CloudPlan

FOLDER, ON_S3 = "the lake in a folder", "the lake on S3"


def lake(plan: CloudPlan) -> Finding:
    """Wall time against the folder's, and memory."""
    files, servers = plan.data.month(plan.events, plan.days), Servers()
    works = {
        FOLDER: lambda number: cold(plan.folder / f"folder-{number}", files),
        ON_S3: lambda number: _cold_on_s3(plan.folder / f"s3-{number}", files, servers),
    }
    runs = alternate(plan.rounds, works)
    ratings = (
        Rating("backfill on S3 against the folder", seconds(runs[ON_S3]) / seconds(runs[FOLDER]), "×", 1.3),
        Rating("its peak memory against the folder's", peak_gib(runs[ON_S3]) / peak_gib(runs[FOLDER]), "×", 1.3),
    )
    about = f"{plan.events:,} events over {plan.days} days, {megabytes(files):,.0f} MB of CSV"
    return Finding("lake", about, runs, ratings, servers.notes())


def _cold_on_s3(folder: Path, files: list[Path], servers: Servers) -> Measured:
    with s3_server(folder / "server") as server:
        reached = {
            **server.environment,
            "RETAIL_LAKE_URL": f"s3://{BUCKET}/lake",
            "RETAIL_S3_ENDPOINT_URL": server.endpoint,
            "RETAIL_S3_PATH_STYLE": "true",
        }
        platform = Retail(folder / "data", reached)
        platform.deliver(files)
        measured = servers.beside(ON_S3, platform.backfill)
    shutil.rmtree(folder)
    return measured
