"""A browser, dashboards to look at, and pages that note everything which should not happen."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pytest

from retail_assets.local_cloud.processes import answers, free_port, running
from retail_assets.settings import Settings
from retail_assets_tests.shop import shop_settings

sync_api = pytest.importorskip("playwright.sync_api", reason="no Playwright: pip install 'retail-assets[test]'")
pytest.importorskip("streamlit", reason="no Streamlit: pip install 'retail-assets[dashboard]'")

ROOT = Path(__file__).parents[2]
PATIENCE = 30_000
"""Milliseconds that a busy machine may take for what takes a moment on an idle one."""
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="module")
def chromium() -> Iterator[sync_api.Browser]:
    """The system's Chromium, headless. While it is there its event loop runs, and Dagster cannot run another."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if not found:
        pytest.skip("no Chromium on the PATH: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """`retail dashboard` on a platform, ready; yields its address."""
    port = free_port()
    environment = {**os.environ, "RETAIL_DATA_DIR": str(settings.data_dir), "RETAIL_MEMORY_LIMIT_MB": "512"}
    environment.pop("DAGSTER_HOME", None)
    command = [sys.executable, "-m", "retail_assets.cli.program", "dashboard", "--port", str(port)]
    url = f"http://127.0.0.1:{port}"
    with TemporaryDirectory() as folder:
        log = Path(folder) / "dashboard.log"
        with running(command, ROOT, log, lambda: answers(f"{url}/_stcore/health"), environment):
            yield url


@pytest.fixture(scope="module")
def shop_url(built_shop: Settings, chromium: sync_api.Browser) -> Iterator[str]:
    """The dashboard of the shop."""
    with serving(built_shop) as url:
        yield url


@pytest.fixture(scope="module")
def empty_url(tmp_path_factory: pytest.TempPathFactory, chromium: sync_api.Browser) -> Iterator[str]:
    """The dashboard of a platform that nothing has been done to yet."""
    with serving(shop_settings(tmp_path_factory.mktemp("empty") / "data")) as url:
        yield url


Open = Callable[..., sync_api.Page]


@pytest.fixture
def open_page(chromium: sync_api.Browser) -> Iterator[Open]:
    """Opens pages; afterwards nothing must have been asked of other hosts, and the console must hold no error."""
    with chromium.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True) as context:
        context.set_default_timeout(PATIENCE)
        wrong: list[str] = []

        def open_at(url: str) -> sync_api.Page:
            page = context.new_page()
            sync_api.expect.set_options(timeout=PATIENCE)
            own = urlsplit(url).netloc
            page.on("request", lambda request: _note_request(wrong, request.url, own))
            page.on("console", lambda message: _note_message(wrong, message))
            page.on("pageerror", lambda error: wrong.append(f"page error: {error}"))
            page.goto(url)
            page.locator("h1").first.wait_for()
            return page

        yield open_at
        assert not wrong


def _note_request(wrong: list[str], url: str, own: str) -> None:
    parts = urlsplit(url)
    if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != own:
        wrong.append(f"asked {url}")


def _note_message(wrong: list[str], message: sync_api.ConsoleMessage) -> None:
    # A page's own address is probed below it first, where Streamlit serves nothing.
    if message.type == "error" and "_stcore" not in str(message.location.get("url", "")):
        wrong.append(f"console: {message.text} ({message.location.get('url')})")


def settled(page: sync_api.Page) -> sync_api.Page:
    """The page, once its script has run to the end."""
    page.wait_for_function("document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'")
    return page
