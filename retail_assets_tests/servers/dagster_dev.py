"""`dagster dev` for real: the web server behind the UI, the daemon that runs backfills, and our code between them."""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from retail_assets.automation.instance import PROJECT, use_instance_of, workspace_file
from retail_assets.local_cloud.processes import free_port, running
from retail_assets.settings import Settings

T = TypeVar("T")
START_SECONDS = 120
ANSWER_SECONDS = 60
POLL_SECONDS = 1.0
LOG_TAIL = 6000

LAUNCH_BACKFILL = """
mutation($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
    ... on UnauthorizedError { message }
  }
}
"""
BACKFILL = """
query($id: String!) {
  partitionBackfillOrError(backfillId: $id) {
    __typename
    ... on PartitionBackfill { status error { message } runs(limit: 100) { id status } }
  }
}
"""


@dataclass(frozen=True)
class DagsterDev:
    """A running `dagster dev`."""

    url: str
    log: Path

    def query(self, text: str, **variables: Any) -> dict[str, Any]:
        """The data that a GraphQL query or mutation answers with."""
        try:
            return self._ask(text, variables)
        except urllib.error.HTTPError as error:
            pytest.fail(f"GraphQL answered {error.code}: {error.read().decode()[:2000]}")
        except OSError as error:
            pytest.fail(f"dagster dev does not answer ({error}). Its log ends:\n{log_tail(self.log)}")

    def launch_backfill(self, partitions: Mapping[str, tuple[str, str]]) -> str:
        """Launch what the UI's dialog launches: per asset a range of partitions. Returns the backfill's id."""
        chosen = [
            {"assetKey": {"path": name.split("/")}, "partitions": {"range": {"start": first, "end": last}}}
            for name, (first, last) in partitions.items()
        ]
        answer = self.query(LAUNCH_BACKFILL, params={"partitionsByAssets": chosen})["launchPartitionBackfill"]
        assert answer["__typename"] == "LaunchBackfillSuccess", answer
        return str(answer["backfillId"])

    def wait_for_backfills(self, ids: Sequence[str], seconds: float) -> dict[str, str]:
        """Wait until each backfill has ended; returns their states."""

        def ended() -> dict[str, str] | None:
            found = {one: self.query(BACKFILL, id=one)["partitionBackfillOrError"] for one in ids}
            states.update({one: json.dumps(state) for one, state in found.items()})
            if any(state["status"] in ("REQUESTED", "CANCELING", "FAILING") for state in found.values()):
                return None
            return {one: state["status"] for one, state in found.items()}

        states: dict[str, str] = {}
        return self.wait(ended, seconds, lambda: f"the backfills have not ended: {states}")

    def wait(self, look: Callable[[], T | None], seconds: float, complain: Callable[[], str]) -> T:
        """Ask again and again until there is an answer; fail with the end of the log when time is up."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if (found := look()) is not None:
                return found
            time.sleep(POLL_SECONDS)
        pytest.fail(f"{complain()}, after {seconds:.0f} s. Its log ends:\n{log_tail(self.log)}")

    def is_up(self) -> bool:
        """Whether the server answers and has loaded our code."""
        with suppress(OSError):
            found = self._ask("{ workspaceOrError { ... on Workspace { locationEntries { loadStatus } } } }", {})
            entries = found["workspaceOrError"]["locationEntries"]
            is_loaded = [entry["loadStatus"] == "LOADED" for entry in entries]
            return bool(is_loaded) and all(is_loaded)
        return False

    def _ask(self, text: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        body = json.dumps({"query": text, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data


@contextmanager
def dagster_dev(settings: Settings) -> Iterator[DagsterDev]:
    """`dagster dev` with the project's workspace.yaml on the platform of these settings, from start to end."""
    port, log = free_port(), settings.data_dir / "dagster_dev.log"
    server = DagsterDev(f"http://127.0.0.1:{port}", log)
    command = [sys.executable, "-m", "dagster", "dev", "-w", str(workspace_file()), "-h", "127.0.0.1", "-p", str(port)]
    with home_of(settings) as home:
        environment = environment_of(settings, home)
        with running(command, PROJECT, log, server.is_up, environment, START_SECONDS):
            yield server


def environment_of(settings: Settings, home: Path) -> dict[str, str]:
    """The environment in which another process is on the platform of these settings."""
    chosen = {f"RETAIL_{name.upper()}": value for name, value in settings.model_dump(mode="json").items()}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RETAIL_", "DAGSTER_"))}
    given = {
        name: json.dumps(value) if isinstance(value, dict) else str(value)
        for name, value in chosen.items()
        if value not in (None, {})
    }
    paths = os.pathsep.join(path for path in (str(PROJECT), os.environ.get("PYTHONPATH")) if path)
    return {**kept, **given, "DAGSTER_HOME": str(home), "PYTHONPATH": paths}


def log_tail(log: Path) -> str:
    """The end of a log."""
    return log.read_text(encoding="utf-8", errors="replace")[-LOG_TAIL:]


@contextmanager
def home_of(settings: Settings) -> Iterator[Path]:
    """The platform's own instance, whatever DAGSTER_HOME says outside."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(settings.dagster_home))
        yield use_instance_of(settings)
