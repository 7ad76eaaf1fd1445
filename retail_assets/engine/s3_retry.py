"""Requests that are sent again where botocore gives up: when an answer began, but did not come whole."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from retail_assets.engine.s3_errors import broken_answers, explained

T = TypeVar("T")
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 5.0


def asked(action: str, place: object, attempts: int, send: Callable[[], T]) -> T:
    """What ``send`` returns; it is called up to ``attempts`` times with growing pauses, and must bear that.

    Raises:
        S3Error: as ``explained`` says.
    """
    with explained(action, place):
        for number in range(1, attempts):
            try:
                return send()
            except broken_answers():
                longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**number)
                time.sleep(random.uniform(0, longest))
        return send()
