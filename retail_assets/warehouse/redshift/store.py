"""Redshift as a store: what is staged and audited becomes rows of its tables."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

from retail_assets.contracts import Contract
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.locking import exclusive
from retail_assets.engine.partition import Partition
from retail_assets.engine.private import private_folder
from retail_assets.engine.publication import Publication, Published, changed
from retail_assets.engine.s3_errors import S3Error
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.engine.staging import Output
from retail_assets.settings import Settings
from retail_assets.warehouse.redshift.connecting import NoSuchTable, Redshift, RedshiftError, Session
from retail_assets.warehouse.redshift.loading import Target, copy, latest_loads, loaded, swap
from retail_assets.warehouse.redshift.pieces import pieces
from retail_assets.warehouse.redshift.sql import role_of
from retail_assets.warehouse.redshift.staging_area import StagingArea
from retail_assets.warehouse.redshift.tables import prepare, qualified
from retail_assets.warehouse.redshift.version_mark import VersionMark

DEFAULT_STAGING = "_redshift"
STAGING_FOLDER = ".warehouse-staging"
NOTING_ATTEMPTS = 5
"""Where other loads begin all the time; then the mark says that one is under way, and Redshift is asked."""


@dataclass(frozen=True)
class RedshiftStore:
    """The tables of one schema of one database. Its table ``_loads`` says what every partition was loaded from."""

    settings: Settings

    @property
    def kind(self) -> str:
        """What it is, for people."""
        return "redshift"

    @property
    def namespace(self) -> str:
        """The schema."""
        return self.settings.redshift.namespace

    @property
    def redshift(self) -> Redshift:
        """How the database is reached."""
        return Redshift(self.settings.redshift, self.settings.s3)

    @property
    def staging_area(self) -> StagingArea:
        """The private prefix on S3.

        Raises:
            ValueError: the settings name none.
        """
        url = self.settings.redshift.staging_url
        if url is None and self.settings.lake_url is None:
            raise ValueError("Redshift loads from S3: set RETAIL_REDSHIFT_STAGING_URL, such as s3://bucket/prefix")
        place = S3Location.of(url) if url else S3Location.of(str(self.settings.lake_url)) / DEFAULT_STAGING
        return StagingArea(place, S3(self.settings.s3))

    @property
    def version_mark(self) -> VersionMark:
        """Where the version is kept."""
        area = self.staging_area
        return VersionMark(area.root / f"_version_{self.settings.redshift.database}_{self.namespace}", area.s3)

    def version(self) -> str:
        """Changes with every load. Redshift is asked only where a load is under way or has failed."""
        known = self.version_mark.read()
        return self.asked_version() if known is None else known

    def asked_version(self) -> str:
        """The same, asked of Redshift."""
        try:
            with self.redshift.session() as session:
                return latest_loads(session, self.namespace)
        except NoSuchTable:  # nothing has ever been loaded
            return ""

    def published(self, contract: Contract) -> dict[Partition, Published]:
        """Every partition that readers see."""
        try:
            with self.redshift.session() as session:
                return loaded(session, contract, self.namespace)
        except NoSuchTable:
            return {}

    def dataset(self, contract: Contract) -> Dataset:
        """Not offered: nothing of the platform reads the warehouse but people and their tools."""
        raise NotImplementedError(f"read the table {qualified(self.namespace, contract.name)} of Redshift instead")

    def staging(self) -> AbstractContextManager[Path]:
        """A private folder of this machine, for files on their way to S3."""
        return private_folder(self.settings.data_dir / STAGING_FOLDER)

    def writing(self, contract: Contract) -> AbstractContextManager[None]:
        """The right to load, which one run of this machine has at a time; those of others wait in ``publish``."""
        return exclusive(self.settings.data_dir / STAGING_FOLDER / "warehouse.lock", f"loading {contract.name}")

    def publish(self, output: Output, publications: Iterable[Publication]) -> int:
        """Replace the partitions in one transaction: readers see the old rows or all of the new ones.

        Raises:
            RedshiftError: it failed, and readers see the old rows; the message says why and what to do.
            S3Error: what is to be loaded could not be brought to S3.
        """
        contract = output.contract
        with self.redshift.session() as session:
            prepare(session, contract, self.namespace)
            wanted = changed(loaded(session, contract, self.namespace), publications)
            if not wanted:
                return 0
            target = Target(session, contract, self.namespace)
            with self.staging_area.folder() as folder, self.staging() as local:
                found = pieces(contract, wanted, folder, local, self.settings)
                selects = copy(target, found, folder, role_of(self.settings.redshift))
            begun = self.version_mark.begin()
            try:
                version = swap(target, wanted, selects)
            except Exception:
                # Rolled back: the state is as it was, and its name is noted again. Else everybody who looks would ask
                # Redshift, and keep it awake, until a load succeeds. Where it cannot be asked, they have to.
                with suppress(RedshiftError, S3Error):
                    self._note(session, begun, latest_loads(session, self.namespace))
                raise
            with suppress(RedshiftError, S3Error):  # what was loaded is loaded
                self._note(session, begun, version)
            return len(wanted)

    def _note(self, session: Session, begun: str, version: str) -> None:
        """Note what the state is called now, as of after the last load that has begun.

        Another that began later may have ended first, and has then noted a state without this load.
        """
        for _ in range(NOTING_ATTEMPTS):
            if self.version_mark.end(begun, version):
                return
            begun = self.version_mark.begin()
            version = latest_loads(session, self.namespace)
