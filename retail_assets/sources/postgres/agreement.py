"""The schema of the source held against the contracts, before anything is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from retail_assets.contracts import Column, Contract
from retail_assets.contracts.contract import quote_identifier
from retail_assets.sources.postgres.catalogue import SourceColumn, Table
from retail_assets.sources.postgres.connection import SourceError
from retail_assets.sources.postgres.selection import PERSONAL, expression, masked

PREFIX = "raw_"


@dataclass(frozen=True)
class Agreement:
    """How one table is read under its contract: per column of the contract, what stands for it at the source."""

    contract: Contract
    schema: str
    columns: Mapping[str, SourceColumn | None]
    added: tuple[str, ...]
    """Columns of the source that the contract does not know: they are not read."""

    @property
    def table(self) -> str:
        """The table's name at the source."""
        return source_table(self.contract)

    @property
    def absent(self) -> list[str]:
        """Optional columns that this source does not have: they are NULL."""
        return [name for name, found in self.columns.items() if found is None]

    @property
    def origin(self) -> str:
        """The table in PostgreSQL's SQL."""
        return f"{quote_identifier(self.schema)}.{quote_identifier(self.table)}"

    @property
    def is_steady(self) -> bool:
        """Whether its values change with their rows only."""
        return all(found.is_steady for found in self.columns.values() if found)

    @property
    def numbers(self) -> list[int]:
        """The columns that are read, by their numbers at the source: one that comes again by its name has another."""
        return [found.number for found in self.columns.values() if found]

    @property
    def key_numbers(self) -> frozenset[int]:
        """The columns that make the key, by their numbers at the source."""
        return frozenset(found.number for column in self.contract.key_columns if (found := self.columns[column.name]))

    def select(self, timezone: str, personal_data: str, condition: str = "") -> str:
        """The query that reads the rows for which a condition holds, all in PostgreSQL's SQL."""
        where = f" WHERE {condition}" if condition else ""
        return f"SELECT {self._listed(self.contract.columns, timezone, personal_data)} FROM {self.origin}{where}"

    def select_keys(self, timezone: str) -> str:
        """The query that reads all keys."""
        return f"SELECT {self._listed(self.contract.key_columns, timezone, 'keep')} FROM {self.origin}"

    def _listed(self, columns: Iterable[Column], timezone: str, personal_data: str) -> str:
        return ", ".join(f"{self._read(column, timezone, personal_data)} AS {column.quoted}" for column in columns)

    def _read(self, column: Column, timezone: str, personal_data: str) -> str:
        found = self.columns[column.name]
        if found is None:
            return "NULL::text"
        if personal_data == "mask" and column.classification == PERSONAL:
            return masked(column, found)
        return expression(column, found, timezone) or ""


def source_table(contract: Contract) -> str:
    """The table that a raw dataset comes from."""
    return contract.name.removeprefix(PREFIX)


def agreements(
    contracts: Iterable[Contract], tables: Mapping[str, Table], schema: str, timezone: str
) -> list[Agreement]:
    """How every table is read.

    Raises:
        SourceError: tables or columns are missing or of a type that has no rule; all of them are named.
    """
    faults: list[str] = []
    found: list[Agreement] = []
    for contract in contracts:
        table = tables.get(source_table(contract))
        if table is None:
            faults.append(f"there is no table {schema}.{source_table(contract)}")
            continue
        agreement = _agreement(contract, schema, table)
        found.append(agreement)
        faults.extend(_faults(agreement, table, timezone))
    if faults:
        listed = "\n".join(f"- {fault}" for fault in faults)
        raise SourceError(
            f"schema_mismatch: the database does not fit the contracts, so nothing of it was read:\n{listed}\n"
            "Mend the database or the role's rights; or, where a column was renamed, add its new name to the aliases "
            "of the contract in retail_assets/contracts/sales."
        )
    return found


def _agreement(contract: Contract, schema: str, table: Table) -> Agreement:
    columns = {
        column.name: next((table[name] for name in (column.name, *column.aliases) if name in table), None)
        for column in contract.columns
    }
    known = {found.name for found in columns.values() if found} | set(contract.left_out)
    return Agreement(contract, schema, columns, tuple(name for name in table if name not in known))


def _faults(agreement: Agreement, table: Table, timezone: str) -> list[str]:
    faults = []
    for column in agreement.contract.columns:
        found = agreement.columns[column.name]
        name = f"{agreement.table}.{column.name}"
        if found is None and column.received == "required":
            looks = ", ".join(agreement.added) or "none"
            faults.append(f"{name} is missing; columns that the contract does not know: {looks}")
        elif found and expression(column, found, timezone) is None:
            faults.append(f"{name} is of type {found.declared}, which has no rule to become {column.type}")
    return faults
