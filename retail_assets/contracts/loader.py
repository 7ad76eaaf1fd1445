"""Read the contract files of this folder: Open Data Contract Standard v3, one dataset a file.

Custom properties of ours stand beside the standard. On the contract: ``rejectReasons`` and ``excludedReasons`` (ordered
lists of ``reason``, ``when``, ``description``), ``leftOut`` (columns of a source that are never read),
``parquetVersion`` (1 or 2; 1 where it is not said), and, for warehouses of several machines, ``distribution`` (the
column that rows are spread by, or ``all``) and ``sortKey``. On a column: ``received`` (``required`` or ``optional`` in
an incoming file or table), ``aliases`` (its other names there), ``default`` (its value where a source brings none) and
``watchFilledShare`` (its share of filled values is measured, and a check watches its drift).
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from retail_assets.contracts.contract import Column, Contract, Rule, Severity

if TYPE_CHECKING:
    from open_data_contract_standard.model import CustomProperty, DataQuality, OpenDataContractStandard, SchemaProperty

FOLDER = Path(__file__).parent
SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C parser where there is one: ten times faster, and definitions wait for it."""
_ROW_RULE = re.compile(r"SELECT count\(\*\) FROM \$\{object\} WHERE (?P<predicate>.+)", re.DOTALL)
_TABLE_RULE = re.compile(r"SELECT (?P<expression>.+) FROM \$\{object\}", re.DOTALL)


@cache
def contract_files() -> dict[str, Path]:
    """Every contract file, by the name of its dataset."""
    return {path.stem: path for path in sorted(FOLDER.rglob("*.yaml"))}


def contract_names() -> list[str]:
    """The names of all datasets that have a contract in this package."""
    return list(contract_files())


_brought: dict[str, Contract] = {}
"""Contracts of datasets that users bring, by name: IO managers know an asset by its name alone."""


def bring(item: Contract) -> None:
    """Make the contract of a dataset known that is none of this package's."""
    _brought[item.name] = item


def brought_names() -> list[str]:
    """The names of the datasets that users have brought."""
    return list(_brought)


def contract(name: str) -> Contract:
    """The contract of a dataset.

    Raises:
        KeyError: no dataset has that name.
        ValueError: the file is not a valid contract; the message names the file.
    """
    return _brought[name] if name in _brought else packaged(name)


@cache
def packaged(name: str) -> Contract:
    """The contract of a dataset of this package; errors as for ``contract``."""
    if name not in contract_files():
        raise KeyError(f"no contract for {name!r}; there are {', '.join(contract_names())}")
    return read_contract(contract_files()[name])


def read_contract(path: Path) -> Contract:
    """Read one contract file.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is no valid contract; the message names the file and what is wrong in it.
    """
    from open_data_contract_standard.model import OpenDataContractStandard

    try:
        text = path.read_text(encoding="utf-8")
        document = OpenDataContractStandard(**yaml.load(text, Loader=SAFE_LOADER))  # noqa: S506
        return _contract(document, path, hashlib.sha256(text.encode()).hexdigest())
    except (yaml.YAMLError, ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is not a valid data contract: {error}") from error


def _contract(document: OpenDataContractStandard, path: Path, digest: str) -> Contract:
    tables = document.schema_ or []
    if len(tables) != 1 or not tables[0].properties:
        raise ValueError("it needs one schema object with properties")
    table = tables[0]
    if not table.name:
        raise ValueError("its schema object needs a name, that of the dataset")
    custom = _custom(document.customProperties)
    description = document.description
    row_rules, table_rules = _quality(table.quality or [])
    return Contract(
        name=table.name,
        domain=document.domain or "retail",
        owner=getattr(document.team, "name", None) or "retail-data",
        purpose=(description and description.purpose) or "",
        usage=(description and description.usage) or "",
        limitations=(description and description.limitations) or "",
        grain=table.dataGranularityDescription or "",
        columns=tuple(_column(item) for item in table.properties or []),
        row_rules=row_rules,
        table_rules=table_rules,
        excluded_reasons=_reasons(custom, "excludedReasons"),
        reject_reasons=_reasons(custom, "rejectReasons"),
        parquet_version=int(custom.get("parquetVersion", 1)),
        distribution=custom.get("distribution"),
        sort_key=_names(custom, "sortKey"),
        left_out=_names(custom, "leftOut"),
        path=path.relative_to(FOLDER).as_posix() if path.is_relative_to(FOLDER) else str(path),
        digest=digest,
    )


def _column(item: SchemaProperty) -> Column:
    options, custom = item.logicalTypeOptions or {}, _custom(item.customProperties)
    if not item.name or not item.physicalType:
        raise ValueError(f"property {item.name!r} needs a name and a physicalType")
    if item.partitioned and item.partitionKeyPosition is None:
        raise ValueError(f"property {item.name!r} is partitioned: it needs a partitionKeyPosition, from 1")
    if item.primaryKey and item.primaryKeyPosition is None:
        raise ValueError(f"property {item.name!r} is part of the primaryKey: it needs a primaryKeyPosition, from 1")
    return Column(
        name=item.name,
        type=item.physicalType,
        description=item.description or "",
        required=bool(item.required),
        partition_position=item.partitionKeyPosition if item.partitioned else None,
        key_position=item.primaryKeyPosition if item.primaryKey else None,
        accepted=tuple(str(choice.value) for choice in item.enum or []),
        minimum=options.get("minimum"),
        exclusive_minimum=options.get("exclusiveMinimum"),
        maximum=options.get("maximum"),
        min_length=options.get("minLength"),
        max_length=options.get("maxLength"),
        classification=item.classification,
        expression=item.transformLogic,
        received=custom.get("received"),
        watches_filled=bool(custom.get("watchFilledShare")),
        aliases=_names(custom, "aliases"),
        default=_text(custom.get("default")),
    )


def _text(value: Any) -> str | None:
    """A value of YAML as SQL would write it."""
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _quality(items: list[DataQuality]) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    rows: list[Rule] = []
    tables: list[Rule] = []
    for item in items:
        query, name = item.query or "", item.name or "unnamed"
        if item.mustBe != 0:
            raise ValueError(f"quality rule {name!r}: only mustBe: 0 is supported")
        severity: Severity = "warning" if item.severity == "warning" else "error"
        if found := _ROW_RULE.fullmatch(query):
            rows.append(Rule(name, found["predicate"], item.description or "", severity))
        elif found := _TABLE_RULE.fullmatch(query):
            tables.append(Rule(name, found["expression"], item.description or "", severity))
        else:
            raise ValueError(f"quality rule {name!r}: write SELECT count(*) FROM ${{object}} WHERE …, got {query!r}")
    return tuple(rows), tuple(tables)


def _reasons(custom: dict[str, Any], key: str) -> tuple[Rule, ...]:
    items = custom.get(key) or []
    is_list = isinstance(items, list) and all(isinstance(item, dict) for item in items)
    if not is_list or not all({"reason", "when"} <= set(item) for item in items):
        raise ValueError(f"{key} is a list, each item with reason and when")
    return tuple(Rule(str(item["reason"]), str(item["when"]), str(item.get("description", ""))) for item in items)


def _names(custom: dict[str, Any], key: str) -> tuple[str, ...]:
    items = custom.get(key) or []
    if not isinstance(items, list):
        raise ValueError(f"{key} is a list of names, not {items!r}: write [{items}]")
    return tuple(str(item) for item in items)


def _custom(properties: list[CustomProperty] | None) -> dict[str, Any]:
    return {str(item.property): item.value for item in properties or []}
