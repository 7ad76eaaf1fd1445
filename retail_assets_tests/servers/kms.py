"""A stand-in of AWS KMS: makes data keys, and opens them again for who names the same context. It guards no secret."""

from __future__ import annotations

import base64
import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from retail_assets_tests.servers.answering import QuietHandler, serving

REFUSED = {"__type": "InvalidCiphertextException"}


@dataclass
class KeyServer:
    """A running stand-in: what it was asked for, by operation and key."""

    endpoint: str
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)

    def answer(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """What KMS would say; a sealed key is its name, its context and itself, in the open."""
        context = request.get("EncryptionContext")
        if operation == "GenerateDataKey":
            key = _text(os.urandom(32))
            sealed = json.dumps([request["KeyId"], context, key]).encode()
            self.asked[operation, request["KeyId"]] += 1
            return {"KeyId": request["KeyId"], "Plaintext": key, "CiphertextBlob": _text(sealed)}
        if operation == "Decrypt":
            name, sealed_for, key = json.loads(base64.b64decode(request["CiphertextBlob"]))
            self.asked[operation, name] += 1
            return {"KeyId": name, "Plaintext": key} if sealed_for == context else REFUSED
        name = request.get("KeyId", "")
        return {"KeyMetadata": {"KeyId": name, "Arn": name, "Enabled": True, "KeyState": "Enabled"}}


@contextmanager
def key_server() -> Iterator[KeyServer]:
    """The stand-in on a free port of 127.0.0.1, from start to end."""

    class Handler(QuietHandler):
        def do_POST(self) -> None:
            request = json.loads(self.received())
            answer = keys.answer(self.headers["X-Amz-Target"].rpartition(".")[2], request)
            status = 400 if answer is REFUSED else 200
            self.answer(json.dumps(answer).encode(), status, {"Content-Type": "application/x-amz-json-1.1"})

    with serving(Handler) as address:
        keys = KeyServer(address)
        yield keys


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
