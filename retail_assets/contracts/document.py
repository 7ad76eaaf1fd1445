"""A YAML file that people write: what it holds, and where in it each part stands, so that errors can name the place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from retail_assets.contracts.contract import Contract
from retail_assets.contracts.loader import SAFE_LOADER, read_contract

if TYPE_CHECKING:
    from pydantic import ValidationError

Keys = tuple[str | int, ...]
"""Keys and positions from the top of a document to a value."""
Place = tuple[int, int]
"""Line and column, from 1."""


class NotYAML(ValueError):
    """A file is not YAML: what is wrong with it, and where, if that is known."""

    def __init__(self, problem: str, place: Place | None) -> None:
        super().__init__(problem)
        self.place = place


@dataclass(frozen=True)
class Fault:
    """What is wrong with one part of a document; without keys, it is no one part."""

    message: str
    place: Place
    keys: Keys = ()


class NoContract(ValueError):
    """A document is no contract: everything that is wrong with it."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self.faults = faults


class Document:
    """A YAML file: its content, and the place of each value in it.

    Raises:
        NotYAML: it is none.
        OSError, UnicodeDecodeError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        text = path.read_text(encoding="utf-8")
        try:
            self.root: yaml.Node | None = yaml.compose(text, Loader=SAFE_LOADER)
            self.content: Any = yaml.load(text, Loader=SAFE_LOADER)  # noqa: S506
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise NotYAML(str(error.problem or error), _place(mark) if mark else None) from error
        except (yaml.YAMLError, ValueError) as error:  # the latter where a date is none
            raise NotYAML(str(error), None) from error

    def place(self, keys: Sequence[str | int]) -> Place:
        """Where the value is that the keys lead to; of what is missing, what it is missing from."""
        node = self.root
        for key in keys:
            child = _child(node, key)
            if child is None:
                break
            node = child
        return _place(node.start_mark) if node else (1, 1)

    def told(self, error: ValidationError, at: Callable[[Keys], Keys] | None = None) -> tuple[Fault, ...]:
        """What is wrong where; ``at`` makes keys from the top of the document of those in what was validated."""
        found = []
        for item in error.errors(include_input=False, include_url=False):
            keys = self._without_alternatives(at(item["loc"]) if at else item["loc"])
            found.append(Fault(item["msg"].removeprefix("Value error, "), self.place(keys), keys))
        return tuple(found)

    def contract(self) -> Contract:
        """The contract that the file is.

        Raises:
            NoContract: it is none.
        """
        from pydantic import ValidationError

        if not isinstance(self.content, dict):
            raise NoContract(Fault("no contract: it has no keys such as schema and description", (1, 1)))
        try:
            return read_contract(self.path)
        except ValueError as error:
            cause = error.__cause__
            if isinstance(cause, ValidationError):
                raise NoContract(*self.told(cause)) from error
            raise NoContract(Fault(f"no valid contract: {cause or error}", self.place(("schema",)))) from error

    def _without_alternatives(self, keys: Keys) -> Keys:
        """The keys without the names of alternatives, which stand in the path of an error and not in the file."""
        found: Keys = ()
        node = self.root
        for number, key in enumerate(keys):
            child = _child(node, key)
            if child is not None or number == len(keys) - 1:
                found, node = (*found, key), child
        return found


def _place(mark: yaml.Mark) -> Place:
    return mark.line + 1, mark.column + 1


def _child(node: yaml.Node | None, key: str | int) -> yaml.Node | None:
    found: yaml.Node | None = None
    if isinstance(node, yaml.MappingNode):
        found = next((value for name, value in node.value if name.value == key), None)
    elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and 0 <= key < len(node.value):
        found = node.value[key]
    return found
