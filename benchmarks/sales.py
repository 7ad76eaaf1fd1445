"""``python -m benchmarks sales``: a large table of payments out of PostgreSQL, beside DuckDB's bare scanner.

The server is that of a wheel, on this machine. Each work is a process of its own; the server's share is in *others*.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

from benchmarks.measure import Measured, alternate, run
from retail_assets.contracts.contract import quote_literal
from retail_assets.engine.extension import load_extension
from retail_assets.engine.session import session
from retail_assets.engine.staging import parquet_options
from retail_assets.local_cloud.postgres_server import PostgresServer, postgres_server
from retail_assets.settings import settings
from retail_assets.sources.postgres.extraction import Extraction
from retail_assets.sources.postgres.shop import shop_extraction

SCANNER, FULL = "bare scanner", "in full"
MAKE = """
    CREATE TABLE payment AS
    SELECT n::integer AS payment_id, (n::bigint * 7919 % 50000)::integer AS customer_id,
        (1 + n % 2)::smallint AS staff_id,
        n::integer AS rental_id, ((n::bigint * 104729 % 1200) / 100.0)::numeric(5,2) AS amount,
        TIMESTAMP '2019-01-01' + n * interval '13 seconds' AS payment_date
    FROM generate_series(1, {payments}) AS n;
    ALTER TABLE payment ADD PRIMARY KEY (payment_id);
    ANALYZE payment
"""
CHANGES = {
    "after no change": "SELECT 1",
    "after changes of 1 row in 1,000": "UPDATE payment SET amount = amount + 1 WHERE payment_id % 1000 = {round}",
    "after deletes of 1 row in 1,000": "DELETE FROM payment WHERE payment_id % 1000 = 500 + {round}",
}


def main(arguments: list[str]) -> None:
    """Fill a server, extract in turns, print the table; ``work`` is what the processes do."""
    known = argparse.ArgumentParser(prog="python -m benchmarks sales", description=__doc__)
    known.add_argument("--payments", type=int, default=2_000_000, help="rows of the table (default 2 million)")
    known.add_argument("--rounds", type=int, default=3)
    known.add_argument("work", nargs="*", help=argparse.SUPPRESS)
    options = known.parse_args(arguments)
    if options.work:
        WORKS[options.work[0]](Path(options.work[1]))
        return
    folder = Path(tempfile.mkdtemp(prefix="retail-bench-"))
    folder.chmod(0o755)  # PostgreSQL runs as another user where this is root
    try:
        with postgres_server(folder / "server") as server:
            _execute(server, MAKE.format(payments=options.payments))
            print(_table(_measured(server, folder, options.rounds)))
    finally:
        shutil.rmtree(folder)


def _measured(server: PostgresServer, folder: Path, rounds: int) -> dict[str, list[Measured]]:
    environment = {
        "RETAIL_SALES_HOST": server.host,
        "RETAIL_SALES_PORT": str(server.port),
        "RETAIL_SALES_USER": server.user,
        "RETAIL_SALES_PASSWORD": server.password,
        "RETAIL_SALES_DATABASE": "postgres",
    }
    held = folder / "held"
    _work("payments", held, environment)

    def full(_: int) -> Measured:
        shutil.rmtree(folder / "full", ignore_errors=True)
        return _work("payments", folder / "full", environment)

    def after(change: str, number: int) -> Measured:
        _execute(server, change.format(round=number))
        return _work("payments", held, environment)

    works: dict[str, Callable[[int], Measured]] = {
        SCANNER: lambda _: _work("scanner", folder / "scanned", environment),
        FULL: full,
        **{name: partial(after, change) for name, change in CHANGES.items()},
    }
    found = alternate(rounds, works)
    full(0)
    _require_same(folder / "full", held)
    return found


def _work(name: str, folder: Path, environment: Mapping[str, str]) -> Measured:
    command = [sys.executable, "-m", "benchmarks", "sales", name, str(folder)]
    return run(command, {**environment, "RETAIL_DATA_DIR": str(folder)})


def _execute(server: PostgresServer, statements: str) -> None:
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(statements)


def _require_same(one: Path, other: Path) -> None:
    digests = [json.loads((path / ".extraction" / "snapshot.json").read_text())["tables"] for path in (one, other)]
    if digests[0][0]["digest"] != digests[1][0]["digest"]:
        raise AssertionError("what was followed is not what a full extraction finds")


def _scan(folder: Path) -> None:
    """DuckDB's own scanner to one Parquet file, with the platform's writer: no checks, no digest."""
    folder.mkdir(exist_ok=True)
    names = {"dbname": "DATABASE", **{name: name.upper() for name in ("host", "port", "user", "password")}}
    place = " ".join(f"{name}={os.environ[f'RETAIL_SALES_{value}']}" for name, value in names.items())
    contract = shop_extraction(settings()).contracts[0]
    with session(settings()) as connection:
        load_extension(connection, "postgres_scanner", "sales")
        connection.execute(f"ATTACH {quote_literal(place)} AS shop (TYPE postgres, READ_ONLY)")
        target = quote_literal(str(folder / "payment.parquet"))
        connection.execute(f"COPY (FROM shop.payment) TO {target} ({parquet_options(contract)})")


def _extract(_: Path) -> None:
    whole = shop_extraction(settings())
    Extraction(settings(), tuple(item for item in whole.contracts if item.name == "raw_payment")).take()


def _table(found: Mapping[str, list[Measured]]) -> str:
    lines = ["| | seconds | × scanner | CPU s | peak MB | others |", "|---|---|---|---|---|---|"]
    bare = statistics.median(item.seconds for item in found[SCANNER])
    for name, runs in found.items():
        seconds, cpu, others = (
            statistics.median(getattr(item, field) for item in runs) for field in ("seconds", "cpu_seconds", "others")
        )
        peak = max(item.peak_mb for item in runs)
        lines.append(f"| {name} | {seconds:.2f} | {seconds / bare:.2f} | {cpu:.2f} | {peak:,.0f} | {others:.0%} |")
    return "\n".join(lines)


WORKS: dict[str, Callable[[Path], None]] = {"scanner": _scan, "payments": _extract}
