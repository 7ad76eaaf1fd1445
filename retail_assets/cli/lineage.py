"""`retail lineage`: where a dataset or a column comes from, and what is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from retail_assets.cli.options import Format, FormatOption
from retail_assets.cli.output import NARROW, Column, Table, print_table, show, stdout
from retail_assets.inspection.lineage import Edges, Graph, Node, read_graph

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.tree import Tree


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
        print_table(_origins(graph, node[0]))


def _origins(graph: Graph, dataset: str) -> Table:
    """The dataset's columns and what each is computed from."""
    columns = [Column("column"), Column("from", "computed from", folds_at=NARROW)]
    found = {name: graph.sources.get((dataset, name), []) for name in graph.columns[dataset]}
    rows = [(name, ", ".join(map(_label, origins)) or None) for name, origins in found.items()]
    return Table(columns, rows, absent="-")


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
