"""DuckDB's extensions: from their wheels, offline, or else from DuckDB's own site."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from retail_assets.contracts.contract import quote_literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LOG = logging.getLogger(__name__)


def load_extension(connection: DuckDBPyConnection, name: str, extra: str) -> None:
    """Load an extension; ``extra`` is the part of this package that brings its wheel.

    Raises:
        ModuleNotFoundError: there is neither a wheel nor a way to DuckDB's site.
    """
    import duckdb

    if spec := find_spec(f"duckdb_extension_{name}"):
        folder = Path(str(spec.origin)).parent / "extensions" / f"v{duckdb.__version__}"
        connection.execute(f"LOAD {quote_literal(str(folder / f'{name}.duckdb_extension'))}")
        return
    try:
        connection.execute(f"LOAD {name}")
    except duckdb.Error:
        LOG.warning("the wheel of DuckDB's extension %s is not installed; DuckDB fetches it from its own site", name)
        try:
            connection.execute(f"INSTALL {name}")
            connection.execute(f"LOAD {name}")
        except duckdb.Error as error:
            said = str(error).splitlines()[0]
            raise ModuleNotFoundError(f"DuckDB has no {name}: pip install 'retail-assets[{extra}]' ({said})") from error
