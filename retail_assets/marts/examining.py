"""Hold a mart's SQL against the contracts of what it reads and against its own, before any of it runs."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from retail_assets.contracts import Column, Contract
from retail_assets.contracts.contract import quote_identifier
from retail_assets.contracts.naming import PARTITIONS
from retail_assets.engine.audit import contract_rules
from retail_assets.engine.column_types import type_problem
from retail_assets.engine.query import sql_text
from retail_assets.marts.contract_file import ContractFile
from retail_assets.marts.mart import MartError
from retail_assets.marts.parsing import REQUESTED, ParsedSQL, refusal, told

if TYPE_CHECKING:
    import duckdb

SUBJECT = "mart"
"""The view of the SQL that is being examined."""
PARTITION_COLUMNS = {"date", "key_type"}
"""What a check may tell partitions by."""
DATE = Column("date", "DATE", "Which date.")
INTEGERS = frozenset(
    ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT")
)
FLOATS = frozenset(("FLOAT", "DOUBLE"))


@contextmanager
def examination(known: Mapping[str, Contract]) -> Iterator[Examination]:
    """An examination of marts that may read these datasets. It opens no file and no network."""
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "enable_external_access": False,
        "errors_as_json": True,
    }
    with duckdb.connect(config=config) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(sql_text("macros"))
        yield Examination(connection, dict(known))


@dataclass
class Examination:
    """A DuckDB with an empty table for each dataset that the mart reads which is being examined."""

    connection: duckdb.DuckDBPyConnection
    known: dict[str, Contract]
    _shown: set[str] = field(default_factory=set)

    def add(self, contract: Contract) -> None:
        """Let the marts to come read this dataset, too."""
        self.known[contract.name] = contract

    def columns(self, parsed: ParsedSQL) -> dict[str, str]:
        """The columns of the SELECT with their types.

        Raises:
            MartError: it reads what is not there; with line and column.
        """
        self._show(parsed)
        self._bind(parsed)
        found = self.connection.execute(f"DESCRIBE {SUBJECT}").fetchall()
        self.connection.execute(f"DROP VIEW {SUBJECT}")
        return {name: kind for name, kind, *_ in found}

    def require_contract(self, file: ContractFile, parsed: ParsedSQL) -> None:
        """Hold the SELECT against the mart's contract, and the contract's rules and checks against what they read.

        Raises:
            MartError: columns or types differ, or a rule cannot be asked.
        """
        found = {name.lower(): kind for name, kind in self.columns(parsed).items()}
        wanted = {column.name.lower() for column in file.contract.columns}
        if len(wanted) < len(file.contract.columns):
            raise file.error("two columns have the same name", "schema", 0, "properties")
        for column in file.contract.columns:
            self._require_column(file, column, found)
        if extra := [name for name in found if name not in wanted]:
            said = f"the contract says nothing of {', '.join(extra)}: describe it there, or leave it out here"
            raise MartError(parsed.path, said)
        self._require_rules(file)
        self._require_checks(file)

    def _show(self, parsed: ParsedSQL) -> None:
        """Tables for everything that is read, and for nothing else: no more than that is there in a run."""
        while self._shown:
            self.connection.execute(f"DROP TABLE {quote_identifier(self._shown.pop())}")
        for name in parsed.datasets:
            if name not in self.known:
                raise parsed.error(self._unknown(name), name)
            self._show_table(name, self.known[name].columns)
            self._show_table(name + PARTITIONS, self.known[name].partition_columns or (DATE,))
        self._show_table(REQUESTED, (DATE,))

    def _show_table(self, name: str, columns: Iterable[Column]) -> None:
        """A table, of which DuckDB speaks in its errors as users do; it goes before the next mart is examined."""
        described = ", ".join(f"{column.quoted} {column.type}" for column in columns)
        self.connection.execute(f"CREATE OR REPLACE TABLE {quote_identifier(name)} ({described})")
        self._shown.add(name)

    def _unknown(self, name: str) -> str:
        near = difflib.get_close_matches(name, self.known, n=1)
        meant = f" Did you mean {near[0]}?" if near else ""
        return f"there is no dataset {name!r} in the lake.{meant} `retail marts` lists those that a mart may read"

    def _bind(self, parsed: ParsedSQL) -> None:
        """Make the view of the SQL, which stands within another SELECT here as it does in a run."""
        import duckdb

        before = f"CREATE OR REPLACE VIEW {SUBJECT} AS SELECT * FROM (\n"
        try:
            self.connection.execute(f"{before}{parsed.text}\n) AS {SUBJECT}")
        except duckdb.Error as error:
            raise refusal(parsed.path, parsed.text, error, before) from None

    def _require_column(self, file: ContractFile, column: Column, found: Mapping[str, str]) -> None:
        """A column of the contract is one of the SQL's, of a type that becomes the contract's without loss."""
        name, kind = column.name, column.type
        if problem := type_problem(kind):
            raise file.column_error(name, problem)
        if name.lower() not in found:
            raise file.column_error(name, f"the SQL has no column {name}; it has {', '.join(found)}")
        if not _fits(given := found[name.lower()], kind):
            said = f"{name} is {given} in the SQL and {kind} here: cast it there, or correct this"
            raise file.column_error(name, said)

    def _require_rules(self, file: ContractFile) -> None:
        """The contract's rules, asked of nothing: as in an audit, they do not see the partition's own column."""
        stored = ", ".join(f"NULL::{column.type} AS {column.quoted}" for column in file.contract.stored_columns)
        declared = [rule.name for rule in (*file.contract.row_rules, *file.contract.table_rules)]
        for name, expression in contract_rules(file.contract).items():
            if problem := self._refused(f"SELECT {expression} FROM (SELECT {stored})"):
                if name in declared:
                    raise file.rule_error(name, f"rule {name}: {problem}")
                column, _, rule = name.partition(":")
                raise file.column_error(column, f"rule {rule}: {problem}")

    def _require_checks(self, file: ContractFile) -> None:
        """A check tells of partitions by their columns: of one that it names otherwise, nobody would hear."""
        staged = f"staged_{file.contract.name}"
        self._show_table(staged, file.contract.columns)
        own = {column.name for column in file.contract.partition_columns}
        for position, check in enumerate(file.making.checks):
            nothing = f"SELECT * FROM (\n{check.query}\n) LIMIT 0"
            problem = self._refused(nothing)
            if problem.startswith("Table with name"):
                problem += f" A check sees what the SQL reads, {REQUESTED} and {staged}"
            elif not problem:
                described = self.connection.execute(nothing).description
                named = {column for column, *_ in described or []}
                if lacking := sorted({"passed", "detail", *own} - named):
                    problem = f"it has no column {', '.join(lacking)}"
                elif foreign := sorted((PARTITION_COLUMNS - own) & named):
                    problem = f"{file.contract.name} has no partitions by {', '.join(foreign)}: leave it out"
            if problem:
                raise file.making_error(f"check {check.name}: {problem}", "checks", position, "query")

    def _refused(self, sql: str) -> str:
        """What DuckDB has against a query; nothing where it could be run."""
        import duckdb

        try:
            self.connection.execute(f"EXPLAIN {sql}")
        except duckdb.Error as error:
            return told(error)["exception_message"].partition("\n")[0]
        return ""


def _fits(found: str, wanted: str) -> bool:
    """Whether every value of one type is one of the other, or refused: nothing is rounded in silence."""
    if found == wanted:
        return True
    if found in INTEGERS:
        return wanted in INTEGERS or wanted in FLOATS or wanted.startswith("DECIMAL")
    if found.startswith("DECIMAL"):
        return wanted in FLOATS or (wanted.startswith("DECIMAL") and _scale(found) <= _scale(wanted))
    return found == "FLOAT" and wanted == "DOUBLE"


def _scale(decimal: str) -> int:
    return int(decimal.removesuffix(")").rpartition(",")[2])
