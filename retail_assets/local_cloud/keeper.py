"""Keeps a server for as long as whoever started it lives: a killed test run leaves no server behind.

Run as ``python -m retail_assets.local_cloud.keeper COMMAND …`` with a pipe as standard input, in a session of its
own. The pipe ends with the process that holds its other end, however that dies and whichever thread of it started the
server (a signal on the parent's death, as Linux has it, would come when that thread ends). Standard library only.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

PATIENCE_SECONDS = 20


def main(command: Sequence[str]) -> int:
    """Run the command to its end, which SIGTERM and the end of standard input bring about."""
    # Dagster ends on SIGTERM as it would on SIGINT, which a background job of a shell ignores.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    orphaned = threading.Event()
    threading.Thread(target=_watch_input, args=(process, orphaned), daemon=True).start()
    code = process.wait()
    if orphaned.is_set():
        os.killpg(0, signal.SIGKILL)  # whatever the server has left behind, and this process
    return code


def _watch_input(process: subprocess.Popen[bytes], orphaned: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    orphaned.set()
    process.terminate()
    time.sleep(PATIENCE_SECONDS)
    process.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
