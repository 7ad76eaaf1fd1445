"""Which columns two versions share, and how their values are compared and measured in SQL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import Template

from retail_assets.contracts import Column
from retail_assets.contracts.contract import quote_identifier
from retail_assets.engine.query import sql_text

GRAIN = ("key_type", "date", "key_value")
EXACT = {"integer": "HUGEINT", "double": "DECIMAL(38, 12)"}
"""Types in which sums do not depend on the order of rows; decimals have one already."""
_KINDS = {
    "integer": re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT|U?INTEGER"),
    "decimal": re.compile(r"DECIMAL.*"),
    "double": re.compile(r"DOUBLE|FLOAT|REAL"),
}


@dataclass(frozen=True)
class Pairing:
    """The columns of two versions, but for the grain."""

    before: Sequence[Column]
    after: Sequence[Column]

    @property
    def added(self) -> tuple[str, ...]:
        """Columns that only the later version has."""
        return tuple(name for name in _types(self.after) if name not in _types(self.before))

    @property
    def removed(self) -> tuple[str, ...]:
        """Columns that only the earlier version has."""
        return tuple(name for name in _types(self.before) if name not in _types(self.after))

    @property
    def shared(self) -> dict[str, tuple[str, str]]:
        """The types before and after of the columns that both have, by name."""
        after = _types(self.after)
        return {name: (kind, after[name]) for name, kind in _types(self.before).items() if name in after}

    @property
    def retyped(self) -> tuple[tuple[str, str, str], ...]:
        """Shared columns whose types differ: name, type before, type after."""
        return tuple((name, before, after) for name, (before, after) in self.shared.items() if before != after)

    @property
    def metrics(self) -> dict[str, str]:
        """The shared columns that are numbers in both: 'integer', 'decimal' or 'double', by name."""
        kinds = {name: {_kind(before), _kind(after)} for name, (before, after) in self.shared.items()}
        return {name: found.pop() if len(found) == 1 else "double" for name, found in kinds.items() if "" not in found}

    def pairs(self) -> str:
        """The query that puts the rows of the two side by side."""
        names, values = list(self.shared), []
        for name in names:
            for side in ("before", "after"):
                column, alias = quote_identifier(name), quote_identifier(f"{side} {name}")
                values.append(f"{side}_rows.{column} AS {alias}")
        differs = " OR ".join(self._differs(name) for name in names) or "false"
        return Template(sql_text("versions/pairs")).substitute(
            differs=differs, values=",\n    ".join(values) or "NULL AS nothing"
        )

    def rows(self) -> str:
        """The query that counts what became of the rows and measures every metric, four columns each."""
        measures = [_measure(name, kind) for name, kind in self.metrics.items()]
        return Template(sql_text("versions/rows")).substitute(measures=",\n    ".join(measures) or "NULL AS nothing")

    def _differs(self, name: str) -> str:
        """Whether the values of a row differ; NULL equals NULL, and a number itself in another type."""
        before, after = f"before_rows.{quote_identifier(name)}", f"after_rows.{quote_identifier(name)}"
        is_comparable = self.shared[name][0] == self.shared[name][1] or name in self.metrics
        kind = "" if is_comparable else "::VARCHAR"
        return f"{before}{kind} IS DISTINCT FROM {after}{kind}"


def _measure(name: str, kind: str) -> str:
    before, after = (quote_identifier(f"{side} {name}") for side in ("before", "after"))
    exact_before, exact_after = (f"{value}::{EXACT[kind]}" if kind in EXACT else value for value in (before, after))
    is_double = kind == "double"
    return Template(sql_text("versions/measure")).substitute(
        before=before,
        after=after,
        exact_before=exact_before,
        exact_after=exact_after,
        difference=f"abs({after} - {before})" if is_double else f"abs({exact_after} - {exact_before})",
    )


def _types(columns: Sequence[Column]) -> dict[str, str]:
    return {column.name: column.type for column in columns if column.name not in GRAIN}


def _kind(type_name: str) -> str:
    """The sort of number that a DuckDB type is; nothing where it is none."""
    return next((kind for kind, pattern in _KINDS.items() if pattern.fullmatch(type_name)), "")
