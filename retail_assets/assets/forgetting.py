"""What the platform holds of a customer of the shop, dataset by dataset. No Dagster in here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from retail_assets.assets.catalogue import steps_of
from retail_assets.assets.platform import Platform
from retail_assets.contracts import Contract
from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.engine.session import session
from retail_assets.warehouse.duckdb_file import DuckDBFile
from retail_assets.warehouse.redshift import RedshiftStore
from retail_assets.warehouse.redshift.tables import qualified

CUSTOMER, RECEIVED = "customer_id", "received"


@dataclass(frozen=True)
class Trace:
    """A dataset of which rows name a customer, and how many do. Tables of the warehouse begin with ``warehouse.``."""

    dataset: str
    rows: int


def traces_of(platform: Platform, customer_id: str) -> list[Trace]:
    """Every dataset that can name customers of the shop, with its rows that name this one.

    Not those of declared sources, whose rows are forgotten at their source.
    """
    return [
        Trace(contract.name, _in_lake(platform, contract, condition))
        if store == "lake"
        else Trace(f"{store}.{contract.name}", _in_warehouse(platform, contract, condition))
        for store, contract in _datasets(platform)
        if (condition := _names(contract, customer_id))
    ]


def _datasets(platform: Platform) -> Iterator[tuple[str, Contract]]:
    declared: set[str] = set()
    for step in steps_of(platform.settings):
        reads = {upstream.name for upstream in step.upstreams}
        if step.source or (reads and reads <= declared):  # a table or a mart of theirs
            declared.update(step.outputs)
            continue
        for contract in step.contracts():
            yield step.store, contract


def _names(contract: Contract, customer_id: str) -> str:
    """The condition that a row names the customer; nothing where no row of the dataset names any."""
    columns = {column.name for column in contract.columns if column.classification}
    if CUSTOMER in columns:
        return f"CAST({CUSTOMER} AS VARCHAR) = {quote_literal(customer_id)}"
    if contract.domain == "sales" and RECEIVED in columns:
        return f"json_extract_string({RECEIVED}, '$.{CUSTOMER}') = {quote_literal(customer_id)}"
    return ""


def _in_lake(platform: Platform, contract: Contract, condition: str) -> int:
    dataset = platform.stores["lake"].dataset(contract)
    with session(platform.settings) as connection:
        dataset.open_to(connection)
        found = connection.execute(f"SELECT count(*) FROM ({dataset.relation()}) WHERE {condition}").fetchone()
    return found[0] if found else 0


def _in_warehouse(platform: Platform, contract: Contract, condition: str) -> int:
    store = platform.stores["warehouse"]
    if not store.published(contract):
        return 0
    if isinstance(store, RedshiftStore):
        select = f"SELECT count(*) FROM {qualified(store.namespace, contract.name)} WHERE {condition}"
        with store.redshift.session() as redshift:
            ((count,),) = redshift.rows(f"counting the rows of {contract.name}", select)
            return int(count)
    if isinstance(store, DuckDBFile):
        select = f"SELECT count(*) FROM warehouse.{quote_identifier(contract.name)} WHERE {condition}"
        with store.reading() as connection:
            found = connection.execute(select).fetchone()
        return found[0] if found else 0
    raise TypeError(f"a warehouse of kind {store.kind} cannot be asked")
