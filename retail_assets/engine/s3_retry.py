"""Requests that are sent again: where nobody answers, the server is busy or ill, or an answer does not come whole."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from retail_assets.engine.s3_errors import broken_answers, explained

T = TypeVar("T")
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 20.0
TRANSIENT_CODES = frozenset(
    {"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "RequestTimeoutException", "Throttling"}
)
TRANSIENT_STATUS = frozenset({429, 500, 502, 503, 504})


def asked(action: str, place: object, attempts: int, send: Callable[[], T]) -> T:
    """What ``send`` returns. It is called again where an answer began but did not come whole, which botocore leaves.

    Raises:
        S3Error: as ``explained`` says.
    """
    with explained(action, place):
        for number in range(1, attempts):
            try:
                return send()
            except broken_answers():
                time.sleep(pause(number))
        return send()


def retry_with_pauses(client: Any, attempts: int) -> None:
    """Let the client send a request up to so many times.

    Botocore's own modes have either pauses of a second on average, or a quota of retries for the whole process, which a
    bad hour uses up: from then on a single fault would end a run.
    """

    def needs_retry(
        response: tuple[Any, Mapping[str, Any]] | None, attempts: int, caught_exception: Exception | None, **_: Any
    ) -> float | None:
        is_last = attempts >= most
        return None if is_last or not _is_transient(response, caught_exception) else pause(attempts)

    most = attempts
    client.meta.events.register("needs-retry.s3", needs_retry)


def pause(number: int) -> float:
    """Seconds to wait after so many failures: more each time, and never the same for two that failed together."""
    return random.uniform(0, min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**number))


def _is_transient(response: tuple[Any, Mapping[str, Any]] | None, error: Exception | None) -> bool:
    from botocore.exceptions import ConnectionError, HTTPClientError, SSLError

    if error is not None:
        return isinstance(error, ConnectionError | HTTPClientError) and not isinstance(error, SSLError)
    if response is None:
        return False
    raw, parsed = response
    return raw.status_code in TRANSIENT_STATUS or parsed.get("Error", {}).get("Code") in TRANSIENT_CODES
