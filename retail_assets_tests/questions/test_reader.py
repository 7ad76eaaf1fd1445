"""What a reader sees of a file that others replace, lack or damage."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from retail_assets.questions.answers import MOST_ANSWERS, Answers
from retail_assets.questions.file_reader import FileReader
from retail_assets.questions.warehouse import UnreadableWarehouse
from retail_assets.settings import Settings

WRITE = """
import duckdb, os, sys
path, last = sys.argv[1], int(sys.argv[2])
for number in range(1, last + 1):
    with duckdb.connect(path + ".new") as connection:
        connection.execute("CREATE OR REPLACE TABLE features AS SELECT 'product_id' AS key_type, 'a' AS key_value,"
            f" DATE '2020-01-01' AS date, {number} AS purchases_t, {number} AS views_t, {number} AS carts_t,"
            f" {number} AS revenue_t")
    os.replace(path + ".new", path)
"""


def write(settings: Settings, states: int) -> None:
    """Publish states of a warehouse, one after the other, from a process of its own."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-c", WRITE, str(settings.warehouse_file), str(states)], check=True)


def test_no_file_is_no_error_until_something_is_asked(settings: Settings) -> None:
    reader = FileReader(settings)

    assert reader.state() == ""
    assert reader.tables() == frozenset()
    with pytest.raises(UnreadableWarehouse, match="retail backfill"):
        reader.ask("reach")


@pytest.mark.parametrize("content", [b"", b"this is no database", os.urandom(20_000)])
def test_a_damaged_file_is_told_with_its_mend(settings: Settings, content: bytes) -> None:
    settings.data_dir.mkdir(parents=True)
    settings.warehouse_file.write_bytes(content)

    with pytest.raises(UnreadableWarehouse, match="move the file away") as raised:
        FileReader(settings).tables()
    assert str(settings.warehouse_file) in str(raised.value)


def test_a_file_without_what_is_asked_for_is_told(settings: Settings) -> None:
    write(settings, 1)

    with pytest.raises(UnreadableWarehouse, match=r"does not answer the question best_customers \(Catalog Error"):
        FileReader(settings).ask("best_customers", limit=1)


def test_the_answers_asked_last_are_kept() -> None:
    answers, table = Answers(), pa.table({"number": [1]})
    kept = answers.of("series", {"key": 0}, lambda: table.slice(0))
    for key in range(1, MOST_ANSWERS):
        answers.of("series", {"key": key}, lambda: table)
    assert answers.of("series", {"key": 0}, lambda: table) is kept

    answers.of("series", {"key": MOST_ANSWERS}, lambda: table)

    assert answers.of("series", {"key": 0}, lambda: table) is kept


def test_a_reader_follows_the_file_and_does_not_block_its_writer(settings: Settings) -> None:
    write(settings, 1)
    reader = FileReader(settings)
    before, first = reader.state(), reader.ask("reach")

    write(settings, 2)

    assert reader.state() != before
    assert reader.ask("reach") is not first
    assert reader.ask("reach") is reader.ask("reach")


def test_threads_see_whole_states_while_the_file_is_replaced(settings: Settings) -> None:
    write(settings, 1)
    reader = FileReader(settings)
    seen: list[tuple[int, ...]] = []
    is_over = threading.Event()

    def read() -> None:
        day = date(2020, 1, 1)
        while not is_over.is_set():
            (row,) = reader.ask("periods", before=day, first=day, last=day).to_pylist()
            seen.append((row["purchases"], row["views"], row["carts"]))

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    write(settings, 8)
    while reader.ask("reach") and not any(values[0] == 8 for values in list(seen)):
        is_over.wait(0.01)
    is_over.set()
    for thread in threads:
        thread.join()

    assert all(values == (values[0],) * 3 for values in seen)


def test_nothing_is_left_behind(settings: Settings) -> None:
    write(settings, 1)
    reader = FileReader(settings)
    reader.ask("reach")
    reader.close()

    left = [path for path in settings.data_dir.rglob("*") if path.is_file() and path.name != ".lock"]
    assert [path for path in left if Path(path).suffix != ".duckdb"] == []
