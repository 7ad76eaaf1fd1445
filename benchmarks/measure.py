"""Run a command and measure it from outside, with its whole process tree."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

SAMPLE_SECONDS = 0.05
OWN_IO = Path("/proc/self/io")


@dataclass(frozen=True)
class Measured:
    """One run of a command: wall and CPU seconds, peak resident memory, megabytes that its calls read and wrote.

    ``others`` is the share of the machine's cores that everything else took meanwhile.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    read_mb: float
    written_mb: float
    others: float


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Measured:
    """Run the command to its end; raises CalledProcessError with its output when it fails."""
    before, started = _Counters.now(), time.perf_counter()
    process = subprocess.Popen(
        command, env={**os.environ, **(environment or {})}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    peak = _Peak(process.pid)
    peak.start()
    output, _ = process.communicate()
    seconds = time.perf_counter() - started
    peak.join()
    if process.returncode:
        print(output[-2000:])
        raise subprocess.CalledProcessError(process.returncode, command, output)
    spent = _Counters.now().since(before)
    others = max(0.0, spent.machine - spent.children) / (seconds * (os.cpu_count() or 1))
    return Measured(
        seconds=round(seconds, 2),
        cpu_seconds=round(spent.children, 2),
        peak_mb=round(peak.bytes / 1e6),
        read_mb=round(spent.read / 1e6, 1),
        written_mb=round(spent.written / 1e6, 1),
        others=round(others, 3),
    )


def alternate(rounds: int, works: Mapping[str, Callable[[int], Measured]]) -> dict[str, list[Measured]]:
    """Do every work once per round, first the one, then the other, so that a drift of the machine meets all alike."""
    runs: dict[str, list[Measured]] = {name: [] for name in works}
    for number in range(rounds):
        for name in sorted(works) if number % 2 == 0 else sorted(works, reverse=True):
            runs[name].append(works[name](number))
    return runs


@dataclass(frozen=True)
class _Counters:
    """CPU seconds of ended children and of the whole machine, bytes read and written by this process and by them.

    The kernel adds what a child has used to its parent when the parent has waited for it, grandchildren included.
    """

    children: float
    machine: float
    read: int
    written: int

    @classmethod
    def now(cls) -> _Counters:
        own, machine = os.times(), psutil.cpu_times()
        busy = machine.user + machine.system + getattr(machine, "nice", 0) + getattr(machine, "irq", 0)
        read, written = _bytes_so_far()
        return cls(own.children_user + own.children_system, busy, read, written)

    def since(self, before: _Counters) -> _Counters:
        return _Counters(
            self.children - before.children,
            self.machine - before.machine,
            self.read - before.read,
            self.written - before.written,
        )


def _bytes_so_far() -> tuple[int, int]:
    """Bytes of all read and write calls; zeros where the system does not count them."""
    if not OWN_IO.exists():
        return 0, 0
    counts = dict(line.split(": ") for line in OWN_IO.read_text().splitlines())
    return int(counts["rchar"]), int(counts["wchar"])


class _Peak(threading.Thread):
    """Samples the resident memory of a process and its children until it ends."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.bytes = 0

    def run(self) -> None:
        try:
            root = psutil.Process(self.pid)
            while root.is_running() and root.status() != psutil.STATUS_ZOMBIE:
                self.bytes = max(self.bytes, _resident(root))
                time.sleep(SAMPLE_SECONDS)
        except psutil.NoSuchProcess:
            return


def _resident(root: psutil.Process) -> int:
    total = 0
    for process in [root, *root.children(recursive=True)]:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total
