"""Server processes of tests: free ports to start them on, and how they are stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from contextlib import ExitStack, suppress

STOP_SECONDS = 30


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses."""
    return free_ports(1)[0]


def free_ports(count: int, above: int = 0) -> list[int]:
    """Ports that are free together; with ``above``, also those that lie so far above each."""
    with ExitStack() as stack:
        ports: list[int] = []
        while len(ports) < count:
            port = _bound(stack, 0)
            with suppress(OSError, OverflowError):
                if above:
                    _bound(stack, port + above)
                ports.append(port)
        return ports


def stop(process: subprocess.Popen[bytes]) -> None:
    """End it as an operator would; then, by its process group, whatever it has left behind."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(STOP_SECONDS)
    if process.stdin:
        process.stdin.close()


def _bound(stack: ExitStack, port: int) -> int:
    probe = stack.enter_context(socket.socket())
    probe.bind(("127.0.0.1", port))
    found: int = probe.getsockname()[1]
    return found
