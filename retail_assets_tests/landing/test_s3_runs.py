"""Landing on S3 where several runs are at work, or one dies: every content once, and nothing that lasts."""

from __future__ import annotations

import threading
from contextlib import nullcontext

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.landing import s3_storage
from retail_assets.landing.landing import Landing
from retail_assets.landing.ledger import LandedFile, Ledger
from retail_assets.landing.s3_storage import S3Storage
from retail_assets_tests.building import build, event, rows
from retail_assets_tests.landing.inboxes_on_s3 import FILES, keys, put, quarantine, states


def together(*landings: Landing) -> list[list[LandedFile]]:
    """What landings take in that all have listed their inbox, and read it, before one of them writes the ledger."""
    ready = threading.Barrier(len(landings))
    results: list[list[LandedFile]] = [[] for _ in landings]

    def work(number: int) -> None:
        landing, first = landings[number], threading.Event()

        def meet(_: object) -> None:
            if not first.is_set():
                first.set()
                ready.wait(60)

        results[number] = landing.take_in(meet)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(landings))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_runs_without_a_lock_accept_a_content_once(cloud: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(S3Storage, "exclusive", lambda _: nullcontext())
    content = [event(product_id=str(number)) for number in range(50)] + [event(event_time="never")]
    other = Platform.of(cloud.settings.model_copy(update={"inbox_url": f"{cloud.landing.inbox.place}-too"}))
    put(cloud, "one.csv", content)
    put(other, "two.csv", content)
    taken = together(cloud.landing, other.landing)
    assert sorted(entry.state for found in taken for entry in found) == ["duplicate", "landed"]
    assert sorted(states(cloud).values()) == ["duplicate", "landed"]
    assert cloud.landing.pending() == other.landing.pending() == []
    (landed,) = (entry for entry in cloud.landing.files().values() if entry.file_id)
    parts = [key for key in keys(cloud, "_landing/parts") if landed.attempt in key]
    assert sorted(keys(cloud, "_landing/parts")) == sorted(parts)  # of the other attempt nothing is left
    assert len(quarantine(cloud)) == 1
    build(cloud, "raw_events")
    assert len(rows(cloud, "SELECT * FROM raw_events", "raw_events")) == 50


def test_two_runs_without_a_lock_take_one_object_in_once(cloud: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(S3Storage, "exclusive", lambda _: nullcontext())
    put(cloud, "one.csv", FILES["a.csv"])
    taken = together(cloud.landing, Platform.of(cloud.settings).landing)
    assert sorted(len(found) for found in taken) == [0, 1]
    build(cloud, "raw_events")
    assert len(rows(cloud, "SELECT * FROM raw_events", "raw_events")) == 2


def test_runs_that_die_leave_nothing_that_lasts(cloud: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    put(cloud, "b.csv", FILES["2019/b c+d&é%.csv"])
    for place, name in ((Ledger, "append"), (S3Storage, "_show")):
        with monkeypatch.context() as patched:
            patched.setattr(place, name, _dies)
            with pytest.raises(KeyboardInterrupt):
                cloud.landing.take_in()
        assert quarantine(cloud) == []
    assert cloud.landing.pending() == []  # the second one got as far as the ledger
    cloud.landing.take_in()
    assert len(quarantine(cloud)) == 1
    assert keys(cloud, "_landing/unsettled") == []
    assert len({key.split("/")[3] for key in keys(cloud, "_landing/parts")}) == 2

    monkeypatch.setattr(s3_storage, "KEPT_SECONDS", -1)
    put(cloud, "more.csv", FILES["a.csv"])
    cloud.landing.take_in()
    attempts = {entry.attempt for entry in cloud.landing.files().values()}
    assert {key.split("/")[3] for key in keys(cloud, "_landing/parts")} == attempts


def _dies(*_: object) -> None:
    raise KeyboardInterrupt


def test_replaced_parts_stay_while_they_may_be_read(cloud: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    put(cloud, "a.csv", FILES["a.csv"])
    cloud.landing.take_in()
    before = set(keys(cloud, "_landing/parts"))
    put(cloud, "a.csv", [event(product_id="9")])
    cloud.landing.take_in()
    S3(cloud.settings.s3).put(S3Location.of(cloud.settings.lake_url or "") / "_landing/swept", b"0")
    put(cloud, "b.csv", [event(product_id="10")])
    cloud.landing.take_in()
    assert before < set(keys(cloud, "_landing/parts"))
    monkeypatch.setattr(s3_storage, "KEPT_SECONDS", -1)
    put(cloud, "c.csv", [event(product_id="11")])
    cloud.landing.take_in()
    assert not before & set(keys(cloud, "_landing/parts"))
    assert keys(cloud, "_landing/retired") == []


def test_a_run_elsewhere_makes_it_busy(cloud: Platform) -> None:
    elsewhere = Platform.of(cloud.settings.model_copy(update={"data_dir": cloud.settings.data_dir / "elsewhere"}))
    with elsewhere.landing.storage.exclusive():
        assert cloud.landing.is_busy
    assert not cloud.landing.is_busy
