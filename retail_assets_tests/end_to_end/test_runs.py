"""Runs through Dagster, in this process: every way gives the same, and a bad day goes nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import dagster as dg
import pytest
import yaml

from retail_assets.contracts.loader import contract_files, packaged
from retail_assets_tests.building import land
from retail_assets_tests.end_to_end.running import (
    WAYS,
    Runner,
    asset_by_asset,
    by_backfill,
    days,
    everything,
    failures,
    keys_of,
    land_days,
    one_by_one,
    rows_of,
    runner,
    shop_day,
    state,
    together,
)

DATES = days("2019-10-01", 3)
FIRST, BAD, LAST = DATES
GOOD = [FIRST, LAST]
TWO = [FIRST, BAD]
Way = Callable[[Runner, Sequence[str]], list[dg.ExecuteInProcessResult]]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Runner]:
    """A runner on an empty platform."""
    with runner(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What one run a partition gives: nothing is shared between partitions."""
    with runner(tmp_path_factory.mktemp("one_by_one")) as single:
        land_days(single.platform, TWO)
        assert failures(one_by_one(single, TWO)) == ""
        return state(single.platform)


@pytest.fixture(scope="module", params=WAYS)
def spoilt(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Runner, str, Way]]:
    """A platform whose second of three days is bad, run in each way; and what the failed runs said."""
    with runner(tmp_path_factory.mktemp("spoilt")) as made:
        land_days(made.platform, DATES, bad=[BAD])
        yield made, failures(request.param(made, DATES)), request.param


@pytest.mark.parametrize("way", [asset_by_asset, together, by_backfill])
def test_every_way_gives_the_same_bytes_digests_manifests_and_rows(
    run: Runner, way: Way, expected: dict[str, object]
) -> None:
    land_days(run.platform, TWO)

    results = way(run, TWO)

    assert failures(results) == ""
    found = state(run.platform)
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []
    assert run.materialized("features") == run.published("features") == keys_of(TWO)


def test_a_rerun_changes_no_byte_and_touches_no_file(run: Runner) -> None:
    land_days(run.platform, DATES)
    together(run, DATES)
    before = everything(run.platform)

    results = together(run, DATES)

    assert failures(results) == ""
    assert everything(run.platform) == before


@pytest.mark.parametrize(
    ("dataset", "first", "last"),
    [
        ("raw_events", "2019-10-03", "2019-10-01"),
        ("features", "2019-10-03|product_id", "2019-10-01|brand"),
        ("features", "2019-10-01|brand", "2019-10-03|product_id"),
    ],
)
def test_a_reversed_range_fails_and_says_why(run: Runner, dataset: str, first: str, last: str) -> None:
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}

    result = run.run([dataset], tags=tags)

    assert not result.success
    assert "the range's end lies before its start" in failures([result])


class TestBadDay:
    """Of the second of three days half of the rows are rejected: too many to publish."""

    def test_it_is_not_published_and_nothing_is_made_of_it(self, spoilt: tuple[Runner, str, Way]) -> None:
        run, said, way = spoilt

        for dataset in ("clean_events", "rejected_events", "event_books"):
            assert run.published(dataset) == run.materialized(dataset) == set(GOOD)
        assert run.published("raw_events") == set(DATES)
        for dataset in ("product_days", "daily_aggregates", "features", "warehouse.features"):
            assert run.published(dataset) == run.materialized(dataset)
            assert not {key for key in run.published(dataset) if key.startswith(BAD)}
        assert way is by_backfill or f"{BAD}: rejected_share: too_many_rejected: 49.0 % of 49 rows" in said

    def test_the_good_days_go_on_but_where_one_run_does_it_all(self, spoilt: tuple[Runner, str, Way]) -> None:
        """Dagster skips the steps after a failed one, good days included: they are for the next run."""
        run, _, way = spoilt

        assert run.published("product_days") == (set() if way is together else set(GOOD))
        assert run.published("daily_aggregates") == keys_of(GOOD)
        for dataset in ("features", "warehouse.features"):
            assert run.published(dataset) == (set() if way is together else keys_of(GOOD))

    def test_what_one_run_skipped_the_next_backfill_makes(self, run: Runner) -> None:
        land_days(run.platform, DATES, bad=[BAD])

        skipping = run.run_range(["raw_events", "clean_events", "product_days"], FIRST, LAST)
        report = run.backfill.run()

        started = [item.step_key for item in skipping.filter_events(lambda found: found.is_step_start)]
        assert started == ["raw_events", "clean_events"]
        made = {stage.step: (stage.made, stage.failed) for stage in report.stages}
        assert made["raw_events"] == (0, ())
        assert made["clean_events"] == (0, (BAD,))
        assert made["product_days"] == (2, ())

    def test_downstream_names_the_input_that_was_never_published_and_goes_on_with_the_others(self, run: Runner) -> None:
        land_days(run.platform, DATES, bad=[BAD])
        for dataset in ("raw_events", "clean_events"):
            run.run_range([dataset], FIRST, LAST)

        single = run.run(["daily_aggregates"], f"{BAD}|brand")
        ranged = run.run_range(["product_days"], FIRST, LAST)

        assert f"{BAD}|brand: input: clean_events of this partition was never published" in failures([single])
        assert f"{BAD}: input: clean_events of this partition was never published" in failures([ranged])
        assert "not published: 1 of 3 partitions of product_days" in failures([ranged])
        assert run.published("product_days") == set(GOOD)
        assert single.get_asset_check_evaluations() == []  # nothing was judged, so nothing passed

    @pytest.mark.parametrize("way", WAYS)
    def test_what_was_published_before_stays_as_it_was(self, run: Runner, way: Way) -> None:
        land_days(run.platform, [BAD])
        together(run, [BAD])
        made_of_it = {name: found for name, found in everything(run.platform).items() if "raw_events" not in name}
        land_days(run.platform, [BAD], bad=[BAD])

        way(run, [BAD])

        after = everything(run.platform)
        tables = str(run.platform.settings.warehouse_file)
        assert {name: after[name] for name in made_of_it if name != tables} == {
            name: found for name, found in made_of_it.items() if name != tables
        }
        assert rows_of(run.platform, "raw_events", BAD) == 49
        assert rows_of(run.platform, "clean_events", BAD) == 24

    def test_a_backfill_after_the_mend_makes_that_day_and_what_sees_it(
        self, run: Runner, expected: dict[str, object]
    ) -> None:
        """Afterwards all is as if the day had never been bad."""
        land_days(run.platform, TWO, bad=[FIRST])
        by_backfill(run, TWO)
        before = everything(run.platform)

        land_days(run.platform, [FIRST])
        report = run.backfill.run()

        assert report.succeeded
        assert {stage.step: stage.made for stage in report.stages} == {
            "raw_events": 1,
            "clean_events": 1,
            "daily_aggregates": 3,
            "product_days": 1,
            "features": 6,  # the day itself, and the day after it, whose windows have one date more now
            "warehouse_features": 6,
            "warehouse_dim_date": 0,
            "warehouse_dim_product": 1,
            "warehouse_data_quality": 1,
        }
        after = everything(run.platform)
        changed = [name for name in before if f"date={BAD}" in name and before[name] != after[name]]
        assert {"features"} == {Path(name).relative_to(run.platform.settings.lake_dir).parts[0] for name in changed}
        assert state(run.platform) == expected


class TestBrokenContract:
    """A contract that forbids a product which is on sale: cleaning knows nothing of it, the audit finds it."""

    RULE = "SELECT count(*) FROM ${object} WHERE key_value = '666'"
    HELD_BACK = f"{BAD}|product_id"

    @pytest.fixture(autouse=True)
    def forbid_a_product(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Read daily_aggregates' contract from a file with one rule more."""
        document = yaml.safe_load(contract_files()["daily_aggregates"].read_text(encoding="utf-8"))
        rule = {"name": "recalled_product", "type": "sql", "mustBe": 0, "severity": "error", "query": self.RULE}
        document["schema"][0]["quality"].append(rule)
        changed = tmp_path / "daily_aggregates.yaml"
        changed.write_text(yaml.safe_dump(document), encoding="utf-8")
        monkeypatch.setitem(contract_files(), "daily_aggregates", changed)
        packaged.cache_clear()
        yield
        packaged.cache_clear()

    @pytest.fixture
    def run(self, run: Runner) -> Runner:
        """A platform with two days, the second of which brings the product."""
        land_days(run.platform, [FIRST])
        recalled = {**shop_day(BAD)[0], "product_id": "666", "event_time": f"{BAD} 23:59:59 UTC"}
        land(run.platform, f"{BAD}.csv", [*shop_day(BAD), recalled])
        return run

    @pytest.mark.parametrize("way", [asset_by_asset, together])
    def test_only_the_partition_that_breaks_it_is_held_back(self, run: Runner, way: Way) -> None:
        results = way(run, [FIRST, BAD])

        assert run.published("clean_events") == {FIRST, BAD}
        assert run.published("daily_aggregates") == keys_of([FIRST, BAD]) - {self.HELD_BACK}
        assert self.HELD_BACK not in run.published("features") | run.published("warehouse.features")
        assert f"{self.HELD_BACK}: contract: recalled_product: 1 of 4 rows" in failures(results)

    def test_the_backfill_says_which_and_why(self, run: Runner) -> None:
        report = run.backfill.run()

        stages = {stage.step: stage for stage in report.stages}
        assert not report.succeeded
        assert stages["daily_aggregates"].failed == (self.HELD_BACK,)
        assert stages["daily_aggregates"].reasons == (f"{self.HELD_BACK}: contract: recalled_product: 1 of 4 rows",)
        assert stages["features"].without_input == (self.HELD_BACK,)
        assert run.published("features") == keys_of([FIRST, BAD]) - {self.HELD_BACK}
