"""DuckDB's access to S3: httpfs and a secret per bucket, for one connection."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.engine.extension import load_extension
from retail_assets.engine.s3 import s3_client, s3_credentials
from retail_assets.engine.s3_errors import S3Error
from retail_assets.engine.s3_location import S3Location, is_s3
from retail_assets.engine.s3_retry import FIRST_PAUSE_SECONDS
from retail_assets.settings import S3Settings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LOG = logging.getLogger(__name__)
T = TypeVar("T")
PAUSES_SECONDS = (0.1, 0.5, 2.0)
"""Between attempts to read; a PUT takes no longer to be over."""


def allow_reading(connection: DuckDBPyConnection, locations: Iterable[str], settings: S3Settings) -> None:
    """Let the connection read the buckets of those locations that are S3 URLs, with the credentials of this moment.

    Raises:
        S3Error: there are no credentials, or DuckDB cannot load httpfs.
    """
    buckets = sorted({S3Location.of(location).bucket for location in locations if is_s3(location)})
    if not buckets:
        return
    try:
        load_extension(connection, "httpfs", "cloud")
    except ModuleNotFoundError as error:
        raise S3Error(str(error)) from error
    for name, value in _options(settings).items():
        connection.execute(f"SET {name} = {value}")
    for bucket in buckets:
        _allow(connection, bucket, settings)


def read_again(read: Callable[[], T]) -> T:
    """What ``read`` returns, called again where it fails: an object that is replaced meanwhile fails the scan.

    DuckDB raises what it happens to stumble over then, at times a UnicodeDecodeError, since the text of its own error
    holds bytes of the object.
    """
    import duckdb

    for seconds in PAUSES_SECONDS:
        try:
            return read()
        except (duckdb.IOException, duckdb.InvalidInputException, UnicodeDecodeError) as error:
            LOG.warning("reading from S3 again, since it failed (%s)", type(error).__name__)
            time.sleep(seconds)
    return read()


def _options(settings: S3Settings) -> dict[str, str]:
    options = {
        "enable_global_s3_configuration": "false",
        "s3_url_compatibility_mode": "true",  # a key may hold any character, and none is a pattern
        "s3_version_id_pinning": "true",  # of a versioned bucket, one scan reads one version of an object
        "enable_server_cert_verification": "true",
        "http_timeout": str(max(1, round(settings.read_timeout_seconds))),
        "http_retries": str(settings.attempts - 1),
        "http_retry_wait_ms": str(round(FIRST_PAUSE_SECONDS * 1000)),
        "http_retry_backoff": "2",
    }
    if settings.ca_bundle:
        options["ca_cert_file"] = quote_literal(str(settings.ca_bundle))
    return options


def _allow(connection: DuckDBPyConnection, bucket: str, settings: S3Settings) -> None:
    """Create the bucket's secret. The credentials are bound: no statement holds them, and no log of statements."""
    client, credentials = s3_client(settings), s3_credentials(settings)
    endpoint = urlsplit(client.meta.endpoint_url)
    values = {
        "KEY_ID": "$1",
        "SECRET": "$2",
        "SESSION_TOKEN": "$3",
        "REGION": quote_literal(client.meta.region_name),
        "ENDPOINT": quote_literal(endpoint.netloc),
        "URL_STYLE": "'path'" if settings.path_style else "'vhost'",
        "USE_SSL": str(endpoint.scheme == "https"),
        "SCOPE": quote_literal(f"s3://{bucket}/"),
    }
    listed = ", ".join(f"{name} {value}" for name, value in values.items())
    connection.execute(
        f"CREATE OR REPLACE TEMPORARY SECRET {quote_identifier(f's3_{bucket}')} (TYPE s3, PROVIDER config, {listed})",
        [credentials.access_key, credentials.secret_key, credentials.token or ""],
    )
