"""A whole synthetic shop: its database, and what other systems export of it. Same plan, same rows; none is real."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.engine.query import sql_text
from retail_assets.sources.synthetic_shop.files import sql
from retail_assets.sources.synthetic_shop.names import pools

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLES = (
    "country", "city", "address", "store", "staff", "customer", "language", "category", "actor", "film", "film_actor",
    "film_category", "inventory", "rental", "payment",
)  # fmt: skip
"""In an order in which they refer to what is there."""
WHOLE_FILES = {"customers": "customers.csv", "catalogue": "catalogue.parquet"}
MONTHLY_FILES = {"transactions": "csv", "shipping": "jsonl", "user_activity": "jsonl"}
FORMATS = {"csv": "FORMAT csv, HEADER true", "jsonl": "FORMAT json", "parquet": "FORMAT parquet, COMPRESSION zstd"}


@dataclass(frozen=True)
class WholeShop:
    """How large a shop, and of which days."""

    customers: int
    films: int
    rentals: int
    first: date
    last: date
    seed: int = 0


@contextmanager
def open_shop(shop: WholeShop) -> Iterator[DuckDBPyConnection]:
    """A DuckDB that holds the shop's tables, and a view of each export."""
    import duckdb

    with (
        TemporaryDirectory(prefix="retail-shop-") as spill,
        duckdb.connect(config={"temp_directory": spill}) as connection,
    ):
        connection.execute("SET TimeZone = 'UTC'")
        values: dict[str, str | int | date] = {
            "seed": str(shop.seed), "customers": shop.customers, "films": shop.films, "rentals": shop.rentals,
            "first_day": shop.first, "days": (shop.last - shop.first).days + 1,
        }  # fmt: skip
        for name, value in values.items():
            kind = "::DATE" if isinstance(value, date) else ""
            connection.execute(f"SET VARIABLE {name} = {quote_literal(value)}{kind}")
        connection.execute(sql("macros"))
        connection.execute("CREATE TABLE pools (country VARCHAR, kind VARCHAR, words VARCHAR[])")
        rows = ", ".join(
            f"({quote_literal(country)}, {quote_literal(kind)}, [{', '.join(map(quote_literal, words))}])"
            for country, kind, words in pools(shop.seed)
        )
        connection.execute(f"INSERT INTO pools VALUES {rows}")
        for name in ("people", "goods", "trade", "files"):
            connection.execute(sql(f"whole/{name}"))
        yield connection


def write_exports(connection: DuckDBPyConnection, folder: Path) -> dict[str, int]:
    """Write what other systems export, with a sources.yaml that declares it; returns the rows of each export."""
    folder.mkdir(parents=True, exist_ok=True)
    counted = {}
    for name, file in WHOLE_FILES.items():
        counted[name] = _write(connection, f"SELECT * FROM {name}", folder / name / file)
    for name, form in MONTHLY_FILES.items():
        found = connection.execute(f"SELECT DISTINCT strftime(day, '%Y-%m') FROM {name} ORDER BY 1").fetchall()
        counted[name] = sum(
            _write(
                connection,
                f"SELECT * EXCLUDE (day) FROM {name} WHERE strftime(day, '%Y-%m') = {quote_literal(month)}",
                folder / name / f"{name}-{month}.{form}",
            )
            for (month,) in found
        )
        _remove_other_months(folder / name, f"{name}-*.{form}", {f"{name}-{month}.{form}" for (month,) in found})
    _declare(folder)
    return counted


def fill_database(shop: DuckDBPyConnection, connection: Any) -> dict[str, int]:
    """Make the shop's tables in an empty PostgreSQL and fill them, in one transaction; returns the rows of each.

    ``connection`` is one of psycopg2.

    Raises:
        ValueError: there is a shop already.
    """
    import psycopg2.errors

    counted = {}
    connection.autocommit = False
    with TemporaryDirectory(prefix="retail-shop-") as folder, connection, connection.cursor() as cursor:
        try:
            cursor.execute(sql_text("synthetic_shop/database/tables"))
        except (psycopg2.errors.DuplicateTable, psycopg2.errors.DuplicateObject) as error:
            said = str(error).strip().partition("\n")[0]
            raise ValueError(f"the database holds a shop already ({said}): choose an empty one") from error
        for name in TABLES:
            path = Path(folder) / f"{name}.csv"
            counted[name] = _write(shop, f"SELECT * FROM {name}", path)
            with path.open("rb") as rows:
                cursor.copy_expert(f"COPY {quote_identifier(name)} FROM STDIN (FORMAT csv, HEADER true)", rows)
            path.unlink()
    return counted


def _write(connection: DuckDBPyConnection, select: str, path: Path) -> int:
    """Write a file under a temporary name first, so that nobody reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    options = FORMATS[path.suffix.removeprefix(".")]
    found = connection.execute(f"COPY ({select}) TO {quote_literal(str(partial))} ({options})").fetchone()
    partial.replace(path)
    return int(found[0]) if found else 0


def _remove_other_months(folder: Path, pattern: str, written: set[str]) -> None:
    """Files of another shop that was written here before would be taken for this one's."""
    for path in folder.glob(pattern):
        if path.name not in written:
            path.unlink()


def _declare(folder: Path) -> None:
    """Lay the contracts beside the files, then the sources.yaml that names both."""
    ours = files("retail_assets").joinpath("sources", "synthetic_shop", "whole_shop")
    (folder / "contracts").mkdir(exist_ok=True)
    for contract in ours.joinpath("contracts").iterdir():
        (folder / "contracts" / contract.name).write_text(contract.read_text(encoding="utf-8"), encoding="utf-8")
    shutil.copyfile(str(ours.joinpath("sources.yaml")), folder / "sources.yaml")
