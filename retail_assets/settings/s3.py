"""Settings of S3 and whatever speaks its language. Credentials are none of them: the AWS chain finds those."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, model_validator

from retail_assets.settings.paths import AbsolutePath


class S3Settings(BaseModel):
    """How S3 is reached. Each field ``x`` is set by the environment variable ``RETAIL_S3_X``.

    Who we are comes from the standard AWS chain alone: environment, profile, web identity, container or instance role.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint_url: str | None = Field(
        default=None, pattern=r"^https?://[^/@?#]+/?$", description="Server that speaks S3. Unset: AWS itself."
    )
    region: str | None = Field(default=None, description="Region of the buckets. Unset: as the AWS chain says.")
    path_style: bool = Field(
        default=False, description="Buckets in the path instead of the host name, as most servers but AWS want it."
    )
    ca_bundle: AbsolutePath | None = Field(
        default=None, description="PEM file of the authority that signed the server's certificate. Unset: the system's."
    )
    profile: str | None = Field(default=None, description="Profile of the AWS configuration. Unset: AWS_PROFILE.")
    role_arn: str | None = Field(default=None, description="Role to assume with what the AWS chain finds.")
    encryption: Literal["none", "sse-s3", "kms"] = Field(
        default="none", description="Encryption that objects are written with. none: as the bucket's default says."
    )
    kms_key_id: str | None = Field(default=None, description="Key of encryption=kms. Unset: the account's key for S3.")
    connect_timeout_seconds: PositiveFloat = Field(default=5, description="Longest wait for a connection.")
    read_timeout_seconds: PositiveFloat = Field(default=30, description="Longest wait for the next bytes of an answer.")
    attempts: PositiveInt = Field(
        default=6, description="How often a request is sent before it has failed, with growing pauses in between."
    )
    multipart_mb: int = Field(
        default=64, ge=5, description="Objects larger than so many MiB are sent in parts of this size."
    )
    lease_seconds: PositiveFloat = Field(
        default=60, description="A run that has not renewed its right to write a dataset for so long counts as dead."
    )

    @model_validator(mode="after")
    def _key_needs_kms(self) -> Self:
        if self.kms_key_id and self.encryption != "kms":
            raise ValueError("RETAIL_S3_KMS_KEY_ID needs RETAIL_S3_ENCRYPTION=kms")
        return self
