"""`retail demo-cloud`: the demo on S3 and Redshift, for which servers on this machine stand in."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retail_assets.cli.backfill import run_backfill, show_report
from retail_assets.cli.demo import FIRST, LAST, SEED, run_demo, shop
from retail_assets.cli.demo_shop import can_read_shops, shop_database
from retail_assets.cli.land import deliver_all
from retail_assets.cli.opening import forget_settings, open_platform
from retail_assets.cli.options import EndOption, Format, StartOption, require_order
from retail_assets.cli.output import say

if TYPE_CHECKING:
    from datetime import date

    from retail_assets.assets.platform import Platform
    from retail_assets.local_cloud.cloud import LocalCloud

FOLDER = "demo-cloud"
SIMULATED = (
    "S3 is SeaweedFS and PostgreSQL is itself: real servers, on 127.0.0.1. Redshift is simulated: a stand-in that "
    "speaks its protocol in front of that PostgreSQL, and runs COPY and UNLOAD against that S3. No AWS is involved."
)


def demo_cloud(
    events: Annotated[int, typer.Option(min=1, help="Events of the synthetic shop.")] = 100_000,
    first: StartOption = FIRST,
    last: EndOption = LAST,
) -> None:
    """Run the demo on a local S3 and a stand-in of Redshift.

    The same shop, its clickstream, its sales and the forecasts of the last day, is also built in a folder with a DuckDB
    file, and both are compared, partition by partition and row by row. Everything is kept below demo-cloud in the data
    folder: a second run changes nothing.
    """
    from retail_assets.cli.comparing_platforms import compare
    from retail_assets.local_cloud.cloud import local_cloud

    require_order(first, last)
    folder = open_platform().settings.data_dir / FOLDER
    with local_cloud(folder / "servers") as cloud:
        say(SIMULATED, style="bold")
        in_cloud, sales = cloud.variables("demo"), {**_no_shop(), **_shop_variables(cloud, first, last)}
        cloudy = {**cloud.credentials(), **in_cloud, **sales, "RETAIL_DATA_DIR": str(folder / "cloud")}
        local = {**dict.fromkeys(in_cloud, ""), **sales, "RETAIL_DATA_DIR": str(folder / "local")}
        say("First in a folder with a DuckDB file, to compare with.")
        with _environment(local):
            beside = _built(events, first, last, folder / "generated")
        say("Now in the cloud.")
        with _environment(cloudy):
            run_demo(events, first, last, folder / "generated")
            there = open_platform()
            are_equal = compare(there, beside)
    if not are_equal:
        raise typer.Exit(1)


def _built(events: int, first: date, last: date, generated: Path) -> Platform:
    """The shop on the platform of the settings in force, without a word unless it fails."""
    from retail_assets.sources.synthetic_shop import ShopPlan

    platform = open_platform()
    truth, _ = shop(ShopPlan(events, first, last, seed=SEED), generated, platform.settings)
    deliver_all({file.name: generated / file.name for file in truth.files}, platform.landing.inbox)
    report = run_backfill(platform, forecasts=True)
    if not report.succeeded:
        show_report(report, Format.table)
        raise typer.Exit(1)
    return platform


def _shop_variables(cloud: LocalCloud, first: date, last: date) -> dict[str, str]:
    """The environment in which both platforms find the shop's database; empty where nothing can read it."""
    if not can_read_shops():
        return {}
    chosen = shop_database(cloud.postgres, first, last).model_dump(mode="json", exclude_unset=True)
    return {f"RETAIL_SALES_{name.upper()}": str(value) for name, value in chosen.items()} | {
        "RETAIL_SALES_PASSWORD": cloud.postgres.password
    }


def _no_shop() -> dict[str, str]:
    """What the environment says of the user's own shop, as not set."""
    return {name: "" for name in os.environ if name.startswith("RETAIL_SALES_")}


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """These variables in force, and no other platform's Dagster; an empty one counts as not set."""
    before = dict(os.environ)
    os.environ.pop("DAGSTER_HOME", None)
    for name, value in variables.items():
        if value:
            os.environ[name] = value
        else:
            os.environ.pop(name, None)
    forget_settings()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        forget_settings()
