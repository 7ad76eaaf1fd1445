"""The contract of a mart: the project's own format, and three custom properties that say how the mart is made.

``reads``: datasets that each date reads more days of than its own, as ``{features: {days: 28}}``. ``checks``: rules in
SQL over what was made and what it was made from. ``warehouse``: false for a mart without a table in the warehouse.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from retail_assets.contracts import Contract
from retail_assets.contracts.loader import SAFE_LOADER, read_contract
from retail_assets.marts.mart import MartError

LONGEST_WINDOW = 3660
"""Days that a mart may look back: ten years."""


class Window(BaseModel):
    """How many days of a dataset each date reads: its own, and those before it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: int = Field(ge=1, le=LONGEST_WINDOW)


class Check(BaseModel):
    """A rule in SQL: one row a partition with ``passed`` and ``detail``, none where there is nothing to say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    query: str = Field(min_length=1)
    description: str = ""
    severity: Literal["error", "warning"] = "error"


class Making(BaseModel):
    """What a contract's custom properties say of how the mart is made."""

    reads: dict[str, Window] = Field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    warehouse: bool = True


@dataclass(frozen=True)
class ContractFile:
    """A mart's contract as it was read, and where in the file each of its parts stands."""

    path: Path
    text: str
    contract: Contract
    making: Making

    @classmethod
    def read(cls, path: Path) -> ContractFile:
        """Read and validate the file.

        Raises:
            MartError: it is no contract, or not one of this mart.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise MartError(path, f"no UTF-8, in which contracts are written: {error}") from error
        _require_yaml(path, text)
        try:
            contract = read_contract(path)
        except ValueError as error:
            raise _told(path, text, error) from error
        found = cls(path, text, contract, _making(path, text))
        found._require_own_name()
        found._require_known_partitions()
        return found

    def error(self, message: str, *keys: str | int) -> MartError:
        """What is wrong with the part of the file that these keys lead to."""
        return MartError(self.path, message, _place(self._root, keys))

    def column_error(self, name: str, message: str) -> MartError:
        """What is wrong with a column."""
        position = [column.name for column in self.contract.columns].index(name)
        return self.error(message, "schema", 0, "properties", position)

    def rule_error(self, name: str, message: str) -> MartError:
        """What is wrong with a rule of ``quality``."""
        rules = _descendant(self._root, ("schema", 0, "quality"))
        return self.error(message, "schema", 0, "quality", _index(rules, "name", name))

    def making_error(self, message: str, *keys: str | int) -> MartError:
        """What is wrong with a custom property."""
        return MartError(self.path, message, _place(self._root, _in_customs(self._root, keys)))

    @cached_property
    def _root(self) -> yaml.Node:
        return _node(self.text)

    def _require_own_name(self) -> None:
        if self.contract.name != self.path.stem:
            said = f"the schema is called {self.contract.name!r}, but the file is {self.path.name}: give both one name"
            raise self.error(said, "schema", 0, "name")

    def _require_known_partitions(self) -> None:
        columns = [(column.name, column.type) for column in self.contract.partition_columns]
        if columns not in ([], [("date", "DATE")]):
            named = ", ".join(f"{name} {kind}" for name, kind in columns)
            raise self.error(
                f"a mart is partitioned by date (a column date of type DATE) or not at all, not by {named}",
                *("schema", 0, "properties"),
            )


def _require_yaml(path: Path, text: str) -> None:
    try:
        root = _node(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise MartError(path, f"no YAML: {error.problem}", (mark.line + 1, mark.column + 1) if mark else None) from None
    except yaml.YAMLError as error:
        raise MartError(path, f"no YAML: {error}") from error
    if not isinstance(root, yaml.MappingNode):
        raise MartError(path, "no contract: it has no keys such as schema and description", (1, 1))


def _told(path: Path, text: str, error: ValueError) -> MartError:
    """The error of a contract that the standard, or our loader, refuses."""
    cause = error.__cause__
    if isinstance(cause, ValidationError):
        first = cause.errors()[0]
        named = ".".join(map(str, first["loc"]))
        return MartError(path, f"{named}: {first['msg']}", _place(_node(text), first["loc"]))
    return MartError(path, f"no valid contract: {cause or error}", _place(_node(text), ("schema",)))


def _making(path: Path, text: str) -> Making:
    document = yaml.load(text, Loader=SAFE_LOADER)  # noqa: S506
    customs = {item.get("property"): item.get("value") for item in document.get("customProperties") or []}
    try:
        return Making(**{name: customs[name] for name in Making.model_fields if name in customs})
    except ValidationError as error:
        first, root = error.errors()[0], _node(text)
        named = ".".join(map(str, first["loc"]))
        raise MartError(path, f"{named}: {first['msg']}", _place(root, _in_customs(root, first["loc"]))) from None


def _node(text: str) -> yaml.Node:
    return yaml.compose(text, Loader=SAFE_LOADER) or yaml.ScalarNode("tag:yaml.org,2002:null", "")


def _in_customs(root: yaml.Node, keys: Iterable[str | int]) -> tuple[str | int, ...]:
    """The keys that lead to a custom property, from the top of the file."""
    name, *rest = keys
    customs = _descendant(root, ("customProperties",))
    return ("customProperties", _index(customs, "property", str(name)), "value", *rest)


def _index(items: yaml.Node, key: str, value: str) -> int:
    """Which item of a sequence has this value; -1 for none."""
    nodes = items.value if isinstance(items, yaml.SequenceNode) else []
    return next((n for n, item in enumerate(nodes) if getattr(_child(item, key), "value", None) == value), -1)


def _place(root: yaml.Node, keys: Iterable[Any]) -> tuple[int, int]:
    """Line and column, from 1, of what the keys lead to."""
    mark = _descendant(root, keys).start_mark
    return mark.line + 1, mark.column + 1


def _descendant(node: yaml.Node, keys: Iterable[Any]) -> yaml.Node:
    """What the keys lead to, or the nearest above it that is there."""
    for key in keys:
        child = _child(node, key)
        if child is None:
            break
        node = child
    return node


def _child(node: yaml.Node, key: str | int) -> yaml.Node | None:
    found: yaml.Node | None = None
    if isinstance(node, yaml.MappingNode):
        found = next((value for name, value in node.value if name.value == key), None)
    elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and 0 <= key < len(node.value):
        found = node.value[key]
    return found
