"""A webhook: JSON posted to an address that is a secret, since whoever knows it may post there."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import SecretStr

ATTEMPTS = 3
PAUSE_SECONDS = 1.0
PATIENCE_SECONDS = 10.0


class NotDelivered(Exception):
    """A message did not get through; the address is not in the text."""


def post(address: SecretStr, message: dict[str, Any]) -> None:
    """Post a message, trying again after a pause that doubles.

    Raises:
        NotDelivered: every attempt failed.
    """
    import requests

    said = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE_SECONDS * 2 ** (attempt - 1))
        try:
            answer = requests.post(address.get_secret_value(), json=message, timeout=PATIENCE_SECONDS)
        except requests.RequestException as error:
            said = type(error).__name__
            continue
        if answer.ok:
            return
        said = f"HTTP {answer.status_code}"
    raise NotDelivered(f"the alert webhook (RETAIL_ALERT_WEBHOOK) did not take a message: {said}, {ATTEMPTS} attempts")
