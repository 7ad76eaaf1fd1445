"""Kaggle data sets: the drop folder first, and both ways out where there is nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from retail_assets.settings import Settings
from retail_assets.sources.declared.errors import SourceUnavailable
from retail_assets.sources.kaggle.dataset import dataset_folder, drop_folder
from retail_assets_tests.sources.declared.declaring import AMOUNT, ID, Declared

HANDLE = "someone/some-data"


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without Kaggle: a proxy that nobody listens on, no credentials, an empty cache."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("unreachable")
def test_what_lies_in_the_drop_folder_becomes_a_dataset_without_a_network(declared: Declared) -> None:
    declared.source("bought", ID, AMOUNT, kind="kaggle", dataset=HANDLE, pattern="*.csv")
    del declared.entries[0]["location"]
    declared.write()
    folder = drop_folder(declared.settings, HANDLE)
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("id,amount\n1,2\n")
    (folder / "readme.txt").write_text("no data")

    declared.make("bought")

    assert declared.rows("bought", "id") == [("1",)]
    assert not any(declared.make("bought").values())


@pytest.mark.usefixtures("unreachable")
def test_without_files_and_network_the_error_names_both_ways(settings: Settings) -> None:
    with pytest.raises(SourceUnavailable) as told:
        dataset_folder(settings, HANDLE)

    assert "Kaggle cannot be reached from this machine" in str(told.value)
    assert f"https://www.kaggle.com/datasets/{HANDLE}" in str(told.value)
    assert f"unpack it into {settings.data_dir}/kaggle/someone/some-data" in str(told.value)


@pytest.mark.usefixtures("unreachable")
def test_without_kagglehub_the_error_says_how_to_get_it(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kagglehub", None)

    with pytest.raises(SourceUnavailable, match=r"pip install 'retail-assets\[kaggle\]'"):
        dataset_folder(settings, HANDLE)
