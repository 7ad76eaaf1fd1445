"""What ``sources.yaml`` says of a source: its kind, where it is, how it is written, and under which contract."""

from __future__ import annotations

import codecs
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

FileFormat = Literal["csv", "jsonl", "parquet"]
SUFFIXES: dict[str, FileFormat] = {
    ".csv": "csv", ".csv.gz": "csv", ".tsv": "csv", ".tsv.gz": "csv", ".txt": "csv", ".txt.gz": "csv",
    ".jsonl": "jsonl", ".jsonl.gz": "jsonl", ".ndjson": "jsonl", ".ndjson.gz": "jsonl", ".json": "jsonl",
    ".json.gz": "jsonl", ".parquet": "parquet",
}  # fmt: skip


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"there is no time zone {name!r}: use an IANA name such as Europe/Berlin")
    return name


def _known_encoding(name: str) -> str:
    try:
        codecs.lookup(name)
    except LookupError:
        raise ValueError(f"there is no encoding {name!r}: use one such as utf-8, cp1252 or utf-16") from None
    return name


def _five_fields(cron: str) -> str:
    if len(cron.split()) != 5:
        raise ValueError(f"{cron!r} is no cron expression: five fields, such as '0 5 * * *' for every day at five")
    return cron


class SourceConfiguration(BaseModel):
    """What every kind of source has."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="The name of its dataset, and of its contract.")
    contract: str = Field(description="Path of its contract, relative to sources.yaml.")
    schedule: Annotated[str, AfterValidator(_five_fields)] | None = Field(
        default=None, description="When it is looked at, as a cron expression (UTC). Unset: files every 30 seconds."
    )
    timezone: Annotated[str, AfterValidator(_known_zone)] = Field(
        default="UTC", description="Zone of times that carry none."
    )
    warehouse: bool = Field(default=True, description="Whether the dataset becomes a table of the warehouse too.")
    max_rejected_share: float = Field(
        default=0.05, ge=0, le=1, description="A file with a larger share of rejected rows is blocked."
    )


class FileOptions(BaseModel):
    """How files are written, and which of them count."""

    format: FileFormat | None = Field(default=None, description="Unset: by the ending of each file's name.")
    pattern: str = Field(default="*", description="Which files: a shell pattern of their names.")
    delimiter: str = Field(default=",", pattern=r"^[\t -~]$", description="What separates the fields of CSV.")
    encoding: Annotated[str, AfterValidator(_known_encoding)] = Field(
        default="utf-8", description="Encoding of text files."
    )
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
    def locations(self) -> list[str]:
        """The folders and prefixes."""
        return [self.location] if isinstance(self.location, str) else self.location

    @model_validator(mode="after")
    def _is_somewhere(self) -> Self:
        if not all(self.locations) or not self.locations:
            raise ValueError("location: name a folder or s3://bucket/prefix")
        return self


AnySource = FilesSource
