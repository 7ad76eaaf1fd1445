"""The settings of a platform: where it lives, how it reads and what it may use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, PositiveInt, SecretStr, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from retail_assets.settings.formats import Encoding, Zone
from retail_assets.settings.paths import S3_URL, AbsolutePath
from retail_assets.settings.redshift import RedshiftSettings
from retail_assets.settings.s3 import S3Settings
from retail_assets.settings.sales import SalesSettings
from retail_assets.settings.sources import SourceSettings


class _Environment(EnvSettingsSource):
    """The environment, in which ``RETAIL_SOURCES_FILE`` is a setting of its own and no part of ``RETAIL_SOURCES``."""

    def explode_env_vars(self, field_name: str, field: FieldInfo, env_vars: Mapping[str, str | None]) -> dict[str, Any]:
        return {} if field_name == "sources" else super().explode_env_vars(field_name, field, env_vars)


class Settings(BaseSettings):
    """The platform's settings. Each field ``x`` is set by the environment variable ``RETAIL_X``.

    Two different ``data_dir`` folders are two independent platforms: landing zone, lake, warehouse
    and Dagster instance all live below it, unless settings name other places for them.
    """

    model_config = SettingsConfigDict(
        env_prefix="RETAIL_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,  # what is not valid may be a secret all the same
    )

    env: Literal["local", "cloud"] = Field(
        default="local", description="cloud: the lake is on S3 (lake_url), the warehouse is Redshift unless set."
    )
    lake_url: str | None = Field(
        default=None,
        pattern=S3_URL,
        description="Where the lake is on S3, as s3://bucket/prefix. Unset: the folder lake, below data_dir.",
    )
    warehouse: Literal["duckdb", "redshift"] | None = Field(
        default=None, description="Which warehouse tables are published to. Unset: duckdb; redshift where env is cloud."
    )
    s3: S3Settings = Field(default_factory=S3Settings)
    redshift: RedshiftSettings = Field(default_factory=RedshiftSettings)
    sales: SalesSettings = Field(default_factory=SalesSettings)

    data_dir: AbsolutePath = Field(
        default=Path("data"),
        validate_default=True,
        description="Folder that holds everything a local run reads and writes.",
    )
    inbox_dir: AbsolutePath | None = Field(
        default=None, description="Folder in which event files arrive. Unset: landing, below data_dir."
    )
    inbox_url: str | None = Field(
        default=None, pattern=S3_URL, description="Where event files arrive on S3, instead of in a folder."
    )
    sources: tuple[SourceSettings, ...] = Field(
        default=(),
        description="More places where event files arrive, each with its own format, as JSON: "
        '[{"name": "pos", "place": "s3://pos-exports/events", "source_timezone": "Europe/Berlin"}].',
    )
    marts_dir: AbsolutePath = Field(
        default=Path("marts"),
        validate_default=True,
        description="Folder of marts: datasets of your own, an SQL file and a contract each.",
    )
    sources_file: AbsolutePath = Field(
        default=Path("sources.yaml"),
        validate_default=True,
        description="File that declares more sources: files, HTTP APIs, Kaggle data sets. Where it is absent, none.",
    )
    start_date: date = Field(
        default=date(2016, 1, 1), description="First daily partition. Earlier events are quarantined as too_old."
    )
    source_timezone: Zone = Field(
        default="UTC", description="Zone of event times that carry none, as an IANA name such as Europe/Berlin."
    )
    event_time_format: str = Field(
        default="iso",
        description="Declared format of event_time: 'iso' (ISO 8601 and REES46's '2019-10-01 00:00:00 UTC'), "
        "'epoch_seconds', 'epoch_milliseconds' or a strptime pattern.",
    )
    source_encoding: Encoding = Field(
        default="utf-8", description="Declared encoding of CSV files, such as latin-1, cp1252 or utf-16."
    )
    settle_seconds: int = Field(
        default=0,
        ge=0,
        description="Files that changed less than this many seconds ago are left in the landing folder for later. "
        "Set it where something writes there slowly instead of renaming finished files into it.",
    )
    future_tolerance_minutes: int = Field(
        default=5,
        ge=0,
        description="Events further than this ahead of the landing time are quarantined as future_event.",
    )
    lookback_days: int = Field(
        default=4,
        ge=0,
        description="A published day is closed when a day so many days after it has been published too: events that "
        "come for it later are quarantined as too_late, until `retail replay` readmits them.",
    )
    as_of: datetime | None = Field(
        default=None, description="The landing's idea of now (UTC), for tests and replays. Unset: the clock."
    )
    country: str = Field(default="US", description="Country of the public holidays, as an ISO 3166-1 alpha-2 code.")
    subdivision: str | None = Field(default=None, description="State or province of the public holidays, such as CA.")
    retail_calendar: dict[str, list[date]] = Field(
        default_factory=dict,
        description="Own retail dates beside Black Friday, Cyber Monday and Singles' Day, "
        'as JSON: {"Summer sale": ["2019-07-01"]}.',
    )
    feature_grid: Literal["active", "observed"] = Field(
        default="active",
        description="active: a feature row for every key with an event in the last 28 days; "
        "observed: only on days with an event.",
    )
    training_horizon: int = Field(
        default=7, ge=1, le=28, description="Days from the features to the label in training_set."
    )
    forecast_model: Literal["default", "ml", "blend"] = Field(
        default="default",
        description="Model of the platform's forecasts, where it earns its place; ml and blend need the extra ml.",
    )
    max_rejected_share: float = Field(
        default=0.2, ge=0, le=1, description="A day with a larger share of rejected rows is blocked: too_many_rejected."
    )
    bot_views_per_day: PositiveInt = Field(
        default=10_000, description="A user with more views than this in a day is reported as a likely bot."
    )
    freshness_days: PositiveInt | None = Field(
        default=None, description="The freshness check warns when the last date is older than this. Unset: never."
    )
    alert_webhook: SecretStr | None = Field(
        default=None, description="Address that failed runs and checks are posted to as JSON; 'text' is for people."
    )
    sensors: bool = Field(
        default=True, description="Whether sensors and schedules are on in a Dagster instance that never saw them."
    )
    sensor_seconds: PositiveInt = Field(
        default=5, description="Seconds between two looks of a sensor. On S3, a look lists every landed file anew."
    )
    dagster_url: str = Field(
        default="http://127.0.0.1:3000", description="Where Dagster's UI runs, for links from the dashboard."
    )
    threads: PositiveInt | None = Field(default=None, description="DuckDB threads. Unset: one per core.")
    memory_limit_mb: PositiveInt | None = Field(
        default=None, description="DuckDB memory limit in MiB. Unset: 60 % of what the machine has free."
    )

    @model_validator(mode="after")
    def _cloud_has_a_lake(self) -> Self:
        if self.env == "cloud" and not self.lake_url:
            raise ValueError("RETAIL_ENV=cloud needs RETAIL_LAKE_URL, such as s3://bucket/prefix")
        return self

    @model_validator(mode="after")
    def _sources_are_told_apart(self) -> Self:
        names = [source.name for source in self.sources]
        if len(names) != len(set(names)):
            raise ValueError("two of RETAIL_SOURCES have the same name")
        own_times = [source.name for source in self.sources if {"event_time_format", "source_timezone"} & {*source.own}]
        if own_times and self.event_time_format != "iso":
            raise ValueError(
                f"{own_times[0]} in RETAIL_SOURCES has a time of its own, which raw_events holds in ISO 8601: leave "
                "RETAIL_EVENT_TIME_FORMAT at iso, and give the source of other times a format of its own"
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in code, then the environment."""
        return init_settings, _Environment(settings_cls)

    @property
    def warehouse_kind(self) -> Literal["duckdb", "redshift"]:
        """Which warehouse is in force."""
        return self.warehouse or ("redshift" if self.env == "cloud" else "duckdb")

    @property
    def inbox(self) -> str:
        """Where files arrive, but for those of other sources: a folder, or a URL of S3."""
        return self.inbox_url or str(self.landing_dir)

    @property
    def landing_dir(self) -> Path:
        """The folder in which files arrive, unless they do so on S3."""
        return self.inbox_dir or self.data_dir / "landing"

    @property
    def lake_dir(self) -> Path:
        """Root of the hive-partitioned Parquet datasets, where they are not on S3."""
        return self.data_dir / "lake"

    @property
    def lake_staging_dir(self) -> Path:
        """Where a lake on S3 stages what it publishes."""
        return self.data_dir / ".lake"

    @property
    def warehouse_file(self) -> Path:
        """The DuckDB file that readers attach."""
        return self.data_dir / "warehouse.duckdb"

    @property
    def reports_dir(self) -> Path:
        """Where reports are written."""
        return self.data_dir / "reports"

    @property
    def extraction_dir(self) -> Path:
        """What was last extracted from the shop's database."""
        return self.data_dir / ".extraction"

    @property
    def sources_dir(self) -> Path:
        """What was last taken in of declared sources."""
        return self.data_dir / ".sources"

    @property
    def forgotten_file(self) -> Path:
        """The marks of customers whom no extraction shall bring back, where the lake is not on S3, which keeps them."""
        return self.data_dir / "forgotten.json"

    @property
    def has_sales(self) -> bool:
        """Whether there is a sales domain: a database to read, or what was extracted from one."""
        return self.sales.is_configured or (self.extraction_dir / "snapshot.json").exists()

    @property
    def today(self) -> date:
        """The UTC date of now, or of the moment that is set for it."""
        return (self.as_of or datetime.now(UTC)).date()

    @property
    def spill_dir(self) -> Path:
        """Where DuckDB spills what does not fit into its memory limit."""
        return self.data_dir / ".spill"

    @property
    def dagster_home(self) -> Path:
        """Home of this platform's Dagster instance: runs, events, schedules."""
        return self.data_dir / ".dagster"


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
