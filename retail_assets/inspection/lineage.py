"""What every dataset and column is computed from, and what is computed from it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retail_assets.assets.platform import Platform

Node = tuple[str, str]
"""A dataset and a column of it; the column is empty for the dataset as a whole."""
LANDED = "landed files"
DATABASE = "shop database"
Edges = dict[Node, list[Node]]


@dataclass(frozen=True)
class Graph:
    """What is computed from what: datasets and columns, both ways."""

    columns: Mapping[str, tuple[str, ...]]
    sources: Edges
    consumers: Edges

    def resolve(self, target: str) -> Node:
        """The dataset or column that a name means.

        Raises:
            KeyError: there is no such dataset or column; the message names those that there are.
        """
        name = target.removeprefix("lake.")
        for dataset in sorted(self.columns, key=len, reverse=True):
            for known in {dataset, self._short(dataset)}:
                if name == known:
                    return dataset, ""
                if name.startswith(f"{known}."):
                    return self._column(dataset, name.removeprefix(f"{known}."))
        raise KeyError(f"there is no dataset {target!r}; there are {', '.join(self.columns)}")

    def _short(self, dataset: str) -> str:
        """The bare name of a warehouse table, where the lake has none of that name."""
        bare = dataset.rpartition(".")[2]
        return dataset if bare in self.columns else bare

    def _column(self, dataset: str, column: str) -> Node:
        if column not in self.columns[dataset]:
            raise KeyError(f"{dataset} has no column {column!r}; it has {', '.join(self.columns[dataset])}")
        return dataset, column


def read_graph(platform: Platform) -> Graph:
    """The lineage of all datasets and columns, read from the steps and their SQL."""
    from retail_assets.assets.catalogue import steps_of
    from retail_assets.assets.lineage import step_lineage

    columns: dict[str, tuple[str, ...]] = {}
    sources: Edges = {}
    for step in steps_of(platform.settings):
        found = step_lineage(platform, step)
        for item in step.contracts():
            name = step.label(item.name)
            columns[name] = tuple(column.name for column in item.columns)
            outside = f"source {step.source}" if step.source else DATABASE if step.extracts else LANDED
            sources[name, ""] = [(upstream.name, "") for upstream in step.upstreams] or [(outside, "")]
            for column, origins in found.get(item.name, {}).items():
                sources[name, column] = list(origins)
    consumers: Edges = defaultdict(list)
    for node, made_from in sources.items():
        for origin in made_from:
            consumers[origin].append(node)
    return Graph(columns, sources, dict(consumers))
