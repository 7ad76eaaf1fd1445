"""One client's session: everything passes through to PostgreSQL but what Redshift would do itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from retail_assets.local_cloud.redshift import copying, unloading
from retail_assets.local_cloud.redshift.commands import Copy, is_truncate, parsed
from retail_assets.local_cloud.redshift.dialect import Protected, Refused, rewritten
from retail_assets.local_cloud.redshift.load_errors import LoadErrors
from retail_assets.local_cloud.redshift.objects import Bucket, S3Failure
from retail_assets.local_cloud.redshift.parquet import LoadFailure
from retail_assets.local_cloud.redshift.wire import (
    INTEGER,
    Field,
    Message,
    error_fields,
    failure,
    fields,
    notice,
    query,
    read_message,
    row_values,
)

LOG = logging.getLogger(__name__)
CHUNK = 1 << 18
HUNG_UP = (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError)
Takers = Mapping[bytes, Callable[[Message], object]]
"""What to do with each kind of answer; the others are passed over."""
IDLE, IN_TRANSACTION = b"I", b"T"
SPECIAL = "COPY, UNLOAD and TRUNCATE must be sent alone, and by the simple query protocol"


class BackendError(Exception):
    """PostgreSQL refused a statement of the stand-in's own; ``message`` is what it said."""

    def __init__(self, message: Message) -> None:
        super().__init__(error_fields(message).get("M", ""))
        self.message = message


@dataclass
class Session:
    """A client and its PostgreSQL session, after both have agreed who the client is."""

    client: asyncio.StreamReader
    to_client: asyncio.StreamWriter
    backend: asyncio.StreamReader
    to_backend: asyncio.StreamWriter
    bucket: Bucket
    load_errors: LoadErrors
    workspace: Path
    status: bytes = IDLE
    pid: int = 0
    _captured: asyncio.Queue[Message] | None = None

    async def serve(self) -> None:
        """Serve the client until it or PostgreSQL hangs up."""
        tasks = [asyncio.create_task(self._answers()), asyncio.create_task(self._requests())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception) and not isinstance(outcome, HUNG_UP):
                LOG.error("a session ended early", exc_info=outcome)

    async def run(self, sql: str) -> list[tuple[str | None, ...]]:
        """Run a statement of the stand-in's own in the client's session; BackendError where it fails."""
        rows: list[tuple[str | None, ...]] = []
        await self._exchange([query(sql)], {b"D": lambda message: rows.append(row_values(message))})
        return rows

    async def describe(self, select: str) -> list[Field]:
        """The columns that a query would yield."""
        found: list[Field] = []
        parse = Message(b"P", b"\0" + select.encode() + b"\0\0\0")
        requests = [parse, Message(b"D", b"S\0"), Message(b"S", b"")]
        await self._exchange(requests, {b"T": lambda message: found.extend(fields(message))})
        return found

    async def send_rows(self, copy: str, sources: AsyncIterator[Path]) -> int:
        """COPY the CSV files into a table; returns the number of rows."""
        tags: list[str] = []
        with self._capturing() as answers:
            self._forward(query(copy))
            first = await answers.get()
            if first.kind == b"G":
                try:
                    async for path in sources:
                        await self._send_file(path)
                except Exception:
                    self._forward(Message(b"f", b"the load failed\0"))
                    with suppress(BackendError):  # which says just that
                        await _until_ready(answers, {})
                    raise
                self._forward(Message(b"c", b""))
            await _until_ready(answers, {b"C": lambda message: tags.append(message.text)}, first)
        return int(tags[0].split()[-1])

    async def receive_rows(self, select: str, target: Path) -> int:
        """Write the rows of a query as CSV; returns their number."""
        tags: list[str] = []
        with target.open("wb") as stream:
            takers: Takers = {
                b"d": lambda message: stream.write(message.body),
                b"C": lambda message: tags.append(message.text),
            }
            await self._exchange([query(f"COPY ({select}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)")], takers)
        return int(tags[0].split()[-1])

    async def _exchange(self, requests: Iterable[Message], takers: Takers) -> None:
        """Send messages and take what PostgreSQL answers, up to the end of it; BackendError where it is an error."""
        with self._capturing() as answers:
            for request in requests:
                self._forward(request)
            await self.to_backend.drain()
            await _until_ready(answers, takers)

    async def _requests(self) -> None:
        while True:
            try:
                message = await read_message(self.client)
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            if message.kind == b"Q":
                await self._statement(message.text)
            elif message.kind == b"P":
                await self._prepare(message)
            else:
                self._forward(message)
                if message.kind == b"X":
                    return
            await self.to_backend.drain()

    async def _answers(self) -> None:
        """Pass on what PostgreSQL says, or hand it to the statement that is at work."""
        try:
            while True:
                message = await read_message(self.backend)
                if message.kind == b"Z":
                    self.status = message.body
                elif message.kind == b"K":
                    (self.pid,) = INTEGER.unpack(message.body[:4])
                if self._captured is not None:
                    await self._captured.put(message)
                else:
                    await self._tell(message)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.to_client.close()

    async def _statement(self, sql: str) -> None:
        """Run what the client asks for; a failure of the stand-in's own fails the client's transaction, too."""
        try:
            protected = Protected.of(sql)
            parts = protected.statements()
            special = [part for part in parts if parsed(protected, part) or is_truncate(part)]
            if not special:
                self._forward(query(rewritten(sql)))
            elif len(parts) > 1:
                raise Refused(SPECIAL)
            else:
                await self._do(protected, parts[0])
        except (Refused, S3Failure, LoadFailure) as error:
            await self._fail(str(error))
        except BackendError as error:
            await self._tell(error.message, Message(b"Z", self.status))

    async def _do(self, protected: Protected, statement: str) -> None:
        command = parsed(protected, statement)
        if command is None:
            await self.run(protected.restored(statement))
            if self.status == IN_TRANSACTION:
                await self.run("COMMIT")
            await self._tell(Message(b"C", b"TRUNCATE TABLE\0"), Message(b"Z", self.status))
            return
        with TemporaryDirectory(dir=self.workspace) as folder:
            if isinstance(command, Copy):
                count = await copying.copy(self, command, Path(folder))
                told = f"Load into table '{command.table}' completed, {count} record(s) loaded successfully."
                tag = f"COPY {count}"
            else:
                count = await unloading.unload(self, command, Path(folder))
                told, tag = f"UNLOAD completed, {count} record(s) unloaded successfully.", "UNLOAD"
        await self._tell(notice(told), Message(b"C", tag.encode() + b"\0"), Message(b"Z", self.status))

    async def _prepare(self, message: Message) -> None:
        name, sql, rest = message.body.split(b"\0", 2)
        try:
            protected = Protected.of(sql.decode())
            if any(parsed(protected, part) or is_truncate(part) for part in protected.statements()):
                raise Refused(SPECIAL)
            text = rewritten(sql.decode())
        except Refused as error:
            text = _raising(str(error))
        self._forward(Message(b"P", b"\0".join((name, text.encode(), rest))))

    async def _fail(self, text: str) -> None:
        """Tell the client of an error, and let PostgreSQL's transaction be as broken as the client then thinks."""
        with suppress(BackendError):
            await self.run("SELECT 1 / 0")
        await self._tell(failure(text), Message(b"Z", self.status))

    async def _send_file(self, path: Path) -> None:
        with path.open("rb") as stream:
            while piece := stream.read(CHUNK):
                self.to_backend.write(Message(b"d", piece).encoded())
                await self.to_backend.drain()

    def _forward(self, message: Message) -> None:
        self.to_backend.write(message.encoded())

    async def _tell(self, *messages: Message) -> None:
        for message in messages:
            self.to_client.write(message.encoded())
        await self.to_client.drain()

    @contextmanager
    def _capturing(self) -> Iterator[asyncio.Queue[Message]]:
        """Keep PostgreSQL's answers from the client meanwhile."""
        self._captured = asyncio.Queue(maxsize=64)
        try:
            yield self._captured
        finally:
            self._captured = None


async def _until_ready(answers: asyncio.Queue[Message], takers: Takers, first: Message | None = None) -> None:
    error, message = None, first or await answers.get()
    while message.kind != b"Z":
        if message.kind == b"E":
            error = message
        elif message.kind in takers:
            takers[message.kind](message)
        message = await answers.get()
    if error:
        raise BackendError(error)


def _raising(text: str) -> str:
    """A statement that fails with this text where it is run."""
    quoted = text.replace("\\", "\\\\").replace("'", "''")
    return f"DO $stand_in$ BEGIN RAISE EXCEPTION USING MESSAGE = E'{quoted}'; END $stand_in$"
