"""What Dagster's UI tells of a dataset before any run: schema, rules, grain and the files that make it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any

import dagster as dg

from retail_assets.assets.step import Step
from retail_assets.contracts import Column, Contract
from retail_assets.contracts.loader import FOLDER
from retail_assets.engine.query import sql_text

UI_INLINE_LIMIT = 1000
"""Dagster's UI shows Markdown of fewer characters at once, and longer texts behind a link."""
CELL_WIDTH = 32
"""Characters of a value that are shown."""


def description(step: Step, contract: Contract) -> str:
    """What the dataset is and how to use it; of a copy in another store, first that it is one."""
    is_copy = step.store == "warehouse" and contract.domain != "warehouse"
    texts = (step.description if is_copy else "", contract.purpose, contract.usage, contract.limitations)
    return "\n\n".join(text for text in texts if text)


def code_version(step: Step) -> str:
    """Digest of the SQL and of what contracts put into it, so that the UI marks what a change has left behind."""
    rules = [
        [
            [(column.name, column.type, column.expression) for column in contract.columns],
            [(rule.name, rule.predicate) for rule in (*contract.excluded_reasons, *contract.reject_reasons)],
        ]
        for contract in step.contracts()
    ]
    texts = [sql_text("macros"), *_sql_files(step).values()]
    return hashlib.sha256(json.dumps([texts, rules]).encode()).hexdigest()[:12]


def definition_metadata(step: Step, contract: Contract) -> dict[str, Any]:
    """Column schema, name in SQL, grain, rules, and the contract and the SQL with links to their files."""
    sql = "\n".join(f"`{name}`\n```sql\n{text}\n```" for name, text in _sql_files(step).items())
    values = {
        "dagster/column_schema": column_schema(contract),
        "dagster/table_name": f"warehouse.{contract.name}" if step.store == "warehouse" else contract.name,
        "dagster/code_references": _code_references(step, contract),
        "grain": contract.grain or "one row",
        "contract": contract.place,
    }
    texts = {"SQL": sql, "rules": _rules(contract)}
    return values | {name: dg.MetadataValue.md(text) for name, text in texts.items() if text}


def column_schema(contract: Contract) -> dg.TableSchema:
    """The columns with their types, meaning, constraints and tags."""
    key = [column.name for column in contract.key_columns]
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.type,
                description=column.description,
                constraints=dg.TableColumnConstraints(
                    nullable=not column.required, unique=key == [column.name], other=_constraints(column, key)
                ),
                tags=_tags(column),
            )
            for column in contract.columns
        ]
    )


def markdown_table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table of cells that are Markdown themselves."""
    names = list(head)
    return "\n".join(f"| {' | '.join(line)} |" for line in [names, ["---"] * len(names), *rows])


def as_cell(value: Any) -> str:
    """A value as Markdown that shows it and does nothing else, whatever a source has put into it."""
    text = "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
    text = " ".join(text.split())
    text = text if len(text) <= CELL_WIDTH else text[: CELL_WIDTH - 1] + "…"
    return re.sub(r"([\\`*\[\]<>|~&])", r"\\\1", text)


def _sql_files(step: Step) -> dict[str, str]:
    """The SQL by the name of its file, as people know it."""
    own = {step.mart.sql_file.name: step.mart.sql} if step.mart and step.store == "lake" else {}
    return {f"sql/{name}.sql": sql_text(name) for name in step.sql_files} | own


def _code_references(step: Step, contract: Contract) -> dg.CodeReferencesMetadataValue:
    sql = [Path(str(files("retail_assets").joinpath("sql", *f"{name}.sql".split("/")))) for name in step.sql_files]
    own = [step.mart.sql_file] if step.mart else []
    paths = [*sql, *own, FOLDER / contract.path]
    found = [dg.LocalFileCodeReference(file_path=str(path), line_number=1, label=path.name) for path in paths]
    return dg.CodeReferencesMetadataValue(code_references=[*found])


def _rules(contract: Contract) -> str:
    """Which rows are left out and why, and which rows must never occur."""
    reasons = [
        *((rule, "counted, not kept") for rule in contract.excluded_reasons),
        *((rule, "rejected") for rule in contract.reject_reasons),
        *((rule, "blocks the partition") for rule in (*contract.row_rules, *contract.table_rules)),
    ]
    rows = [(rule.name, rule.description or f"`{rule.predicate}`", effect) for rule, effect in reasons]
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return markdown_table(("rule", "when", "then"), cells) if cells else ""


def _constraints(column: Column, key: list[str]) -> list[str]:
    """What the column's values must be, in a few characters each: the UI cuts longer ones off."""
    found = list(column.accepted)
    if column.minimum is not None and column.maximum is not None:
        found.append(f"{column.minimum:g} to {column.maximum:g}")
    elif column.minimum is not None:
        found.append(f"≥ {column.minimum:g}")
    elif column.maximum is not None:
        found.append(f"≤ {column.maximum:g}")
    if column.exclusive_minimum is not None:
        found.append(f"> {column.exclusive_minimum:g}")
    if column.min_length:
        found.append("not empty" if column.min_length == 1 else f"{column.min_length} characters or more")
    return [*found, "part of the key"] if len(key) > 1 and column.name in key else found


def _tags(column: Column) -> dict[str, str]:
    tags = {"classification": column.classification} if column.classification else {}
    return tags | ({"partition": ""} if column.partition_position else {})
