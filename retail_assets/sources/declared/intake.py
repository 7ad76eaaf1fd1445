"""Take in what a source has now: each content of a file is read once, and nothing is shown before all of it is."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from retail_assets.contracts import Contract, Rule
from retail_assets.engine.durability import make_durable, write_whole
from retail_assets.engine.full_disk import FullDisk
from retail_assets.engine.locking import exclusive
from retail_assets.engine.private import private_folder
from retail_assets.engine.query import sql_text
from retail_assets.engine.session import session
from retail_assets.landing.arrival import Arrival, FileChanged
from retail_assets.landing.blocked import UNREADABLE, BlockedFile
from retail_assets.settings import Settings
from retail_assets.sources.declared.dataset import count_rows
from retail_assets.sources.declared.delivery import Deliverer, FilesDelivery
from retail_assets.sources.declared.errors import SourceUnavailable
from retail_assets.sources.declared.source import DATE, DeclaredSource
from retail_assets.sources.declared.state import NAME, PARTS, Part, SeenFile, SourceState, read_state, state_text
from retail_assets.sources.files.judging import JUDGED_ROWS
from retail_assets.sources.files.listing import fetched, form_of
from retail_assets.sources.files.reading import CASTS, GOOD, READER_VERSION, REFUSED, ContractError, Terms, read_file
from retail_assets.sources.http.asking import Asking
from retail_assets.sources.http.delivery import HttpDelivery
from retail_assets.sources.kaggle.delivery import KaggleDelivery


@dataclass(frozen=True)
class Intake:
    """What one source brings to one platform."""

    settings: Settings
    source: DeclaredSource

    @property
    def folder(self) -> Path:
        """Where what was read is kept."""
        return self.settings.sources_dir / self.source.name

    def latest(self) -> SourceState:
        """What was last taken in; SourceUnavailable where that cannot be read."""
        return read_state(self.folder)

    def version(self) -> str:
        """Changes whenever something is taken in; empty before the first time."""
        try:
            return str((self.folder / NAME).stat().st_mtime_ns)
        except FileNotFoundError:
            return ""

    def unseen(self) -> str:
        """Stands for what the source has now and for what was taken in last, where they differ; else empty. Cheap.

        Raises:
            SourceUnavailable, S3Error: the source cannot be looked at.
        """
        before = self.latest()
        with self._unavailable():
            arrivals = self._deliverer.waiting(before)
        if not self._differs(before, arrivals):
            return ""
        listed = [(arrival.name, arrival.bytes, _stamp(arrival)) for arrival in arrivals]
        told = [self._reader, listed, state_text(before)]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]

    def take(self) -> SourceState:
        """Read what is new and show it all at once; what is blocked keeps the rows that it had before.

        Under another contract or settings it has none: rows that were read otherwise fit nothing any more.

        Raises:
            SourceUnavailable, S3Error: the source cannot be read, and everything stays as it is.
        """
        with self._unavailable(), exclusive(self.folder / ".lock", f"taking in {self.source.name}"):
            before = self.latest()
            with private_folder(self.folder / "staging") as stage:
                arrivals, cursor = self._deliverer.bring(before, stage)
                if not arrivals:
                    raise SourceUnavailable(self._nothing(before))
                if not self._differs(before, arrivals) and cursor == before.cursor:
                    return self._readable(before)
                after = self._show(before, list(self._seen(arrivals, before, stage)), cursor, stage)
        return self._readable(after)

    @contextmanager
    def _unavailable(self) -> Iterator[None]:
        """What keeps one source from being read is no error of the others; a full disk is everybody's."""
        try:
            yield
        except FullDisk:
            raise
        except (OSError, ValueError) as error:
            raise SourceUnavailable(f"{self.source.name}: {error}") from error

    @property
    def _deliverer(self) -> Deliverer:
        chosen, base = self.source.configuration, self.source.folder
        if chosen.kind == "http":
            return HttpDelivery(chosen, Asking(chosen, base), self.folder)
        if chosen.kind == "kaggle":
            return KaggleDelivery(self.settings, chosen)
        return FilesDelivery(self.settings, chosen, base)

    @property
    def _contract(self) -> Contract:
        """The contract under which files are read: with the platform's own reason to refuse a date."""
        if not self.source.is_dated:
            return self.source.contract
        start = self.settings.start_date.isoformat()
        too_old = Rule("too_old", f"{DATE} < DATE '{start}'", f"Before the platform's first day, {start}.")
        return replace(self.source.contract, reject_reasons=(too_old, *self.source.contract.reject_reasons))

    @property
    def _reader(self) -> str:
        chosen = self.source.configuration
        own = chosen.options.model_dump(mode="json", include={"format", "delimiter", "encoding"})
        own |= chosen.model_dump(mode="json", include={"timezone", "max_rejected_share"})
        sql = [sql_text(name) for name in ("macros", CASTS, JUDGED_ROWS)]
        parts = [READER_VERSION, own, self.source.contract.digest, self.settings.start_date.isoformat(), sql]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]

    def _differs(self, before: SourceState, arrivals: Iterable[Arrival]) -> bool:
        known = {(seen.name, seen.bytes, seen.stamp) for seen in before.files}
        return before.reader != self._reader or known != {(a.name, a.bytes, _stamp(a)) for a in arrivals}

    def _nothing(self, before: SourceState) -> str:
        gone = f"; all {len(before.files):,} files that were there are gone, and the dataset stays" * bool(before.files)
        return (
            f"{self.source.name}: there is no file {self._deliverer.place}{gone}. Deliver one, or correct sources.yaml."
        )

    def _readable(self, state: SourceState) -> SourceState:
        """The same state, where at least one file could be read."""
        if not state.parts:
            blocked = "\n".join(seen.blocked for seen in state.files)
            raise SourceUnavailable(
                blocked or f"{self.source.name}: its files are still being written; run it again later"
            )
        return state

    def _seen(self, arrivals: Iterable[Arrival], before: SourceState, stage: Path) -> Iterable[SeenFile]:
        known = {seen.name: seen for seen in before.files}
        is_same_reader = before.reader == self._reader
        for number, arrival in enumerate(arrivals):
            seen = known.get(arrival.name)
            kept = seen if is_same_reader else None  # rows that were read otherwise fit nothing any more
            if kept and (kept.bytes, kept.stamp) == (arrival.bytes, _stamp(arrival)):
                yield kept
                continue
            folder = stage / str(number)
            folder.mkdir()
            try:
                found = self._read(arrival, folder)
            except FileChanged as error:  # it is looked at again when it keeps still
                self._require_rows(seen, kept, error)
                if kept:
                    yield replace(kept, stamp="")
            except BlockedFile as error:
                if error.code == UNREADABLE:
                    self._require_rows(seen, kept, error)
                stamp = "" if error.code == UNREADABLE else _stamp(arrival)
                yield SeenFile(arrival.name, arrival.bytes, stamp, "", kept.part if kept else None, str(error))
            else:
                yield found
            finally:
                shutil.rmtree(folder, ignore_errors=True)  # what was fetched and unpacked of one file, before the next

    def _require_rows(self, seen: SeenFile | None, kept: SeenFile | None, error: Exception) -> None:
        """Refuse to lose rows that are published over a file that another contract could not read just now."""
        if seen and seen.part and not kept:
            raise SourceUnavailable(
                f"{self.source.name}: {error}. It must be read anew under the changed contract or settings: "
                "until then everything stays as it was."
            ) from error

    def _read(self, arrival: Arrival, folder: Path) -> SeenFile:
        configuration, options = self.source.configuration, self.source.configuration.options
        terms = Terms(
            contract=self._contract,
            form=form_of(arrival.name, options) or "csv",
            delimiter=_delimiter(arrival.name, options.delimiter),
            encoding=options.encoding,
            timezone=configuration.timezone,
            max_rejected_share=configuration.max_rejected_share,
        )
        try:
            reading = read_file(self.settings, fetched(self.settings, arrival, folder), arrival.name, terms, folder)
        except ContractError as error:
            raise SourceUnavailable(str(error)) from error
        key = hashlib.sha256(json.dumps([reading.sha256, arrival.name, self._reader]).encode()).hexdigest()[:24]
        good, refused = folder / GOOD, folder / REFUSED
        sizes = (good.stat().st_size, refused.stat().st_size)
        part = Part(key, reading.rows, sizes[0], reading.rejected, sizes[1], reading.notes)
        good.rename(folder.parent / part.good_name)
        refused.rename(folder.parent / part.rejected_name)
        return SeenFile(arrival.name, arrival.bytes, _stamp(arrival), reading.sha256, part)

    def _show(self, before: SourceState, files: list[SeenFile], cursor: str, stage: Path) -> SourceState:
        """Move new parts into place, then name them. Parts of the state before stay for whoever reads them."""
        parts = self.folder / PARTS
        parts.mkdir(exist_ok=True)
        new = [path for path in stage.glob("*.parquet") if not (parts / path.name).exists()]
        make_durable(new)
        for path in new:
            path.replace(parts / path.name)
        after = SourceState(self.folder, self._reader, tuple(files), cursor=cursor)
        with session(self.settings) as connection:
            counted = count_rows(connection, self.source, after)
        days = {day: digest for day, (_, digest) in sorted(counted.items()) if day}
        after = replace(after, days=days, rows=sum(rows for rows, _ in counted.values()))
        write_whole(self.folder / NAME, state_text(after))
        kept = {name for state in (before, after) for part in state.parts for name in part.names}
        for path in parts.iterdir():
            if path.name not in kept:
                path.unlink()
        return after


def _stamp(arrival: Arrival) -> str:
    return arrival.etag or str(arrival.mtime_ns)


def _delimiter(name: str, declared: str) -> str:
    """The declared delimiter; that of .tsv files is the tabulator, unless another than the comma is declared."""
    return "\t" if declared == "," and name.lower().removesuffix(".gz").endswith(".tsv") else declared
