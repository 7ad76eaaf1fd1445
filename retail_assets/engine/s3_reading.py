"""DuckDB's access to S3: httpfs and a secret per bucket, for one connection."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.engine.s3 import s3_client, s3_credentials
from retail_assets.engine.s3_errors import S3Error
from retail_assets.engine.s3_location import S3Location, is_s3
from retail_assets.settings import S3Settings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LOG = logging.getLogger(__name__)
WHEEL = "duckdb_extension_httpfs"


def allow_reading(connection: DuckDBPyConnection, locations: Iterable[str], settings: S3Settings) -> None:
    """Let the connection read the buckets of those locations that are S3 URLs, with the credentials of this moment.

    Raises:
        S3Error: there are no credentials, or DuckDB cannot load httpfs.
    """
    buckets = sorted({S3Location.of(location).bucket for location in locations if is_s3(location)})
    if not buckets:
        return
    import duckdb

    _load(connection)
    for name, value in _options(settings).items():
        connection.execute(f"SET {name} = {value}")
    for bucket in buckets:
        try:
            connection.execute(_secret(bucket, settings))
        except duckdb.Error as error:
            # Its text would repeat the statement.
            raise S3Error(f"DuckDB refuses the access to s3://{bucket} ({type(error).__name__})") from None


def _load(connection: DuckDBPyConnection) -> None:
    import duckdb

    if spec := find_spec(WHEEL):
        folder = Path(str(spec.origin)).parent / "extensions" / f"v{duckdb.__version__}"
        connection.execute(f"LOAD {quote_literal(str(folder / 'httpfs.duckdb_extension'))}")
        return
    try:
        connection.execute("LOAD httpfs")
    except duckdb.Error:
        LOG.warning("duckdb-extension-httpfs is not installed; DuckDB fetches httpfs from its own site")
        try:
            connection.execute("INSTALL httpfs")
            connection.execute("LOAD httpfs")
        except duckdb.Error as error:
            said = str(error).splitlines()[0]
            raise S3Error(
                f"DuckDB has no httpfs to read S3 with: pip install 'retail-assets[cloud]' ({said})"
            ) from error


def _options(settings: S3Settings) -> dict[str, str]:
    options = {
        "enable_global_s3_configuration": "false",
        "s3_url_compatibility_mode": "true",  # a key may hold any character, and none is a pattern
        "s3_version_id_pinning": "true",  # of a versioned bucket, one scan reads one version of an object
        "enable_server_cert_verification": "true",
        "http_timeout": str(max(1, round(settings.read_timeout_seconds))),
        "http_retries": str(settings.attempts - 1),
        "http_retry_wait_ms": "100",
        "http_retry_backoff": "2",
    }
    if settings.ca_bundle:
        options["ca_cert_file"] = quote_literal(str(settings.ca_bundle))
    return options


def _secret(bucket: str, settings: S3Settings) -> str:
    client, credentials = s3_client(settings), s3_credentials(settings)
    endpoint = urlsplit(client.meta.endpoint_url)
    values = {
        "KEY_ID": quote_literal(credentials.access_key),
        "SECRET": quote_literal(credentials.secret_key),
        "SESSION_TOKEN": quote_literal(credentials.token or ""),
        "REGION": quote_literal(client.meta.region_name),
        "ENDPOINT": quote_literal(endpoint.netloc),
        "URL_STYLE": "'path'" if settings.path_style else "'vhost'",
        "USE_SSL": str(endpoint.scheme == "https"),
        "SCOPE": quote_literal(f"s3://{bucket}/"),
    }
    listed = ", ".join(f"{name} {value}" for name, value in values.items())
    return f"CREATE OR REPLACE TEMPORARY SECRET {quote_identifier(f's3_{bucket}')} (TYPE s3, PROVIDER config, {listed})"
