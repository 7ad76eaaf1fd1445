"""Parts of the work of a process, timed one by one inside it, and read by the benchmark that has started it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from benchmarks.beside import Servers
from benchmarks.measure import Measured, run

T = TypeVar("T")


@dataclass
class Parts:
    """Wall and CPU seconds of each part, in order."""

    found: list[tuple[str, float, float]] = field(default_factory=list)

    def time(self, name: str, work: Callable[[], T]) -> T:
        """Do the work; several of one name are told apart by their order."""
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        self.found.append((name, time.perf_counter() - wall, time.process_time() - cpu))
        return result

    def write(self, target: Path) -> None:
        """Leave the times for who reads them."""
        target.write_text(json.dumps(self.found), encoding="utf-8")


def timed_parts(
    servers: Servers, module: str, arguments: Sequence[object], environment: Mapping[str, str], folder: Path
) -> dict[str, list[Measured]]:
    """Run a module of this benchmark that writes its parts; memory and other people's work are those of all of it."""
    target = folder / "parts.json"
    command = [sys.executable, "-m", module, str(target), *map(str, arguments)]
    whole = servers.beside(f"{module} {' '.join(map(str, arguments))}", lambda: run(command, environment))
    parts: dict[str, list[Measured]] = {}
    for name, seconds, cpu_seconds in json.loads(target.read_text(encoding="utf-8")):
        part = replace(whole, seconds=round(seconds, 3), cpu_seconds=round(cpu_seconds, 3), read_mb=0, written_mb=0)
        parts.setdefault(name, []).append(part)
    return parts
