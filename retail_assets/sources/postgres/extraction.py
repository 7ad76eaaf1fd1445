"""Extraction: every table of the shop from one snapshot of its database, verified against it, then shown at once.

Of large tables only what was written since the latest snapshot is read, and which keys there are; the result is that of
reading all. Tables whose content is as before keep their object, so nothing downstream is made again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from string import Template

from retail_assets.contracts import Contract
from retail_assets.contracts.contract import quote_identifier
from retail_assets.engine.locking import exclusive
from retail_assets.engine.private import private_folder
from retail_assets.engine.query import sql_text
from retail_assets.engine.session import session
from retail_assets.settings import Settings
from retail_assets.sources.postgres.agreement import Agreement, agreements
from retail_assets.sources.postgres.catalogue import tables_of
from retail_assets.sources.postgres.changes import followed
from retail_assets.sources.postgres.connection import Source, snapshot_of
from retail_assets.sources.postgres.fingerprint import fingerprint
from retail_assets.sources.postgres.forgetting import forget_held
from retail_assets.sources.postgres.forgotten import ADDRESSES
from retail_assets.sources.postgres.marks import Marks
from retail_assets.sources.postgres.pseudonyms import take_key
from retail_assets.sources.postgres.reading import Reader, parquet
from retail_assets.sources.postgres.snapshot import Extracted, Snapshot, publish_snapshot, read_snapshot, version_of
from retail_assets.sources.postgres.watermark import Moment, Watermark

FINDINGS = {"duplicate_emails": ("raw_customer", "email")}
"""Queries that the database answers itself, by the column that they need: ``sql/sales/source/<name>.sql``."""


@dataclass(frozen=True)
class Extraction:
    """The extraction of these tables, each under its contract, with the settings' database as source."""

    settings: Settings
    contracts: tuple[Contract, ...]

    @property
    def folder(self) -> Path:
        """Where the latest snapshot is kept."""
        return self.settings.extraction_dir

    def latest(self) -> Snapshot:
        """What was last extracted; SourceError where that cannot be read."""
        return read_snapshot(self.folder)

    def version(self) -> str:
        """Changes whenever a snapshot is taken; empty before the first."""
        return version_of(self.folder)

    def take(self) -> Snapshot:
        """Extract all tables as they are now. Nothing is shown unless all of them are whole.

        Raises:
            S3Error: the marks of forgotten customers, which a lake on S3 keeps, cannot be read.
            SourceError: the database cannot be read, does not fit the contracts, or broke off; or what is kept here of
                it or of forgotten customers is damaged.
        """
        with (
            exclusive(self.folder / ".lock", "extracting the shop's database"),
            private_folder(self.folder / "staging") as stage,
        ):
            snapshot, staged = self._extract(stage)
            publish_snapshot(snapshot, staged)
        return snapshot

    def forget(self, customer_id: str) -> None:
        """Let what was extracted of a customer go, and keep extractions from bringing it back. May be repeated.

        Raises:
            S3Error: the marks, which a lake on S3 keeps, cannot be read or written.
            SourceError: what was extracted, or the marks, cannot be read.
        """
        with (
            exclusive(self.folder / ".lock", "extracting the shop's database"),
            private_folder(self.folder / "staging") as stage,
            session(self.settings) as connection,
        ):
            forgotten, held = Marks(self.settings).remember(customer_id), self.latest()
            if held.tables:
                reader = Reader(Source(connection, str(self.folder)), self.settings.sales, stage, forgotten)
                snapshot, staged = forget_held(reader, self.contracts, held)
                publish_snapshot(snapshot, staged, keeps_previous=False)

    def changed_fingerprint(self) -> str | None:
        """What the database has counted, where that differs from the latest snapshot; cheap, and a minute late at most.

        Raises:
            SourceError: the database cannot be asked, or the latest snapshot cannot be read.
        """
        with snapshot_of(self.settings) as source:
            seen = fingerprint(source, self.settings.sales.db_schema, self._tables)
        return seen if seen != self.latest().fingerprint else None

    @property
    def _tables(self) -> list[str]:
        return [contract.name.removeprefix("raw_") for contract in self.contracts]

    def _extract(self, stage: Path) -> tuple[Snapshot, dict[str, Path]]:
        chosen, before = self.settings.sales, self.latest()
        with snapshot_of(self.settings) as source:
            seen = fingerprint(source, chosen.db_schema, self._tables)
            found = agreements(self.contracts, tables_of(source, chosen.db_schema), chosen.db_schema, chosen.timezone)
            if chosen.personal_data == "hash" and chosen.hash_key:
                take_key(source.connection, chosen.hash_key.get_secret_value())
            reader = Reader(source, chosen, stage, Marks(self.settings).read())
            moment, tables = Moment.of(source, chosen.db_schema), dict[str, Extracted]()
            for item in sorted(found, key=lambda item: item.contract.name == ADDRESSES):  # which depend on others
                places = {name: before.path(table) or reader.path(name) for name, table in tables.items()}
                tables[item.contract.name] = _table(reader, item, before, moment, places)
            findings = dict(_findings(source, found))
        staged = {table.file: reader.path(name) for name, table in tables.items() if not before.path(table)}
        return Snapshot(self.folder, tables, findings, seen), staged


def _table(
    reader: Reader, agreement: Agreement, before: Snapshot, moment: Moment, places: Mapping[str, Path]
) -> Extracted:
    """One table: by what changed where it is large and that is known to be enough, else as a whole."""
    form, days = reader.form(agreement, moment), reader.sales.full_after_days
    held = before.tables.get(agreement.contract.name)
    mark = held.watermark if held and held.rows >= reader.sales.incremental_rows else None
    file = before.path(held) if held else None
    if held and file and mark and mark.allows(moment, form, days):
        is_keyed = moment.keys[agreement.table] == agreement.key_numbers
        found = followed(reader, agreement, held, file, mark, is_keyed=is_keyed)
        if found:
            mark = replace(mark, horizon=moment.horizon)
            return replace(before.kept(found), watermark=mark, added=agreement.added)
    whole = reader.whole(agreement, {name: parquet(path) for name, path in places.items()})
    return replace(before.kept(whole), watermark=Watermark(moment.horizon, form, datetime.now(UTC).isoformat()))


def _findings(source: Source, found: Iterable[Agreement]) -> Iterator[tuple[str, str]]:
    """What the database itself finds; a query whose column this source does not have finds nothing."""
    by_name = {agreement.contract.name: agreement for agreement in found}
    for name, (table, column) in FINDINGS.items():
        agreement = by_name.get(table)
        if agreement and (at := agreement.columns[column]):
            parts = {"table": agreement.origin, "column": quote_identifier(at.name)}
            ((detail,),) = source.rows(Template(sql_text(f"sales/source/{name}")).substitute(parts))
            if detail:
                yield name, detail
