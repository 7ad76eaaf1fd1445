"""Column lineage, read from the SQL itself.

Reading it costs a second, so what was found is kept below the data folder, by the digest of all that it depends on.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Step
from retail_assets.contracts import Column, contract
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.query import Query

Sources = tuple[tuple[str, str], ...]
"""Dataset and column of each source, sorted."""
Tables = dict[str, dict[str, str]]
"""Of each dataset that is read, the columns with their types."""


def step_lineage(platform: Platform, step: Step) -> dict[str, dict[str, Sources]]:
    """Per output and column of a step, the input columns that its values are computed from."""
    if step.source:  # what it reads is no dataset
        return {}
    empty = {upstream.name: Dataset(contract(upstream.name), ()) for upstream in step.upstreams}
    outputs = step.described(platform.arguments(step, empty))
    kept = platform.settings.data_dir / ".lineage"
    try:
        return {name: _query_lineage(output.query, name, kept) for name, output in outputs.items()}
    except ValueError:
        if step.mart:  # users may write whatever DuckDB understands, sqlglot or not
            return {}
        raise


def unclassified(platform: Platform, step: Step) -> Iterator[str]:
    """Columns that hold what an input's contract classifies, such as a customer's e-mail, and are not classified."""
    for output, columns in step_lineage(platform, step).items():
        for name, sources in columns.items():
            column = contract(output).column(name)
            read = [(dataset, contract(dataset).column(source)) for dataset, source in sources]
            for dataset, source in read if not column.classification else ():
                if source.classification and source.type == column.type:  # another type is a count or the like
                    yield f"{output}.{name} holds {dataset}.{source.name}, which is {source.classification}"


def _query_lineage(query: Query, output: str, kept: Path) -> dict[str, Sources]:
    columns = [column.name for column in contract(output).columns]
    if query.same_as:
        origin = query.inputs[query.same_as]
        name = origin.name if isinstance(origin, Dataset) else query.same_as
        return {column: ((name, column),) for column in columns if name != output or query.name.startswith("warehouse")}
    tables = {name: _types(dataset.contract.columns) for name, dataset in query.datasets()}
    held = {f"{name}_partitions": _types(dataset.contract.partition_columns) for name, dataset in query.datasets()}
    parts = {**held, "requested_partitions": _types(contract(output).partition_columns)}
    found = _kept_lineage(query.sql, dict(_shared(query)), tables, {n: t for n, t in parts.items() if t}, kept)
    return {column: found[column.lower()] for column in columns if column.lower() in found}


def _types(columns: Iterable[Column]) -> dict[str, str]:
    return {column.name: column.type for column in columns}


def _shared(query: Query) -> Iterator[tuple[str, str]]:
    for name, source in query.inputs.items():
        if isinstance(source, Query):
            yield name, source.sql
            yield from _shared(source)


def _kept_lineage(sql: str, shared: dict[str, str], tables: Tables, parts: Tables, kept: Path) -> dict[str, Sources]:
    """The sources as they were found before, or found now."""
    question = json.dumps([sql, shared, tables, parts, version("sqlglot")], sort_keys=True)
    answer = kept / f"{hashlib.sha256(question.encode()).hexdigest()[:24]}.json"
    try:
        document = json.loads(answer.read_text(encoding="utf-8"))
        return {column: tuple((name, source) for name, source in sources) for column, sources in document.items()}
    except (OSError, ValueError):  # not kept yet, or not whole
        found = _lineage(sql, shared, tables, parts)
        with suppress(OSError):  # a full or a read-only disk costs time only
            _keep(answer, json.dumps(found, sort_keys=True))
        return found


def _keep(path: Path, text: str) -> None:
    """Write the file in one step: others may be doing the same."""
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _lineage(sql: str, shared: dict[str, str], tables: Tables, parts: Tables) -> dict[str, Sources]:
    """The sources of each column that the SELECT has, in lower case, by sqlglot's lineage over the qualified query.

    The lists of partitions in ``parts`` are no sources.

    Raises:
        ValueError: sqlglot does not understand the SQL.
    """
    from sqlglot import exp
    from sqlglot.errors import SqlglotError
    from sqlglot.lineage import lineage

    found: dict[str, Sources] = {}
    try:
        nodes = lineage(None, sql, schema={**tables, **parts}, sources=shared, dialect="duckdb", trim_selects=False)
    except SqlglotError as error:
        raise ValueError(f"the lineage cannot be read: {error}") from error
    for column, node in nodes.items():
        leaves = [(leaf.source, leaf.name.rpartition(".")[2].strip('"')) for leaf in node.walk()]
        origins = {(source.name, name) for source, name in leaves if isinstance(source, exp.Table)}
        found[column.lower()] = tuple(sorted(origin for origin in origins if origin[0] in tables))
    return found
