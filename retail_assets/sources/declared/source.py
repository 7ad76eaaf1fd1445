"""Read ``sources.yaml``: every source that can be, and of the others what is wrong with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from retail_assets.contracts import Column, Contract
from retail_assets.contracts.document import Document, Fault, Keys, NoContract, NotYAML, Place
from retail_assets.contracts.loader import contract_files
from retail_assets.contracts.naming import bad_name
from retail_assets.engine.column_types import type_problem
from retail_assets.sources.declared.configuration import AnySource
from retail_assets.sources.declared.errors import SourceUnavailable

GROUP = "sources"
REJECTED = "_rejected"
DATE = "date"
PERSONAL = "personal"


@dataclass(frozen=True)
class DeclaredSource:
    """A source as declared: its configuration, the contract of its dataset and that of its rejected rows."""

    configuration: AnySource
    contract: Contract
    rejected: Contract
    folder: Path
    """That of sources.yaml: what relative locations are relative to."""

    @property
    def name(self) -> str:
        """The name of the source and of its dataset."""
        return self.configuration.name

    @property
    def is_dated(self) -> bool:
        """Whether its dataset is partitioned by date."""
        return bool(self.contract.partition_columns)


@dataclass(frozen=True)
class BrokenSource:
    """A source that cannot be: its name, or that of the file where not even that is known, and why."""

    name: str
    problem: str


@dataclass(frozen=True)
class Sources:
    """Everything that a sources.yaml declares."""

    sound: tuple[DeclaredSource, ...] = ()
    broken: tuple[BrokenSource, ...] = ()


@cache
def read_sources(path: Path) -> Sources:
    """What the file declares, read once a process; nothing where there is no such file."""
    if not path.exists():
        return Sources()
    try:
        document = _document(path)
        entries = _entries(document)
    except SourceUnavailable as error:
        return Sources(broken=(BrokenSource(_free_name(path.stem, "sources_yaml", contract_files()), str(error)),))
    sound: list[DeclaredSource] = []
    broken: list[BrokenSource] = []
    taken = set(contract_files())
    for number, entry in enumerate(entries):
        try:
            source = _source(document, ("sources", number), entry, taken)
            sound.append(source)
            taken |= {source.contract.name, source.rejected.name}
        except SourceUnavailable as error:
            named = entry.get("name") if isinstance(entry, dict) else None
            free = _free_name(named, f"source_{number + 1}_of_sources_yaml", taken)
            broken.append(BrokenSource(free, str(error)))
            taken.add(broken[-1].name)
    return Sources(tuple(sound), tuple(broken))


def _document(path: Path) -> Document:
    try:
        return Document(path)
    except NotYAML as error:
        line = f", line {error.place[0]}" if error.place else ""
        raise SourceUnavailable(f"{path}{line}: it is not valid YAML: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SourceUnavailable(f"{path} cannot be read: {error}") from error


def _where(document: Document, keys: Keys, place: Place | None = None) -> str:
    """The file, the line and the keys of a value; of what is missing, the line of what it is missing from."""
    line, _ = place or document.place(keys)
    return f"{document.path}, line {line}" + (f", {'.'.join(map(str, keys))}" if keys else "")


def _told(document: Document, faults: Iterable[Fault]) -> SourceUnavailable:
    """Everything that is wrong, a line each."""
    lines = (f"{_where(document, fault.keys, fault.place)}: {fault.message}" for fault in faults)
    return SourceUnavailable("\n".join(lines))


def _entries(document: Document) -> list[Any]:
    content = document.content
    if not isinstance(content, dict) or set(content) != {"sources"} or not isinstance(content["sources"], list):
        raise SourceUnavailable(f"{_where(document, ())}: it must hold one key, sources, with a list of sources")
    return content["sources"]


def _free_name(name: Any, other: str, taken: Collection[str]) -> str:
    """A name for what cannot be: its own, where it has one that a dataset may have, or the other one."""
    return name if isinstance(name, str) and not bad_name(name, taken) else other


def _source(document: Document, place: Keys, entry: Any, taken: set[str]) -> DeclaredSource:
    try:
        configuration: AnySource = TypeAdapter(AnySource).validate_python(entry)
    except ValidationError as error:
        raise _told(document, document.told(error, lambda keys: (*place, *keys))) from error
    folder = document.path.parent
    path = folder / configuration.contract
    if not path.is_file():
        raise SourceUnavailable(f"{_where(document, (*place, 'contract'))}: there is no {path}")
    contract = replace(_contract(path), domain=GROUP)
    if contract.name != configuration.name:
        raise SourceUnavailable(
            f"{_where(document, (*place, 'contract'))}: {path} describes {contract.name!r}; name the source so, "
            f"or the schema of the contract {configuration.name!r}"
        )
    if configuration.kind == "http" and not contract.key_columns:
        raise SourceUnavailable(
            f"{_where(document, (*place, 'contract'))}: {path} has no primaryKey, and pages may overlap"
        )
    source = DeclaredSource(configuration, contract, _rejected_contract(contract), folder)
    for name in (contract.name, source.rejected.name):
        if problem := bad_name(name, taken):
            raise SourceUnavailable(f"{_where(document, (*place, 'name'))}: {problem}")
    return source


def _contract(path: Path) -> Contract:
    """The contract of a file, whose errors name the line."""
    document = _document(path)
    try:
        contract = document.contract()
    except NoContract as error:
        raise _told(document, error.faults) from error
    for problem, place in _problems(contract):
        raise SourceUnavailable(f"{_where(document, place)}: {problem}")
    return contract


def _problems(contract: Contract) -> Iterator[tuple[str, Keys]]:
    """What a contract says that a source cannot be."""
    for number, column in enumerate(contract.columns):
        place = ("schema", 0, "properties", number)
        if problem := type_problem(column.type):
            yield problem, (*place, "physicalType")
        if column.partition_position is not None and (column.name, column.type) != (DATE, "DATE"):
            yield f"only a column {DATE!r} of type DATE can be a partition, and {column.name!r} is none", place
        if column.partition_position is not None and not column.required:
            yield f"a partition column is required: write required: true for {column.name!r}", place
        if column.name.startswith("_") or column.name == "received":
            yield (
                f"a column of a source cannot be called {column.name!r}: give it another name, and this as an alias",
                place,
            )


def _rejected_contract(contract: Contract) -> Contract:
    """The contract of the rows that a source's contract refuses."""
    name = f"{contract.name}{REJECTED}"
    is_classified = any(column.classification for column in contract.columns)
    return replace(
        contract,
        name=name,
        purpose=f"Rows of {contract.name} that its contract refuses, each with the reason and the place it came from.",
        usage="Mend them at the source and deliver them again: they are read when their file changes.",
        limitations="",
        grain="one row per rejected row",
        columns=(
            Column("source_file", "VARCHAR", "Where the row came from.", required=True),
            Column("source_row", "BIGINT", "Number of its line, or of its row in Parquet, from 1.", required=True),
            Column("reason", "VARCHAR", "Why it was rejected.", required=True),
            Column(
                "received",
                "VARCHAR",
                "The row as received: its line, or its columns as a JSON object.",
                classification=PERSONAL if is_classified else None,
            ),
        ),
        row_rules=(),
        table_rules=(),
        excluded_reasons=(),
        reject_reasons=(),
        sort_key=(),
        distribution=None,
    )
