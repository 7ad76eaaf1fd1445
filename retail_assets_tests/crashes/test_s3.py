"""Processes that die, or freeze, while they write a lake on S3."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from retail_assets.engine.lease import Lease
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.local_cloud.s3_server import BUCKET, S3Server
from retail_assets.settings import Settings

PROJECT = Path(__file__).parents[2]
LONGEST_SECONDS = 600
LEAST_KILLS = 5
LEASE_SECONDS = 2.0
FREEZING = """
import sys
from retail_assets.engine.lease import Lease, LeaseLost
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.settings import S3Settings

s3 = S3(S3Settings(endpoint_url=sys.argv[1], path_style=True, region="us-east-1", lease_seconds=float(sys.argv[3])))
lease = Lease(s3, S3Location.of(sys.argv[2]), "one machine", "writing features")
with lease.held():
    print("held", flush=True)
    sys.stdin.readline()
    try:
        lease.confirm()
        print("confirmed", flush=True)
    except LeaseLost as error:
        print(error, flush=True)
"""


def _environment(s3: S3Server) -> dict[str, str]:
    return {**os.environ, **s3.environment, "PYTHONPATH": str(PROJECT)}


def test_killed_runs_leave_every_object_rightly_described_and_the_next_one_repairs(
    s3: S3Server, tmp_path: Path
) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-W", "ignore", "-m", "retail_assets_tests.crashes.s3_campaign"),
            *(s3.endpoint, f"s3://{BUCKET}/{tmp_path.name}", str(tmp_path), "7"),
        ],
        cwd=PROJECT,
        env=_environment(s3),
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["wrong"] == []
    assert len(found["kills"]) >= LEAST_KILLS


def test_a_frozen_writer_is_followed_by_another_and_writes_no_more(s3: S3Server, on_s3: Settings) -> None:
    assert on_s3.lake_url
    place = f"{on_s3.lake_url}/_locks/features.json"
    frozen = subprocess.Popen(
        [sys.executable, "-c", FREEZING, s3.endpoint, place, str(LEASE_SECONDS)],
        env=_environment(s3),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert frozen.stdin
    assert frozen.stdout
    assert frozen.stdout.readline() == "held\n"
    frozen.send_signal(signal.SIGSTOP)
    own = on_s3.s3.model_copy(update={"lease_seconds": LEASE_SECONDS})

    started = time.monotonic()
    with Lease(S3(own), S3Location.of(place), "another machine", "writing features").held():
        waited = time.monotonic() - started
        frozen.send_signal(signal.SIGCONT)
        told, _ = frozen.communicate("go on\n", timeout=LONGEST_SECONDS)

    assert waited > LEASE_SECONDS
    assert told.startswith("another run has taken over writing features")


def test_a_writer_that_lives_is_not_followed(s3: S3Server, on_s3: Settings) -> None:
    assert on_s3.lake_url
    place = f"{on_s3.lake_url}/_locks/features.json"
    living = subprocess.Popen(
        [sys.executable, "-c", FREEZING, s3.endpoint, place, str(LEASE_SECONDS)],
        env=_environment(s3),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert living.stdin
    assert living.stdout
    assert living.stdout.readline() == "held\n"
    time.sleep(2 * LEASE_SECONDS)
    living.stdin.write("go on\n")
    living.stdin.flush()
    assert living.stdout.readline() == "confirmed\n"
    living.communicate(timeout=LONGEST_SECONDS)

    own = on_s3.s3.model_copy(update={"lease_seconds": LEASE_SECONDS * 100})
    with Lease(S3(own), S3Location.of(place), "another machine", "writing features").held():
        pass  # at once, for it was released
