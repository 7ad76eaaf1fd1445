"""Exhibits beside a materialization: what cannot be read is left out, since what it would show is published."""

from __future__ import annotations

from dataclasses import replace

import pytest

from retail_assets.assets import clickstream
from retail_assets.assets.exhibits import exhibited
from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Exhibit
from retail_assets.engine.partition import Partition
from retail_assets_tests.building import build, event, land

DAY = Partition.of(date="2019-10-01")


def test_one_that_cannot_be_read_is_left_out(platform: Platform, caplog: pytest.LogCaptureFixture) -> None:
    land(platform, "day.csv", [event()])
    build(platform)
    step = replace(clickstream.clean_events, exhibits=(Exhibit("worst_series", "clean_events"),))

    assert exhibited(platform, step, "clean_events", [DAY]) == {DAY: {}}

    assert "no worst_series of 2019-10-01, since it could not be read" in caplog.text
