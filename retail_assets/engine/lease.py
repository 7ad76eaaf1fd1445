"""The right to write something on S3, such as a dataset: a small object that the one who has it keeps renewing.

No clocks are compared. Who waits watches the object's ETag; when nothing has renewed it for as long as a lease lasts,
by the waiting machine's own measure, its holder is dead and the lease is taken over. S3 itself decides between several
that try: every write demands the ETag that was seen before.

A holder that was merely frozen finds out before it writes anything more: ``confirm`` renews a lease that has grown old,
which fails once somebody else has it.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from retail_assets.engine.durability import write_whole
from retail_assets.engine.locking import exclusive
from retail_assets.engine.s3_errors import ObjectChanged, ObjectMissing, S3Error
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import ABSENT, S3, Body

LOG = logging.getLogger(__name__)
RENEWALS = 4
"""In the time that a lease lasts."""
LOOKS = 10
"""Of who waits, in the same time."""
FREE = "nobody"


_SEEN: dict[S3Location, tuple[str, float]] = {}
"""What who only asks has seen of each lease, and since when."""


class LeaseLost(Exception):
    """Somebody else has the right to write by now. What was published stays; run it again."""


@dataclass
class Lease:
    """The lease that the object at ``place`` stands for; ``machine`` names where only one process can ask for it."""

    s3: S3
    place: S3Location
    machine: str
    purpose: str
    _holder: str = field(default_factory=lambda: uuid4().hex)
    _etag: str = ""
    _number: int = 0
    _renewed: float = 0.0
    _guard: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Have the right; waits for another holder to release it or to die.

        Raises:
            S3Error: the lease can be neither read nor written.
        """
        self._acquire()
        ended = threading.Event()
        renewing = threading.Thread(target=self._keep, args=(ended,), daemon=True, name=f"lease of {self.purpose}")
        renewing.start()
        try:
            yield
        finally:
            ended.set()
            renewing.join()
            self._release()

    def confirm(self) -> None:
        """Make sure that the right is still ours.

        Raises:
            LeaseLost: it is not: this process was frozen, or could not reach S3, for longer than a lease lasts.
        """
        if time.monotonic() - self._renewed > 2 * self._seconds / RENEWALS:
            self.renew()

    def renew(self) -> None:
        """Prove the right by writing the lease anew.

        Raises:
            LeaseLost: somebody else has taken it over.
        """
        with self._guard:
            started = time.monotonic()
            try:
                self._etag = self._write(self._holder, self._etag)
            except ObjectChanged as error:
                raise LeaseLost(
                    f"another run has taken over {self.purpose}, since this one had stopped answering. "
                    "What was published stays; run it again."
                ) from error
            self._renewed = started

    def is_held(self) -> bool:
        """Whether somebody seems to have the right at this moment; a dead holder does until a lease has gone by."""
        found = self._read()
        if found is None or _document(found).get("holder") == FREE:
            return False
        etag, since = _SEEN.get(self.place, ("", 0.0))
        if etag != found.etag:
            _SEEN[self.place] = found.etag, time.monotonic()
            return True
        return not self._has_aged(since)

    @property
    def _seconds(self) -> float:
        return self.s3.settings.lease_seconds

    def _acquire(self) -> None:
        seen, since, told = "", time.monotonic(), False
        while True:
            found = self._read()
            if found is None or self._is_free(found) or (found.etag == seen and self._has_aged(since)):
                with suppress(ObjectChanged):  # another one was faster
                    started = time.monotonic()
                    self._etag = self._write(self._holder, found.etag if found else ABSENT)
                    self._renewed = started
                    return
                continue
            if found.etag != seen:
                seen, since = found.etag, time.monotonic()
            if not told:
                LOG.warning("another run is %s (%s); waiting until it is done", self.purpose, _who(found))
                told = True
            time.sleep(min(1.0, self._seconds / LOOKS))

    def _has_aged(self, since: float) -> bool:
        return time.monotonic() - since > self._seconds

    def _is_free(self, found: Body) -> bool:
        """Whether nobody holds it; nobody alive does where its holder was on this machine, for one at a time asks."""
        document = _document(found)
        return document.get("holder") == FREE or document.get("machine") == self.machine

    def _read(self) -> Body | None:
        with suppress(ObjectMissing):
            return self.s3.read(self.place)
        return None

    def _write(self, holder: str, only_if: str) -> str:
        self._number += 1
        document = {
            "holder": holder,
            "machine": self.machine,
            "host": socket.gethostname(),
            "process": os.getpid(),
            "number": self._number,
        }
        return self.s3.put(self.place, json.dumps(document).encode(), only_if).etag

    def _keep(self, ended: threading.Event) -> None:
        while not ended.wait(self._seconds / RENEWALS):
            try:
                self.renew()
            except LeaseLost:
                return  # confirm tells
            except S3Error as error:
                LOG.warning("the right of %s could not be renewed yet: %s", self.purpose, error)

    def _release(self) -> None:
        try:
            self._write(FREE, self._etag)
        except S3Error as error:
            LOG.warning("the right of %s was not released; it ends by itself: %s", self.purpose, error)


@contextmanager
def written_alone(s3: S3, place: S3Location, lock: Path, purpose: str) -> Iterator[Lease]:
    """The right to write, with its lease at ``place``: of the processes of this machine, then of all machines.

    Processes of this machine share the file ``lock``, and its folder.
    """
    with exclusive(lock, purpose):
        lease = Lease(s3, place, this_machine(lock.parent), purpose)
        with lease.held():
            yield lease


def this_machine(folder: Path) -> str:
    """A name for this machine, kept in a folder that all of its processes share."""
    path = folder / ".machine"
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        with exclusive(folder / ".machine.lock", "naming this machine"):
            if not path.exists():
                write_whole(path, uuid4().hex)
        return this_machine(folder)


def _document(found: Body) -> dict[str, Any]:
    try:
        document = json.loads(found.content)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _who(found: Body) -> str:
    document = _document(found)
    return f"process {document.get('process')} on {document.get('host')}"
