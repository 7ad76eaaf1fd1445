"""Sales with the lake on a real S3 server: the same datasets and files by category and region as in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from retail_assets.assets.catalogue import sales_steps
from retail_assets.assets.materialization import materialize, runnable, stale
from retail_assets.assets.platform import Platform
from retail_assets.assets.sales_days import known_days
from retail_assets.assets.sales_export import export_location, export_sales, is_outdated
from retail_assets.assets.step import of_dates
from retail_assets.cli.demo_shop import shop_database
from retail_assets.engine.lease import Lease, LeaseLost
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.engine.s3_reading import allow_reading
from retail_assets.inspection.views import open_views
from retail_assets.lake.tree import LEASE, LISTING, S3Tree
from retail_assets.settings import Settings
from retail_assets_tests.servers.shop_database import ShopDatabase, copy_of

FIRST, LAST = date(2019, 11, 1), date(2019, 11, 2)


@pytest.fixture
def small_shop(postgres: Any) -> Iterator[ShopDatabase]:
    """Two days of the synthetic shop in a database of the test's own."""
    with copy_of(postgres, shop_database(postgres, FIRST, LAST).database) as found:
        yield found


@pytest.fixture(params=["parquet", "csv"])
def form(request: pytest.FixtureRequest) -> str:
    """The format of the files."""
    return str(request.param)


@pytest.fixture
def cloud(on_s3: Settings, small_shop: ShopDatabase, form: str) -> Platform:
    """A platform that reads the shop and keeps its lake on S3."""
    sales = small_shop.settings(on_s3.data_dir, export_format=form).sales
    return Platform.of(on_s3.model_copy(update={"sales": sales}))


def _build(platform: Platform) -> None:
    """Extract, and make what is missing or stale of sales in the lake."""
    platform.extraction.take()
    for step in sales_steps():
        if step.store == "lake":
            wanted = runnable(platform, step, of_dates(step.partitioning, known_days(platform)))
            made = list(materialize(platform, step, platform.inputs(step), stale(platform, step, wanted)))
            assert all(item.published for item in made)


def _content(platform: Platform) -> dict[str, bytes]:
    """The exported objects by name."""
    root, s3 = S3Location.of(export_location(platform)), S3(platform.settings.s3)
    found = {place.key.removeprefix(root.below): s3.read(place) for place, _, _ in s3.listed(root)}
    return {name: body.content for name, body in found.items() if body and name not in (LISTING, LEASE)}


def test_the_lake_and_the_files_are_those_of_a_folder(cloud: Platform, tmp_path: Path, form: str) -> None:
    folder = Platform.local(cloud.settings.model_copy(update={"data_dir": tmp_path / "folder"}))
    for platform in (cloud, folder):
        _build(platform)
        assert export_sales(platform).changed > 0

    for item in (item for step in sales_steps() if step.store == "lake" for item in step.contracts()):
        there, here = (platform.stores["lake"].published(item) for platform in (cloud, folder))
        assert there
        assert {key: entry.digest for key, entry in there.items()} == {key: e.digest for key, e in here.items()}
    root = Path(export_location(folder))
    expected = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob(f"*.{form}")}
    assert _content(cloud) == expected
    assert f"category=Action/region=United%20States/data_0.{form}" in expected
    assert not is_outdated(cloud)
    assert export_sales(cloud).changed == 0


def test_others_read_the_files_by_their_folders(cloud: Platform, form: str) -> None:
    _build(cloud)
    export_sales(cloud)

    files = [f"{export_location(cloud)}/{name}" for name in _content(cloud)]
    with duckdb.connect() as connection:
        allow_reading(connection, files, cloud.settings.s3)
        found = connection.execute(
            f"SELECT count(DISTINCT category), count(DISTINCT region), sum(net_amount)::DECIMAL(18, 2) "
            f"FROM read_{form}({files}, hive_partitioning = true)"
        ).fetchone()

    ((categories, regions, paid),) = _totals(cloud)
    assert found == (categories, regions, paid)


def _totals(platform: Platform) -> list[tuple[Any, ...]]:
    with open_views(platform) as connection:
        return connection.execute(
            "SELECT count(DISTINCT category), count(DISTINCT region), sum(net_amount)::DECIMAL(18, 2) "
            "FROM sales_by_category_region"
        ).fetchall()


def test_only_changed_files_are_written_and_old_ones_go(cloud: Platform, small_shop: ShopDatabase) -> None:
    _build(cloud)
    export_sales(cloud)
    before = _content(cloud)
    (region,) = {name.split("/")[1] for name in before if "Mexico" in name}
    written, call = list[str](), "before-call.s3.PutObject"
    root = S3Location.of(export_location(cloud))
    events = S3(cloud.settings.s3).client.meta.events
    events.register(call, lambda params, **_: written.append(params["url_path"]), unique_id="told")

    small_shop.run("UPDATE country SET country = 'Nowhere' WHERE country = 'Mexico'")
    _build(cloud)
    written.clear()
    export_sales(cloud)
    events.unregister(call, unique_id="told")

    after = _content(cloud)
    assert not [name for name in after if region in name]
    new = {name for name in after if name not in before}
    assert new
    assert all("region=Nowhere" in name for name in new)
    assert len([path for path in written if root.key in path and not path.endswith((LISTING, LEASE))]) == len(new)


def test_an_export_that_dies_is_put_right_by_the_next(cloud: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    _build(cloud)
    put, done = S3Tree.put, list[str]()

    def dies(tree: S3Tree, name: str, file: Path, sha256: str) -> None:
        if len(done) > 5:
            raise KeyboardInterrupt
        done.append(name)
        put(tree, name, file, sha256)

    with monkeypatch.context() as patched:
        patched.setattr(S3Tree, "put", dies)
        with pytest.raises(KeyboardInterrupt):
            export_sales(cloud)
    assert is_outdated(cloud)

    exported = export_sales(cloud)

    assert exported.files == len(_content(cloud)) > len(done)
    assert not is_outdated(cloud)


@pytest.mark.parametrize("form", ["parquet"], indirect=True)
def test_two_machines_export_one_after_the_other(cloud: Platform, tmp_path: Path) -> None:
    _build(cloud)
    own = cloud.settings.s3
    elsewhere = Lease(S3(own), S3Location.of(export_location(cloud)) / LEASE, "another machine", "exporting there")

    with ThreadPoolExecutor(1) as pool:
        with elsewhere.held():
            export = pool.submit(export_sales, cloud)
            with pytest.raises(TimeoutError):
                export.result(2)
            assert is_outdated(cloud)
        assert export.result(60).changed > 0

    assert not is_outdated(cloud)


@pytest.mark.parametrize("form", ["parquet"], indirect=True)
def test_a_machine_that_was_frozen_writes_no_more_files(cloud: Platform, tmp_path: Path) -> None:
    own = S3(cloud.settings.s3.model_copy(update={"lease_seconds": 0.2}))
    tree = S3Tree(S3Location.of(export_location(cloud)), own)
    file = tmp_path / "file.parquet"
    file.write_bytes(b"rows")

    with tree.writing(tmp_path, "exporting here"):
        (lease,) = tree._leases
        lease._renewed = float("-inf")  # it slept
        own.put(tree.root / LEASE, b"{}")  # and somebody took it over
        with pytest.raises(LeaseLost, match="another run has taken over exporting here"):
            tree.put("category=Action/file.parquet", file, "")

    assert _content(cloud) == {}
