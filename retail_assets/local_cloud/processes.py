"""Server processes: free ports to start them on, how they are started, kept and stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from http import HTTPStatus
from pathlib import Path

START_SECONDS = 60
STOP_SECONDS = 30
ANSWER_SECONDS = 5
POLL_SECONDS = 0.05
LOG_TAIL = 4000


class ServerDown(RuntimeError):
    """A server did not start; the message ends with its log."""


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


@contextmanager
def running(
    command: Sequence[str],
    folder: Path,
    log: Path,
    is_ready: Callable[[], bool],
    env: Mapping[str, str] | None = None,
    start_seconds: float = START_SECONDS,
) -> Iterator[subprocess.Popen[bytes]]:
    """A server from start to end, as the keeper that runs it. It ends with this process, however that dies.

    ``command`` may begin with options of the keeper. ``env`` is the server's whole environment, without it this
    process's own; in either it finds the modules that this process does.

    Raises:
        ServerDown: it ended early, or ``is_ready`` did not become true within ``start_seconds``.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "retail_assets.local_cloud.keeper", *command],
            cwd=folder,
            env={**(os.environ if env is None else env), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.PIPE,  # it ends with this process, and the server with it
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(process, log, is_ready, start_seconds)
        yield process
    finally:
        stop(process)


def answers(url: str) -> bool:
    """Whether a web server answers there, with success."""
    with suppress(OSError), urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 our own address
        return bool(answer.status == HTTPStatus.OK)
    return False


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


def _wait(process: subprocess.Popen[bytes], log: Path, is_ready: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        if is_ready():
            return
        time.sleep(POLL_SECONDS)
    tail = log.read_text(encoding="utf-8", errors="replace")[-LOG_TAIL:]
    raise ServerDown(f"the server of {log.name} is not up. Its log {log} ends:\n{tail}")


def _bound(stack: ExitStack, port: int) -> int:
    probe = stack.enter_context(socket.socket())
    probe.bind(("127.0.0.1", port))
    found: int = probe.getsockname()[1]
    return found
