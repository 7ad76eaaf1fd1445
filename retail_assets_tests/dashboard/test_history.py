"""When pages read the history of runs anew."""

from collections.abc import Iterator

import dagster as dg
import pytest

from retail_assets.dashboard import history, opening
from retail_assets.inspection.instance import open_instance
from retail_assets.settings import Settings
from retail_assets.settings import settings as settings_of_process


@pytest.fixture(autouse=True)
def of_this_platform(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The dashboard's platform is that of the test."""
    monkeypatch.setenv("RETAIL_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("DAGSTER_HOME", str(settings.dagster_home))
    caches = (settings_of_process, opening.open_platform)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


@dg.asset
def broken() -> None:
    raise ValueError("it publishes nothing")


def test_a_run_that_publishes_nothing_is_news(settings: Settings) -> None:
    without = history.history_version("version")
    with open_instance(settings) as instance:
        dg.materialize([broken], instance=instance, raise_on_error=False)
    first = history.history_version("version")
    with open_instance(settings) as instance:
        dg.materialize([broken], instance=instance, raise_on_error=False)

    assert len({without, first, history.history_version("version")}) == 3
