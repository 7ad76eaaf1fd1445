"""The stand-in as a process of its own: ``python -m retail_assets.local_cloud.redshift CONFIGURATION.json``."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retail_assets.local_cloud.redshift.load_errors import LoadErrors
from retail_assets.local_cloud.redshift.objects import Bucket
from retail_assets.local_cloud.redshift.session import HUNG_UP, Session
from retail_assets.local_cloud.redshift.wire import (
    CANCEL_REQUEST,
    GSS_REQUEST,
    PROTOCOL,
    SSL_REQUEST,
    failure,
    read_start,
    start_message,
    start_parameters,
)

KNOWN_PARAMETERS = ("user", "database", "application_name", "client_encoding")
"""Redshift's clients send others, which PostgreSQL would refuse."""


@dataclass(frozen=True)
class Server:
    """What every session shares."""

    backend: tuple[str, int]
    bucket: Bucket
    load_errors: LoadErrors
    workspace: Path
    tls: ssl.SSLContext | None

    async def connected(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        """Serve a client from its first byte to its last."""
        try:
            parameters = await self._greeting(client, to_client)
            if parameters is not None:
                await self._session(client, to_client, parameters)
        except HUNG_UP:
            pass
        finally:
            to_client.close()

    async def _greeting(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> dict[str, str] | None:
        """Who the client says it is; None where it only came to cancel another session's statement."""
        is_secret = False
        while True:
            code, body = await read_start(client)
            if code == SSL_REQUEST and self.tls:
                to_client.write(b"S")
                await to_client.start_tls(self.tls)
                is_secret = True
            elif code in (SSL_REQUEST, GSS_REQUEST):
                to_client.write(b"N")
            elif code == CANCEL_REQUEST:
                await self._cancel(body)
                return None
            elif self.tls and not is_secret:
                to_client.write(failure("no pg_hba.conf entry for SSL off", "28000").encoded())
                return None
            else:
                return start_parameters(body)

    async def _session(
        self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter, parameters: dict[str, str]
    ) -> None:
        backend, to_backend = await asyncio.open_connection(*self.backend)
        try:
            known = {name: value for name, value in parameters.items() if name in KNOWN_PARAMETERS}
            to_backend.write(start_message(PROTOCOL, known))
            await Session(client, to_client, backend, to_backend, self.bucket, self.load_errors, self.workspace).serve()
        finally:
            to_backend.close()

    async def _cancel(self, body: bytes) -> None:
        _, to_backend = await asyncio.open_connection(*self.backend)
        to_backend.write(start_message(CANCEL_REQUEST, body))
        await to_backend.drain()
        to_backend.close()


async def serve(configuration: dict[str, Any]) -> None:
    """Listen on 127.0.0.1 until the process is stopped."""
    from boto3.session import Session as AwsSession
    from botocore.config import Config

    s3, tls = configuration["s3"], None
    if configuration["certificate"]:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(configuration["certificate"], configuration["key"])
    client = AwsSession().client("s3", **s3, config=Config(s3={"addressing_style": "path"}))
    server = Server(
        backend=("127.0.0.1", configuration["backend"]["port"]),
        bucket=Bucket(client, configuration["roles"]),
        load_errors=LoadErrors(configuration["backend"]),
        workspace=Path(configuration["workspace"]),
        tls=tls,
    )
    listening = await asyncio.start_server(server.connected, "127.0.0.1", configuration["port"])
    async with listening:
        await listening.serve_forever()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text())))
