"""Keeps a server for as long as whoever started it lives: a killed process leaves no server behind.

Run as ``python -m retail_assets.local_cloud.keeper [--user NAME] [--stop-with SIGNAL] COMMAND …`` with a pipe as
standard input, in a session of its own. The pipe ends with the process that holds its other end, however that dies and
whichever thread of it started the server (a signal on the parent's death, as Linux has it, would come when that thread
ends). ``--user`` runs the server as somebody else, where this is root. Standard library only.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

PATIENCE_SECONDS = 20


def main(arguments: Sequence[str]) -> int:
    """Run the command to its end, which SIGTERM and the end of standard input bring about."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--user")
    parser.add_argument("--stop-with", default="SIGTERM", type=signal.Signals.__getitem__)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    chosen = parser.parse_args(arguments)
    # Dagster ends on SIGTERM as it would on SIGINT, which a background job of a shell ignores.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(chosen.command, stdin=subprocess.DEVNULL, user=chosen.user)
    signal.signal(signal.SIGTERM, lambda *_: process.send_signal(chosen.stop_with))
    orphaned = threading.Event()
    watching = (process, chosen.stop_with, orphaned)
    threading.Thread(target=_watch_input, args=watching, daemon=True).start()
    code = process.wait()
    if orphaned.is_set():
        os.killpg(0, signal.SIGKILL)  # whatever the server has left behind, and this process
    return code


def _watch_input(process: subprocess.Popen[bytes], stop_with: signal.Signals, orphaned: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    orphaned.set()
    process.send_signal(stop_with)
    time.sleep(PATIENCE_SECONDS)
    process.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
