"""Settings of the sales domain and of the shop's database that it comes from."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from retail_assets.settings.formats import Zone
from retail_assets.settings.paths import AbsolutePath


class SalesSettings(BaseModel):
    """Where the shop's PostgreSQL is and how it is read. Each field ``x`` is set by ``RETAIL_SALES_X``.

    Where there was never a ``host`` there is no sales domain: nothing of it is shown or built.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str | None = Field(default=None, description="Host of the shop's PostgreSQL. Unset: there is none.")
    port: int = Field(default=5432, ge=1, le=65535, description="Its port.")
    database: str = Field(default="dvdrental", description="Name of the database.")
    db_schema: str = Field(default="public", description="Schema that holds the shop's tables.")
    user: str = Field(default="retail", description="Role that reads; it needs SELECT on the tables and no more.")
    password: SecretStr | None = Field(default=None, description="Its password. Unset: as libpq finds it (PGPASSFILE).")
    sslmode: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] = Field(
        default="prefer", description="How the connection is encrypted, in libpq's words."
    )
    ssl_root_cert: AbsolutePath | None = Field(
        default=None, description="PEM file of the authority that signed the server's certificate, for verify-…."
    )
    connect_timeout_seconds: int = Field(default=10, ge=1, description="Longest wait for a connection.")
    timezone: Zone = Field(
        default="UTC", description="Zone of times that the database keeps without one, as an IANA name."
    )
    start_date: date = Field(
        default=date(2005, 1, 1), description="First daily partition of sales. Earlier payments are rejected: too_old."
    )
    personal_data: Literal["mask", "hash", "keep"] = Field(
        default="mask", description="What becomes of columns that a contract classifies as personal."
    )
    hash_key: SecretStr | None = Field(
        default=None, min_length=16, description="Secret of personal_data=hash: the same value hashes alike under it."
    )
    incremental_rows: int = Field(
        default=1_000_000, ge=0, description="Of tables with so many rows, only what changed is extracted."
    )
    full_after_days: int = Field(
        default=7, ge=0, description="Such a table is read as a whole again after so many days; 0: each time."
    )
    max_orphan_share: float = Field(
        default=0.05, ge=0, le=1, description="With a larger share of payments without customer or film, none is built."
    )
    most_plausible_amount: float = Field(
        default=1000, gt=0, description="Payments and refunds beyond this amount are reported as implausible."
    )
    export_format: Literal["parquet", "csv"] = Field(
        default="parquet", description="Format of the files by category and region."
    )

    @property
    def is_configured(self) -> bool:
        """Whether there is a database to read."""
        return self.host is not None

    @model_validator(mode="after")
    def _hash_needs_a_key(self) -> Self:
        if self.personal_data == "hash" and not self.hash_key:
            raise ValueError("RETAIL_SALES_PERSONAL_DATA=hash needs RETAIL_SALES_HASH_KEY")
        return self
