"""Where in a YAML file something stands, so that errors can name the line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from retail_assets.contracts.loader import SAFE_LOADER
from retail_assets.sources.declared.errors import SourceUnavailable

Place = tuple[str | int, ...]
"""Keys and positions from the top of a document to a value."""


class Document:
    """A YAML file: its content, and the line of each value in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            text = path.read_text(encoding="utf-8")
            node = yaml.compose(text, Loader=SAFE_LOADER)
            self.content: Any = yaml.load(text, Loader=SAFE_LOADER)  # noqa: S506
        except yaml.YAMLError as error:
            raise SourceUnavailable(f"{path}{_line_of(error)}: it is not valid YAML: {_problem(error)}") from error
        except (OSError, UnicodeDecodeError) as error:
            raise SourceUnavailable(f"{path} cannot be read: {error}") from error
        self._lines = dict(_lines(node)) if node else {}

    def where(self, place: Sequence[str | int]) -> str:
        """The file, the line and the key of a place; of what is missing, the line of what it is missing from."""
        known = tuple(place)
        while known and known not in self._lines:
            known = known[:-1]
        key = ".".join(str(part) for part in place)
        return f"{self.path}, line {self._lines.get(known, 1)}" + (f", {key}" if key else "")

    def told(self, error: ValidationError, above: Place = ()) -> str:
        """What is wrong where, a line each; ``above`` is the place of what was validated."""
        return "\n".join(
            f"{self.where(place)}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors(include_input=False, include_url=False)
            for place in [_within(self._lines, (*above, *item["loc"]))]
        )


def _within(known: dict[Place, int], place: Place) -> Place:
    """The place without the names of alternatives, which stand in the path of an error and not in the file."""
    found: Place = ()
    for number, part in enumerate(place):
        is_last = number == len(place) - 1
        if (*found, part) in known or is_last:
            found = (*found, part)
    return found


def _lines(node: yaml.Node, place: Place = ()) -> Iterator[tuple[Place, int]]:
    yield place, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*place, key.value))
            yield (*place, key.value), key.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from _lines(value, (*place, number))


def _line_of(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f", line {mark.line + 1}" if mark else ""


def _problem(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or error)
