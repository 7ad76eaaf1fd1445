"""The lake on a real S3 server: the same as in a folder, through changes, crashes and other writers."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.contracts import contract
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.lake.manifest import MANIFEST_NAME
from retail_assets.local_cloud.s3_server import S3Server
from retail_assets.settings import Settings
from retail_assets_tests.building import build, event, land, rows
from retail_assets_tests.servers.on_s3 import manifests, objects

AWKWARD = ("a/b", "ü'x", 'c "d" %e', "=?&+#*", "")
EVENTS = [event(product_id=str(number), brand=brand) for number in range(9) for brand in AWKWARD]


@pytest.fixture
def lake(on_s3: Settings) -> Platform:
    """A platform whose lake is on S3."""
    return Platform.of(on_s3)


def _place(platform: Platform, name: str) -> S3Location:
    assert platform.settings.lake_url
    return S3Location.of(platform.settings.lake_url) / name


def test_the_lake_on_s3_is_the_lake_in_a_folder(lake: Platform, platform: Platform, tmp_path: Path) -> None:
    folder = Platform.local(platform.settings.model_copy(update={"data_dir": tmp_path / "other"}))
    for one in (lake, folder):
        land(one, "one.csv", [*EVENTS, event(price="0")])
        land(one, "two.csv", [event(event_time="2019-10-02 00:00:00 UTC")])
        build(one)

    assert manifests(lake) == manifests(folder)
    here = {path.relative_to(folder.settings.lake_dir) for path in folder.settings.lake_dir.rglob("data.parquet")}
    assert set(objects(lake)) == {path.as_posix() for path in here if path.parts[0] != "_landing"}
    for name in objects(lake):
        body = S3(lake.settings.s3).read(_place(lake, name))
        assert body
        assert body.content == (folder.settings.lake_dir / name).read_bytes()
    query = "SELECT brand, count(*) AS events FROM clean_events GROUP BY brand ORDER BY brand"
    assert rows(lake, query, "clean_events") == rows(folder, query, "clean_events")


def test_making_everything_again_rewrites_no_object(on_s3: Settings, s3: S3Server) -> None:
    bucket = "versioned"
    s3.client().create_bucket(Bucket=bucket)
    s3.client().put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    lake = Platform.of(on_s3.model_copy(update={"lake_url": f"s3://{bucket}/lake"}))
    land(lake, "day.csv", EVENTS)
    build(lake)
    before = manifests(lake)

    build(lake)
    found = s3.client().list_object_versions(Bucket=bucket, Prefix="lake/")["Versions"]

    made = {f"lake/{name}" for name in objects(lake)}
    versions = {(item["Key"], item["VersionId"]) for item in found if item["Key"] in made}
    assert len(versions) == len(made)
    assert manifests(lake) == before
    named = json.loads(s3.client().get_object(Bucket=bucket, Key=f"lake/features/{MANIFEST_NAME}")["Body"].read())
    keys = {(f"lake/features/{item['object']}", item["version"]) for item in named["partitions"]}
    assert keys <= versions


def test_a_changed_file_changes_its_own_date_alone(lake: Platform) -> None:
    land(lake, "one.csv", EVENTS)
    land(lake, "two.csv", [event(event_time="2019-10-02 00:00:00 UTC")])
    build(lake)
    before = objects(lake)

    land(lake, "two.csv", [event(event_time="2019-10-02 00:00:00 UTC", price="7.77")])
    build(lake)

    after = objects(lake)
    changed = {name for name in before if before[name] != after[name]}
    assert set(after) == set(before)
    assert changed
    assert all("date=2019-10-02" in name for name in changed)


def test_a_dataset_on_s3_is_read_without_a_session_of_the_platform(lake: Platform) -> None:
    land(lake, "day.csv", EVENTS)
    build(lake, "raw_events", "clean_events")

    table = lake.stores["lake"].dataset(contract("clean_events")).to_arrow()

    assert table.num_rows == len(EVENTS)


def test_a_damaged_manifest_is_an_error_that_says_what_to_do(lake: Platform) -> None:
    S3(lake.settings.s3).put(_place(lake, f"features/{MANIFEST_NAME}"), b'{"format": 1, "partitions": [')

    with pytest.raises(ValueError, match=r"_manifest\.json is damaged .* Remove it and run `retail backfill`"):
        lake.stores["lake"].published(contract("features"))


@pytest.mark.parametrize("what", ["removed", "overwritten"])
def test_an_object_that_others_touched_is_put_right_by_the_next_run(lake: Platform, what: str) -> None:
    land(lake, "day.csv", EVENTS)
    build(lake)
    before, place = objects(lake), _place(lake, "features/key_type=brand/date=2019-10-01/data.parquet")
    s3 = S3(lake.settings.s3)
    s3.remove(place) if what == "removed" else s3.put(place, b"something else")

    build(lake)

    assert objects(lake) == before


def test_a_lake_whose_manifest_was_removed_takes_its_objects_over(lake: Platform) -> None:
    land(lake, "day.csv", EVENTS)
    build(lake)
    before = manifests(lake)
    S3(lake.settings.s3).remove(_place(lake, f"features/{MANIFEST_NAME}"))

    build(lake)

    assert manifests(lake) == before


def test_uploads_that_a_dead_run_began_are_swept(lake: Platform, s3: S3Server) -> None:
    place = _place(lake, "features/key_type=brand/date=2019-10-01/data.parquet")
    other = _place(lake, "features_of_others/data.parquet")
    for key in (place.key, other.key):
        s3.client().create_multipart_upload(Bucket=place.bucket, Key=key)
    land(lake, "day.csv", EVENTS)
    build(lake)

    left = s3.client().list_multipart_uploads(Bucket=place.bucket, Prefix=_place(lake, "").key)["Uploads"]

    assert [item["Key"] for item in left] == [other.key]


def test_large_objects_go_in_parts_and_are_the_same(on_s3: Settings, s3: S3Server, tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_bytes(bytes(range(256)) * 4096 * 12)
    store, place = S3(on_s3.s3.model_copy(update={"multipart_mb": 5})), S3Location("retail", f"{tmp_path.name}/large")

    state = store.put_file(place, file, "digest")

    assert state.etag.endswith('-3"')
    body = store.read(place)
    assert body
    assert body.content == file.read_bytes()
    assert store.state(place) == state


def test_two_machines_that_write_one_dataset_take_turns(on_s3: Settings, tmp_path: Path) -> None:
    machines = [
        Platform.of(on_s3.model_copy(update={"data_dir": tmp_path / name})) for name in ("one machine", "another")
    ]
    for number, machine in enumerate(machines):
        land(machine, f"{number}.csv", [event(event_time=f"2019-10-{day:02d} 00:00:00 UTC") for day in range(1, 6)])
    failed: list[BaseException] = []

    def work(machine: Platform) -> None:
        try:
            for _ in range(2):
                build(machine, "raw_events", "clean_events")
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=work, args=(machine,)) for machine in machines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    store = machines[0].stores["lake"]
    for name in ("raw_events", "clean_events"):
        for entry in store.published(contract(name)).values():
            state = S3(on_s3.s3).state(S3Location.of(entry.location))
            assert state
            assert state.bytes == entry.bytes
    assert rows(machines[0], "SELECT count(*) AS rows FROM clean_events", "clean_events") == [{"rows": 5}]
