"""Who we are to Redshift, and where it is: from settings, from a secret, or by our identity on AWS."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from retail_assets.engine.s3 import aws_client
from retail_assets.engine.s3_errors import explained
from retail_assets.settings import RedshiftSettings, S3Settings

RENEW_EVERY_SECONDS = 600
"""Passwords that AWS hands out last 15 minutes."""


@dataclass(frozen=True)
class Identity:
    """An endpoint and a database user with a password."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)


def identity(settings: RedshiftSettings, aws: S3Settings) -> Identity:
    """The identity in force at this moment. What AWS says is remembered for ten minutes.

    Raises:
        ValueError: the settings name no endpoint, or a user and no password.
        S3Error: AWS does not give what it is asked for; the message says what, and why.
    """
    if settings.password and not settings.secret_arn:
        if not settings.user:
            raise ValueError("RETAIL_REDSHIFT_PASSWORD needs RETAIL_REDSHIFT_USER")
        return Identity(*_endpoint(settings, aws), settings.user, settings.password.get_secret_value())
    return _from_aws(settings, aws, int(time.monotonic() / RENEW_EVERY_SECONDS))


@lru_cache(maxsize=16)
def _from_aws(settings: RedshiftSettings, aws: S3Settings, _period: int) -> Identity:
    host, port = _endpoint(settings, aws)
    if settings.secret_arn:
        with explained("GetSecretValue", settings.secret_arn):
            secret = aws_client("secretsmanager", aws).get_secret_value(SecretId=settings.secret_arn)["SecretString"]
        return Identity(host, port, *_of_secret(secret, settings.secret_arn))
    user, password = _temporary(settings, aws)
    return Identity(host, port, user, password)


def _of_secret(text: str, name: str) -> tuple[str, str]:
    try:
        content: Mapping[str, str] = json.loads(text)
        return content["username"], content["password"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"the secret {name} does not hold JSON with username and password") from None


def _temporary(settings: RedshiftSettings, aws: S3Settings) -> tuple[str, str]:
    """A user and password that AWS makes for our identity."""
    if settings.workgroup:
        with explained("GetCredentials", f"workgroup {settings.workgroup}"):
            made = aws_client("redshift-serverless", aws).get_credentials(
                workgroupName=settings.workgroup, dbName=settings.database
            )
        return made["dbUser"], made["dbPassword"]
    if settings.cluster:
        with explained("GetClusterCredentialsWithIAM", f"cluster {settings.cluster}"):
            made = aws_client("redshift", aws).get_cluster_credentials_with_iam(
                ClusterIdentifier=settings.cluster, DbName=settings.database
            )
        return made["DbUser"], made["DbPassword"]
    raise ValueError(
        "Redshift needs to know who we are: set RETAIL_REDSHIFT_USER and RETAIL_REDSHIFT_PASSWORD, or "
        "RETAIL_REDSHIFT_SECRET_ARN, or RETAIL_REDSHIFT_CLUSTER or RETAIL_REDSHIFT_WORKGROUP for our AWS identity"
    )


def _endpoint(settings: RedshiftSettings, aws: S3Settings) -> tuple[str, int]:
    if settings.host:
        return settings.host, settings.port
    if settings.workgroup:
        with explained("GetWorkgroup", f"workgroup {settings.workgroup}"):
            found: Any = aws_client("redshift-serverless", aws).get_workgroup(workgroupName=settings.workgroup)
        return found["workgroup"]["endpoint"]["address"], found["workgroup"]["endpoint"]["port"]
    if settings.cluster:
        with explained("DescribeClusters", f"cluster {settings.cluster}"):
            found = aws_client("redshift", aws).describe_clusters(ClusterIdentifier=settings.cluster)
        return found["Clusters"][0]["Endpoint"]["Address"], found["Clusters"][0]["Endpoint"]["Port"]
    raise ValueError(
        "the warehouse is Redshift, but nothing says where: set RETAIL_REDSHIFT_HOST, RETAIL_REDSHIFT_CLUSTER or "
        "RETAIL_REDSHIFT_WORKGROUP (or RETAIL_WAREHOUSE=duckdb)"
    )
