"""`retail versions`: which versions there are, and whether they are still what they were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from retail_assets.cli.opening import command_line, open_platform
from retail_assets.cli.options import Format, FormatOption
from retail_assets.cli.output import Column, Table, grouped, human_bytes, note, plural, print_table, say, show

if TYPE_CHECKING:
    from retail_assets.versions.verification import Damage
    from retail_assets.versions.version import Version

DIGITS = 12
"""Of a digest that people see: enough to tell versions apart."""


def versions(
    verify: Annotated[bool, typer.Option("--verify", help="Hash every file again and name what is damaged.")] = False,
    form: FormatOption = Format.table,
) -> None:
    """List the published versions of features.

    Rows, dates, files, size, number of source files and digest of each; json and csv say more. Exits with 1 where a
    version is damaged: without --verify only manifests are looked at.
    """
    from retail_assets.assets.versioning import shelf

    platform = open_platform()
    found, problems = shelf(platform).survey()
    damage: list[Damage] = []
    if verify:
        from retail_assets.engine.session import thread_count
        from retail_assets.versions.verification import verify as verify_files

        damage = verify_files(found, thread_count(platform.settings))
    if form is not Format.table:
        show(version_table(found, _count(damage) if verify else None), form)
    elif found:
        print_table(_table(found))
    elif not problems:
        say("No version has been published.")
        note(f"Next: {command_line('publish')}")
    _tell(found, problems, damage, verify)
    if problems or damage:
        raise typer.Exit(1)


def version_table(found: Iterable[Version], damaged: Mapping[str, int] | None = None) -> Table:
    """Everything about versions but their files, a row each; with the number of damaged files where that is known."""
    columns = [
        *("version", "rows", "bytes", "files", "first_date", "last_date", "dates", "key_types"),
        *("source_files", "stale_dates", "package", "created_at", "digest", "path"),
    ]
    rows = [_facts(version) for version in found]
    if damaged is not None:
        columns.append("damaged_files")
        rows = [(*row, damaged.get(str(row[0]), 0)) for row in rows]
    return Table.of(columns, rows)


def _facts(version: Version) -> tuple[object, ...]:
    days, origin = version.dates, version.origin
    return (
        *(version.reference, version.rows, version.bytes, len(version.files), days[0], days[-1], len(days)),
        *(version.key_types, len(origin.sources), len(origin.stale_dates), origin.package, version.created_at),
        *(version.digest, str(version.folder)),
    )


def _table(found: Sequence[Version]) -> Table:
    columns = [
        Column("version"),
        Column("rows", look=grouped),
        Column("first_date", "first date"),
        Column("last_date", "last date"),
        Column("dates", look=grouped),
        Column("files", look=grouped, is_optional=True),
        Column("bytes", "size", look=human_bytes),
        Column("source_files", "sources", look=grouped, is_optional=True),
        Column("created_at", "published", is_optional=True),
        Column("digest", look=lambda digest: str(digest)[:DIGITS], is_optional=True),
    ]
    table = version_table(found)
    names = [column.name for column in table.columns]
    chosen = [names.index(column.name) for column in columns]
    return Table(columns, [[row[position] for position in chosen] for row in table.rows])


def _count(damage: Iterable[Damage]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for item in damage:
        counts[item.version] = counts.get(item.version, 0) + 1
    return counts


def _tell(found: Sequence[Version], problems: Mapping[str, str], damage: Sequence[Damage], verified: bool) -> None:
    for reference, problem in problems.items():
        note(f"damaged: {reference}: {problem}")
    for item in damage:
        note(f"damaged: {item.version}: {item.path}: {item.problem}")
    if damage:
        note("Restore these files from a backup, or stop using the versions: what they held cannot be made again here.")
    elif verified and found:
        files = plural(sum(len(version.files) for version in found), "file")
        note(f"{files} of {plural(len(found), 'version')} are what they were.")
