"""JSON APIs as sources, asked of a real server that misbehaves."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from retail_assets.sources.declared.errors import SourceUnavailable
from retail_assets.sources.http import asking
from retail_assets_tests.servers.json_api import (
    JsonApi,
    cutting_json,
    cutting_off,
    hanging_up,
    json_api,
    refusing,
    saying,
)
from retail_assets_tests.sources.declared.declaring import AMOUNT, ID, Declared

UPDATED = {"name": "updated", "physicalType": "VARCHAR"}
PAGES = {"style": "page", "parameter": "page"}


@pytest.fixture
def api() -> Iterator[JsonApi]:
    with json_api() as found:
        yield found


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that would have been made."""
    found: list[float] = []
    monkeypatch.setattr(asking, "pause", found.append)
    return found


@pytest.fixture
def items(declared: Declared, api: JsonApi, pauses: list[float]) -> Declared:
    """A source that asks the API for five records, page by page."""
    api.records = [{"id": number, "amount": number + 0.5, "updated": f"2024-03-0{number}"} for number in range(1, 6)]
    _declare(declared, api)
    return declared


def _declare(declared: Declared, api: JsonApi, **entry: Any) -> None:
    chosen = {"kind": "http", "url": api.url, "records": "data.items", "pagination": PAGES, **entry}
    declared.entries.clear()
    declared.source("items", ID, AMOUNT, UPDATED, **chosen)
    del declared.entries[0]["location"]
    declared.write()


def _ids(declared: Declared) -> list[str]:
    return [found for (found,) in declared.rows("items", "id")]


class TestPagination:
    @pytest.mark.parametrize(
        "pagination",
        [
            PAGES,
            {"style": "offset", "size": 2},
            {"style": "cursor", "next": "next"},
            {"style": "link"},
            {"style": "page", "size": 100},
        ],
    )
    def test_every_page_is_read(self, items: Declared, api: JsonApi, pagination: dict[str, Any]) -> None:
        _declare(items, api, pagination=pagination)

        items.make("items")

        assert _ids(items) == ["1", "2", "3", "4", "5"]

    def test_an_empty_page_that_names_another_is_not_the_end(self, items: Declared, api: JsonApi) -> None:
        _declare(items, api, pagination={"style": "cursor", "next": "next"})
        api.faults = deque([saying({"data": {"items": []}, "next": "0"})])

        items.make("items")

        assert _ids(items) == ["1", "2", "3", "4", "5"]

    def test_a_page_that_is_given_twice_is_asked_for_again(self, items: Declared, api: JsonApi) -> None:
        first = {"data": {"items": api.records[:2]}}
        api.faults = deque([None, saying(first)])

        items.make("items")

        assert _ids(items) == ["1", "2", "3", "4", "5"]

    def test_an_api_that_does_not_know_its_parameter_comes_to_an_end(self, items: Declared, api: JsonApi) -> None:
        _declare(items, api, pagination={"style": "page", "parameter": "p"})

        with pytest.raises(SourceUnavailable, match="answers p=2 with the page before: does it know that parameter"):
            items.make("items")

    def test_a_circle_of_cursors_comes_to_an_end(self, items: Declared, api: JsonApi) -> None:
        _declare(items, api, pagination={"style": "cursor", "next": "next"})
        api.faults = deque([None, None, saying({"data": {"items": []}, "next": 2})])

        with pytest.raises(SourceUnavailable, match="leads in a circle"):
            items.make("items")

    def test_a_page_of_another_server_does_not_get_the_token(self, items: Declared, api: JsonApi) -> None:
        _declare(items, api, pagination={"style": "link", "next": "next"})
        api.faults = deque([saying({"data": {"items": []}, "next": "http://127.0.0.1:1/steal"})])

        with pytest.raises(SourceUnavailable, match="names a page of another server"):
            items.make("items")

    def test_rows_that_two_pages_hold_are_kept_once(self, items: Declared, api: JsonApi) -> None:
        overlap = {"data": {"items": [api.records[1], api.records[2]]}}
        api.faults = deque([None, saying(overlap)])

        items.make("items")

        assert _ids(items) == ["1", "2", "3", "5"]


class TestFaults:
    @pytest.mark.parametrize(
        "fault", [refusing(500), refusing(503), refusing(408), hanging_up, cutting_off, cutting_json]
    )
    def test_what_may_pass_is_tried_again(self, items: Declared, api: JsonApi, pauses: list[float], fault: Any) -> None:
        api.faults = deque([None, fault, fault])

        items.make("items")

        assert _ids(items) == ["1", "2", "3", "4", "5"]
        assert len(pauses) == 2
        assert pauses[0] < pauses[1]

    def test_the_server_says_how_long_to_wait(self, items: Declared, api: JsonApi, pauses: list[float]) -> None:
        later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
        api.faults = deque([refusing(429, Retry_After="7"), refusing(503, Retry_After=later)])

        items.make("items")

        assert pauses[0] == 7
        assert 60 < pauses[1] <= 90

    def test_a_server_that_wants_too_much_patience_is_left(self, items: Declared, api: JsonApi) -> None:
        api.faults = deque([refusing(429, Retry_After="86400")])

        with pytest.raises(SourceUnavailable, match="it answers 429, and asks to wait 86,400 s"):
            items.make("items")

    def test_attempts_end_and_what_was_published_stays(
        self, items: Declared, api: JsonApi, pauses: list[float]
    ) -> None:
        items.make("items")
        api.records.append({"id": 9})
        api.faults = deque([None, *[refusing(502)] * 6])

        with pytest.raises(SourceUnavailable, match="it answers 502; all 6 attempts are used up"):
            items.make("items")

        assert _ids(items) == ["1", "2", "3", "4", "5"]
        assert len(pauses) == 5
        items.make("items")
        assert _ids(items) == ["1", "2", "3", "4", "5", "9"]

    def test_a_refusal_is_not_tried_again(self, items: Declared, api: JsonApi, pauses: list[float]) -> None:
        api.faults = deque([refusing(404)])

        with pytest.raises(SourceUnavailable, match="it answers 404"):
            items.make("items")
        assert not pauses

    def test_an_answer_without_records(self, items: Declared, api: JsonApi) -> None:
        api.faults = deque([saying({"items": []})])

        with pytest.raises(SourceUnavailable, match=r"data\.items is no list of objects: correct records"):
            items.make("items")


class TestTokens:
    def test_a_token_of_the_environment_is_sent_and_never_told(
        self, items: Declared, api: JsonApi, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        api.token = "s3cret-token"
        _declare(items, api, token_env="ITEMS_TOKEN")
        monkeypatch.setenv("ITEMS_TOKEN", "s3cret-token\n")
        items.make("items")
        api.token = "another"

        with pytest.raises(
            SourceUnavailable,
            match="it answers 401: put a valid bearer token into the environment variable ITEMS_TOKEN",
        ) as told:
            items.make("items")

        assert "s3cret" not in str(told.value)
        assert _ids(items) == ["1", "2", "3", "4", "5"]

    def test_a_token_that_expires_is_read_again(self, items: Declared, api: JsonApi) -> None:
        path = items.folder / "token"
        path.write_text("old")
        api.token = "old"
        _declare(items, api, token_file="token")

        def expire(_: Any) -> bool:
            api.token = "new"
            path.write_text("new")
            return False

        api.faults = deque([expire])
        items.make("items")

        assert _ids(items) == ["1", "2", "3", "4", "5"]

    def test_a_token_that_is_not_there(self, items: Declared, api: JsonApi) -> None:
        _declare(items, api, token_env="NO_SUCH_TOKEN")

        with pytest.raises(
            SourceUnavailable,
            match="there is no token: put a valid bearer token into the environment variable NO_SUCH_TOKEN",
        ):
            items.make("items")


class TestIncremental:
    @pytest.fixture
    def fresh(self, items: Declared, api: JsonApi) -> Declared:
        _declare(items, api, incremental={"field": "updated", "parameter": "since"})
        return items

    def test_only_what_is_new_is_asked_for_and_changes_win(self, fresh: Declared, api: JsonApi) -> None:
        fresh.make("items")
        api.records = [*api.records, {"id": 2, "amount": 99, "updated": "2024-03-07"}]
        api.asked.clear()

        fresh.make("items")

        assert {query["since"] for query in api.asked} == {"2024-03-05"}
        assert fresh.rows("items", "id, amount::INT")[1] == ("2", 99)
        assert len(_ids(fresh)) == 5
        assert fresh.platform.intake("items").latest().cursor == "2024-03-07"

    def test_the_cursor_stays_where_the_api_breaks_off(self, fresh: Declared, api: JsonApi) -> None:
        fresh.make("items")
        api.records = [*api.records, *({"id": n, "updated": "2024-03-08"} for n in range(6, 10))]
        api.faults = deque([None, *[hanging_up] * 6])
        with pytest.raises(SourceUnavailable):
            fresh.make("items")
        assert fresh.platform.intake("items").latest().cursor == "2024-03-05"

        fresh.make("items")

        assert len(_ids(fresh)) == 9

    def test_what_a_dead_run_has_left_is_nobodys(self, fresh: Declared, api: JsonApi) -> None:
        fresh.make("items")
        left = fresh.settings.sources_dir / "items" / "received" / "000002.jsonl"
        left.write_text('{"id": "of a run that died before it named this file"}\n')
        api.records = [*api.records, {"id": 6, "updated": "2024-03-08"}]

        fresh.make("items")

        assert _ids(fresh) == ["1", "2", "3", "4", "5", "6"]

    def test_nothing_new_rewrites_nothing(self, fresh: Declared, api: JsonApi) -> None:
        fresh.make("items")
        api.records = []

        assert not any(fresh.make("items").values())
        assert len(_ids(fresh)) == 5


def test_an_api_whose_answer_is_as_before_rewrites_nothing(items: Declared) -> None:
    items.make("items")

    assert not any(items.make("items").values())


def test_records_that_are_gone_go_and_an_empty_api_leaves_the_dataset(items: Declared, api: JsonApi) -> None:
    items.make("items")
    api.records = api.records[:3]
    items.make("items")
    assert _ids(items) == ["1", "2", "3"]
    api.records = []

    with pytest.raises(SourceUnavailable, match="has no record any more; the dataset stays"):
        items.make("items")
    assert _ids(items) == ["1", "2", "3"]
