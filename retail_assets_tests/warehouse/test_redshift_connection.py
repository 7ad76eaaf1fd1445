"""What is said where Redshift cannot be reached, and to whom."""

from __future__ import annotations

from typing import Any

import pytest

from retail_assets.settings import Settings
from retail_assets.warehouse.redshift import RedshiftError, RedshiftStore


@pytest.fixture
def store(cloud_settings: Settings) -> RedshiftStore:
    return RedshiftStore(cloud_settings)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"port": 1}, "nobody listens there"),
        ({"ca_bundle": None}, "its certificate is not trusted: see RETAIL_REDSHIFT_CA_BUNDLE"),
        ({"database": "nope"}, "it has no such database"),
        ({"host": "127.0.0.1"}, "its certificate is for another host"),
    ],
)
def test_what_is_wrong_with_a_connection_is_said(store: RedshiftStore, changed: dict[str, Any], said: str) -> None:
    wrong = store.settings.redshift.model_copy(update=changed)

    with pytest.raises(RedshiftError, match=rf"no connection to Redshift at .*: {said}"):
        RedshiftStore(store.settings.model_copy(update={"redshift": wrong})).version()
