"""What ``sources.yaml`` says of a source: its kind, where it is, how it is written, and under which contract."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from retail_assets.settings.formats import Encoding, Zone
from retail_assets.sources.declared.cron import is_cron

FileFormat = Literal["csv", "jsonl", "parquet"]
SUFFIXES: dict[str, FileFormat] = {
    ".csv": "csv", ".csv.gz": "csv", ".tsv": "csv", ".tsv.gz": "csv", ".txt": "csv", ".txt.gz": "csv",
    ".jsonl": "jsonl", ".jsonl.gz": "jsonl", ".ndjson": "jsonl", ".ndjson.gz": "jsonl", ".json": "jsonl",
    ".json.gz": "jsonl", ".parquet": "parquet",
}  # fmt: skip


KAGGLE_DATASET = r"^[\w-]+/[\w-][\w.-]*(/versions/\d+)?$"
"""A data set of Kaggle, as in its address: owner/name, and its version where that matters."""


def _cron(text: str) -> str:
    if not is_cron(text):
        raise ValueError(f"{text!r} is no cron expression: five fields, such as '0 5 * * *' for every day at five")
    return text


class SourceConfiguration(BaseModel):
    """What every kind of source has."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="The name of its dataset, and of its contract.")
    contract: str = Field(description="Path of its contract, relative to sources.yaml.")
    schedule: Annotated[str, AfterValidator(_cron)] | None = Field(
        default=None, description="When it is looked at, as a cron expression (UTC). Unset: files every 30 seconds."
    )
    timezone: Zone = Field(default="UTC", description="Zone of times that carry none.")
    warehouse: bool = Field(default=True, description="Whether the dataset becomes a table of the warehouse too.")
    max_rejected_share: float = Field(
        default=0.05, ge=0, le=1, description="A file with a larger share of rejected rows is blocked."
    )


class FileOptions(BaseModel):
    """How files are written, and which of them count."""

    format: FileFormat | None = Field(default=None, description="Unset: by the ending of each file's name.")
    pattern: str = Field(default="*", description="Which files: a shell pattern of their names.")
    delimiter: str = Field(default=",", pattern=r"^[\t -~]$", description="What separates the fields of CSV.")
    encoding: Encoding = Field(default="utf-8", description="Encoding of text files.")
    take: Literal["all", "latest"] = Field(
        default="all", description="latest: only the file whose name comes last, for full exports by date."
    )

    @field_validator("delimiter")
    @classmethod
    def _separates(cls, value: str) -> str:
        if value.isalnum() or value == '"':
            raise ValueError("a delimiter is one character, no letter, digit or quote")
        return value


class FilesSource(SourceConfiguration, FileOptions):
    """Files in folders or on S3."""

    kind: Literal["files"]
    location: str | list[str] = Field(
        description="Folder (relative to sources.yaml) or s3://bucket/prefix, or several."
    )

    @property
    def options(self) -> FileOptions:
        """How its files are written."""
        return self

    @property
    def locations(self) -> list[str]:
        """The folders and prefixes."""
        return [self.location] if isinstance(self.location, str) else self.location

    @model_validator(mode="after")
    def _is_somewhere(self) -> Self:
        if not all(self.locations) or not self.locations:
            raise ValueError("location: name a folder or s3://bucket/prefix")
        return self


class Pagination(BaseModel):
    """How one page of an API leads to the next."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    style: Literal["page", "offset", "cursor", "link"] = Field(
        description="page and offset count in a parameter until a page is empty; cursor takes the parameter's next "
        "value from the answer; link takes the next address from it, or from the header Link."
    )
    parameter: str = Field(default="", description="Name of the parameter. Unset: that of the style.")
    first: int = Field(default=1, ge=0, description="Number of the first page.")
    size: int | None = Field(default=None, ge=1, description="Records to ask for a page.")
    size_parameter: str = Field(default="limit", description="Name of the parameter that asks for so many.")
    next: str | None = Field(default=None, description="Where in the answer the next cursor or address is: meta.next.")

    @model_validator(mode="after")
    def _leads_on(self) -> Self:
        if self.style == "cursor" and not self.next:
            raise ValueError("style cursor needs next: where in the answer the next cursor is")
        if self.style == "offset" and not self.size:
            raise ValueError("style offset needs size: how many records to ask for")
        return self

    @property
    def name(self) -> str:
        """The name of the parameter."""
        return self.parameter or self.style


class Incremental(BaseModel):
    """How an API is asked only for what is new."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: str = Field(description="Where each record says when it changed, or its number: updated_at.")
    parameter: str = Field(description="Parameter that takes the greatest such value so far: updated_since.")


class HttpSource(SourceConfiguration):
    """A JSON API."""

    kind: Literal["http"]
    url: str = Field(pattern=r"^https?://[^\s/@?#]+(/[^\s?#]*)?$", description="Address of the first page.")
    records: str = Field(
        default="", description="Where in an answer its records are: data.items. Unset: it is the list."
    )
    parameters: dict[str, str] = Field(default_factory=dict, description="Further parameters of each request.")
    pagination: Pagination | None = Field(default=None, description="Unset: one answer holds everything.")
    incremental: Incremental | None = Field(default=None, description="Unset: everything is asked for each time.")
    token_env: str | None = Field(default=None, description="Environment variable that holds the bearer token.")
    token_file: str | None = Field(
        default=None, description="File that holds the bearer token; it is read again when the token has expired."
    )
    timeout_seconds: float = Field(default=30, gt=0, le=600, description="Longest wait for an answer's next bytes.")
    attempts: int = Field(default=6, ge=1, le=20, description="How often a page is asked for at most.")

    @property
    def options(self) -> FileOptions:
        """How what was received is kept."""
        return FileOptions(format="jsonl")

    @model_validator(mode="after")
    def _has_one_token(self) -> Self:
        if self.token_env and self.token_file:
            raise ValueError("token_env or token_file, not both")
        return self


class KaggleSource(SourceConfiguration, FileOptions):
    """Files of a Kaggle data set."""

    kind: Literal["kaggle"]
    dataset: str = Field(pattern=KAGGLE_DATASET, description="owner/name, as in its address.")

    @property
    def options(self) -> FileOptions:
        """How its files are written."""
        return self


AnySource = Annotated[FilesSource | HttpSource | KaggleSource, Field(discriminator="kind")]
