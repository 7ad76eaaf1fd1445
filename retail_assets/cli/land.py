"""`retail land`: copy event files into landing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retail_assets.cli.opening import command_line
from retail_assets.cli.output import human_bytes, note, plural, say, some
from retail_assets.cli.progress import meter

if TYPE_CHECKING:
    from retail_assets.landing.inbox import Inbox
    from retail_assets.settings import Settings

MOST_NAMES = 5


@dataclass(frozen=True)
class Delivery:
    """What landing got: names of copied files with their sizes, and of those that it held already."""

    copied: Mapping[str, int]
    unchanged: Sequence[str]


def land(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", show_default=False, help="Files, or folders of them.")],
    source: Annotated[
        str, typer.Option(metavar="NAME", show_default=False, help="The one of RETAIL_SOURCES that they come from.")
    ] = "",
) -> None:
    """Copy event files into landing, each whole or not at all.

    CSV, CSV.GZ or Parquet. Files of a folder keep their place below it. A file that landing holds already, byte for
    byte, stays as it is. Landing is a folder, or on S3 where the settings say so.
    """
    from retail_assets.settings import settings

    chosen = _by_name(files)
    for path in chosen.values():
        check_event_file(path)
    inbox = inbox_of(settings(), source)
    tell_delivered(deliver_all(chosen, inbox), inbox)
    note(f"Next: {command_line('backfill')}")


def inbox_of(settings: Settings, source: str = "") -> Inbox:
    """Where files of a source arrive; those of no source of their own in landing."""
    from retail_assets.landing.event_source import event_sources

    found = event_sources(settings)
    if source not in found:
        known = ", ".join(name for name in found if name) or "none: set RETAIL_SOURCES"
        raise typer.BadParameter(f"there is no source {source!r}; there are {known}")
    return found[source].inbox


def check_event_file(path: Path) -> None:
    """Refuse what is no event file.

    Raises:
        ValueError: the name's ending is none that landing reads.
        BlockedFile: the columns do not fit the contract, or the file is broken at its start.
    """
    from retail_assets.landing.arrival import SUFFIXES
    from retail_assets.landing.blocked import BlockedFile
    from retail_assets.landing.layout import csv_header, match_columns
    from retail_assets.landing.streams import PARQUET_MAGIC, starts_with

    if path.name.startswith((".", "_")):
        raise ValueError(f"{path} would be ignored in landing, as all files whose names start with . or _. Rename it.")
    if not path.name.lower().endswith(SUFFIXES):
        raise ValueError(f"{path} is no event file: its name must end in {', '.join(SUFFIXES)}. Nothing was copied.")
    if starts_with(path, PARQUET_MAGIC):
        return
    if path.name.lower().endswith(".parquet"):
        raise BlockedFile("corrupt_parquet", str(path), "it is no Parquet file", "Export it again.")
    match_columns(str(path), csv_header(path, str(path)))


def deliver_all(files: Mapping[str, Path], inbox: Inbox) -> Delivery:
    """Copy the files into the inbox under their names, where their bytes are not there already."""
    copied: dict[str, int] = {}
    unchanged: list[str] = []
    with meter() as shown:
        for number, (name, path) in enumerate(files.items(), start=1):
            if inbox.holds(path, name):
                unchanged.append(name)
            else:
                copied[name] = inbox.deliver(path, name)
            shown.show("copying files", number, len(files))
    return Delivery(copied, unchanged)


def tell_delivered(delivery: Delivery, inbox: Inbox) -> None:
    """Say what was copied."""
    if delivery.copied:
        size = human_bytes(sum(delivery.copied.values()))
        count, names = plural(len(delivery.copied), "file"), some(delivery.copied, MOST_NAMES)
        say(f"{count} copied into {inbox.place}, {size}: {names}")
    if delivery.unchanged:
        count, names = plural(len(delivery.unchanged), "file"), some(delivery.unchanged, MOST_NAMES)
        say(f"{count} in landing already, byte for byte: {names}")


def _by_name(given: Sequence[Path]) -> dict[str, Path]:
    """The files by their name in landing."""
    found: dict[str, Path] = {}
    for path in given:
        for name, file in _files_of(path):
            if found.setdefault(name, file).absolute() != file.absolute():
                raise ValueError(
                    f"{found[name]} and {file} would both land as {name}. Rename one, or land the folder above them."
                )
    return found


def _files_of(path: Path) -> Iterator[tuple[str, Path]]:
    if not path.exists():
        raise FileNotFoundError(2, "no such file", str(path))
    if not path.is_dir():
        yield path.name, path
        return
    from retail_assets.landing.inbox import arrivals

    inside = arrivals(path)
    if not inside:
        raise ValueError(f"{path} holds no event file (.csv, .csv.gz or .parquet). Nothing was copied.")
    yield from ((arrival.name, arrival.path) for arrival in inside)
