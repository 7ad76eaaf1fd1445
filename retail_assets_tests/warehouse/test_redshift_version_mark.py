"""The mark that tells whether anything was loaded: true after loads that fail, and after loads that cross."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from retail_assets.contracts import contract
from retail_assets.engine.audit import Facts
from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Publication
from retail_assets.settings import Settings
from retail_assets.warehouse.redshift import RedshiftError, RedshiftStore, store
from retail_assets.warehouse.redshift.loading import Target
from retail_assets_tests.warehouse.staged import output_of, publication

BOOKS = contract("data_quality")


@pytest.fixture
def tables(cloud_settings: Settings) -> RedshiftStore:
    return RedshiftStore(cloud_settings)


def _books(rows: int, folder: Path) -> Publication:
    sql = f"SELECT NULL AS date, 'landing' AS stage, 'received' AS reason, {rows} AS rows"
    return publication(BOOKS, Partition(), sql, folder, f"{rows} rows")


def test_a_load_that_fails_leaves_the_state_that_was_before(tables: RedshiftStore, tmp_path: Path) -> None:
    tables.publish(output_of(BOOKS), [_books(1, tmp_path)])
    before = tables.version_mark.read()

    with pytest.raises(RedshiftError, match="were audited"):
        tables.publish(output_of(BOOKS), [replace(_books(2, tmp_path), facts=Facts(7, "other"))])

    assert tables.version_mark.read() == before == tables.asked_version()


def test_a_load_that_another_overtakes_is_noted_too(
    tables: RedshiftStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swap = store.swap

    def overtaken(target: Target, wanted: Sequence[Publication], selects: Sequence[str]) -> str:
        """Another machine begins later, but ends before this one replaces anything."""
        monkeypatch.setattr(store, "swap", swap)
        machine = tables.settings.model_copy(update={"data_dir": tmp_path / "another"})
        RedshiftStore(machine).publish(output_of(BOOKS), [_books(2, tmp_path)])
        return swap(target, wanted, selects)

    tables.publish(output_of(BOOKS), [_books(1, tmp_path)])
    monkeypatch.setattr(store, "swap", overtaken)

    assert tables.publish(output_of(BOOKS), [_books(3, tmp_path)]) == 1
    assert tables.version_mark.read() == tables.asked_version()
