"""The stand-in of Redshift behaves as Redshift's documentation says, where PostgreSQL would not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest

from retail_assets.local_cloud.cloud import LocalCloud
from retail_assets.local_cloud.s3_server import BUCKET
from retail_assets_tests.servers.cloud import connected

THREE_ROWS = "SELECT i::BIGINT AS id, ['plain', '', NULL][i] AS name FROM range(1, 4) AS r(i)"


@dataclass(frozen=True)
class Client:
    """A session in a schema of its own, and a prefix of the bucket."""

    connection: psycopg2.extensions.connection
    cloud: LocalCloud
    prefix: str
    folder: Path

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def put(self, name: str, select: str) -> str:
        """An object with the query's rows; returns its URL."""
        path = self.folder / name.replace("/", "_")
        duckdb.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
        self.cloud.s3.client().upload_file(str(path), BUCKET, f"{self.prefix}/{name}")
        return f"s3://{BUCKET}/{self.prefix}/{name}"

    def copy(self, table: str, url: str, more: str = "") -> None:
        self.run(f"COPY {table} FROM '{url}' IAM_ROLE '{self.cloud.redshift.role}' FORMAT AS PARQUET {more}")


@pytest.fixture
def client(cloud: LocalCloud, tmp_path: Path) -> Iterator[Client]:
    connection = connected(cloud.redshift)
    found = Client(connection, cloud, tmp_path.name, tmp_path)
    name = "".join(letter for letter in tmp_path.name if letter.isalnum())[-40:]
    found.run(f"DROP SCHEMA IF EXISTS s_{name} CASCADE")
    found.run(f"CREATE SCHEMA s_{name}")
    found.run(f"SET search_path TO s_{name}")
    yield found
    connection.close()


def test_quoted_names_are_folded_to_lower_case(client: Client) -> None:
    client.run('CREATE TABLE t ("MA7" INTEGER, "purchases_t-1" INTEGER)')
    with client.connection.cursor() as cursor:
        cursor.execute('SELECT "MA7", "Purchases_T-1", 1 AS "Alias" FROM t')
        names = [column.name for column in cursor.description or ()]

    assert names == ["ma7", "purchases_t-1", "alias"]


def test_table_attributes_are_taken_and_their_columns_must_exist(client: Client) -> None:
    client.run(
        'CREATE TABLE t ("a b" INTEGER NOT NULL ENCODE zstd, d DATE DISTKEY) '
        'BACKUP NO DISTSTYLE KEY COMPOUND SORTKEY (d, "a b")'
    )
    with pytest.raises(psycopg2.Error, match="column nope named in a distribution or sort key does not exist"):
        client.run("CREATE TABLE u (a INTEGER) DISTSTYLE KEY DISTKEY (nope)")

    assert client.run("SELECT count(*) FROM t") == [(0,)]


def test_a_varchar_counts_bytes(client: Client) -> None:
    client.run("CREATE TABLE t (name VARCHAR(4))")
    client.run("INSERT INTO t VALUES ('üü')")

    with pytest.raises(psycopg2.Error):
        client.run("INSERT INTO t VALUES ('üüü')")


def test_a_backslash_escapes_in_plain_literals(client: Client) -> None:
    assert client.run(r"SELECT 'a\\b', 'it\'s', 'it''s'") == [("a\\b", "it's", "it's")]


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("SELECT * FROM (VALUES (1)) AS v(a)", "VALUES as a table"),
        ("INSERT INTO t VALUES (1) RETURNING a", "RETURNING"),
        ("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", "ON CONFLICT"),
        ("SELECT count(*) FILTER (WHERE a = 1) FROM t", "FILTER"),
        ("ALTER TABLE t ADD COLUMN b INTEGER, ADD COLUMN c INTEGER", "several ADD COLUMN"),
        ("CREATE INDEX i ON t (a)", "CREATE INDEX"),
        ("CREATE TABLE u (a TINYINT)", "TINYINT"),
    ],
)
def test_what_redshift_does_not_know_is_refused(client: Client, sql: str, what: str) -> None:
    client.run("CREATE TABLE t (a INTEGER)")

    with pytest.raises(psycopg2.Error, match=f"does not support .*{what}"):
        client.run(sql)


def test_words_of_refused_statements_may_stand_in_strings_and_comments(client: Client) -> None:
    assert client.run("SELECT 'x RETURNING y' -- ON CONFLICT") == [("x RETURNING y",)]


def test_a_copy_is_its_clients_own_until_it_commits(client: Client, cloud: LocalCloud) -> None:
    client.run("CREATE TABLE t (id BIGINT NOT NULL, name VARCHAR(10))")
    url = client.put("rows.parquet", THREE_ROWS)
    ((schema,),) = client.run("SELECT current_schema()")
    other = connected(cloud.redshift)

    def seen() -> Any:
        with other.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {schema}.t")
            return cursor.fetchone()

    client.run("BEGIN")
    client.copy("t", url)
    assert (client.run("SELECT count(*) FROM t"), seen()) == ([(3,)], (0,))
    client.run("COMMIT")

    assert seen() == (3,)
    assert client.run("SELECT * FROM t ORDER BY id") == [(1, "plain"), (2, ""), (3, None)]
    other.close()


def test_truncate_commits(client: Client) -> None:
    client.run("CREATE TABLE t (a INTEGER)")
    client.run("INSERT INTO t VALUES (1)")
    client.run("BEGIN")
    client.run("TRUNCATE t")
    client.run("ROLLBACK")

    assert client.run("SELECT count(*) FROM t") == [(0,)]


def test_a_failed_copy_names_row_and_column_and_fails_its_transaction(client: Client) -> None:
    client.run("CREATE TABLE t (id BIGINT NOT NULL, name VARCHAR(4))")
    url = client.put("rows.parquet", THREE_ROWS)
    client.run("BEGIN")
    client.run("INSERT INTO t VALUES (9, 'x')")

    with pytest.raises(psycopg2.Error, match="Check 'sys_load_error_detail'"):
        client.copy("t", url)
    with pytest.raises(psycopg2.Error, match="current transaction is aborted"):
        client.run("SELECT 1")
    client.run("ROLLBACK")

    (found,) = client.run(
        "SELECT trim(file_name), line_number, trim(column_name), trim(error_message) FROM sys_load_error_detail "
        "WHERE session_id = pg_backend_pid()"
    )
    assert found == (url, 1, "name", "String length exceeds DDL length: character varying(4)")
    assert client.run("SELECT count(*) FROM t") == [(0,)]


@pytest.mark.parametrize(
    ("select", "said"),
    [
        ("SELECT 1::BIGINT AS id", "Unmatched number of columns"),
        ("SELECT 1::INTEGER AS id, 'x' AS name", "incompatible Parquet schema for column 'id'"),
        ("SELECT NULL::BIGINT AS id, 'x' AS name", "sys_load_error_detail"),
        ("SELECT 1::BIGINT AS id, 'a' || chr(0) AS name", "sys_load_error_detail"),
    ],
)
def test_an_object_that_does_not_fit_is_refused(client: Client, select: str, said: str) -> None:
    client.run("CREATE TABLE t (id BIGINT NOT NULL, name VARCHAR(4))")

    with pytest.raises(psycopg2.Error, match=said):
        client.copy("t", client.put("rows.parquet", select))


def test_columns_map_by_position_and_a_manifest_names_exact_objects(client: Client) -> None:
    client.run("CREATE TABLE t (id BIGINT, name VARCHAR(10))")
    url = client.put("a.parquet", "SELECT 1::BIGINT AS whatever, 'x' AS other")
    client.put("a.parquet.old", THREE_ROWS)  # a prefix would take it, too
    size = client.cloud.s3.client().head_object(Bucket=BUCKET, Key=f"{client.prefix}/a.parquet")["ContentLength"]
    for length, name in ((size, "good"), (size + 1, "bad")):
        body = f'{{"entries": [{{"url": "{url}", "mandatory": true, "meta": {{"content_length": {length}}}}}]}}'
        client.cloud.s3.client().put_object(Bucket=BUCKET, Key=f"{client.prefix}/{name}.json", Body=body.encode())

    client.copy("t", f"s3://{BUCKET}/{client.prefix}/good.json", "MANIFEST")
    with pytest.raises(psycopg2.Error, match="content_length"):
        client.copy("t", f"s3://{BUCKET}/{client.prefix}/bad.json", "MANIFEST")

    assert client.run("SELECT * FROM t") == [(1, "x")]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("IAM_ROLE default FORMAT AS PARQUET MAXERROR 5", "COPY MAXERROR: not supported"),
        ("IAM_ROLE default FORMAT AS CSV", "COPY FORMAT: not supported"),
        ("FORMAT AS PARQUET", "needs FORMAT AS PARQUET and IAM_ROLE"),
        ("CREDENTIALS 'aws_access_key_id=x' FORMAT AS PARQUET", "COPY CREDENTIALS: not supported"),
        ("IAM_ROLE 'arn:aws:iam::1:role/other' FORMAT AS PARQUET", "not authorized to assume IAM Role"),
    ],
)
def test_unknown_options_and_roles_of_copy_are_refused(client: Client, options: str, said: str) -> None:
    client.run("CREATE TABLE t (id BIGINT, name VARCHAR(10))")
    url = client.put("rows.parquet", THREE_ROWS)

    with pytest.raises(psycopg2.Error, match=said):
        client.run(f"COPY t FROM '{url}' {options}")


def test_unload_writes_what_the_session_sees_and_overwrites_nothing(client: Client) -> None:
    client.run("CREATE TABLE t (id BIGINT, name VARCHAR(10), price DECIMAL(18,4), at TIMESTAMP, ok BOOLEAN, x FLOAT8)")
    client.run("BEGIN")
    client.run("INSERT INTO t VALUES (1, '', 1.5, '2020-01-02 03:04:05.678901', true, 0.1)")
    client.run("INSERT INTO t (id) VALUES (2)")
    key, select = f"{client.prefix}/out/", "SELECT * FROM t WHERE name = '''' OR name IS NULL"
    unload = f"UNLOAD ('{select}') TO 's3://{BUCKET}/{key}' IAM_ROLE default FORMAT PARQUET"
    client.run(unload)
    client.cloud.s3.client().download_file(BUCKET, f"{key}0000_part_00.parquet", str(client.folder / "o"))

    with pytest.raises(psycopg2.Error, match="destination on S3 is not empty"):
        client.run(unload)
    (first, second) = duckdb.execute(f"SELECT * FROM read_parquet('{client.folder}/o') ORDER BY id").fetchall()
    assert [str(value) for value in first] == ["1", "", "1.5000", "2020-01-02 03:04:05.678901", "True", "0.1"]
    assert second == (2, None, None, None, None, None)


def test_only_its_password_and_tls_let_in(cloud: LocalCloud) -> None:
    server = cloud.redshift
    place = {"host": server.host, "port": server.port, "user": server.user, "dbname": server.database}

    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(**place, password="wrong", sslmode="require")
    with pytest.raises(psycopg2.OperationalError, match="SSL off"):
        psycopg2.connect(**place, password=server.password, sslmode="disable")
    with pytest.raises(psycopg2.OperationalError, match="certificate verify failed"):
        psycopg2.connect(**place, password=server.password, sslmode="verify-full", sslrootcert="system")


def test_a_statement_ends_after_its_time(client: Client) -> None:
    client.run("SET statement_timeout TO 100")

    with pytest.raises(psycopg2.errors.QueryCanceled):
        client.run("SELECT pg_sleep(30)")
