"""A server ends with the process that started it, however that dies and whichever thread of it started the server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

PROJECT = Path(__file__).parents[2]
LONGEST_SECONDS = 30
SERVER = "import subprocess, sys, time; subprocess.Popen(['sleep', '600']); print('up', flush=True); time.sleep(600)"
OWNER = f"""
import subprocess, sys, threading, time
def start():
    command = [sys.executable, "-m", "retail_assets.local_cloud.keeper", sys.executable, "-c", {SERVER!r}]
    global keeper
    keeper = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
if sys.argv[1] == "thread":
    starter = threading.Thread(target=start)
    starter.start()
    starter.join()
else:
    start()
print(keeper.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("who", ["main", "thread"])
def test_a_server_ends_with_a_killed_owner(who: str) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, who], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert owner.stdout
    told = {owner.stdout.readline().strip(), owner.stdout.readline().strip()}
    keeper = psutil.Process(int(next(line for line in told if line != "up")))
    tree = [keeper, *keeper.children(recursive=True)]
    assert len(tree) == 3
    assert all(process.is_running() for process in tree)  # though the thread that started it has ended

    owner.kill()
    owner.wait()

    gone, alive = psutil.wait_procs(tree, timeout=LONGEST_SECONDS)
    for process in alive:
        process.kill()
    owner.stdout.close()
    assert (len(gone), alive) == (3, [])
