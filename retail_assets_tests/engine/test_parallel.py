"""Work in several threads: results in order, and an end that waits for no query to finish by itself."""

from __future__ import annotations

import threading
import time

import duckdb
import pytest

from retail_assets.engine.parallel import Running, in_order
from retail_assets.engine.session import Capacity, session
from retail_assets.settings import Settings

ENDLESS = "SELECT count(*) FROM range(1000000) AS a, range(1000000) AS b WHERE a.range + b.range = -1"
LONGEST_SECONDS = 20.0


def test_results_come_in_the_order_of_the_tasks() -> None:
    def work(seconds: float) -> float:
        time.sleep(seconds)
        return seconds

    assert list(in_order(work, [0.05, 0.0, 0.02, 0.0], 3, Running())) == [0.05, 0.0, 0.02, 0.0]


def test_one_worker_works_in_the_callers_thread() -> None:
    threads = in_order(lambda _: threading.get_ident(), [1, 2], 1, Running())
    assert set(threads) == {threading.get_ident()}


def test_a_failure_stops_what_runs_and_begins_no_more(settings: Settings) -> None:
    running, begun = Running(), list[str]()

    def work(sql: str) -> None:
        begun.append(sql)
        with session(settings, Capacity(1, 100)) as connection, running.using(connection):
            connection.execute(sql)

    started = time.monotonic()
    with pytest.raises(duckdb.CatalogException, match="nowhere"):
        list(in_order(work, ["SELECT * FROM nowhere", ENDLESS, ENDLESS, "SELECT 1"], 2, running))
    assert time.monotonic() - started < LONGEST_SECONDS
    assert "SELECT 1" not in begun


def test_a_caller_that_goes_away_stops_what_runs(settings: Settings) -> None:
    running = Running()

    def work(sql: str) -> str:
        with session(settings, Capacity(1, 100)) as connection, running.using(connection):
            connection.execute(sql)
        return sql

    results = in_order(work, ["SELECT 1", ENDLESS, ENDLESS], 2, running)
    assert next(results) == "SELECT 1"
    started = time.monotonic()
    results.close()
    assert time.monotonic() - started < LONGEST_SECONDS


def test_sessions_share_what_the_settings_allow() -> None:
    whole = Capacity(threads=8, memory_mb=4096)
    assert whole.divided(4) == Capacity(2, 1024)
    assert whole.divided(16) == Capacity(1, 256)
