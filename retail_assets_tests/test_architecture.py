"""The layering that the house keeps, what loading the definitions may import, and how long files may be."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "retail_assets"
LAYERS = (
    {"settings", "contracts"},
    {"engine"},
    {"lake", "warehouse", "landing", "checks", "versions", "local_cloud", "forecasting", "marts"},
    {"sources"},  # they read files as landing does
    {"questions"},
    {"report"},
    {"assets"},
    {"automation"},
    {"definitions"},
    {"inspection"},
    {"cli", "dashboard"},
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
HEAVY = ("duckdb", "pandas", "pyarrow", "numpy", "boto3", "dagster_aws", "sqlglot", "holidays", "psycopg2")


def _part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(path: Path) -> set[str]:
    """The parts of the package that a file imports, at module level or inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module == "retail_assets":
            names = [f"retail_assets.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("retail_assets.")}
    return found


FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py" or path.parent != PACKAGE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_run_downwards_only(path: Path) -> None:
    own = _part(path)
    above = {name for name in _imports(path) - {own} if RANK[name] >= RANK[own]}
    # Settings and contracts may know each other; nothing else on one level does.
    assert not above, f"{own} imports {above}, which lie on its own level or above it"


def test_every_part_has_a_level() -> None:
    parts = {_part(path) for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}

    assert parts - {"__init__"} <= set(RANK)


def test_loading_the_definitions_imports_nothing_heavy() -> None:
    code = f"import sys, retail_assets.definitions; print([m for m in {HEAVY!r} if m in sys.modules])"

    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_files_and_functions_stay_small() -> None:
    own = [
        path
        for folder in ("retail_assets", "retail_assets_tests", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
    ]

    long = [path.name for path in own if len(path.read_text(encoding="utf-8").splitlines()) > 300]
    functions = [
        f"{path.name}:{node.lineno} {node.name}"
        for path in own
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno >= 60
    ]

    assert not long
    assert not functions
