"""Writes one file of the feed: under a temporary name first, so that nobody reads half of it."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files as package_files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from retail_assets.contracts.contract import quote_literal
from retail_assets.sources.synthetic_shop.plan import FileFormat, PlannedFile
from retail_assets.sources.synthetic_shop.truth import FileEntry

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Level 1 of gzip: three times as fast as the default, for files a fifth larger.
GZIP_LEVEL = 1
CHUNK_BYTES = 1 << 20


def sql(name: str) -> str:
    """The shop's SQL of that name."""
    return (package_files("retail_assets") / "sql" / "synthetic_shop" / f"{name}.sql").read_text(encoding="utf-8")


def write_file(
    connection: DuckDBPyConnection, planned: PlannedFile, folder: Path, file_format: FileFormat
) -> FileEntry:
    """Write the waiting events of the file's period. Safe to call from several threads."""
    target = folder / planned.name
    with _published(target) as partial:
        if file_format == "csv.gz":
            with _scratch(target.with_suffix("")) as plain:
                rows = _copy(connection, "write_csv", planned, plain)
                _compress(plain, partial)
        else:
            rows = _copy(connection, f"write_{file_format}", planned, partial)
    return FileEntry(planned.name, rows, target.stat().st_size)


def _copy(connection: DuckDBPyConnection, statement: str, planned: PlannedFile, file: Path) -> int:
    """Literals, not bound parameters: binding makes DuckDB import pandas, half a second for two dates."""
    query = Template(sql(statement)).substitute(
        begins=quote_literal(planned.begins), ends=quote_literal(planned.ends), file=quote_literal(str(file))
    )
    with connection.cursor() as cursor:
        counted = cursor.execute(query).fetchone()
    return int(counted[0]) if counted else 0


def _compress(plain: Path, packed: Path) -> None:
    """Pack without name and time, so that equal content gives equal bytes. DuckDB's own gzip is four times slower."""
    with (
        plain.open("rb") as source,
        packed.open("wb") as raw,
        gzip.GzipFile("", "wb", GZIP_LEVEL, raw, mtime=0) as sink,
    ):
        shutil.copyfileobj(source, sink, CHUNK_BYTES)


@contextmanager
def _scratch(target: Path) -> Iterator[Path]:
    """A temporary name beside the target, gone afterwards."""
    partial = target.with_name(f".{target.name}.tmp")
    try:
        yield partial
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _published(target: Path) -> Iterator[Path]:
    """A temporary name that becomes the target if all goes well."""
    with _scratch(target) as partial:
        yield partial
        os.replace(partial, target)
