"""`retail kaggle`: the files of a Kaggle data set, from the drop folder or downloaded."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from retail_assets.cli.land import land
from retail_assets.cli.opening import command_line
from retail_assets.cli.output import note, say


def kaggle(
    dataset: Annotated[
        str,
        typer.Argument(
            metavar="OWNER/NAME", help="Such as mkechinov/ecommerce-behavior-data-from-multi-category-store."
        ),
    ],
    lands: Annotated[bool, typer.Option("--land", help="Copy its files into landing straight away.")] = False,
) -> None:
    """Bring a Kaggle data set to this machine.

    What lies unpacked in DATA_DIR/kaggle/OWNER/NAME is taken first; else kagglehub downloads it. For data sets of event
    files such as REES46's; others are declared in sources.yaml.
    """
    from retail_assets.settings import settings
    from retail_assets.sources.declared.configuration import KAGGLE_DATASET
    from retail_assets.sources.kaggle.dataset import dataset_folder

    if not re.match(KAGGLE_DATASET, dataset):
        raise typer.BadParameter(f"{dataset!r} is no data set: write OWNER/NAME, as in its address")
    folder = dataset_folder(settings(), dataset)
    if lands:
        land([folder])
        return
    say(f"{dataset} is in {folder}")
    note(f"Next: {command_line(f'land {folder}')}")
