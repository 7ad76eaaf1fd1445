"""Where the marks of forgotten customers are kept: in the platform's folder, or in a lake on S3, which outlasts it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from retail_assets.engine.durability import write_whole
from retail_assets.engine.s3_errors import ObjectChanged, ObjectMissing
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import ABSENT, S3
from retail_assets.settings import Settings
from retail_assets.sources.postgres.forgotten import Forgotten, forgotten_of, text_of

NAME = "_forgotten.json"


@dataclass(frozen=True)
class Marks:
    """The marks of one platform. Several machines of a lake on S3 share them, and may add to them at once."""

    settings: Settings

    def read(self) -> Forgotten:
        """Who is forgotten; nobody where nobody ever was.

        Raises:
            S3Error: S3 cannot be asked.
            SourceError: the list is damaged; without it they would come back, so it must be restored.
        """
        return self._held()[0]

    def remember(self, customer_id: str) -> Forgotten:
        """Add a customer, durably; in a folder for one process at a time.

        Raises:
            S3Error: S3 cannot be asked, or refuses.
            SourceError: the list is damaged.
        """
        while True:
            held, etag = self._held()
            known = held.with_customer(customer_id)
            if self._place is None:
                write_whole(self.settings.forgotten_file, text_of(known))
                return known
            with suppress(ObjectChanged):  # another machine was quicker, whose marks must stay
                S3(self.settings.s3).put(self._place, text_of(known).encode(), etag or ABSENT)
                return known

    @property
    def _place(self) -> S3Location | None:
        url = self.settings.lake_url
        return S3Location.of(url) / NAME if url else None

    def _held(self) -> tuple[Forgotten, str]:
        """The marks, with the ETag of their object on S3.

        Where there is none yet, those of the folder hold: they were made before the lake was on S3.
        """
        if self._place is not None:
            with suppress(ObjectMissing):
                found = S3(self.settings.s3).read(self._place)
                if found:
                    return forgotten_of(found.content, self._place), found.etag
        file = self.settings.forgotten_file
        try:
            return forgotten_of(file.read_bytes(), file), ""
        except FileNotFoundError:
            return Forgotten(), ""
