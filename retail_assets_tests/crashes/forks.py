"""Processes for trials: forked from one that has imported everything, so that each begins at once."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

KILLED = -signal.SIGKILL
POLL_SECONDS = 0.002
LONGEST_SECONDS = 120.0


@dataclass
class Child:
    """A forked process and the pipe on which it tells how far it has come."""

    pid: int
    pipe: int
    told: str = ""
    code: int | None = None

    def kill_after(self, seconds: float) -> int:
        """Let it run for so long, then kill it; returns how it ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._has_ended():
            time.sleep(min(POLL_SECONDS, max(0.0, deadline - time.monotonic())))
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end; returns its exit code, negative for a signal. What it told is in ``told``."""
        while (text := os.read(self.pipe, 65536)) != b"":
            self.told += text.decode()
        os.close(self.pipe)
        if self.code is None:
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.code

    @property
    def last_line(self) -> str:
        """The last thing that it told."""
        return (self.told.strip().splitlines() or [""])[-1]

    def _has_ended(self) -> bool:
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            self.code = os.waitstatus_to_exitcode(status)
        return pid != 0


def fork(work: Callable[[Callable[[str], None]], None]) -> Child:
    """Run ``work`` in a child, which gets a function to tell lines by; an error ends it with 1 and its traceback."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        os.close(writing)
        return Child(pid, reading)
    os.close(reading)
    code = 1
    try:
        work(lambda line: _write(writing, f"{line}\n"))
        code = 0
    except BaseException:  # noqa: BLE001
        _write(writing, traceback.format_exc())
    finally:
        os._exit(code)


def _write(descriptor: int, text: str) -> None:
    left = text.encode()
    while left:
        left = left[os.write(descriptor, left) :]
