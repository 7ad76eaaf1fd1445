"""Queries: what an asset returns. A SELECT from the ``sql`` folder and the inputs that it reads by name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

from retail_assets.contracts import Contract
from retail_assets.engine.dataset import Dataset, Frame, Rows
from retail_assets.engine.partition import Partition

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

WRITER_VERSION = 2
"""Raised when the way that objects are written changes their content."""


@dataclass(frozen=True)
class Query:
    """A SELECT over named inputs.

    An input is a Dataset (read lazily), Rows (a small literal table), a Frame (a table in memory), a Computed (a table
    that code makes when it is needed) or another Query, which is computed once and shared by all queries that read it.
    ``parameters`` are DuckDB variables, which SQL reads by ``getvariable('name')``.
    ``row_by_row``: each row of the result is one row of a shared query, so that partitions can be written straight from
    it. ``same_as`` names an input whose rows are the result, so that a single object of it need not be written again.
    """

    name: str
    sql: str
    inputs: Mapping[str, Source] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    same_as: str | None = None
    row_by_row: bool = False

    def needed_by(self, partitions: list[Partition]) -> Query:
        """The same query over only those objects and rows that these partitions depend on."""
        return replace(self, inputs={name: source.needed_by(partitions) for name, source in self.inputs.items()})

    def datasets(self) -> Iterator[tuple[str, Dataset]]:
        """Every dataset read here or in a shared query, by the name under which it is read."""
        for name, source in self.inputs.items():
            if isinstance(source, Query):
                yield from source.datasets()
            elif isinstance(source, Computed):
                yield from source.inputs.items()
            elif isinstance(source, Dataset):
                yield name, source

    def code_digest(self, contract: Contract) -> str:
        """What the result depends on besides its inputs: SQL, macros, parameters, columns and the writer's version."""
        columns = [(column.name, column.type) for column in contract.columns]
        parts = [WRITER_VERSION, sql_text("macros"), self._code(), columns]
        return _digest(json.dumps(parts, default=str))

    def inputs_digest(self, partition: Partition) -> str:
        """What the partition's inputs hold: the digests of the objects and the literal rows that it depends on."""
        return _digest(json.dumps(self._contents(partition), default=str))

    def _code(self) -> list[Any]:
        shared = [query._code() for query in self.inputs.values() if isinstance(query, Query)]
        computed = [source.code for source in self.inputs.values() if isinstance(source, Computed)]
        return [self.sql, sorted(self.parameters.items()), shared, *computed]

    def _contents(self, partition: Partition) -> list[Any]:
        contents: list[Any] = []
        for name, source in sorted(self.inputs.items()):
            if isinstance(source, Query):
                contents.append([name, source._contents(partition)])
            elif isinstance(source, Rows):
                contents.append([name, source.needed_by([partition]).rows])
            elif isinstance(source, Frame):
                contents.append([name, source.digest])
            elif isinstance(source, Computed):
                contents.append([name, [_held(dataset, partition) for _, dataset in sorted(source.inputs.items())]])
            elif source.slices is not None and partition.date:
                contents.append([name, source.slices.get(partition.date.isoformat(), "")])
            else:
                contents.append([name, _held(source, partition)])
        return contents


@dataclass(frozen=True)
class Computed:
    """A table that code makes of datasets, as an input of a query, for what SQL cannot say.

    ``compute`` is called once a batch, when the datasets can be read by their names, with the partitions of the batch.
    ``code`` stands for what the result depends on besides the datasets.
    """

    inputs: Mapping[str, Dataset]
    code: str
    compute: Callable[[DuckDBPyConnection, list[Partition]], pa.Table]

    def needed_by(self, partitions: list[Partition]) -> Computed:
        """The same over only those objects that these partitions depend on."""
        return replace(self, inputs={name: dataset.needed_by(partitions) for name, dataset in self.inputs.items()})


def query(
    name: str,
    /,
    *,
    fragments: Mapping[str, str] | None = None,
    parameters: Mapping[str, Any] | None = None,
    same_as: str | None = None,
    row_by_row: bool = False,
    **inputs: Source,
) -> Query:
    """The query of the file ``sql/<name>.sql``; ``fragments`` fill its ``${...}`` places."""
    text = sql_text(name)
    sql = Template(text).substitute(fragments) if fragments else text
    return Query(name, sql, inputs, parameters or {}, same_as, row_by_row)


@cache
def sql_text(name: str) -> str:
    """The text of ``sql/<name>.sql``, without its closing semicolon."""
    path = files("retail_assets").joinpath("sql", *f"{name}.sql".split("/"))
    return path.read_text(encoding="utf-8").rstrip().removesuffix(";")


def column_expressions(contract: Contract) -> str:
    """The contract's transformation of the received row into typed columns, as a select list."""
    named = [column for column in contract.columns if column.expression]
    return ",\n        ".join(f"{column.expression} AS {column.quoted}" for column in named)


def first_reason(contract: Contract) -> str:
    """The contract's exclusions and reject reasons as one CASE: the first that applies, or NULL."""
    rules = [*contract.excluded_reasons, *contract.reject_reasons]
    lines = [f"WHEN {rule.predicate} THEN '{rule.name}'" for rule in rules]
    return "CASE\n            " + "\n            ".join(lines) + "\n        END"


def _held(dataset: Dataset, partition: Partition) -> list[tuple[str, str]]:
    """What the partition depends on in a dataset: the digests of its objects."""
    return [(stored.partition.key, stored.digest) for stored in dataset.needed_by([partition]).objects]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


Source = Dataset | Rows | Frame | Computed | Query
"""What a query can read by name."""
