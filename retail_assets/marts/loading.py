"""Read a folder of marts: the good ones in the order in which they are made, the broken ones with what is wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

from retail_assets.contracts import Contract
from retail_assets.contracts.loader import contract_files
from retail_assets.contracts.naming import bad_name
from retail_assets.engine.audit import Audit
from retail_assets.engine.identity import identity_at
from retail_assets.marts.contract_file import ContractFile
from retail_assets.marts.examining import Examination, examination
from retail_assets.marts.mart import BrokenMart, Mart, MartError
from retail_assets.marts.parsing import ParsedSQL, one_line

SUFFIXES = (".sql", ".yaml")


@dataclass(frozen=True)
class Marts:
    """What a folder holds: good marts, upstream first, and broken ones."""

    good: tuple[Mart, ...] = ()
    broken: tuple[BrokenMart, ...] = ()


def mart_files(folder: Path) -> dict[str, list[Path]]:
    """The files of each mart, by its name."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix in SUFFIXES and not path.name.startswith("."):
            found.setdefault(path.stem, []).append(path)
    return found


def state_of(folder: Path) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Changes whenever a file of a mart does."""
    paths = [path for files in mart_files(folder).values() for path in files]
    return tuple((path.name, tuple(identity_at(path) or ())) for path in paths)


def load(folder: Path, known: Mapping[str, Contract], unmade: Collection[str] = ()) -> Marts:
    """Read every mart of the folder; ``known`` are the datasets of the lake that they may read besides each other.

    ``unmade`` are the names of sources that are broken: no mart can have one, and none can be read.
    """
    files = mart_files(folder)
    if not files:
        return Marts()
    with examination(known) as work:
        return _Loading(work, files, unmade).marts()


@dataclass
class _Loading:
    """One reading of a folder: nothing that is wrong with one mart keeps another from being read."""

    work: Examination
    files: Mapping[str, list[Path]]
    unmade: Collection[str]
    contracts: dict[str, ContractFile] = field(default_factory=dict)
    parsed: dict[str, ParsedSQL] = field(default_factory=dict)
    broken: dict[str, BrokenMart] = field(default_factory=dict)

    def marts(self) -> Marts:
        taken = {*contract_files(), *self.work.known, *self.unmade}
        for name, paths in self.files.items():
            if problem := bad_name(name, taken):
                self.broken[name] = BrokenMart(name, MartError(paths[0], problem), is_named=False)
                continue
            with self._breaking(name):
                self._read(name, paths)
        for file in self.contracts.values():
            self.work.add(file.contract)
        good: list[Mart] = []
        for name in self._in_order():
            with self._breaking(name):
                good.append(self._mart(name))
        return Marts(tuple(good), tuple(self.broken[name] for name in sorted(self.broken)))

    @contextmanager
    def _breaking(self, name: str) -> Iterator[None]:
        """Whatever is wrong with a mart, or with its files, makes it a broken one and is no error of the others."""
        import duckdb

        try:
            yield
        except MartError as error:
            self._break(name, error)
        except (OSError, ValueError, duckdb.Error) as error:
            self._break(name, MartError(self.files[name][0], one_line(str(error))))

    def _break(self, name: str, error: MartError) -> None:
        file = self.contracts.get(name)
        self.broken[name] = BrokenMart(name, error, file.contract if file else None)

    def _read(self, name: str, paths: list[Path]) -> None:
        """The contract, then the SQL: others that read this mart need the former only."""
        by_kind = {path.suffix: path for path in paths}
        for suffix in SUFFIXES:
            if suffix not in by_kind:
                mend = f"; `retail new-mart {name}` writes one" if suffix == ".yaml" else ""
                raise MartError(paths[0], f"{name}{suffix} is missing beside it: a mart is both{mend}")
        self.contracts[name] = ContractFile.read(by_kind[".yaml"])
        self.parsed[name] = ParsedSQL.read(by_kind[".sql"], self.work.connection)

    def _in_order(self) -> list[str]:
        """The marts that can be read, those that others read before these; cycles are broken marts."""
        names = set(self.parsed)
        while True:
            reads = {name: names.intersection(self.parsed[name].datasets) for name in sorted(names)}
            try:
                return list(TopologicalSorter(reads).static_order())
            except CycleError as error:
                cycle: list[str] = error.args[1]
                told = " reads ".join(reversed(cycle))
                for read, reader in pairwise(cycle):
                    self._break(reader, self.parsed[reader].error(f"it reads itself: {told}", read))
                names -= set(cycle)

    def _mart(self, name: str) -> Mart:
        file, parsed = self.contracts[name], self.parsed[name]
        for dataset in parsed.datasets:
            if dataset in self.unmade:
                raise parsed.error(f"it reads {dataset}, a source that is broken: mend that one", dataset)
            if dataset in self.broken and dataset not in self.work.known:
                raise parsed.error(f"it reads {dataset}, whose contract is broken", dataset)
        self.work.require_contract(file, parsed)
        self._require_dates(file, parsed)
        return Mart(
            name=name,
            sql_file=parsed.path,
            sql=parsed.text,
            contract=file.contract,
            reads=parsed.datasets,
            windows=tuple((dataset, window.days - 1) for dataset, window in sorted(file.making.reads.items())),
            checks=tuple(
                Audit(check.name, check.description or f"{check.name}, as its query says.", check.severity == "error",
                      sql=check.query)
                for check in file.making.checks
            ),
            has_table=file.making.warehouse,
            is_ordered=parsed.is_ordered,
        )  # fmt: skip

    def _require_dates(self, file: ContractFile, parsed: ParsedSQL) -> None:
        """Dates and windows make sense: a date reads that date of something."""
        is_dated = bool(file.contract.partition_columns)
        dated = {name for name in parsed.datasets if self.work.known[name].is_dated}
        for dataset in file.making.reads:
            if dataset not in parsed.datasets:
                raise file.making_error(f"the SQL does not read {dataset}", "reads", dataset)
            if dataset not in dated or not is_dated:
                which = dataset if is_dated else file.contract.name
                raise file.making_error(
                    f"{which} is not partitioned by date: all of it is read anyway", "reads", dataset
                )
        if is_dated and not dated:
            said = (
                "it is partitioned by date, but nothing that the SQL reads is: then it is one table, without partitions"
            )
            raise file.column_error("date", said)
