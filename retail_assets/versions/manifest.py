"""The manifest of a version: ``_manifest.json`` in its folder, written once.

Readers of the plain folder, such as Spark, Athena and pyarrow, skip it because of the underscore.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from retail_assets.contracts import Column
from retail_assets.engine.durability import write_whole
from retail_assets.engine.partition import Partition
from retail_assets.versions.version import REMEMBERED, Origin, SourceFile, Version, VersionFile

MANIFEST_NAME = "_manifest.json"
FORMAT = 1


def write_manifest(version: Version, folder: Path) -> None:
    """Write the version's manifest into the folder and wait until the disk has it."""
    document = summary(version) | {
        "schema": [_column_document(column) for column in version.columns],
        "sources": [vars(source) for source in version.origin.sources],
        "files": [_file_document(file) for file in version.files],
    }
    write_whole(folder / MANIFEST_NAME, _text(document))


def read_manifest(folder: Path) -> Version:
    """The version that lives in the folder.

    Raises:
        ValueError: the manifest is missing or damaged; the message names the file and the mend.
    """
    path = folder / MANIFEST_NAME
    try:
        document = json.loads(path.read_bytes())
        version = _version(document, folder)
        if version.digest != document["digest"]:
            raise ValueError("its digest does not fit what it lists")
    except FileNotFoundError:
        raise ValueError(f"{path} is missing. {_mend(folder)}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged ({error}). {_mend(folder)}") from error
    return version


def summary(version: Version) -> dict[str, Any]:
    """What a version is, in figures: the head of its manifest."""
    days, origin = version.dates, version.origin
    return {
        "format": FORMAT,
        "name": version.name,
        "version": version.number,
        "digest": version.digest,
        "created_at": version.created_at,
        "rows": version.rows,
        "bytes": version.bytes,
        "dates": {"first": days[0] if days else None, "last": days[-1] if days else None, "count": len(days)},
        "key_types": version.key_types,
        "code": {"package": origin.package, "features": list(origin.code)},
        "stale_dates": list(origin.stale_dates),
    }


def _mend(folder: Path) -> str:
    return f"Restore it from a backup; without one, remove the folder {folder}, and with it the version."


def _text(document: dict[str, Any]) -> str:
    """JSON with one line for each column, source and file, so that people and `diff` can read it."""
    members = [f"{json.dumps(name)}: {_member(value)}" for name, value in document.items()]
    return "{\n" + ",\n".join(members) + "\n}\n"


def _member(value: Any) -> str:
    if not (isinstance(value, list) and value and isinstance(value[0], dict)):
        return json.dumps(value, ensure_ascii=False)
    return "[\n" + ",\n".join(json.dumps(item, ensure_ascii=False) for item in value) + "\n]"


def _column_document(column: Column) -> dict[str, Any]:
    return {name: getattr(column, name) for name in REMEMBERED}


def _file_document(file: VersionFile) -> dict[str, Any]:
    return vars(file) | {"partition": dict(file.partition.values)}


def _version(document: dict[str, Any], folder: Path) -> Version:
    if document["format"] != FORMAT:
        raise ValueError(f"format {document['format']} instead of {FORMAT}")
    code = document["code"]
    origin = Origin(
        package=code["package"],
        code=tuple(code["features"]),
        sources=tuple(SourceFile(**item) for item in document["sources"]),
        stale_dates=tuple(document["stale_dates"]),
    )
    return Version(
        name=document["name"],
        number=document["version"],
        folder=folder,
        columns=tuple(Column(**item) for item in document["schema"]),
        files=tuple(_file(item) for item in document["files"]),
        origin=origin,
        created_at=document["created_at"],
    )


def _file(item: dict[str, Any]) -> VersionFile:
    return VersionFile(**{**item, "partition": Partition.of(item["partition"])})
