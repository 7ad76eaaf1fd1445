"""The IO managers in other people's projects, whose contracts are files of their own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest

from retail_assets.engine.io_manager import StoreIOManager
from retail_assets.lake.io_manager import LakeIOManager
from retail_assets.settings import settings
from retail_assets.warehouse.io_manager import WarehouseIOManager
from retail_assets.warehouse.redshift import RedshiftIOManager

VISITS = """
apiVersion: v3.1.0
kind: DataContract
id: visits
name: visits
version: 1.0.0
status: active
domain: museum
team: {name: visitors}
description: {purpose: Visits of a museum.}
schema:
  - name: visits
    physicalType: table
    properties:
      - {name: room, logicalType: string, physicalType: VARCHAR, required: true, primaryKey: true,
         primaryKeyPosition: 1, description: The room.}
      - {name: visitors, logicalType: integer, physicalType: BIGINT, required: true, logicalTypeOptions: {minimum: 0},
         description: Visitors of the room.}
"""
ROWS = [{"room": "Dürer's", "visitors": 7}, {"room": "attic", "visitors": 0}]


@pytest.fixture(params=["lake", "duckdb", "redshift"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """An IO manager of somebody who has a contract in a folder."""
    contracts = tmp_path / "contracts"
    contracts.mkdir()
    (contracts / "visits.yaml").write_text(VISITS)
    if request.param == "redshift":
        request.getfixturevalue("cloud_settings")
    settings.cache_clear()  # it reads the environment, as in a code location
    makers: dict[str, Callable[[], Any]] = {
        "lake": lambda: LakeIOManager(root=str(tmp_path / "lake"), contracts=str(contracts)),
        "duckdb": lambda: WarehouseIOManager(path=str(tmp_path / "museum.duckdb"), contracts=str(contracts)),
        "redshift": lambda: RedshiftIOManager(contracts=str(contracts)),
    }
    yield makers[request.param]()
    settings.cache_clear()


def _materialize(manager: StoreIOManager, rows: list[dict[str, Any]], seen: list[Any]) -> dg.ExecuteInProcessResult:
    @dg.asset(io_manager_key="store")
    def visits() -> pa.Table:
        return pa.Table.from_pylist(rows)

    return _run(manager, [visits, _reader(seen)])


def _reader(seen: list[Any]) -> dg.AssetsDefinition:
    @dg.asset(ins={"visits": dg.AssetIn(input_manager_key="store")})
    def report(visits) -> None:  # type: ignore[no-untyped-def]
        seen.append(visits if isinstance(visits, pa.Table) else visits.to_arrow())

    return report


def _run(manager: StoreIOManager, assets: list[Any]) -> dg.ExecuteInProcessResult:
    resources = {"store": manager, "io_manager": dg.mem_io_manager}
    return dg.materialize(assets, resources=resources, raise_on_error=False)


def test_an_asset_of_others_goes_in_and_comes_out(manager: Any) -> None:
    seen: list[Any] = []

    assert _materialize(manager, ROWS, seen).success

    assert sorted(seen[0].to_pylist(), key=lambda row: row["room"]) == sorted(ROWS, key=lambda row: str(row["room"]))


def test_what_breaks_their_contract_is_not_published(manager: Any) -> None:
    seen: list[Any] = []
    assert _materialize(manager, ROWS, seen).success

    assert not _materialize(manager, [{"room": "attic", "visitors": -1}], seen).success

    assert len(seen) == 1


def test_a_contract_of_another_dataset_is_refused_before_it_overwrites_that(manager: Any) -> None:
    seen: list[Any] = []
    assert _materialize(manager, ROWS, seen).success
    (Path(manager.contracts) / "guests.yaml").write_text(VISITS)

    @dg.asset(io_manager_key="store")
    def guests() -> pa.Table:
        return pa.Table.from_pylist([{"room": "hall", "visitors": 1}])

    result = _run(manager, [guests])

    (failure,) = [event for event in result.all_events if event.is_step_failure]
    told = str(failure.event_specific_data)
    assert "guests.yaml is the contract of the asset guests, but its schema is called 'visits': call it guests" in told
    assert _run(manager, [dg.AssetSpec("visits"), _reader(seen)]).success
    assert seen[1].sort_by("room").to_pylist() == seen[0].sort_by("room").to_pylist()


SHELVES = """
apiVersion: v3.1.0
kind: DataContract
id: shelves
name: shelves
version: 1.0.0
status: active
schema:
  - name: shelves
    physicalType: table
    properties:
      - {name: brand, physicalType: VARCHAR, required: true, partitioned: true, partitionKeyPosition: 1}
      - {name: places, physicalType: BIGINT}
"""


def test_a_partition_whose_name_holds_a_quote_goes_in_and_comes_out(manager: Any) -> None:
    (Path(manager.contracts) / "shelves.yaml").write_text(SHELVES)
    brands = dg.StaticPartitionsDefinition(["Levi's", "Wrangler"])
    seen: list[Any] = []

    @dg.asset(io_manager_key="store", partitions_def=brands)
    def shelves(context: dg.AssetExecutionContext) -> pa.Table:
        return pa.table({"places": [len(context.partition_key)]})

    @dg.asset(ins={"shelves": dg.AssetIn(input_manager_key="store")}, partitions_def=brands)
    def report(shelves) -> None:  # type: ignore[no-untyped-def]
        seen.append(shelves if isinstance(shelves, pa.Table) else shelves.to_arrow())

    resources = {"store": manager, "io_manager": dg.mem_io_manager}
    for brand in ("Wrangler", "Levi's"):
        result = dg.materialize([shelves, report], partition_key=brand, resources=resources, raise_on_error=False)
        assert result.success

    found = [table.select(["brand", "places"]).to_pylist() for table in seen]
    assert found == [[{"brand": "Wrangler", "places": 8}], [{"brand": "Levi's", "places": 6}]]


def test_an_asset_without_a_contract_is_told_where_to_write_it(tmp_path: Path) -> None:
    manager = WarehouseIOManager(path=str(tmp_path / "museum.duckdb"), contracts=str(tmp_path))

    with pytest.raises(ValueError, match=r"the asset visits has no contract: write .*visits\.yaml"):
        manager.contract_of(dg.AssetKey(["museum", "visits"]))
