"""A real S3 server: SeaweedFS from its wheel, on 127.0.0.1, started and stopped by the test session that needs it."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from retail_assets_tests.servers.processes import free_ports, stop

KEY, SECRET = "retail-test-key", "retail-test-secret"
BUCKET = "retail"
START_SECONDS = 60
GRPC_ABOVE = 10_000
"""SeaweedFS takes the port so far above each port too."""
PORTS = ("master.port", "volume.port", "filer.port", "s3.port", "admin.port")


@dataclass(frozen=True)
class S3Server:
    """A running server with one empty bucket."""

    endpoint: str

    def client(self) -> Any:
        """A client with the server's own credentials."""
        from boto3.session import Session
        from botocore.config import Config

        return Session().client(  # the default session is not made for threads
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """A server whose data lie in ``folder``, from start to end."""
    ports = dict(zip(PORTS, free_ports(len(PORTS), above=GRPC_ABOVE), strict=True))
    log = folder / "weed.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            _command(folder, ports),
            cwd=folder,
            env={**os.environ, "GOMEMLIMIT": "300MiB"},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        server = S3Server(f"http://127.0.0.1:{ports['s3.port']}")
        try:
            _wait_until_it_takes_objects(server, process, log)
            yield server
        finally:
            stop(process)


def _command(folder: Path, ports: dict[str, int]) -> list[str]:
    identity = {"name": "test", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin"]}
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": [identity]}))
    return [
        str(Path(sysconfig.get_path("scripts")) / "weed"),
        *("mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-s3.config={config}"),
        *(f"-{name}={port}" for name, port in ports.items()),
        *("-s3.autoCreateBucket=false", "-s3.port.iceberg=0", "-s3.port.lance=0"),
        *(f"-filer.localSocket={folder}/f.sock", f"-s3.localSocket={folder}/s3.sock"),
        *("-admin.ui=false", "-webdav=false", "-volume.preStopSeconds=0", "-volume.max=4000"),
        *("-master.volumeSizeLimitMB=64", "-master.telemetry=false"),
    ]


def _wait_until_it_takes_objects(server: S3Server, process: subprocess.Popen[bytes], log: Path) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    client, deadline = server.client(), time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with suppress(client.exceptions.BucketAlreadyExists, client.exceptions.BucketAlreadyOwnedByYou):
                client.create_bucket(Bucket=BUCKET)
            client.put_object(Bucket=BUCKET, Key=".ready", Body=b"")
        except (BotoCoreError, ClientError):
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the S3 server is not up:\n{log.read_text(errors='replace')[-4000:]}")
