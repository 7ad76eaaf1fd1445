"""Settings of Amazon Redshift, provisioned or serverless."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, SecretStr

from retail_assets.settings.paths import S3_URL, AbsolutePath


class RedshiftSettings(BaseModel):
    """How Redshift is reached, and as whom. Each field ``x`` is set by the environment variable ``RETAIL_REDSHIFT_X``.

    Who we are is said in one of three ways: ``password`` with ``user``; ``secret_arn``, a secret of AWS Secrets Manager
    that holds both; or, with neither, the AWS identity of this process, which needs ``cluster`` or ``workgroup``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str | None = Field(
        default=None, description="Host name of the endpoint. Unset: looked up by cluster or workgroup."
    )
    port: PositiveInt = Field(default=5439, description="Port of the endpoint, where a host is given.")
    database: str = Field(default="dev", description="Database that the warehouse is in.")
    namespace: str = Field(default="retail", description="Schema that the tables are in; made where it is missing.")
    cluster: str | None = Field(default=None, description="Identifier of a provisioned cluster.")
    workgroup: str | None = Field(default=None, description="Name of a serverless workgroup.")
    user: str | None = Field(default=None, description="Database user that the password belongs to.")
    password: SecretStr | None = Field(default=None, description="Password of the database user.")
    secret_arn: str | None = Field(default=None, description="Secret of AWS Secrets Manager with user and password.")
    iam_role: str = Field(
        default="default",
        pattern=r"^(default|arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+)$",
        description="Role with which Redshift itself reads and writes S3: an ARN, or default, the cluster's own.",
    )
    staging_url: str | None = Field(
        default=None,
        pattern=S3_URL,
        description="Private prefix on S3 for what passes between us and Redshift. Unset: _redshift below lake_url.",
    )
    ssl_mode: Literal["verify-full", "verify-ca", "require", "disable"] = Field(
        default="verify-full", description="What is required of TLS, in libpq's terms."
    )
    ca_bundle: AbsolutePath | None = Field(
        default=None, description="PEM file of the authorities that are trusted. Unset: the public ones."
    )
    connect_timeout_seconds: PositiveInt = Field(default=15, description="Longest wait for a connection.")
    statement_timeout_seconds: PositiveInt = Field(
        default=3600, description="Longest run of one statement, the wait for another load included."
    )
    inline_rows: int = Field(
        default=100_000, ge=0, description="Results of up to so many rows come by query, larger ones by UNLOAD."
    )
