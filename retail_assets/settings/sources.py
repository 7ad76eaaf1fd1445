"""Settings of sources: places where event files arrive, each with the format of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from retail_assets.settings.formats import Encoding, Zone


def _s3_url_or_absolute_path(place: str) -> str:
    return place.rstrip("/") if place.startswith("s3://") else str(Path(place).expanduser().absolute())


class SourceSettings(BaseModel):
    """A place where event files arrive besides the landing folder. What is unset is as for the platform."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]*$",
        description="Its files are known as name://path, so a name that was used once stays.",
    )
    place: Annotated[str, AfterValidator(_s3_url_or_absolute_path)] = Field(
        min_length=1, description="Folder, or s3://bucket/prefix."
    )
    event_time_format: str | None = Field(default=None, description="As RETAIL_EVENT_TIME_FORMAT, for this source.")
    source_timezone: Zone | None = Field(default=None, description="As RETAIL_SOURCE_TIMEZONE, for this source.")
    source_encoding: Encoding | None = Field(default=None, description="As RETAIL_SOURCE_ENCODING, for this source.")

    @property
    def own(self) -> dict[str, str]:
        """The settings in which it differs from the platform."""
        return self.model_dump(exclude={"name", "place"}, exclude_none=True)
