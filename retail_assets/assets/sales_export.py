"""Sales organised by category and region: ``exports/sales_by_category_region/category=Action/region=Viet%20Nam/…``.

One file a category and region, with all its days. Values in folder names are percent-encoded, as Hive and Spark read
them. No Dagster in here.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from retail_assets.assets.platform import Platform
from retail_assets.contracts import contract
from retail_assets.contracts.contract import quote_literal
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.private import private_folder
from retail_assets.engine.query import sql_text
from retail_assets.engine.session import one_thread, session
from retail_assets.lake.opening import root_of
from retail_assets.lake.tree import replace_tree, tree_at

NAME = "sales_by_category_region"
OPTIONS = {"parquet": "FORMAT parquet, COMPRESSION zstd", "csv": "FORMAT csv, HEADER"}


@dataclass(frozen=True)
class Exported:
    """What an export did."""

    location: str
    files: int
    changed: int


def export_location(platform: Platform) -> str:
    """Where the files lie: beside the datasets of the lake."""
    return f"{root_of(platform.settings).rstrip('/')}/exports/{NAME}"


def is_outdated(platform: Platform) -> bool:
    """Whether the files show other sales than the lake has, or in another format than settings say."""
    return pending_change(platform) is not None


def pending_change(platform: Platform) -> str | None:
    """What the files were made from and would be now, as digests; None where that is the same."""
    tree = tree_at(export_location(platform), platform.settings.s3)
    dataset = platform.stores["lake"].dataset(contract(NAME))
    if not dataset.objects:
        return None
    before, now = tree.listing().made_from, _content(platform, dataset)
    return f"{before}..{now}" if before != now else None


def export_sales(platform: Platform) -> Exported:
    """Bring the files up to date; those whose rows did not change stay untouched."""
    location = export_location(platform)
    tree, work = tree_at(location, platform.settings.s3), platform.settings.data_dir / ".exports"
    with tree.writing(work, f"exporting {NAME}"):
        dataset = platform.stores["lake"].dataset(contract(NAME))
        content = _content(platform, dataset)
        if tree.listing().made_from == content:
            return Exported(location, len(tree.listing().files), 0)
        with private_folder(work / "staging") as folder:
            staged = folder / "files"
            _write(platform, dataset, staged)
            changed = replace_tree(tree, staged, content)
    return Exported(location, len(tree.listing().files), changed)


def _write(platform: Platform, dataset: Dataset, staged: Path) -> None:
    """All files at once, by one thread: their bytes do not depend on chance."""
    form = platform.settings.sales.export_format
    options = f"{OPTIONS[form]}, PARTITION_BY (category, region), FILENAME_PATTERN 'data_{{i}}'"
    with session(platform.settings) as connection, one_thread(connection):
        dataset.open_to(connection)
        connection.execute(f"CREATE TEMP VIEW {NAME} AS {dataset.relation()}")
        staged.mkdir()
        connection.execute(f"COPY ({sql_text('sales/export')}) TO {quote_literal(str(staged))} ({options})")


def _content(platform: Platform, dataset: Dataset) -> str:
    held = [(stored.partition.key, stored.digest) for stored in dataset.objects if stored.rows]
    parts = [platform.settings.sales.export_format, sql_text("sales/export"), sorted(held)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]
