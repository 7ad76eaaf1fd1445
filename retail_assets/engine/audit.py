"""Audit: hold staged partitions against their contract and against each other, before anyone can read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from retail_assets.contracts import Contract
from retail_assets.contracts.contract import quote_literal
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.partition import Partition
from retail_assets.engine.query import sql_text
from retail_assets.engine.staging import Staged
from retail_assets.settings import Settings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CONTRACT_CHECK = "contract"
NO_ROWS = "0-0"
"""The digest of a file without rows."""


@dataclass(frozen=True)
class Verdict:
    """What one check found in one partition."""

    check: str
    partition: Partition
    passed: bool
    detail: str = ""
    blocking: bool = True


@dataclass(frozen=True)
class Audit:
    """A check of staged partitions against their inputs: ``sql``, or the file ``sql/checks/<name>.sql``.

    It reads the inputs of the step by their names and what is staged as ``staged_<dataset>``, and returns one row per
    partition: its columns, ``passed`` and ``detail``. The ``settings`` it names are variables of the same name.
    """

    name: str
    description: str
    blocking: bool = True
    settings: tuple[str, ...] = ()
    sql: str | None = None


@dataclass(frozen=True)
class Facts:
    """What the audit measured in a staged partition.

    ``digest`` does not depend on the order of rows. ``filled`` is the share of filled values of each watched column.
    """

    rows: int
    digest: str
    filled: Mapping[str, float] = field(default_factory=dict)


def audit_contract(
    connection: DuckDBPyConnection, contract: Contract, staged: Sequence[Staged]
) -> tuple[dict[Partition, Facts], list[Verdict]]:
    """One scan of the staged files: rows, digest and every rule of the contract, per partition."""
    types = type_violations(connection, contract, staged)
    watched, rules = [column.name for column in contract.watched_columns], list(contract_rules(contract))
    scanned = {path: row for path, *row in connection.execute(_contract_scan(contract, staged)).fetchall()}
    nothing: list[Any] = [0, NO_ROWS, *(None for _ in watched), *(0 for _ in rules)]
    facts: dict[Partition, Facts] = {}
    verdicts: list[Verdict] = []
    for item in staged:
        rows, digest, *rest = scanned.get(item.location, nothing)
        shares, counts = rest[: len(watched)], rest[len(watched) :]
        filled = {name: round(share, 4) for name, share in zip(watched, shares, strict=True) if share is not None}
        facts[item.partition] = Facts(rows, digest, filled)
        broken = [f"{name}: {count:,} of {rows:,} rows" for name, count in zip(rules, counts, strict=True) if count]
        detail = "; ".join([*types[item.location], *broken])
        verdicts.append(Verdict(CONTRACT_CHECK, item.partition, not detail, detail))
    return facts, verdicts


def audit(
    connection: DuckDBPyConnection,
    rule: Audit,
    staged: Mapping[str, tuple[Contract, list[Staged]]],
    partitions: Iterable[Partition],
    settings: Settings,
) -> list[Verdict]:
    """Run one check over everything that is staged; a partition that it says nothing of has passed."""
    for name, (contract, items) in staged.items():
        objects = Dataset(contract, ()).relation() if not items else _staged_relation(contract, items)
        connection.execute(f'CREATE OR REPLACE TEMP VIEW "staged_{name}" AS {objects}')
    for name in rule.settings:
        connection.execute(f'SET VARIABLE "{name}" = {quote_literal(getattr(settings, name))}')
    found = connection.execute(rule.sql or sql_text(f"checks/{rule.name}"))
    names = [column[0] for column in found.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    told = {_partition_of(row): row for row in rows}
    return [_verdict(rule, partition, told.get(partition)) for partition in partitions]


def type_violations(
    connection: DuckDBPyConnection, contract: Contract, staged: Sequence[Staged]
) -> dict[str, list[str]]:
    """How each file's columns differ from the contract's; files with the same Parquet schema are looked at once."""
    signature = "list((name, type, converted_type, logical_type, scale, precision))::VARCHAR"
    by_schema: dict[str, list[str]] = {}
    found = connection.execute(
        f"SELECT file_name, {signature} FROM parquet_schema([{_paths(staged)}]) GROUP BY file_name"
    ).fetchall()
    for path, schema in found:
        by_schema.setdefault(schema, []).append(path)
    return {
        path: differences
        for paths in by_schema.values()
        for differences in [_differences(connection, contract, paths[0])]
        for path in paths
    }


def _verdict(rule: Audit, partition: Partition, row: dict[str, Any] | None) -> Verdict:
    passed = row is None or bool(row["passed"])
    return Verdict(rule.name, partition, passed, str(row["detail"] or "") if row else "", rule.blocking)


def _partition_of(row: dict[str, Any]) -> Partition:
    return Partition.of({name: str(row[name]) for name in ("date", "key_type") if name in row})


def _staged_relation(contract: Contract, items: list[Staged]) -> str:
    paths = ", ".join(quote_literal(item.location) for item in items)
    kinds = ", ".join(f"{column.quoted}: {column.type}" for column in contract.partition_columns)
    hive = f", hive_partitioning = true, hive_types = {{{kinds}}}" if kinds else ""
    return f"SELECT * FROM read_parquet([{paths}]{hive})"


def contract_rules(contract: Contract) -> dict[str, str]:
    """Every rule as an aggregate that counts violations, by name."""
    rules = {
        name: f"count(*) FILTER (WHERE {predicate})"
        for column in contract.stored_columns
        for name, predicate in column.violations.items()
    }
    rules |= {rule.name: f"count(*) FILTER (WHERE {rule.predicate})" for rule in contract.row_rules}
    rules |= {rule.name: rule.predicate for rule in contract.table_rules}
    if key := [column.quoted for column in contract.key_columns if column.partition_position is None]:
        distinct = key[0] if len(key) == 1 else f"({', '.join(key)})"
        rules["unique_grain"] = f"count(*) - count(DISTINCT {distinct})"
    return rules


def digest_scan(contract: Contract, paths: Iterable[str], measures: Sequence[str] = ()) -> str:
    """Of each Parquet file that has rows: its path, its rows, their digest, and these aggregates."""
    columns = ", ".join(column.quoted for column in contract.stored_columns)
    digest = f"count(*) || '-' || sum(hash({columns}))"
    measured = "".join(f",\n    {expression}" for expression in measures)
    source = f"read_parquet([{', '.join(map(quote_literal, paths))}], hive_partitioning = false, filename = true)"
    return f"SELECT filename, count(*), {digest}{measured}\nFROM {source}\nGROUP BY filename"


def _contract_scan(contract: Contract, staged: Sequence[Staged]) -> str:
    shares = [f"avg(({column.quoted} IS NOT NULL)::INT)" for column in contract.watched_columns]
    return digest_scan(contract, (item.location for item in staged), [*shares, *contract_rules(contract).values()])


def _paths(staged: Sequence[Staged]) -> str:
    return ", ".join(quote_literal(item.location) for item in staged)


def _differences(connection: DuckDBPyConnection, contract: Contract, path: str) -> list[str]:
    source = f"read_parquet({quote_literal(path)}, hive_partitioning = false)"
    found = {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
    expected = {column.name: column.type for column in contract.stored_columns}
    return [
        f"{name}: {found.get(name, 'missing')} instead of {expected.get(name, 'no such column')}"
        for name in {**expected, **found}
        if found.get(name) != expected.get(name)
    ]
