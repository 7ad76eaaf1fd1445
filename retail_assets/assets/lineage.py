"""Column lineage, read from the SQL itself."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Step
from retail_assets.contracts import contract
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.query import Query

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

Sources = tuple[tuple[str, str], ...]
"""Dataset and column of each source, sorted."""


def step_lineage(platform: Platform, step: Step) -> dict[str, dict[str, Sources]]:
    """Per output and column of a step, the input columns that its values are computed from."""
    empty = {upstream.name: Dataset(contract(upstream.name), ()) for upstream in step.upstreams}
    outputs = step.described(platform.arguments(step, empty))
    return {name: _query_lineage(output.query, name) for name, output in outputs.items()}


def _query_lineage(query: Query, output: str) -> dict[str, Sources]:
    columns = [column.name for column in contract(output).columns]
    if query.same_as:
        origin = query.inputs[query.same_as]
        name = origin.name if isinstance(origin, Dataset) else query.same_as
        return {column: ((name, column),) for column in columns if name != output or query.name.startswith("warehouse")}
    schema = {name: tuple((c.name, c.type) for c in dataset.contract.columns) for name, dataset in query.datasets()}
    return _lineage(query.sql, tuple(sorted(_shared(query))), tuple(sorted(schema.items())), tuple(columns))


def _shared(query: Query) -> Iterator[tuple[str, str]]:
    for name, source in query.inputs.items():
        if isinstance(source, Query):
            yield name, source.sql
            yield from _shared(source)


@cache
def _lineage(
    sql: str,
    shared: tuple[tuple[str, str], ...],
    schema: tuple[tuple[str, tuple[tuple[str, str], ...]], ...],
    columns: tuple[str, ...],
) -> dict[str, Sources]:
    """The sources of each column that the SELECT has, by sqlglot's lineage over the qualified query."""
    from sqlglot import exp, parse_one
    from sqlglot.lineage import lineage

    tables = {name: dict(types) for name, types in schema}
    parsed = parse_one(sql, dialect="duckdb")
    expanded: dict[str, str | exp.Query] = dict(shared)
    found: dict[str, Sources] = {}
    for column in set(columns) & set(_names(parsed)):
        quoted = exp.to_identifier(column, quoted=True).sql("duckdb")
        node = lineage(quoted, parsed, schema=tables, sources=expanded, dialect="duckdb")
        leaves = [(leaf.source, leaf.name.rpartition(".")[2].strip('"')) for leaf in node.walk()]
        origins = {(source.name, name) for source, name in leaves if isinstance(source, exp.Table)}
        found[column] = tuple(sorted(origin for origin in origins if origin[0] in tables))
    return found


def _names(parsed: Expr) -> list[str]:
    from sqlglot import exp

    return parsed.named_selects if isinstance(parsed, exp.Query) else []
