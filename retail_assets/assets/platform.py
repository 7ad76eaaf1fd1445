"""The platform of one environment: its settings, where datasets live and where files land."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from retail_assets.assets.step import Step, StoreName
from retail_assets.contracts import contract
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.partition import dates_of
from retail_assets.engine.publication import Store
from retail_assets.lake.opening import lake_of
from retail_assets.landing.landing import Landing
from retail_assets.marts.loading import state_of
from retail_assets.settings import Settings
from retail_assets.sources.declared.intake import Intake
from retail_assets.sources.declared.source import read_sources
from retail_assets.sources.postgres.extraction import Extraction
from retail_assets.sources.postgres.shop import shop_extraction
from retail_assets.warehouse.opening import warehouse_of


@dataclass(frozen=True)
class Platform:
    """What steps need to run."""

    settings: Settings
    stores: Mapping[StoreName, Store] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> Platform:
        """The platform that the settings describe: its lake in a folder or on S3, its warehouse and landing zone."""
        return cls(settings, {"lake": lake_of(settings), "warehouse": warehouse_of(settings)})

    @classmethod
    def local(cls, settings: Settings) -> Platform:
        """A platform in one folder, whatever the settings say of the cloud; declared sources and marts stay."""
        elsewhere = {"lake_url": None, "inbox_url": None, "sources": ()}
        return cls.of(settings.model_copy(update={"env": "local", "warehouse": "duckdb", **elsewhere}))

    @property
    def landing(self) -> Landing:
        """Where files land."""
        return Landing(self.settings, self._published_dates)

    @property
    def extraction(self) -> Extraction:
        """What comes from the shop's database."""
        return shop_extraction(self.settings)

    def intake(self, source: str) -> Intake:
        """What comes from a declared source; KeyError where there is none of that name."""
        found = {item.name: item for item in read_sources(self.settings.sources_file).sound}
        return Intake(self.settings, found[source])

    def _published_dates(self) -> frozenset[str]:
        published = self.stores["lake"].published(contract("raw_events"))
        return frozenset(dates_of(published))

    def known_dates(self) -> list[str]:
        """Every date that a landed file has events of, or that raw_events was made for, in order."""
        return sorted({*self.landing.dates(), *self._published_dates()})

    def version(self) -> str:
        """Changes whenever anything lands or is published, or a file of a mart changes."""
        stores = [store.version() for _, store in sorted(self.stores.items())]
        declared = read_sources(self.settings.sources_file).sound
        taken_in = [Intake(self.settings, source).version() for source in declared]
        marts = [repr(state) for state in [state_of(self.settings.marts_dir)] if state]
        return " ".join([self.landing.ledger.version(), self.extraction.version(), *taken_in, *stores, *marts])

    def store(self, step: Step) -> Store:
        """Where the step's outputs are kept."""
        return self.stores[step.store]

    def inputs(self, step: Step) -> dict[str, Dataset]:
        """Everything that is published of the step's upstreams, which all live in the lake."""
        lake = self.stores["lake"]
        return {upstream.name: lake.dataset(contract(upstream.name)) for upstream in step.upstreams}

    def arguments(self, step: Step, inputs: Mapping[str, Dataset]) -> dict[str, object]:
        """The arguments of the step's function: its inputs with their look-back, and what else it asks for."""
        windows = {upstream.name: upstream.lookback_days for upstream in step.upstreams}
        given: dict[str, object] = {name: dataset.looking_back(windows[name]) for name, dataset in inputs.items()}
        offered: dict[str, Callable[[], object]] = {
            "settings": lambda: self.settings,
            "landing": lambda: self.landing,
            "snapshot": lambda: self.extraction.latest(),
        }
        asked = inspect.signature(step.queries).parameters
        return given | {name: offer() for name, offer in offered.items() if name in asked}
