"""`retail lineage`: where a dataset or a column comes from, and what is made of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from retail_assets.cli.options import Format, FormatOption
from retail_assets.cli.output import NARROW, Column, Table, print_table, show, stdout

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.tree import Tree

    from retail_assets.assets.platform import Platform

Node = tuple[str, str]
"""A dataset and a column of it; the column is empty for the dataset as a whole."""
LANDED = "landed files"
DATABASE = "shop database"
Edges = dict[Node, list[Node]]


def lineage(
    target: Annotated[
        str, typer.Argument(metavar="DATASET[.COLUMN]", help="Such as features or features.purchases_t-1.")
    ],
    upstream: Annotated[
        bool, typer.Option("--upstream/--downstream", help="What it is made from, or what is made from it.")
    ] = True,
    form: FormatOption = Format.table,
) -> None:
    """Show where a dataset or a column comes from.

    Through all datasets, as the SQL says. The lake's datasets go by their names, warehouse tables by warehouse.NAME:
    warehouse.features.MA7.
    """
    from retail_assets.cli.opening import open_platform

    graph = read_graph(open_platform())
    node = graph.resolve(target)
    edges = graph.sources if upstream else graph.consumers
    if form is not Format.table:
        rows = [(*(start if upstream else end), *(end if upstream else start)) for start, end in _walk(node, edges)]
        show(Table.of(("dataset", "column", "from_dataset", "from_column"), rows), form)
        return
    from rich.text import Text
    from rich.tree import Tree

    tree = Tree(Text(_label(node), style="bold"), guide_style="dim")
    _grow(tree, node, edges, {node})
    if not edges.get(node):
        tree.add(Text("no column of another dataset" if upstream else "nothing is made from it", style="dim"))
    stdout().print(tree, highlight=False)
    if upstream and not node[1]:
        print_table(graph.origins(node[0]))


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

    def origins(self, dataset: str) -> Table:
        """The dataset's columns and what each is computed from."""
        columns = [Column("column"), Column("from", "computed from", folds_at=NARROW)]
        found = {name: self.sources.get((dataset, name), []) for name in self.columns[dataset]}
        rows = [(name, ", ".join(map(_label, origins)) or None) for name, origins in found.items()]
        return Table(columns, rows, absent="-")

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
            name = item.name if step.store == "lake" else f"{step.store}.{item.name}"
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


def _walk(node: Node, edges: Edges) -> Iterable[tuple[Node, Node]]:
    """Every edge that can be reached, each once, near ones first."""
    waiting, seen = [node], {node}
    for current in waiting:
        for other in edges.get(current, []):
            yield current, other
            if other not in seen:
                seen.add(other)
                waiting.append(other)


def _grow(tree: Tree, node: Node, edges: Edges, seen: set[Node]) -> None:
    """Add what the node leads to; what was shown before is only named again."""
    from rich.text import Text

    for other in edges.get(node, []):
        is_known = other in seen and bool(edges.get(other))
        branch = tree.add(Text(_label(other) + (" (as above)" if is_known else "")))
        seen.add(other)
        if not is_known:
            _grow(branch, other, edges, seen)


def _label(node: Node) -> str:
    return ".".join(part for part in node if part)
