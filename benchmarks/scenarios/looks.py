"""Looks of the sensor at an inbox on S3 that holds many objects, and many new ones from the first look to the end."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.beside import Servers
from benchmarks.data import START
from benchmarks.findings import Finding, Rating, seconds
from benchmarks.looking import FIRST_LOOK, LOOK, LOOK_WITH_NEW, STALE_LOOK
from benchmarks.measure import Measured
from benchmarks.timing import timed_parts
from retail_assets.engine.parallel import at_once
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.landing.landing import Landing
from retail_assets.landing.ledger import LandedFile
from retail_assets.local_cloud.s3_server import BUCKET, S3Server, s3_server
from retail_assets.settings import S3Settings, Settings

if TYPE_CHECKING:
    from benchmarks.cloud import CloudPlan

WRITERS = 4
CHUNK = 1_000
DATES = 28
EVENTS_OF_A_NEW_OBJECT = 5
HEADER = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
OLD, NEW = "old", "new"


def looks(plan: CloudPlan) -> Finding:
    """Wall time of a look, of the first one of a process and with new objects, too."""
    folder, servers = plan.folder / "looks", Servers()
    with s3_server(folder / "server") as server:
        reached = {
            **server.environment,
            "RETAIL_LAKE_URL": f"s3://{BUCKET}/lake",
            "RETAIL_INBOX_URL": f"s3://{BUCKET}/landing",
            "RETAIL_S3_ENDPOINT_URL": server.endpoint,
            "RETAIL_S3_PATH_STYLE": "true",
            "RETAIL_DATA_DIR": str(folder / "data"),
        }
        os.environ.update(server.environment)  # the AWS chain of this process, which fills the inbox
        _fill(server, OLD, plan.objects)
        _know_all(server, reached, folder / "data")
        measure = partial(timed_parts, servers, "benchmarks.looking", environment=reached, folder=folder)
        runs = measure(["look"])
        _fill(server, NEW, plan.new_objects)
        runs |= measure(["follow"])
    about = f"{plan.objects:,} objects that have landed, {plan.new_objects:,} new ones over {DATES} dates"
    return Finding("looks", about, _rated_first(runs), _ratings(runs), servers.notes())


def _ratings(runs: dict[str, list[Measured]]) -> tuple[Rating, ...]:
    looked = [Rating(name, seconds(runs[name]), "s", 5) for name in (FIRST_LOOK, LOOK, LOOK_WITH_NEW)]
    longest = max(item.seconds for item in runs[STALE_LOOK])
    return (*looked, Rating(f"{STALE_LOOK}, the longest of {len(runs[STALE_LOOK])}", longest, "s", 60))


def _rated_first(runs: dict[str, list[Measured]]) -> dict[str, list[Measured]]:
    return {f"{name} ({len(found)} times)" if len(found) > 1 else name: found for name, found in runs.items()}


def _fill(server: S3Server, kind: str, count: int) -> None:
    """PUT so many small files: by several processes, since botocore takes a core for a few hundred a second."""
    writers = WRITERS if count > CHUNK else 1
    numbers = [range(start, count, writers) for start in range(writers)]
    with ProcessPoolExecutor(writers, mp_context=get_context("spawn")) as pool:
        list(pool.map(partial(_put, server.settings, kind), numbers))


def _put(settings: S3Settings, kind: str, numbers: range) -> None:
    s3, place = S3(settings), S3Location(BUCKET, "landing")

    def put(number: int) -> None:
        s3.put(place / f"{kind}/{number % DATES:02}/{number:06}.csv", _file(kind, number))

    for start in range(0, len(numbers), CHUNK):
        at_once(put, numbers[start : start + CHUNK])


def _file(kind: str, number: int) -> bytes:
    if kind == OLD:
        return f"{HEADER}{number}\n".encode()
    day = START + timedelta(number % DATES)
    rows = (
        f"{day} 10:00:00 UTC,view,{number % 500},1,a.b,brand{number % 7},{1 + row}.50,{number},{number}-{row}\n"
        for row in range(EVENTS_OF_A_NEW_OBJECT)
    )
    return f"{HEADER}{''.join(rows)}".encode()


def _know_all(server: S3Server, reached: dict[str, str], folder: Path) -> None:
    """Let the ledger know all that lies there, as files that have landed and brought no date that has to be made."""
    places = {name: reached[f"RETAIL_{name.upper()}"] for name in ("lake_url", "inbox_url")}
    landing = Landing(Settings(data_dir=folder, s3=server.settings, **places))
    reader = landing.sources[""].reader
    entries = [
        LandedFile(
            name=arrival.name,
            state="landed",
            sha256=f"{number:064x}",
            bytes=arrival.bytes,
            mtime_ns=arrival.mtime_ns,
            reader=reader,
            as_of="2026-01-01T00:00:00+00:00",
            file_id=f"{number:024x}-{reader}-{number:08x}",
            etag=arrival.etag,
            attempt=f"{number:012x}",
        )
        for number, arrival in enumerate(landing.pending(), start=1)
    ]
    landing.ledger.append(entries)
