"""The line to S3 at its worst: a thousand faults change nothing, and a server that is gone is told clearly."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.engine import s3_reading, s3_retry
from retail_assets.engine.s3_errors import S3Error
from retail_assets.local_cloud.s3_server import S3Server
from retail_assets.settings import Settings
from retail_assets_tests.building import build, event, land
from retail_assets_tests.servers.fault_proxy import FAULTS, FaultProxy
from retail_assets_tests.servers.on_s3 import manifests

FAULTS_IN_ALL = 1000
ATTEMPTS = 6


@pytest.fixture
def proxy(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    """A proxy before the server, and clients that make short pauses."""
    for module in (s3_retry, s3_reading):
        monkeypatch.setattr(module, "FIRST_PAUSE_SECONDS", 0.005)
    with FaultProxy(s3.endpoint).running() as found:
        yield found


@pytest.fixture
def lake(on_s3: Settings, proxy: FaultProxy) -> Platform:
    """A platform that reaches its lake through the proxy."""
    patience = {"endpoint_url": proxy.endpoint, "read_timeout_seconds": 1, "attempts": ATTEMPTS}
    return Platform.of(on_s3.model_copy(update={"s3": on_s3.s3.model_copy(update=patience)}))


def _land(platform: Platform, generation: int) -> None:
    for day in range(1, 5):
        events = [event(event_time=f"2019-10-{day:02d} 00:00:00 UTC", product_id=f"{n}") for n in range(generation, 30)]
        land(platform, f"{day}.csv", events)


def test_a_thousand_faults_change_nothing(lake: Platform, proxy: FaultProxy, settings: Settings) -> None:
    generation = 0
    while proxy.faults.total() < FAULTS_IN_ALL:
        proxy.share = 0.5
        generation += 1
        _land(lake, generation)
        build(lake)
    proxy.share = 0

    calm = Platform.local(settings.model_copy(update={"data_dir": settings.data_dir / "calm"}))
    _land(calm, generation)
    build(calm)

    assert set(proxy.faults) == set(FAULTS)
    assert manifests(lake) == manifests(calm)


def test_a_server_that_is_gone_for_good_is_a_clear_error_and_leaves_nothing_half_done(
    lake: Platform, proxy: FaultProxy, on_s3: Settings
) -> None:
    _land(lake, 1)
    build(lake)
    _land(lake, 2)
    lake.landing.take_in()
    before = manifests(lake)
    proxy.is_down = True
    started = time.monotonic()

    with pytest.raises(S3Error) as told:
        build(lake)

    assert time.monotonic() - started < ATTEMPTS * (1 + lake.settings.s3.connect_timeout_seconds)
    assert str(told.value).startswith(("GetObject, s3://retail/", "PutObject, s3://retail/"))
    assert "run it again later" in str(told.value) or "is the server up?" in str(told.value)
    proxy.is_down = False
    assert manifests(lake) == before
    build(lake)
    calm = Platform.local(on_s3.model_copy(update={"data_dir": Path(f"{on_s3.data_dir}-calm")}))
    _land(calm, 2)
    build(calm)
    assert manifests(lake) == manifests(calm)


def test_a_server_that_goes_amid_a_publication_leaves_every_object_rightly_described(
    lake: Platform, proxy: FaultProxy
) -> None:
    _land(lake, 1)
    build(lake, "raw_events", "clean_events")
    _land(lake, 2)
    lake.landing.take_in()
    client, sent = lake.stores["lake"].s3.client, list[str]()  # type: ignore[attr-defined]

    def falls_silent(request: object, **_: object) -> None:
        if "data.parquet" in str(getattr(request, "url", "")):
            sent.append("object")
            proxy.is_down = len(sent) > 2

    client.meta.events.register("before-send.s3.PutObject", falls_silent, unique_id="falls silent")
    with pytest.raises(S3Error):
        build(lake, "raw_events", "clean_events")
    client.meta.events.unregister("before-send.s3.PutObject", unique_id="falls silent")
    proxy.is_down = False

    found = manifests(lake)["lake clean_events"]
    assert "" in {entry.inputs for entry in found.values()}
    build(lake, "raw_events", "clean_events")
    assert "" not in {entry.inputs for entry in manifests(lake)["lake clean_events"].values()}
