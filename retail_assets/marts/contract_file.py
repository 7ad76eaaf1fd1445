"""The contract of a mart: the project's own format, and three custom properties that say how the mart is made.

``reads``: datasets that each date reads more days of than its own, as ``{features: {days: 28}}``. ``checks``: rules in
SQL over what was made and what it was made from. ``warehouse``: false for a mart without a table in the warehouse.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from retail_assets.contracts import Contract
from retail_assets.contracts.document import Document, Fault, Keys, NoContract, NotYAML
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

    document: Document
    contract: Contract
    making: Making

    @classmethod
    def read(cls, path: Path) -> ContractFile:
        """Read and validate the file.

        Raises:
            MartError: it is no contract, or not one of this mart.
        """
        try:
            document = Document(path)
        except UnicodeDecodeError as error:
            raise MartError(path, f"no UTF-8, in which contracts are written: {error}") from error
        except NotYAML as error:
            raise MartError(path, f"no YAML: {error}", error.place) from error
        try:
            contract = document.contract()
        except NoContract as error:
            raise _told(document, error.faults) from error
        found = cls(document, contract, _making(document))
        found._require_own_name()
        found._require_known_partitions()
        return found

    def error(self, message: str, *keys: str | int) -> MartError:
        """What is wrong with the part of the file that these keys lead to."""
        return MartError(self.document.path, message, self.document.place(keys))

    def column_error(self, name: str, message: str) -> MartError:
        """What is wrong with a column."""
        position = [column.name for column in self.contract.columns].index(name)
        return self.error(message, "schema", 0, "properties", position)

    def rule_error(self, name: str, message: str) -> MartError:
        """What is wrong with a rule of ``quality``."""
        rules = self.document.content["schema"][0]["quality"]
        return self.error(message, "schema", 0, "quality", _index(rules, "name", name))

    def making_error(self, message: str, *keys: str | int) -> MartError:
        """What is wrong with a custom property."""
        return self.error(message, *_in_customs(self.document, keys))

    def _require_own_name(self) -> None:
        path = self.document.path
        if self.contract.name != path.stem:
            said = f"the schema is called {self.contract.name!r}, but the file is {path.name}: give both one name"
            raise self.error(said, "schema", 0, "name")

    def _require_known_partitions(self) -> None:
        columns = [(column.name, column.type) for column in self.contract.partition_columns]
        if columns not in ([], [("date", "DATE")]):
            named = ", ".join(f"{name} {kind}" for name, kind in columns)
            raise self.error(
                f"a mart is partitioned by date (a column date of type DATE) or not at all, not by {named}",
                *("schema", 0, "properties"),
            )


def _making(document: Document) -> Making:
    customs = {item.get("property"): item.get("value") for item in document.content.get("customProperties") or []}
    try:
        return Making(**{name: customs[name] for name in Making.model_fields if name in customs})
    except ValidationError as error:
        raise _told(document, document.told(error, lambda keys: _in_customs(document, keys))) from error


def _told(document: Document, faults: tuple[Fault, ...]) -> MartError:
    """Everything that is wrong, a line each; the error's place is that of the first."""
    told = [f"{_named(document, fault.keys)}{fault.message}" for fault in faults]
    others = [str(MartError(document.path, said, fault.place)) for said, fault in zip(told, faults, strict=True)][1:]
    return MartError(document.path, "\n".join([told[0], *others]), faults[0].place)


def _named(document: Document, keys: Keys) -> str:
    """The keys as users know them: those of a custom property begin with its name."""
    if keys[:1] == ("customProperties",) and keys[2:3] == ("value",):
        keys = (document.content["customProperties"][keys[1]].get("property"), *keys[3:])
    return f"{'.'.join(map(str, keys))}: " if keys else ""


def _in_customs(document: Document, keys: Keys) -> Keys:
    """The keys that lead to a custom property, from the top of the file."""
    name, *rest = keys
    return ("customProperties", _index(document.content.get("customProperties"), "property", name), "value", *rest)


def _index(items: Any, key: str, value: str | int) -> int:
    """Which item of a list has this value; -1 for none."""
    return next((number for number, item in enumerate(items or []) if item.get(key) == value), -1)
