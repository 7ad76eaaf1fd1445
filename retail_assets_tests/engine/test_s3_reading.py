"""DuckDB's access to S3: without credentials in any statement, over TLS that is verified, and no further than asked."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

from retail_assets.contracts import contract
from retail_assets.engine.dataset import Dataset, StoredObject
from retail_assets.engine.identity import sha256_of
from retail_assets.engine.partition import Partition
from retail_assets.engine.s3_errors import S3Error
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.engine.s3_reading import allow_reading
from retail_assets.local_cloud.certificates import Certificates
from retail_assets.local_cloud.s3_server import BUCKET, KEY, SECRET, S3Server
from retail_assets.settings import S3Settings, Settings
from retail_assets_tests.servers.fault_proxy import FaultProxy

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PLACE = S3Location(BUCKET, "reading/date=2019-10-01/data.parquet")


@pytest.fixture
def connection() -> Iterator[DuckDBPyConnection]:
    import duckdb

    with duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}) as found:
        yield found


def _put(connection: DuckDBPyConnection, settings: S3Settings, folder: Path) -> None:
    file = folder / "data.parquet"
    connection.execute(f"COPY (SELECT 42 AS number) TO '{file}' (FORMAT parquet)")
    S3(settings).put_file(PLACE, file, sha256_of(file))


def _read(connection: DuckDBPyConnection) -> object:
    return connection.execute(f"SELECT number FROM read_parquet('{PLACE}')").fetchall()


def test_no_statement_and_no_table_holds_the_credentials(
    connection: DuckDBPyConnection, on_s3: Settings, tmp_path: Path
) -> None:
    _put(connection, on_s3.s3, tmp_path)
    connection.execute("CALL enable_logging('QueryLog')")

    allow_reading(connection, [str(PLACE)], on_s3.s3)

    assert _read(connection) == [(42,)]
    statements = str(connection.execute("SELECT message FROM duckdb_logs").fetchall())
    assert "CREATE OR REPLACE TEMPORARY SECRET" in statements
    assert KEY not in statements
    assert SECRET not in statements + str(connection.execute("FROM duckdb_secrets()").fetchall())


def test_columns_and_rows_that_nobody_asked_for_do_not_travel(
    connection: DuckDBPyConnection, on_s3: Settings, s3: S3Server, tmp_path: Path
) -> None:
    file, heads = tmp_path / "data.parquet", list[str]()
    rows = "SELECT i AS number, i AS day, repeat(md5(i::VARCHAR), 20) AS text FROM range(100_000) AS r(i)"
    connection.execute(f"COPY ({rows}) TO '{file}' (FORMAT parquet, ROW_GROUP_SIZE 10_000, COMPRESSION uncompressed)")
    S3(on_s3.s3).put_file(PLACE, file, sha256_of(file))
    with FaultProxy(s3.endpoint, hears=heads.append).running() as proxy:
        allow_reading(connection, [str(PLACE)], on_s3.s3.model_copy(update={"endpoint_url": proxy.endpoint}))
        found = connection.execute(f"SELECT sum(number) FROM read_parquet('{PLACE}') WHERE day >= 95_000").fetchone()

    assert found == (sum(range(95_000, 100_000)),)
    spans = [re.search(r"(?i)range: bytes=(\d+)-(\d+)", head) for head in heads if head.startswith("GET")]
    asked = sum(int(span[2]) - int(span[1]) + 1 for span in spans if span)
    assert spans
    assert all(spans)  # never the whole object
    assert asked < file.stat().st_size / 20


def test_only_the_bucket_that_was_named_can_be_read(
    connection: DuckDBPyConnection, on_s3: Settings, s3: S3Server, tmp_path: Path
) -> None:
    import duckdb

    _put(connection, on_s3.s3, tmp_path)
    allow_reading(connection, ["s3://another-bucket/x", str(tmp_path)], on_s3.s3)

    with pytest.raises(duckdb.IOException):
        _read(connection)


def test_a_server_with_a_certificate_of_an_own_authority(
    connection: DuckDBPyConnection, on_s3: Settings, s3: S3Server, tmp_path: Path
) -> None:
    import duckdb

    certificates = Certificates.made(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificates.certificate, certificates.key)
    with FaultProxy(s3.endpoint, tls=tls).running() as proxy:
        way = {"endpoint_url": f"https://localhost:{proxy.port}", "attempts": 1}
        untrusting = on_s3.s3.model_copy(update=way)
        trusting = untrusting.model_copy(update={"ca_bundle": certificates.authority})
        with pytest.raises(S3Error, match="its certificate is not trusted: set RETAIL_S3_CA_BUNDLE"):
            S3(untrusting).put(PLACE, b"")
        _put(connection, trusting, tmp_path)
        allow_reading(connection, [str(PLACE)], trusting)
        assert _read(connection) == [(42,)]
        with duckdb.connect() as other:
            allow_reading(other, [str(PLACE)], untrusting)
            with pytest.raises(duckdb.IOException, match=r"(?i)ssl|certificate"):
                _read(other)


def test_readers_get_one_state_or_the_other_while_an_object_is_replaced(on_s3: Settings, tmp_path: Path) -> None:
    import duckdb

    item, partition = contract("event_books"), Partition.of(date="2019-10-01")
    values = {"reason": "gen_random_uuid()::VARCHAR"}
    for number in (1, 2):
        columns = {column.quoted: values.get(column.name, f"{number}") for column in item.stored_columns}
        listed = ", ".join(f"{value} AS {name}" for name, value in columns.items())
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (SELECT {listed} FROM range(50_000)) TO '{tmp_path / str(number)}' (FORMAT parquet)"
            )
    place, store, done = S3Location(BUCKET, f"{tmp_path.name}/date=2019-10-01/data.parquet"), S3(on_s3.s3), Event()
    store.put_file(place, tmp_path / "1", "first")

    def replace() -> None:
        while not done.is_set():
            for number in (2, 1):
                store.put_file(place, tmp_path / str(number), f"{number}")

    writer = Thread(target=replace)
    writer.start()
    try:
        dataset = Dataset(item, (StoredObject(partition, str(place), 50_000, 1, ""),), s3=on_s3.s3)
        read = [set(dataset.to_arrow().column("rows").to_pylist()) for _ in range(20)]
    finally:
        done.set()
        writer.join()

    assert all(found in ({1}, {2}) for found in read)
