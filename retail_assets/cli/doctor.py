"""`retail doctor`: what is in force, what is wrong and the mend."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from retail_assets.cli.options import Format, FormatOption
from retail_assets.cli.output import NARROW, Column, Table, note, plural, print_table, show, show_json

if TYPE_CHECKING:
    from retail_assets.cli.examination import Finding


def doctor(
    form: FormatOption = Format.table,
    cloud: Annotated[bool, typer.Option("--cloud", help="Try every permission in the cloud instead.")] = False,
) -> None:
    """Examine settings, machine and platform; say what to mend.

    Versions, folders, memory, Dagster, contracts, ledger, datasets and what killed runs left behind. With --cloud,
    each permission that the platform needs there, by a harmless call; what that writes is removed again. Exits with 1
    if something is wrong; a hint alone is no reason.
    """
    from retail_assets.cli.examination import examine, in_force

    findings = _examine_cloud() if cloud else examine()
    if form is Format.json:
        settings = [asdict(item) for item in in_force()]
        show_json({"findings": [asdict(finding) for finding in findings], "settings": settings})
    elif form is Format.csv:
        show(_table(findings), form)
    else:
        print_table(_settings())
        print_table(_table(findings))
    wrong = [finding for finding in findings if finding.state == "wrong"]
    _tell(findings, wrong)
    if wrong:
        raise typer.Exit(1)


def _examine_cloud() -> list[Finding]:
    from retail_assets.cli.cloud_examination import examine_cloud
    from retail_assets.settings import settings

    return list(examine_cloud(settings()))


def _settings() -> Table:
    from retail_assets.cli.examination import in_force

    columns = [Column("variable"), Column("value", folds_at=NARROW), Column("origin")]
    return Table(columns, [(item.variable, item.value, item.origin) for item in in_force()])


def _table(findings: list[Finding]) -> Table:
    columns = [Column("what"), Column("state"), Column("found", folds_at=NARROW)]
    return Table(columns, [(finding.what, finding.state, finding.found) for finding in findings])


def _tell(findings: list[Finding], wrong: list[Finding]) -> None:
    for finding in findings:
        if finding.mend:
            note(f"{finding.state}: {finding.what}: {finding.mend}")
    if not wrong:
        note("Nothing is wrong.")
    else:
        note(f"{plural(len(wrong), 'thing is', 'things are')} wrong.")
