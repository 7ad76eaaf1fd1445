"""What people read in Dagster's UI: schemas, counts, previews, checks and lineage, as metadata."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import dagster as dg

from retail_assets.assets.materialization import Made
from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Step
from retail_assets.contracts import Column, Contract
from retail_assets.engine.audit import Verdict
from retail_assets.engine.memory import peak_memory_bytes
from retail_assets.engine.query import sql_text

PREVIEW_ROWS = 5
PREVIEW_WIDTH = 40
MOST_DETAILS = 20


def code_version(step: Step) -> str:
    """Digest of the step's SQL, so that the UI marks what a changed query has left behind."""
    return hashlib.sha256("".join(_sql_files(step).values()).encode()).hexdigest()[:12]


def definition_metadata(step: Step, contract: Contract) -> dict[str, Any]:
    """What is known before any run: column schema, grain, contract file and the SQL itself."""
    sql = "\n".join(f"`sql/{name}.sql`\n```sql\n{text}\n```" for name, text in _sql_files(step).items())
    return {
        "dagster/column_schema": _column_schema(contract),
        "grain": contract.grain or "one row",
        "contract": f"retail_assets/contracts/{contract.path}",
        "SQL": dg.MetadataValue.md(sql),
    }


def partition_metadata(made: Made, output: str) -> dict[str, Any]:
    """What one partition of an output holds and what it cost."""
    warnings = [f"{v.check}: {v.detail}" for v in made.verdicts if not v.passed]
    values: dict[str, Any] = {
        "dagster/partition_row_count": made.facts[output].rows,
        "bytes": made.bytes[output],
        "seconds": round(made.seconds, 3),
        "peak_memory_mb": round(peak_memory_bytes() / 1e6),
        "digest": made.facts[output].digest,
    }
    return values | ({"warnings": "; ".join(warnings)} if warnings else {})


def run_metadata(platform: Platform, step: Step, output: str, made: Sequence[Made]) -> dict[str, Any]:
    """What the whole dataset holds after a run: rows, and a few of them to look at."""
    contract = next(item for item in step.contracts() if item.name == output)
    published = platform.store(step).published(contract)
    preview = _preview(platform, step, contract, made)
    rows = {"dagster/row_count": sum(entry.rows for entry in published.values())}
    return {**rows, **({"preview": dg.MetadataValue.md(preview)} if preview else {})}


def check_metadata(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """What a check found: partitions, failures, and the details of some."""
    failed = [verdict for verdict in verdicts if not verdict.passed]
    values: dict[str, Any] = {"partitions": len(verdicts), "failed_partitions": len(failed)}
    told = [verdict for verdict in failed or verdicts if verdict.detail][:MOST_DETAILS]
    if told:
        rows = "\n".join(f"| {verdict.partition.key} | {verdict.detail} |" for verdict in told)
        values["details"] = dg.MetadataValue.md(f"| partition | found |\n|---|---|\n{rows}")
    return values


def column_lineage(platform: Platform, step: Step) -> dict[str, dict[str, Any]]:
    """Which columns each output's columns come from, read from the SQL."""
    from retail_assets.assets.lineage import step_lineage

    found: dict[str, dict[str, Any]] = {}
    for output, columns in step_lineage(platform, step).items():
        deps = {
            column: [dg.TableColumnDep(asset_key=dg.AssetKey([dataset]), column_name=name) for dataset, name in sources]
            for column, sources in columns.items()
        }
        found[output] = {"dagster/column_lineage": dg.TableColumnLineage(deps)}
    return found


def _sql_files(step: Step) -> dict[str, str]:
    return {name: sql_text(name) for name in step.sql_files}


def _column_schema(contract: Contract) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.type,
                description=column.description,
                constraints=_column_constraints(column),
                tags={"classification": column.classification} if column.classification else {},
            )
            for column in contract.columns
        ]
    )


def _column_constraints(column: Column) -> dg.TableColumnConstraints:
    others = [f"never {predicate}" for name, predicate in column.violations.items() if not name.endswith(":null")]
    return dg.TableColumnConstraints(nullable=not column.required, other=others)


def _preview(platform: Platform, step: Step, contract: Contract, made: Sequence[Made]) -> str:
    """The first rows of the last published partition that has some, as a Markdown table."""
    filled = [item.partition for item in made if item.facts[contract.name].rows]
    if not filled or step.store != "lake":
        return ""
    import duckdb

    location = platform.store(step).published(contract)[filled[-1]].location
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT * FROM read_parquet(?, hive_partitioning = false) LIMIT ?", [location, PREVIEW_ROWS]
        )
        names = [column[0] for column in found.description or []]
        return _markdown(names, found.fetchall())


def _markdown(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    head = f"| {' | '.join(names)} |\n|{'---|' * len(names)}\n"
    return head + "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in rows)


def _cell(value: Any) -> str:
    text = "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    text = text.replace("|", "\\|").replace("\n", " ")
    return text if len(text) <= PREVIEW_WIDTH else text[: PREVIEW_WIDTH - 1] + "…"
