"""Examines the cloud that a platform uses: tries every permission with a harmless call, and names what is missing."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

from retail_assets.cli.examination import Finding
from retail_assets.cli.output import plural
from retail_assets.cli.redshift_examination import examine_redshift
from retail_assets.engine.identity import sha256_of
from retail_assets.engine.s3_errors import ObjectChanged, ObjectMissing, S3Error
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import ABSENT, S3, State
from retail_assets.engine.s3_reading import allow_reading
from retail_assets.landing.event_source import event_sources
from retail_assets.landing.s3_inbox import S3Inbox
from retail_assets.settings import S3Settings, Settings

PROBES = "_doctor"
"""Prefix of the objects that are written to be removed at once."""


def examine_cloud(settings: Settings) -> Iterator[Finding]:
    """Look at every service of the cloud that the settings name."""
    if settings.lake_url:
        yield from examine_lake(S3Location.of(settings.lake_url), settings.s3)
    else:
        yield Finding("lake", "ok", "in a folder: RETAIL_LAKE_URL is not set")
    for source in event_sources(settings).values():
        if isinstance(source.inbox, S3Inbox):
            yield from examine_inbox(source.inbox)
    if settings.warehouse_kind == "redshift":
        yield from examine_redshift(settings)


def examine_lake(root: S3Location, settings: S3Settings) -> Iterator[Finding]:
    """Try what the lake below ``root`` needs of S3; what is written is removed again."""
    s3, probe = S3(settings), root / f"{PROBES}/{uuid4().hex}.parquet"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "probe.parquet"
        _write_parquet(file)
        looks: dict[str, Callable[[], str]] = {
            "list (s3:ListBucket)": lambda: _list(s3, root),
            "write (s3:PutObject)": lambda: _put(s3, probe, file),
            "write under a condition (s3:PutObject)": lambda: _put_again(s3, probe, file),
            "read (s3:GetObject)": lambda: _read(s3, probe),
            "query (s3:GetObject, s3:GetObjectVersion, httpfs)": lambda: _query(s3, probe),
            "copy (s3:GetObject, s3:PutObject)": lambda: _copy(s3, probe),
            "sweep uploads (s3:ListBucketMultipartUploads, s3:AbortMultipartUpload)": lambda: _sweep(s3, root, probe),
            "remove (s3:DeleteObject)": lambda: _remove(s3, root),
        }
        for what, look in looks.items():
            finding, is_refused = _tried(f"S3: {what}", look)
            yield finding
            if finding.state == "wrong" and not is_refused:
                return  # no question of permissions: all else would fail alike
    yield _versioning(s3, root)


def examine_inbox(inbox: S3Inbox) -> Iterator[Finding]:
    """Try what taking in files needs of S3; nothing is written."""
    looks: dict[str, Callable[[], str]] = {
        "list (s3:ListBucket)": lambda: _list(inbox.s3, inbox.below),
        "read (s3:GetObject)": lambda: _read_any(inbox.s3, inbox.below),
    }
    for what, look in looks.items():
        finding, _ = _tried(f"inbox {inbox.place}: {what}", look)
        yield finding
        if finding.state == "wrong":
            return  # what cannot be listed cannot be read


def _tried(what: str, look: Callable[[], str]) -> tuple[Finding, bool]:
    """What a look found, and whether it was refused for want of a permission."""
    import duckdb

    try:
        return Finding(what, "ok", look()), False
    except ObjectMissing:
        return Finding(what, "hint", "not tried: there is no object to try it on"), False
    except (S3Error, duckdb.HTTPException) as error:
        told, _, mend = str(error).partition("\n")[0].partition(": ")
        is_refused = getattr(error, "kind", "AccessDenied") in ("AccessDenied", "403", "KMS")
        return Finding(what, "wrong", told, mend), is_refused


def _list(s3: S3, root: S3Location) -> str:
    return "objects found" if next(s3.listed(root), None) else "no object yet"


def _put(s3: S3, probe: S3Location, file: Path) -> str:
    s3.put_file(probe, file, sha256_of(file))
    encryption = s3.settings.encryption
    return "written" + ("" if encryption == "none" else f", encrypted by {encryption}")


def _put_again(s3: S3, probe: S3Location, file: Path) -> str:
    try:
        s3.put(probe, b"another content", only_if=ABSENT)
    except ObjectChanged:
        return "a write under a condition that does not hold is refused"
    s3.put_file(probe, file, sha256_of(file))
    raise S3Error("PutObject: the server ignores If-None-Match: two runs at once could harm each other on it")


def _read(s3: S3, probe: S3Location) -> str:
    body = s3.read(probe)
    return f"{len(body.content):,} bytes" if body else ""


def _read_any(s3: S3, below: S3Location) -> str:
    place, _, _ = next(s3.listed(below), (None, "", 0))
    if place is None:
        raise ObjectMissing(f"{below}: there is nothing yet")
    _state(s3, place)  # HEAD asks for the same permission, and fetches nothing
    return f"{place.key.removeprefix(below.below)} may be read"


def _query(s3: S3, probe: S3Location) -> str:
    import duckdb

    _state(s3, probe)
    with duckdb.connect() as connection:
        allow_reading(connection, [str(probe)], s3.settings)
        (number,) = connection.execute(f"SELECT number FROM read_parquet('{probe}')").fetchone() or (None,)
    return f"DuckDB reads {number}"


def _copy(s3: S3, probe: S3Location) -> str:
    s3.copy(probe, _state(s3, probe), S3Location(probe.bucket, f"{probe.key}.copy"))
    return "copied by the server"


def _state(s3: S3, probe: S3Location) -> State:
    state = s3.state(probe)
    if state is None:
        raise ObjectMissing(f"HeadObject, {probe}: there is no such object")
    return state


def _sweep(s3: S3, root: S3Location, probe: S3Location) -> str:
    s3.begin_upload(probe)
    return f"{plural(s3.abort_uploads(root / PROBES), 'upload')} begun and aborted"


def _remove(s3: S3, root: S3Location) -> str:
    probes = [place for place, _, _ in s3.listed(root / PROBES)]
    for place in probes:
        s3.remove(place)
    return f"{plural(len(probes), 'object')} removed"


def _versioning(s3: S3, root: S3Location) -> Finding:
    what = f"S3: versioning of {root.bucket}"
    mend = "with versioning on, what a run replaces can be had back (docs/cloud.md)"
    try:
        is_on = s3.is_versioned(root.bucket)
    except S3Error as error:
        return Finding(what, "hint", str(error), "allow s3:GetBucketVersioning to see it here; nothing else needs it")
    return Finding(what, "ok" if is_on else "hint", "on" if is_on else "off", "" if is_on else mend)


def _write_parquet(file: Path) -> None:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 42 AS number) TO '{file}' (FORMAT parquet)")
