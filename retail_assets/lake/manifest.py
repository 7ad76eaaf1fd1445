"""The manifest of a dataset: which partitions readers see and what each was made from.

``<dataset>/_manifest.json`` is written after the objects that it names, in one atomic step. It holds nothing that
changes between two runs over the same data, so equal lakes have equal manifests. Readers of the plain folder, such as
Spark and Athena, skip it because of the underscore.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Published

MANIFEST_NAME = "_manifest.json"
FORMAT = 1


def read_manifest(folder: Path) -> dict[Partition, Published]:
    """The published partitions of the dataset in ``folder``; none where it was never written.

    Raises:
        ValueError: the manifest is damaged; the message names the file and the mend.
    """
    path = folder / MANIFEST_NAME
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        entries = [_entry(folder, item) for item in document["partitions"]]
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} is damaged ({error}). Remove it and run `retail backfill`: the dataset is built anew."
        ) from error
    return {entry.partition: entry for entry in entries}


def write_manifest(folder: Path, entries: Iterable[Published]) -> None:
    """Replace the manifest of ``folder`` in one atomic step."""
    lines = ",\n".join(
        json.dumps(_document(folder, entry)) for entry in sorted(entries, key=lambda entry: entry.partition)
    )
    text = f'{{"format": {FORMAT}, "partitions": [\n{lines}\n]}}\n'
    temporary = folder / f".{MANIFEST_NAME}.{os.getpid()}"
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(folder / MANIFEST_NAME)


def _document(folder: Path, entry: Published) -> dict[str, Any]:
    return {
        "partition": dict(entry.partition.values),
        "object": Path(entry.location).relative_to(folder).as_posix(),
        "rows": entry.rows,
        "bytes": entry.bytes,
        "digest": entry.digest,
        "inputs": entry.inputs,
        "code": entry.code,
        "filled": dict(entry.filled),
    }


def _entry(folder: Path, item: dict[str, Any]) -> Published:
    return Published(
        partition=Partition.of(item["partition"]),
        location=str(folder / item["object"]),
        rows=item["rows"],
        bytes=item["bytes"],
        digest=item["digest"],
        inputs=item["inputs"],
        code=item["code"],
        filled=item["filled"],
    )
