"""What becomes of a declared source's dataset when its files or its contract change, and what stays meanwhile."""

from __future__ import annotations

import os
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from retail_assets.landing.arrival import FileChanged
from retail_assets.sources.declared import intake
from retail_assets.sources.declared.errors import SourceUnavailable
from retail_assets_tests.sources.declared.declaring import AMOUNT, AT, DATE, ID, Declared


class TestChange:
    def test_unchanged_content_is_not_read_again_and_nothing_is_rewritten(self, declared: Declared) -> None:
        declared.source("orders", ID, AT, DATE)
        path = declared.deliver("a.csv", "id,moment\n1,2024-03-01T10:00\n2,2024-03-02T10:00\n")
        declared.make("orders")
        before = _objects(declared)
        os.utime(path, ns=(1, 1))

        made = declared.make("orders")

        assert not any(made.values())
        assert _objects(declared) == before

    def test_a_run_that_dies_before_it_names_what_it_read_changes_nothing(
        self, declared: Declared, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        declared.source("shops", ID)
        declared.deliver("a.csv", "id\n1\n")
        declared.make("shops")
        declared.deliver("a.csv", "id\n2\n")

        def die(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr("retail_assets.sources.declared.intake.write_whole", die)
            with pytest.raises(KeyboardInterrupt):
                declared.make("shops")
        assert declared.platform.intake("shops").unseen()
        assert declared.rows("shops") == [("1",)]

        declared.make("shops")

        assert declared.rows("shops") == [("2",)]
        parts = declared.settings.sources_dir / "shops" / "parts"
        assert len(list(parts.iterdir())) == 4  # typed and rejected rows of this state and of the one before

    def test_a_changed_file_makes_only_its_days_again(self, declared: Declared) -> None:
        declared.source("orders", ID, AT, DATE)
        declared.deliver("a.csv", "id,moment\n1,2024-03-01T10:00\n2,2024-03-02T10:00\n")
        declared.deliver("b.csv", "id,moment\n3,2024-03-03T10:00\n")
        declared.make("orders")
        declared.deliver("b.csv", "id,moment\n3,2024-03-03T10:00\n4,2024-03-02T11:00\n")

        made = declared.make("orders")

        assert [item.partition.key for item in made["orders"]] == ["2024-03-02"]
        assert declared.rows("orders", "date::VARCHAR, id") == [
            ("2024-03-01", "1"), ("2024-03-02", "2"), ("2024-03-02", "4"), ("2024-03-03", "3"),
        ]  # fmt: skip

    def test_of_rows_with_one_key_the_last_file_wins_across_days(self, declared: Declared) -> None:
        declared.source("orders", ID, AT, DATE)
        declared.deliver("2024-03-01.csv", "id,moment\n1,2024-03-01T10:00\n2,2024-03-01T10:00\n")
        declared.make("orders")
        declared.deliver("2024-03-02.csv", "id,moment\n1,2024-03-02T09:00\n")

        declared.make("orders")

        assert declared.rows("orders", "date::VARCHAR, id") == [("2024-03-01", "2"), ("2024-03-02", "1")]

    def test_rows_of_a_removed_file_go_and_its_days_are_empty(self, declared: Declared) -> None:
        declared.source("orders", ID, AT, DATE)
        declared.deliver("a.csv", "id,moment\n1,2024-03-01T10:00\n")
        path = declared.deliver("b.csv", "id,moment\n2,2024-03-02T10:00\n")
        declared.make("orders")
        path.unlink()

        declared.make("orders")

        assert declared.rows("orders", "id") == [("1",)]

    def test_where_all_files_are_gone_the_dataset_stays(self, declared: Declared) -> None:
        declared.source("shops", ID)
        path = declared.deliver("a.csv", "id\n1\n")
        declared.make("shops")
        path.unlink()

        with pytest.raises(SourceUnavailable, match="all 1 files that were there are gone, and the dataset stays"):
            declared.make("shops")
        assert declared.rows("shops") == [("1",)]

    def test_only_the_latest_of_full_exports_counts(self, declared: Declared) -> None:
        declared.source("shops", ID, take="latest")
        declared.deliver("shops-2024-01-01.csv", "id\n1\n2\n")
        declared.deliver("shops-2024-01-02.csv", "id\n2\n")

        declared.make("shops")

        assert declared.rows("shops") == [("2",)]

    def test_another_contract_reads_the_files_again(self, declared: Declared) -> None:
        declared.source("shops", ID, AMOUNT)
        declared.deliver("a.csv", "id,amount\n1,2.5\n")
        declared.make("shops")
        _redeclare(declared, ID, {**AMOUNT, "physicalType": "DECIMAL(10,4)"})

        declared.make("shops")

        assert declared.rows("shops", "amount::VARCHAR") == [("2.5000",)]

    def test_the_table_of_an_earlier_contract_gets_the_columns_of_the_new_one(self, declared: Declared) -> None:
        declared.source("orders", ID, AT, DATE)
        declared.deliver("a.csv", "id,moment,amount\n1,2024-03-01T10:00,2.5\n2,2024-03-02T10:00,3\n")
        declared.make("orders")
        declared.entries.clear()
        declared.source("orders", ID, AT, DATE, {**AMOUNT, "required": True})

        declared.make("orders")

        with duckdb.connect(str(declared.settings.warehouse_file), read_only=True) as connection:
            assert connection.execute("SELECT id, amount FROM orders ORDER BY id").fetchall() == [
                ("1", Decimal("2.50")),
                ("2", Decimal("3.00")),
            ]

    def test_a_file_that_another_contract_refuses_leaves_nothing_of_the_old_one(self, declared: Declared) -> None:
        declared.source("shops", ID)
        declared.deliver("a.csv", "id\n1\n")
        declared.deliver("b.csv", "id,amount\n2,2.5\n")
        declared.make("shops")
        _redeclare(declared, ID, {**AMOUNT, "required": True})

        made = declared.make("shops")

        assert declared.rows("shops", "id") == [("2",)]
        (verdict,) = (v for v in made["shops_rejected"][0].verdicts if v.check == "blocked_source_files")
        assert verdict.detail.startswith("missing_column: in/a.csv")

    def test_rows_stay_where_a_file_cannot_be_read_under_another_contract(
        self, declared: Declared, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        declared.source("shops", ID)
        declared.deliver("a.csv", "id\n1\n")
        declared.make("shops")
        _redeclare(declared, ID, AMOUNT)
        monkeypatch.setattr(intake, "read_file", _still_written)

        with pytest.raises(SourceUnavailable, match="until then everything stays as it was"):
            declared.make("shops")

        assert [seen.part is not None for seen in declared.platform.intake("shops").latest().files] == [True]
        monkeypatch.undo()
        declared.make("shops")
        assert declared.rows("shops") == [("1", None)]

    def test_what_the_system_or_a_damaged_state_says_is_an_error_of_that_source(self, declared: Declared) -> None:
        declared.source("shops", ID)
        declared.deliver("a.csv", "id\n1\n")
        declared.make("shops")
        state = declared.settings.sources_dir / "shops" / "state.json"
        state.write_text("{")
        asked = declared.platform.intake("shops")

        for ask in (asked.take, asked.unseen, asked.latest):
            with pytest.raises(SourceUnavailable, match=r"state\.json is damaged .* Remove it"):
                ask()
        state.unlink()
        state.mkdir()
        for ask in (asked.take, asked.unseen, asked.latest):
            with pytest.raises(SourceUnavailable, match=r"state\.json cannot be read"):
                ask()

    def test_the_text_of_classified_rows_stays_out_of_messages(self, declared: Declared) -> None:
        declared.source("shops", ID, {**AMOUNT, "classification": "personal"})
        declared.deliver("a.csv", "id,amount\n1,secret\n")

        with pytest.raises(SourceUnavailable, match="1 bad_amount, first in row 2") as caught:
            declared.make("shops")

        assert "secret" not in str(caught.value)

    def test_days_to_come_wait_and_days_before_the_platform_are_rejected(self, declared: Declared) -> None:
        declared.settings = declared.settings.model_copy(update={"as_of": datetime(2024, 3, 2, 12)})
        declared.source("orders", ID, AT, DATE, max_rejected_share=1)
        declared.deliver("a.csv", "id,moment\n1,2024-03-01T10:00\n2,2024-03-09T10:00\n3,1999-01-01T10:00\n")

        made = declared.make("orders")

        assert declared.rows("orders", "id") == [("1",)]
        assert declared.rejected("orders") == [(4, "too_old")]
        (notes,) = (v for v in made["orders_rejected"][0].verdicts if v.check == "source_notes")
        assert "1 days are yet to come and wait until then, the last 2024-03-09" in notes.detail
        declared.settings = declared.settings.model_copy(update={"as_of": datetime(2024, 3, 9, 12)})
        declared.make("orders")
        assert declared.rows("orders", "id") == [("1",), ("2",)]


def _objects(declared: Declared) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in declared.settings.lake_dir.rglob("*.parquet")}


def _still_written(*_: object) -> None:
    raise FileChanged("a.csv is still being written")


def _redeclare(declared: Declared, *columns: object) -> None:
    declared.entries.clear()
    declared.source("shops", *columns)  # type: ignore[arg-type]
