"""Names of datasets that users bring: every store, every view and Dagster itself must be able to bear them."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection

PARTITIONS = "_partitions"
"""Ends the name of the table of a dataset's partitions."""
TABLE = "warehouse_"
"""Begins the name of the step that makes a dataset's table."""
RESERVED = frozenset(
    (
        *("landed_files", "shop_database", "sales_export", "retail_aggregates", "retail_report", "mart"),
        *("shop_tables", "sales_cuts"),
        *("take_in_files", "new_files_taken_in", "take_in_sources", "sources_taken_in"),
        "landed_files_blocked_files",
    )
)
"""Names of assets, views, steps, jobs and ops that are no datasets."""
WORDS_OF_DAGSTER = frozenset(
    (
        *("context", "conf", "config", "meta", "arg_dict", "dict", "input_arg_dict", "output_arg_dict"),
        *("int", "str", "float", "bool", "input", "output", "type"),
    )
)
"""What Dagster refuses besides Python's keywords."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")


def bad_name(name: str, taken: Collection[str]) -> str:
    """Why a dataset cannot have this name, those that are taken besides; empty where it can."""
    if not _NAME.fullmatch(name) or name.endswith(PARTITIONS):
        return f"{name!r} is no name for a dataset: up to 60 small letters, digits and _, such as top_products"
    if name in WORDS_OF_DAGSTER or keyword.iskeyword(name):
        return f"{name!r} is a word of Python's or Dagster's: choose another name"
    if name.startswith(TABLE):
        return f"{name!r} begins as the steps do that make tables: choose a name without {TABLE}"
    return f"there is a dataset {name} already: choose another name" * (name in taken or name in RESERVED)
