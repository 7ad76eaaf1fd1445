"""The files of a Kaggle data set as a source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from retail_assets.landing.arrival import Arrival
from retail_assets.settings import Settings
from retail_assets.sources.declared.configuration import KaggleSource
from retail_assets.sources.declared.delivery import Delivery
from retail_assets.sources.declared.state import SourceState
from retail_assets.sources.files.listing import files_of
from retail_assets.sources.kaggle.dataset import dataset_folder


@dataclass(frozen=True)
class KaggleDelivery:
    """The files of the data set: what lies in the drop folder, or what is downloaded."""

    settings: Settings
    source: KaggleSource

    @property
    def place(self) -> str:
        """The pattern and the data set."""
        return f"{self.source.pattern} in the Kaggle data set {self.source.dataset}"

    def waiting(self, before: SourceState) -> list[Arrival]:
        """The files that were brought before: Kaggle is asked only when somebody wants it to be."""
        known = {seen.name for seen in before.files}
        folders = sorted({str(Path(name).parent) for name in known})
        found = [item for item in map(Path, folders) if item.is_dir()]
        return [arrival for folder in found for arrival in self._files(folder) if arrival.name in known]

    def bring(self, before: SourceState, stage: Path) -> Delivery:
        """The files of the data set as it is now.

        Raises:
            SourceUnavailable: it is not here and cannot be downloaded.
        """
        return Delivery(self._files(dataset_folder(self.settings, self.source.dataset)))

    def _files(self, folder: Path) -> list[Arrival]:
        return files_of(self.settings, folder, [str(folder)], self.source)
