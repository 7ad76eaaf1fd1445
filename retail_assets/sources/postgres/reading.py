"""Reading one table into a private file, held against what the database says of it in the same snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from retail_assets.contracts import Column, Contract
from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.engine.staging import parquet_options
from retail_assets.settings import SalesSettings
from retail_assets.sources.postgres.agreement import Agreement
from retail_assets.sources.postgres.connection import Source, SourceError
from retail_assets.sources.postgres.forgotten import Forgotten
from retail_assets.sources.postgres.pseudonyms import mark_of, pseudonym
from retail_assets.sources.postgres.selection import PERSONAL, expression
from retail_assets.sources.postgres.snapshot import Extracted, Measure
from retail_assets.sources.postgres.watermark import Moment

RECEIVED = "received"


@dataclass(frozen=True)
class Content:
    """What a relation holds: rows, a digest of them that knows no order, and the sum of each decimal column."""

    rows: int
    digest: str
    sums: dict[str, Decimal]

    def as_table(self, table: Extracted, size: int) -> Extracted:
        """A table that holds this and no more what it held before, in a file of this size."""
        digest = f"{self.rows}-{self.digest}"
        file = f"{table.name}-{digest}.parquet"
        return replace(table, file=file, rows=self.rows, bytes=size, digest=digest, watermark=None)


@dataclass(frozen=True)
class Told:
    """What the database itself says of a table: its rows, and of each decimal column what it holds."""

    rows: int
    measures: dict[str, Measure]

    def against(self, agreement: Agreement, found: Content) -> str:
        """What is wrong with what arrived, or nothing."""
        if self.rows != found.rows:
            return f"{agreement.table} has {self.rows:,} rows, but {found.rows:,} arrived."
        for name, measure in self.measures.items():
            if measure.total != found.sums[name]:
                return (
                    f"{agreement.table}.{name} sums to {measure.sum} at the source and to {found.sums[name]} as "
                    f"extracted: its values do not fit {agreement.contract.column(name).type}. Widen the column in its "
                    "contract."
                )
        return ""


@dataclass(frozen=True)
class Reader:
    """Reads tables of one snapshot into the private folder ``stage``, without those who are forgotten."""

    source: Source
    sales: SalesSettings
    stage: Path
    forgotten: Forgotten

    def path(self, name: str) -> Path:
        """Where a table is written."""
        return self.stage / f"{name}.parquet"

    def form(self, agreement: Agreement, moment: Moment) -> str:
        """How the table is read, as a digest; empty where what changed does not tell what it holds now."""
        if not agreement.is_steady or self.forgotten.leaves_out(agreement.contract):
            return ""
        key = mark_of(self.sales.hash_key.get_secret_value()) if self.sales.hash_key else ""
        return moment.form(self.source, agreement.table, agreement.numbers, self.rows(agreement), key)

    def rows(self, agreement: Agreement, condition: str = "") -> str:
        """The table's rows as its contract wants them, in DuckDB's SQL; ``condition`` is in PostgreSQL's."""
        contract = agreement.contract
        remote = agreement.select(self.sales.timezone, self.sales.personal_data, condition)
        columns = ", ".join(self._typed(column) for column in contract.columns)
        rows = f"SELECT {columns} FROM {self.source.relation(remote)}"
        if self.forgotten.concerns(contract) and not self.forgotten.leaves_out(contract):
            return self.forgotten.select(contract, rows, {})
        return rows

    def keys(self, agreement: Agreement) -> str:
        """All keys of the table, in DuckDB's SQL."""
        columns = ", ".join(self._typed(column) for column in agreement.contract.key_columns)
        return f"SELECT {columns} FROM {self.source.relation(agreement.select_keys(self.sales.timezone))}"

    def write(self, contract: Contract, select: str) -> Content:
        """Write rows as the file of a table; returns what the file holds, read again.

        Raises:
            SourceError: the connection broke off.
        """
        path = self.path(contract.name)
        self.source.execute(f"COPY ({select}) TO {quote_literal(str(path))} ({parquet_options(contract)})")
        return content_of(self.source, contract, parquet(path))

    def whole(self, agreement: Agreement, addressed: Mapping[str, str]) -> Extracted:
        """The whole table. ``addressed`` are the tables with addresses that were read before, as relations.

        Raises:
            SourceError: the connection broke off, or what arrived is not what the database says that it has.
        """
        contract, select = agreement.contract, self.rows(agreement)
        received = None
        if self.forgotten.leaves_out(contract):
            self.source.execute(f"CREATE OR REPLACE TEMP TABLE {RECEIVED} AS {select}")
            received = content_of(self.source, contract, RECEIVED)
            select = self.forgotten.select(contract, f"FROM {RECEIVED}", addressed)
        written, told = self.write(contract, select), self.told(agreement)
        if fault := told.against(agreement, received or written):
            raise SourceError(f"{fault} Nothing was published.")
        return self.extracted(agreement, written, told)

    def told(self, agreement: Agreement) -> Told:
        """What the database itself says of the table.

        Raises:
            SourceError: the connection broke off.
        """
        asked = [column for column in _decimals(agreement.contract) if agreement.columns[column.name]]
        listed = "".join(f", {measure}" for column in asked for measure in self._measures(agreement, column))
        ((rows, *values),) = self.source.rows(f"SELECT count(*) AS counted{listed} FROM {agreement.origin}")
        pairs = zip(asked, values[::2], values[1::2], strict=True)
        return Told(rows, {column.name: Measure(str(total), unreadable) for column, total, unreadable in pairs})

    def extracted(self, agreement: Agreement, written: Content, told: Told) -> Extracted:
        """What is to be remembered of the file that was written."""
        name, facts = agreement.contract.name, (tuple(agreement.absent), agreement.added)
        table = Extracted(name, "", 0, 0, "", told.measures, *facts)
        return written.as_table(table, self.path(name).stat().st_size)

    def _typed(self, column: Column) -> str:
        """The column in DuckDB's SQL: of the contract's type, personal data behind pseudonyms where settings say so."""
        hides = self.sales.personal_data == "hash" and column.classification == PERSONAL
        value = pseudonym(column.quoted) if hides else column.quoted
        return f"CAST({value} AS {column.type}) AS {column.quoted}"

    def _measures(self, agreement: Agreement, column: Column) -> tuple[str, str]:
        """The exact sum of a decimal column, and how many of its values are none, in PostgreSQL's SQL."""
        found = agreement.columns[column.name]
        if found is None:
            raise ValueError(f"{column.name} is not at the source")
        name, number = quote_identifier(found.name), expression(column, found, self.sales.timezone)
        exact = f"coalesce(sum({name}::numeric) FILTER (WHERE {number} IS NOT NULL), 0)::text"
        return f'{exact} AS "{column.name} total"', f'count({name}) - count({number}) AS "{column.name} unreadable"'


def content_of(source: Source, contract: Contract, relation: str) -> Content:
    """What a relation with the contract's columns holds.

    Raises:
        SourceError: it cannot be read.
    """
    columns = ", ".join(column.quoted for column in contract.columns)
    decimals = _decimals(contract)
    sums = "".join(f", coalesce(sum({column.quoted}), 0)::VARCHAR" for column in decimals)
    ((rows, digest, *found),) = source.execute(
        f"SELECT count(*), coalesce(sum(hash({columns})), 0)::VARCHAR{sums} FROM {relation}"
    )
    return Content(rows, digest, {column.name: Decimal(value) for column, value in zip(decimals, found, strict=True)})


def parquet(path: Path) -> str:
    """A file as a table in DuckDB's SQL."""
    return f"read_parquet({quote_literal(str(path))}, hive_partitioning = false)"


def _decimals(contract: Contract) -> list[Column]:
    return [column for column in contract.columns if column.type.startswith("DECIMAL")]
