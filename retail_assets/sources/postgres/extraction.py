"""Extraction: every table of the shop from one snapshot of its database, verified against it, then shown at once.

A full extraction each time: it sees deleted rows, rows that committed late and changes that carry an old last_update,
which no watermark does. Tables whose content is as before keep their object, so nothing downstream is made again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from string import Template

from retail_assets.contracts import Column, Contract
from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.engine.locking import exclusive
from retail_assets.engine.private import private_folder
from retail_assets.engine.query import sql_text
from retail_assets.engine.staging import parquet_options
from retail_assets.settings import Settings
from retail_assets.sources.postgres.agreement import Agreement, agreements
from retail_assets.sources.postgres.catalogue import tables_of
from retail_assets.sources.postgres.connection import Source, SourceError, snapshot_of
from retail_assets.sources.postgres.fingerprint import fingerprint
from retail_assets.sources.postgres.pseudonyms import pseudonym, take_key
from retail_assets.sources.postgres.selection import PERSONAL, expression
from retail_assets.sources.postgres.snapshot import (
    Extracted,
    Measure,
    Snapshot,
    publish_snapshot,
    read_snapshot,
    version_of,
)

FINDINGS = {"duplicate_emails": ("raw_customer", "email")}
"""Queries that the database answers itself, by the column that they need: ``sql/sales/source/<name>.sql``."""


@dataclass(frozen=True)
class Extraction:
    """The extraction of these tables, each under its contract, with the settings' database as source."""

    settings: Settings
    contracts: tuple[Contract, ...]

    @property
    def folder(self) -> Path:
        """Where the latest snapshot is kept."""
        return self.settings.extraction_dir

    def latest(self) -> Snapshot:
        """What was last extracted."""
        return read_snapshot(self.folder)

    def version(self) -> str:
        """Changes whenever a snapshot is taken; empty before the first."""
        return version_of(self.folder)

    def take(self) -> Snapshot:
        """Extract all tables as they are now. Nothing is shown unless all of them are whole.

        Raises:
            SourceError: the database cannot be read, does not fit the contracts, or broke off.
        """
        with (
            exclusive(self.folder / ".lock", "extracting the shop's database"),
            private_folder(self.folder / "staging") as stage,
        ):
            snapshot, staged = self._extract(stage)
            publish_snapshot(snapshot, staged)
        return snapshot

    def changed_fingerprint(self) -> str | None:
        """What the database has counted, where that differs from the latest snapshot; cheap, and a minute late at most.

        Raises:
            SourceError: the database cannot be asked.
        """
        with snapshot_of(self.settings) as source:
            seen = fingerprint(source, self.settings.sales.db_schema, self._tables)
        return seen if seen != self.latest().fingerprint else None

    @property
    def _tables(self) -> list[str]:
        return [contract.name.removeprefix("raw_") for contract in self.contracts]

    def _extract(self, stage: Path) -> tuple[Snapshot, dict[str, Path]]:
        chosen, before = self.settings.sales, self.latest()
        with snapshot_of(self.settings) as source:
            seen = fingerprint(source, chosen.db_schema, self._tables)
            found = agreements(self.contracts, tables_of(source, chosen.db_schema), chosen.db_schema, chosen.timezone)
            if chosen.personal_data == "hash" and chosen.hash_key:
                take_key(source.connection, chosen.hash_key.get_secret_value())
            tables = {item.contract.name: self._table(source, item, stage) for item in found}
            findings = dict(_findings(source, found))
        kept = {table.file: table.bytes for table in before.tables.values()}
        staged = {table.file: stage / f"{name}.parquet" for name, table in tables.items() if table.file not in kept}
        tables = {name: replace(table, bytes=kept.get(table.file, table.bytes)) for name, table in tables.items()}
        return Snapshot(self.folder, tables, findings, seen), staged

    def _table(self, source: Source, agreement: Agreement, stage: Path) -> Extracted:
        """Write one table and hold what was written against what the database says of it."""
        contract, path = agreement.contract, stage / f"{agreement.contract.name}.parquet"
        rows = source.relation(agreement.select(self.settings.sales.timezone, self.settings.sales.personal_data))
        columns = ", ".join(self._typed(column) for column in contract.columns)
        select = f"SELECT {columns} FROM {rows}"
        source.execute(f"COPY ({select}) TO {quote_literal(str(path))} ({parquet_options(contract)})")
        count, digest, sums = _written(source, contract, path)
        measures = _require_same(source, agreement, self.settings.sales.timezone, count, sums)
        return Extracted(
            name=contract.name,
            file=f"{contract.name}-{count}-{digest}.parquet",
            rows=count,
            bytes=path.stat().st_size,
            digest=f"{count}-{digest}",
            measures=measures,
            absent=tuple(agreement.absent),
            added=agreement.added,
        )

    def _typed(self, column: Column) -> str:
        """The column in DuckDB's SQL: of the contract's type, personal data behind pseudonyms where settings say so."""
        hides = self.settings.sales.personal_data == "hash" and column.classification == PERSONAL
        value = pseudonym(column.quoted) if hides else column.quoted
        return f"CAST({value} AS {column.type}) AS {column.quoted}"


def _decimals(contract: Contract) -> list[Column]:
    return [column for column in contract.columns if column.type.startswith("DECIMAL")]


def _written(source: Source, contract: Contract, path: Path) -> tuple[int, str, dict[str, Decimal]]:
    """What the file holds, read again: rows, a digest that knows no order, and the sum of each decimal column."""
    columns = ", ".join(column.quoted for column in contract.columns)
    decimals = _decimals(contract)
    sums = "".join(f", coalesce(sum({column.quoted}), 0)::VARCHAR" for column in decimals)
    file = f"read_parquet({quote_literal(str(path))}, hive_partitioning = false)"
    ((rows, digest, *found),) = source.execute(
        f"SELECT count(*), coalesce(sum(hash({columns})), 0)::VARCHAR{sums} FROM {file}"
    )
    return rows, digest, {column.name: Decimal(value) for column, value in zip(decimals, found, strict=True)}


def _require_same(
    source: Source, agreement: Agreement, timezone: str, rows: int, sums: dict[str, Decimal]
) -> dict[str, Measure]:
    """What the database says of the table; SourceError where the file does not hold the same rows and sums."""
    told = [column for column in _decimals(agreement.contract) if agreement.columns[column.name]]
    measured = "".join(f", {measure}" for column in told for measure in _measures(agreement, column, timezone))
    ((counted, *values),) = source.rows(f"SELECT count(*) AS counted{measured} FROM {agreement.origin}")
    found = {
        column.name: Measure(str(total), unreadable)
        for column, total, unreadable in zip(told, values[::2], values[1::2], strict=True)
    }
    if counted != rows:
        raise SourceError(f"{agreement.table} has {counted:,} rows, but {rows:,} arrived. Nothing was published.")
    for name, measure in found.items():
        if measure.total != sums[name]:
            raise SourceError(
                f"{agreement.table}.{name} sums to {measure.sum} at the source and to {sums[name]} as extracted: its "
                f"values do not fit {agreement.contract.column(name).type}. Nothing was published. "
                "Widen the column in its contract."
            )
    return found


def _measures(agreement: Agreement, column: Column, timezone: str) -> tuple[str, str]:
    """The exact sum of a decimal column, and how many of its values are none, in PostgreSQL's SQL."""
    found = agreement.columns[column.name]
    if found is None:
        raise ValueError(f"{column.name} is not at the source")
    name, number = quote_identifier(found.name), expression(column, found, timezone)
    exact = f"coalesce(sum({name}::numeric) FILTER (WHERE {number} IS NOT NULL), 0)::text"
    return f'{exact} AS "{column.name} total"', f'count({name}) - count({number}) AS "{column.name} unreadable"'


def _findings(source: Source, found: Iterable[Agreement]) -> Iterator[tuple[str, str]]:
    """What the database itself finds; a query whose column this source does not have finds nothing."""
    by_name = {agreement.contract.name: agreement for agreement in found}
    for name, (table, column) in FINDINGS.items():
        agreement = by_name[table]
        if at := agreement.columns[column]:
            parts = {"table": agreement.origin, "column": quote_identifier(at.name)}
            ((detail,),) = source.rows(Template(sql_text(f"sales/source/{name}")).substitute(parts))
            if detail:
                yield name, detail
