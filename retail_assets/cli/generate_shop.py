"""`retail generate-shop`: a whole synthetic shop, as a database and as the files of the systems around it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from retail_assets.cli.generate import DEFAULT_FROM, DEFAULT_TO
from retail_assets.cli.options import EndOption, StartOption, require_order
from retail_assets.cli.output import grouped, note, say


def generate_shop(
    customers: Annotated[int, typer.Option(min=1, max=10_000_000, help="Customers.")] = 1_000,
    products: Annotated[int, typer.Option(min=1, max=1_000_000, help="Products: films to rent.")] = 500,
    orders: Annotated[
        int, typer.Option(min=1, max=100_000_000, help="Orders: rentals, nearly all of them paid.")
    ] = 20_000,
    first: StartOption = DEFAULT_FROM,
    last: EndOption = DEFAULT_TO,
    seed: Annotated[int, typer.Option(help="The same seed gives the same rows; another one another shop.")] = 0,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", show_default="DATA_DIR/shop", help="Where the files go.")
    ] = None,
    into: Annotated[
        str | None,
        typer.Option(
            metavar="DSN",
            help="An empty PostgreSQL database that takes the shop too, as postgresql://user@host/database; the "
            "password comes from PGPASSWORD or PGPASSFILE.",
        ),
    ] = None,
) -> None:
    """Write a whole synthetic shop, as files and as a database.

    Customers, catalogue, transactions, shipping and user activity, as CSV, Parquet and JSON Lines with a sources.yaml
    beside them and, with --into, as a database of 15 tables in the shape of Sakila: the same customers, products and
    payments in both. Names and addresses are invented.
    """
    from retail_assets.settings import settings
    from retail_assets.sources.synthetic_shop.whole import WholeShop, fill_database, open_shop, write_exports

    require_order(first, last)
    folder = (output or settings().data_dir / "shop").expanduser().absolute()
    with open_shop(WholeShop(customers, products, orders, first, last, seed)) as shop:
        if into:
            with closing(_connected(into)) as database:
                filled = fill_database(shop, database)
            say(f"{grouped(sum(filled.values()))} rows in {len(filled)} tables of the database")
        written = write_exports(shop, folder)
    for name, rows in written.items():
        say(f"{name}: {grouped(rows)} rows")
    say(f"in {folder}")
    note(f"Next: RETAIL_SOURCES_FILE={folder / 'sources.yaml'} retail backfill")


def _connected(dsn: str) -> Any:
    """A connection to the database.

    Raises:
        ValueError: there is no connection to be had, or no driver.
    """
    try:
        import psycopg2
    except ModuleNotFoundError as error:
        raise ValueError("PostgreSQL needs its driver: pip install 'retail-assets[shop]'") from error
    try:
        return psycopg2.connect(dsn)
    except psycopg2.ProgrammingError:  # whose text repeats the address, password and all
        raise ValueError("--into is no address of a database: write postgresql://user@host/database") from None
    except psycopg2.Error as error:
        raise ValueError(f"the database cannot be reached: {str(error).strip()}") from error
