"""Run a command and measure it from outside: wall, CPU and peak memory of its whole process tree."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil

SAMPLE_SECONDS = 0.05


@dataclass(frozen=True)
class Measured:
    """One run of a command."""

    seconds: float
    cpu_seconds: float
    peak_mb: float


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Measured:
    """Run the command to its end; raises CalledProcessError with its output when it fails."""
    before = os.times()
    started = time.perf_counter()
    process = subprocess.Popen(
        command, env={**os.environ, **(environment or {})}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    peak = _Peak(process.pid)
    peak.start()
    output, _ = process.communicate()
    seconds = time.perf_counter() - started
    peak.join()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, output)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Measured(round(seconds, 2), round(cpu, 2), round(peak.bytes / 1e6))


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
