"""A lake on S3: the same objects, rows and manifests as in a folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from retail_assets.contracts import Contract, contract_names
from retail_assets.contracts.loader import brought_names
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.identity import sha256_of
from retail_assets.engine.lease import Lease, written_alone
from retail_assets.engine.parallel import at_once
from retail_assets.engine.partition import Partition
from retail_assets.engine.private import private_folder
from retail_assets.engine.publication import Publication, Published
from retail_assets.engine.s3_errors import ObjectChanged, ObjectMissing, S3Error
from retail_assets.engine.s3_location import S3Location, is_s3
from retail_assets.engine.s3_objects import ABSENT, S3, State
from retail_assets.engine.staging import Output
from retail_assets.lake.entries import given_up, published_entry
from retail_assets.lake.manifest import MANIFEST_NAME
from retail_assets.lake.s3_manifest import Kept, Manifest, read_manifest, write_manifest


@dataclass(frozen=True)
class _Move:
    """A staged object and what shall be kept of it; ``source`` is its state where it lies on S3 already."""

    location: str
    kept: Kept
    source: State | None


@dataclass(frozen=True)
class S3Lake:
    """Hive-partitioned Parquet below ``root``: one object per partition, replaced by one PUT.

    ``local`` is a folder of this machine, for what is being staged and for who of this machine writes.
    """

    root: S3Location
    s3: S3
    local: Path
    _leases: dict[str, Lease] = field(default_factory=dict, compare=False, repr=False)

    @property
    def kind(self) -> str:
        """What it is, for people."""
        return "parquet"

    def folder(self, contract: Contract) -> S3Location:
        """The prefix of the dataset."""
        return self.root / contract.name

    def version(self) -> str:
        """Changes whenever a manifest does."""
        names = [*contract_names(), *brought_names()]
        states = at_once(lambda name: self.s3.state(self.root / name / MANIFEST_NAME), names)
        return ",".join(f"{name}:{state.etag}" for name, state in zip(names, states, strict=True) if state)

    def published(self, contract: Contract) -> dict[Partition, Published]:
        """Every partition that readers see."""
        return read_manifest(self.s3, self.folder(contract), contract).published()

    def dataset(self, contract: Contract) -> Dataset:
        """The published partitions as an input for queries."""
        objects = tuple(entry.stored for entry in self.published(contract).values())
        return Dataset(contract, objects, s3=self.s3.settings)

    def staging(self) -> AbstractContextManager[Path]:
        """A private folder on this machine."""
        return private_folder(self.local / "_staging")

    @contextmanager
    def writing(self, contract: Contract) -> Iterator[None]:
        """The right to write the dataset: of the processes of this machine, then of all machines."""
        place, lock = self.root / "_locks" / f"{contract.name}.json", self.local / "_locks" / f"{contract.name}.lock"
        with written_alone(self.s3, place, lock, f"writing {contract.name}") as lease:
            self.s3.abort_uploads(self.folder(contract))
            self._leases[contract.name] = lease
            try:
                yield
            finally:
                del self._leases[contract.name]

    def publish(self, output: Output, publications: Iterable[Publication]) -> int:
        """PUT staged objects, then name them in the manifest; unchanged objects stay untouched.

        Objects of an earlier partitioning go once the manifest names none of them.
        """
        folder = self.folder(output.contract)
        manifest, lease = read_manifest(self.s3, folder, output.contract), self._leases.get(output.contract.name)
        moves = at_once(lambda item: self._move(output, item), publications)
        same = at_once(lambda move: self._is_there(manifest, move), moves)
        changed = [move for move, is_there in zip(moves, same, strict=True) if not is_there]
        after = dict(manifest.kept)
        for move, is_there in zip(moves, same, strict=True):
            partition = move.kept.entry.partition
            after[partition] = replace(move.kept, state=after[partition].state) if is_there else move.kept
        gone = given_up(manifest.removing, str(folder), [move.kept.entry for move in moves])
        if changed:
            announced = [move.kept for move in changed]
            kept = manifest.kept.values()
            manifest = write_manifest(self.s3, folder, manifest, kept, announced, manifest.removing)
            sent = at_once(lambda move: self._send(manifest, move, lease), changed)
            after |= {kept.entry.partition: kept for kept in sent}
        if changed or gone or after != manifest.kept:
            manifest = write_manifest(self.s3, folder, manifest, after.values(), removing=gone)
        if gone:
            at_once(lambda name: self._remove(folder / name, lease), gone)
            write_manifest(self.s3, folder, manifest, after.values())
        return len(changed)

    def _remove(self, place: S3Location, lease: Lease | None) -> None:
        if lease:
            lease.confirm()
        self.s3.remove(place)

    def _move(self, output: Output, item: Publication) -> _Move:
        location = item.staged.location
        source = self._source(location) if is_s3(location) else None
        sha256 = source.sha256 if source else sha256_of(item.staged.path)
        entry = published_entry(item, str(self.root / output.object_path(item.staged.partition)))
        return _Move(location, Kept(entry, State("", item.staged.bytes, sha256, None)), source)

    def _source(self, location: str) -> State:
        place = S3Location.of(location)
        state = self.s3.state(place)
        if state is None:
            raise ObjectMissing(f"{place} is gone; run it again")
        if not state.sha256:
            raise S3Error(f"{place} was written by others, without the digest that it is known by; make it again")
        return state

    def _is_there(self, manifest: Manifest, move: _Move) -> bool:
        """Whether the object that is published holds the same bytes, and still is the one that the manifest names."""
        known = manifest.kept.get(move.kept.entry.partition)
        if known is None or known.state.sha256 != move.kept.state.sha256:
            return False
        found = self.s3.state(S3Location.of(move.kept.entry.location))
        return found is not None and found.etag == known.state.etag

    def _send(self, manifest: Manifest, move: _Move, lease: Lease | None) -> Kept:
        if lease:
            lease.confirm()
        target = S3Location.of(move.kept.entry.location)
        if move.source:
            return replace(move.kept, state=self.s3.copy(S3Location.of(move.location), move.source, target))
        known = manifest.kept.get(move.kept.entry.partition)
        file, sha256 = Path(move.location), move.kept.state.sha256
        try:
            state = self.s3.put_file(target, file, sha256, known.state.etag if known else ABSENT)
        except ObjectChanged:
            # Somebody has changed or removed it behind the manifest's back, which is put right, or is writing now.
            if lease is None:
                raise
            lease.renew()
            state = self.s3.put_file(target, file, sha256)
        return replace(move.kept, state=state)
