"""The platform as a user runs it: files in the landing folder, then the command `retail`."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measure import Measured, run

RETAIL = (sys.executable, "-m", "retail_assets.cli.program")


@dataclass(frozen=True)
class Retail:
    """One platform below a folder of its own, with further variables where it uses more than that."""

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What makes a command work on this platform."""
        return {**self.variables, "RETAIL_DATA_DIR": str(self.folder)}

    def deliver(self, files: Iterable[Path]) -> None:
        """Put files into landing, as links where the disk allows it: bringing them is not what is measured."""
        landing = self.folder / "landing"
        landing.mkdir(parents=True, exist_ok=True)
        for path in files:
            try:
                os.link(path, landing / path.name)
            except OSError:
                shutil.copyfile(path, landing / path.name)

    def backfill(self, *options: str) -> Measured:
        """From what landed to the warehouse."""
        return run([*RETAIL, "backfill", *options], self.environment)

    def dataset_bytes(self, name: str) -> int:
        """What a dataset of the lake takes on disk."""
        return sum(path.stat().st_size for path in (self.folder / "lake" / name).rglob("*.parquet"))

    def remove(self) -> None:
        """Free the disk."""
        shutil.rmtree(self.folder)


def cold(folder: Path, files: Iterable[Path], look: Callable[[Retail], None] | None = None) -> Measured:
    """Everything from the files in landing to the warehouse, on a platform that did not exist before or after.

    ``look`` sees it before it is removed.
    """
    platform = Retail(folder)
    platform.deliver(files)
    measured = platform.backfill()
    if look:
        look(platform)
    platform.remove()
    return measured
