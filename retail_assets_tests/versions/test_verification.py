"""Damage to a version is found and named; damage to one hides no other."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from retail_assets.settings import Settings
from retail_assets.versions.manifest import read_manifest, write_manifest
from retail_assets.versions.shelf import Shelf
from retail_assets.versions.verification import verify
from retail_assets.versions.version import Version
from retail_assets_tests.versions.snapshots import feature, snapshot

FIRST = "key_type=brand/date=2019-10-01/data.parquet"


@pytest.fixture
def there(tmp_path: Path) -> Shelf:
    """Three versions with a manifest each."""
    shelf = Shelf(tmp_path, "retail_aggregates")
    for number in (1, 2, 10):
        rows = [feature("2019-10-01", "brand", "a"), feature("2019-10-02", "brand", "a", views_t=number)]
        version = snapshot(tmp_path, number, rows)
        write_manifest(version, version.folder)
    return shelf


def test_a_manifest_is_read_as_it_was_written(there: Shelf) -> None:
    version = there.version(2)

    assert version.files[1].rows == 1
    assert version.columns == snapshot(there.root / "other", 2, []).columns
    assert read_manifest(version.folder) == version
    assert [found.number for found in there.versions()] == [10, 2, 1]


def test_whole_versions_are_not_damaged(there: Shelf) -> None:
    assert verify(there.versions(), threads=2) == []


def test_every_damaged_file_is_named(there: Shelf) -> None:
    one, two = there.version(1), there.version(2)
    path = one.folder / FIRST
    content = bytearray(path.read_bytes())
    content[10] ^= 1  # the size and, after the next line, the time of change stay the same
    before = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    (two.folder / FIRST).unlink()
    (two.folder / "key_type=brand" / "more.parquet").write_bytes(b"")

    found = verify([one, two])

    assert [(damage.version, damage.path, damage.problem.partition(":")[0]) for damage in found] == [
        ("retail_aggregates:1", FIRST, "changed"),
        ("retail_aggregates:2", FIRST, "missing"),
        ("retail_aggregates:2", "key_type=brand/more.parquet", "not of the version"),
    ]


@pytest.mark.parametrize("damage", ["cut", "other hash", "other type", "gone"])
def test_a_damaged_manifest_is_named_and_hides_no_other_version(there: Shelf, damage: str) -> None:
    path = there.version(2).folder / "_manifest.json"
    text = path.read_text()
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_text(text[:-20])
    else:
        document = json.loads(text)
        if damage == "other hash":
            document["files"][0]["sha256"] = "0" * 64
        else:
            document["schema"][3]["type"] = "VARCHAR"
        path.write_text(json.dumps(document))

    with pytest.raises(ValueError, match=r"_manifest\.json is (damaged|missing).*Restore it from a backup"):
        there.version(2)
    readable, damaged = there.survey()
    assert [version.number for version in readable] == [1, 10]
    assert list(damaged) == ["retail_aggregates:2"]


@pytest.mark.parametrize("reference", ["10", ":10", "retail_aggregates:10", " 10 "])
def test_a_version_is_found_by_the_names_that_people_use(there: Shelf, reference: str) -> None:
    assert there.find(reference).number == 10


@pytest.mark.parametrize("reference", ["", "0", "01", "-1", "1.0", "features:1", "::1", "¹", "latest"])
def test_what_names_no_version_is_refused(there: Shelf, reference: str) -> None:
    with pytest.raises(ValueError, match=r"names no version. Write 3, :3 or retail_aggregates:3"):
        there.find(reference)


def test_a_version_that_is_not_there_is_an_error_that_says_which_are(there: Shelf, settings: Settings) -> None:
    with pytest.raises(KeyError, match="no retail_aggregates:3; there are 1 to 10"):
        there.find("3")
    with pytest.raises(KeyError, match="publish one with `retail publish`"):
        Shelf(settings.lake_dir, "retail_aggregates").find("1")


def test_other_folders_are_no_versions(there: Shelf) -> None:
    for name in ("0", "01", "x", ".tmp", "²"):
        (there.folder / name).mkdir()

    assert there.numbers() == [1, 2, 10]


def test_a_version_is_empty_of_what_it_does_not_have(tmp_path: Path) -> None:
    nothing: Version = snapshot(tmp_path, 1, [])

    assert (nothing.rows, nothing.dates, nothing.key_types) == (0, [], [])
