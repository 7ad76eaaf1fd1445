"""``python -m benchmarks.dashboard``: how long people wait for the dashboard, in a real browser, and what it takes.

The warehouse has the size of one month of the public clickstream (42 M events): 166,794 products, 3,444 brands and 126
categories over 31 days. Its tables are written directly: made-up numbers of the right shape, not a shop. It has neither
forecasts nor sales, so those pages are not measured.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import psutil
from playwright.sync_api import Page, sync_playwright

from retail_assets.local_cloud.processes import answers, running

PORT = 8599
PAGES = ("", "demand", "funnel", "quality")
CHART = "[data-testid=stVegaLiteChart] svg"
RUNNING = "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
INTERACTIONS = 20
PATIENCE = 120
"""Seconds for anything; what takes longer has failed."""
WAREHOUSE = """
    CREATE TABLE features AS
    WITH keys AS (
        SELECT 'product_id' AS key_type, (1000000 + i)::VARCHAR AS key_value, 1 + 166794 // (i + 1) AS size
        FROM range(166794) r(i)
        UNION ALL SELECT 'brand', 'brand_' || i, 1 + 34440 // (i + 1) FROM range(3444) r(i)
        UNION ALL SELECT 'category_code', 'category.' || i, 1 + 126000 // (i + 1) FROM range(126) r(i)
    ),
    days AS (SELECT DATE '2019-10-01' + d::INT AS date, d FROM range(31) r(d)),
    counted AS (
        SELECT *, hash(key_value, d) % 5 * size // 100 AS bought, 3 + hash(d, key_value) % 17 * size // 10 AS seen,
            20 + hash(key_value) % 300 AS price
        FROM keys, days WHERE key_type <> 'product_id' OR hash(key_value) % 31 <= d
    )
    SELECT key_type, date, key_value, bought::BIGINT AS purchases_t, seen::BIGINT AS views_t, bought::BIGINT AS carts_t,
        price::DOUBLE AS price_mean_t, (bought * price)::DECIMAL(38, 4) AS revenue_t, bought / seen AS conv_rate,
        bought / seen AS cart_rate, bought::DOUBLE AS "MA7", bought::DOUBLE AS "MA28"
    FROM counted ORDER BY date, key_type, key_value;
    CREATE TABLE dim_product AS SELECT (1000000 + i)::VARCHAR AS product_id, 'category.' || i % 126 AS category_code,
        'brand_' || i % 3444 AS brand, TIMESTAMP '2019-10-01' AS first_seen, TIMESTAMP '2019-10-31' AS last_seen
    FROM range(166794) r(i);
    CREATE TABLE dim_date AS SELECT DATE '2019-01-01' + d::INT AS date, 0::TINYINT AS holiday_flag,
        NULL::VARCHAR AS holiday_name FROM range(365) r(d);
    CREATE TABLE data_quality AS SELECT date, stage, reason, 1000000::BIGINT AS rows
    FROM (SELECT DISTINCT date FROM features), (VALUES ('landing', 'received'), ('cleaning', 'clean')) v(stage, reason);
"""


def main() -> None:
    """Measure, and print a table."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.dashboard", description=__doc__)
    options.add_argument("--chromium", default="/usr/bin/chromium", help="the browser")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="retail-bench-") as folder:
        data = Path(folder)
        with duckdb.connect(str(data / "warehouse.duckdb")) as connection:
            connection.execute(WAREHOUSE)
            ((rows,),) = connection.execute("SELECT count(*) FROM features").fetchall()
        print(f"{rows:,} rows of features, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
        with serving(data) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chosen.chromium, args=["--no-sandbox", "--disable-gpu"]
            )
            for visit in ("first", "second"):
                for name in PAGES:
                    page, before = browser.new_page(), cpu_seconds(server)
                    wait = opened(page, name)
                    page.close()
                    cpu = cpu_seconds(server) - before
                    print(f"{visit} visit, {name or 'overview'}: first chart after {wait:.2f} s; {cpu:.2f} CPU s")
            page = browser.new_page()
            opened(page, "demand")
            for what, act in interactions(page).items():
                before = cpu_seconds(server)
                waits = sorted(measured(page, act) for _ in range(INTERACTIONS))
                median, p95 = statistics.median(waits), waits[int(len(waits) * 0.95) - 1]
                cpu = (cpu_seconds(server) - before) / INTERACTIONS
                print(f"{what}: median {median:.0f} ms, p95 {p95:.0f} ms; {cpu * 1000:.0f} ms of the server's CPU")
            print(f"an open page follows after {followed(browser.new_page(), data):.2f} s")
            print(f"memory of the server: {server.memory_info().rss / 1e6:.0f} MB")
            browser.close()


@contextmanager
def serving(data: Path) -> Iterator[psutil.Process]:
    """`retail dashboard` on this platform, ready."""
    command = [sys.executable, "-m", "retail_assets.cli.program", "dashboard", "--port", str(PORT)]
    environment = {**os.environ, "RETAIL_DATA_DIR": str(data)}
    health = f"http://127.0.0.1:{PORT}/_stcore/health"
    started = time.monotonic()
    with running(command, data, data / "dashboard.log", lambda: answers(health), environment, PATIENCE) as keeper:
        print(f"server ready after {time.monotonic() - started:.1f} s")
        (server,) = psutil.Process(keeper.pid).children()
        yield server


def cpu_seconds(server: psutil.Process) -> float:
    """What the server has used so far; its pages that follow the warehouse included."""
    used = server.cpu_times()
    return used.user + used.system


def opened(page: Page, name: str) -> float:
    """Seconds from asking for a page to its first chart; the page is at rest afterwards."""
    started = time.monotonic()
    page.goto(f"http://127.0.0.1:{PORT}/{name}")
    page.locator(CHART).first.wait_for(timeout=PATIENCE * 1000)
    seconds = time.monotonic() - started
    page.wait_for_timeout(2000)
    page.wait_for_function(RUNNING, timeout=PATIENCE * 1000)
    return seconds


def interactions(page: Page) -> dict[str, Callable[[], None]]:
    """What an analyst does on the demand page."""
    measures, letters = ["Views", "Purchases"] * INTERACTIONS, ["7", "Backspace"] * INTERACTIONS
    periods = ["7 days", "14 days"] * INTERACTIONS

    def choose(names: list[str]) -> Callable[[], None]:
        return lambda: page.get_by_test_id("stMain").get_by_text(names.pop(), exact=True).first.click()

    field = page.get_by_label("Search products")
    return {
        "another measure": choose(measures),
        "another period": choose(periods),
        "another letter in the search (200 ms of them waiting for the next)": lambda: field.press(letters.pop()),
    }


def measured(page: Page, act: Callable[[], None]) -> float:
    """Milliseconds from the act to the last change that it makes to the page."""
    page.evaluate(
        "() => { window.changed = performance.now(); window.watch?.disconnect(); window.watch = new MutationObserver("
        "() => { window.changed = performance.now(); }); window.watch.observe(document.querySelector("
        "'[data-testid=stMain]'), {subtree: true, childList: true, characterData: true}); }"
    )
    page.evaluate(
        "() => { addEventListener('pointerdown', () => { window.acted = performance.now(); }, true);"
        "addEventListener('keydown', () => { window.acted = performance.now(); }, true); }"
    )
    act()
    page.wait_for_timeout(1500)
    return float(page.evaluate("window.changed - window.acted"))


def followed(page: Page, data: Path) -> float:
    """Seconds from publishing the warehouse anew to the page that says so."""
    opened(page, "")
    told = page.get_by_text("published 20", exact=False).first
    before = told.inner_text()
    (data / "new").write_bytes((data / "warehouse.duckdb").read_bytes())
    started = time.monotonic()
    (data / "new").replace(data / "warehouse.duckdb")
    while told.inner_text() == before:
        if time.monotonic() - started > PATIENCE:
            raise RuntimeError(f"the page did not follow a new state for {PATIENCE} s")
        page.wait_for_timeout(20)
    return time.monotonic() - started


if __name__ == "__main__":
    main()
