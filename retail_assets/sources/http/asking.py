"""One question to an API: asked again while there is hope, and a clear end where there is none.

By ``requests``, which Dagster brings anyway: a whole answer at a time is what a page is.
"""

from __future__ import annotations

import json
import logging
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from time import sleep as pause
from typing import TYPE_CHECKING, Any

from retail_assets.sources.declared.configuration import HttpSource
from retail_assets.sources.declared.errors import SourceUnavailable

if TYPE_CHECKING:
    from requests import PreparedRequest, Response, Session

LOG = logging.getLogger(__name__)
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 600.0
"""A server that asks for more patience is left for the next time."""
MOST_PAGE_BYTES = 64 * 1024 * 1024
CHUNK = 256 * 1024
TRY_AGAIN = (408, 425, 429)
LONGEST_SHOWN = 200


class _Passing(Exception):
    """A fault that may be over at the next attempt; ``wait`` is what the server asks for."""

    def __init__(self, cause: str, wait: float | None = None) -> None:
        super().__init__(cause)
        self.wait = wait


@dataclass(frozen=True)
class Answer:
    """A page of an API: what its JSON says, and the address of the next page where its header Link tells one."""

    content: Any
    link: str | None


@dataclass
class Asking:
    """Questions to one API, over one connection where the server lets us."""

    source: HttpSource
    folder: Path
    """What a relative token file is relative to."""
    _session: Session | None = None
    _token: str | None = field(default=None, repr=False)

    def get(self, url: str, parameters: Mapping[str, str]) -> Answer:
        """The answer to one question; numbers with a fraction stay the text that they are.

        Raises:
            SourceUnavailable: it is refused, or all attempts are used up.
        """
        for attempt in range(1, self.source.attempts + 1):
            try:
                return self._asked(url, parameters)
            except _Passing as fault:
                if attempt == self.source.attempts:
                    raise SourceUnavailable(self._said(f"{fault}; all {attempt} attempts are used up")) from fault
                wait = fault.wait if fault.wait is not None else _backoff(attempt)
                if wait > LONGEST_WAIT_SECONDS:
                    raise SourceUnavailable(self._said(f"{fault}, and asks to wait {wait:,.0f} s")) from fault
                LOG.warning("%s: %s; asking again in %.1f s", self.source.name, fault, wait)
                pause(wait)
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the connection."""
        if self._session:
            self._session.close()

    def _said(self, problem: str) -> str:
        return (
            f"{self.source.name}: {self.source.url}: {problem}. "
            "Nothing was taken in; the next run goes on from where the last one ended."
        )

    def _asked(self, url: str, parameters: Mapping[str, str]) -> Answer:
        import requests

        self._session = self._session or requests.Session()
        try:
            with self._session.get(
                url, params=dict(parameters), auth=self._authorise, timeout=self.source.timeout_seconds, stream=True
            ) as response:
                return self._answer(response)
        except requests.Timeout as error:
            raise _Passing(f"no answer within {self.source.timeout_seconds:g} s") from error
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
            raise _Passing(f"the connection broke ({type(error).__name__})") from error
        except requests.RequestException as error:
            raise SourceUnavailable(self._said(f"it cannot be asked ({type(error).__name__})")) from error

    def _answer(self, response: Response) -> Answer:
        status = response.status_code
        if status in TRY_AGAIN or status >= 500:
            raise _Passing(f"it answers {status}", _retry_after(response.headers.get("Retry-After")))
        if status == 401 and self._has_new_token():
            raise _Passing("the token has expired, and there is a new one", wait=0)
        if status in (401, 403):
            raise SourceUnavailable(self._said(f"it answers {status}: {self._token_hint()}"))
        text = _body(response)
        if status != 200:
            shown = text[:LONGEST_SHOWN].decode("utf-8", "replace")
            raise SourceUnavailable(self._said(f"it answers {status}: {shown}"))
        try:
            content = json.loads(text, parse_float=str)
        except ValueError as error:
            raise _Passing(f"its answer of {len(text):,} bytes is no whole JSON ({error})") from error
        return Answer(content, response.links.get("next", {}).get("url"))

    def _authorise(self, request: PreparedRequest) -> PreparedRequest:
        """Add the token, and no password that some file of the machine might hold for that host."""
        self._token = self._token or self._read_token()
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def _read_token(self) -> str | None:
        if self.source.token_env:
            token = os.environ.get(self.source.token_env, "")
        elif self.source.token_file:
            path = self.folder / Path(self.source.token_file).expanduser()
            token = path.read_text(encoding="utf-8") if path.is_file() else ""
        else:
            return None
        if not token.strip():
            raise SourceUnavailable(self._said(f"there is no token: {self._token_hint()}"))
        return token.strip()

    def _has_new_token(self) -> bool:
        before, self._token = self._token, self._read_token()
        return self._token != before

    def _token_hint(self) -> str:
        if self.source.token_env:
            return f"put a valid bearer token into the environment variable {self.source.token_env}"
        if self.source.token_file:
            return f"put a valid bearer token into the file {self.source.token_file}"
        return "it may want a bearer token: declare token_env or token_file in sources.yaml"


def _body(response: Response) -> bytes:
    pieces: list[bytes] = []
    size = 0
    for piece in response.iter_content(CHUNK):
        size += len(piece)
        if size > MOST_PAGE_BYTES:
            most = MOST_PAGE_BYTES // 2**20
            raise SourceUnavailable(
                f"{response.url.partition('?')[0]}: a page is larger than {most} MiB: ask for smaller ones"
            )
        pieces.append(piece)
    return b"".join(pieces)


def _retry_after(text: str | None) -> float | None:
    """The seconds that a server asks for, which it may say as a date too."""
    if not text:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (zoned - datetime.now(UTC)).total_seconds())


def _backoff(attempt: int) -> float:
    """Longer with each attempt, and never the same for two who ask at once."""
    return min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** (attempt - 1)) * random.uniform(0.5, 1)
