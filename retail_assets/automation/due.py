"""What is due: which steps shall run for which dates, judged by what is published and what it would be made from now.

Nothing is remembered but what has been tried today, so nothing can be missed: a file that was landed, changed or
withdrawn, a mended rule, a run that died. A step runs when nothing that it reads is due or being made, unless that is
for the same dates: then one run makes both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from retail_assets.assets.catalogue import STEPS, steps_of
from retail_assets.assets.materialization import outdated, runnable
from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Partitioning, Step, Upstream, of_dates
from retail_assets.automation.ranges import consecutive

MOST_DATES = 100
"""Dates a run, so that what fails together stays small."""
NO_DATE = ""
"""Stands for the one partition of a dataset that has none."""

Tried = Mapping[str, str]
"""What a run was asked for: by step and date, the digest of what it would be made from."""


@dataclass(frozen=True)
class DueRun:
    """A run of some steps, upstream first, for consecutive dates; without dates for unpartitioned datasets."""

    steps: tuple[Step, ...]
    dates: tuple[str, ...]
    tried: Tried
    anticipated: tuple[str, ...] = ()
    """Steps and dates whose inputs the run makes itself: what they will be made from is not known yet."""

    @property
    def partitioning(self) -> Partitioning:
        """How its steps are partitioned."""
        return self.steps[0].partitioning

    @property
    def key(self) -> str:
        """Names the run by steps, range and content: the same again is the same run."""
        content = hashlib.sha256(repr(sorted(self.tried.items())).encode()).hexdigest()[:16]
        span = f"{self.dates[0]}..{self.dates[-1]}" if self.dates else "all"
        return f"{'+'.join(step.name for step in self.steps)}:{span}:{content}"


@dataclass
class _Group:
    """Steps that share runs, since they are due for the same dates."""

    steps: list[Step]
    dates: frozenset[str]

    def fits(self, step: Step, dates: Collection[str]) -> bool:
        return self.steps[0].partitioning == step.partitioning and self.dates == dates


@dataclass
class Due:
    """What is due of a platform now, of ``steps`` whose dates are ``known``.

    ``busy`` names steps that are being made, ``tried`` what was tried with the same inputs, ``vain`` what was tried
    with inputs that were made in the same run.
    """

    platform: Platform
    busy: Collection[str] = ()
    tried: Tried = field(default_factory=dict)
    vain: Collection[str] = ()
    steps: tuple[Step, ...] = STEPS
    known: Collection[str] | None = None
    """Unset: the dates that files have landed for."""
    outdated: dict[str, str] = field(default_factory=dict)
    """Everything that is missing or stale, with what it would be made from."""

    @cached_property
    def _makers(self) -> dict[str, str]:
        """The step that makes each dataset of the lake; of a broken mart there is none."""
        steps = (step for step in steps_of(self.platform.settings) if step.store == "lake")
        return {output: step.name for step in steps for output in step.outputs}

    def runs(self) -> list[DueRun]:
        """The runs that can start now, upstream first."""
        return [run for group in self._groups() for run in self._ranges(group)]

    def _groups(self) -> list[_Group]:
        known = frozenset(self.platform.known_dates() if self.known is None else self.known)
        due: dict[str, frozenset[str]] = {}
        groups: list[_Group] = []
        for step in self.steps if known or self.known is not None else ():
            due[step.name] = self._dates(step, known, due)
            if due[step.name] and step.name not in self.busy:
                self._place(step, due, groups)
        return groups

    def _dates(self, step: Step, known: frozenset[str], due: Mapping[str, frozenset[str]]) -> frozenset[str]:
        """The dates that a step is due for, or will be once what it reads is made."""
        candidates = self._outdated(step, known).items()
        found = {day for day, made in candidates if self._is_fresh(f"{step.name}|{day}", made)}
        reached = {
            day for upstream in step.upstreams for day in _reached(step, upstream, self._due_of(upstream, due), known)
        }
        return frozenset(found | self._within_reach(step, reached - found, due))

    def _due_of(self, upstream: Upstream, due: Mapping[str, frozenset[str]]) -> frozenset[str]:
        """The dates that whatever makes this input is due for."""
        return due.get(self._makers.get(upstream.name, ""), frozenset())

    def _within_reach(self, step: Step, days: Collection[str], due: Mapping[str, frozenset[str]]) -> set[str]:
        """Those of the days whose inputs are all published or due: a run for any other must fail."""
        inputs = self.platform.inputs(step) if days else {}

        def comes(upstream: Upstream, day: str) -> bool:
            if (NO_DATE if upstream.partitioning == "none" else day) in self._due_of(upstream, due):
                return True
            wanted = of_dates(step.partitioning, [day])
            return not any(upstream.missing(inputs[upstream.name], partition) for partition in wanted)

        return {day for day in days if all(comes(upstream, day) for upstream in step.upstreams)}

    def _is_fresh(self, name: str, made: str) -> bool:
        return self.tried.get(name) != made and name not in self.vain

    def _outdated(self, step: Step, known: Collection[str]) -> dict[str, str]:
        """By date, what is missing or stale and can be made: the digest of what it would be made from."""
        ready = runnable(self.platform, step, of_dates(step.partitioning, sorted(known)))
        contents: dict[str, list[object]] = {}
        for partition, made in outdated(self.platform, step, ready).items():
            contents.setdefault(partition.get("date") or NO_DATE, []).append((partition.key, made))
        found = {day: hashlib.sha256(repr(made).encode()).hexdigest()[:16] for day, made in contents.items()}
        self.outdated |= {f"{step.name}|{day}": made for day, made in found.items()}
        return found

    def _place(self, step: Step, due: Mapping[str, frozenset[str]], groups: list[_Group]) -> None:
        """Let the step join the run that makes all it waits for, or start one of its own, or wait."""
        makers = {self._makers.get(upstream.name, "") for upstream in step.upstreams}
        awaited = {name for name in makers if due.get(name) or name in self.busy}
        fitting = [group for group in groups if group.fits(step, due[step.name])]
        for group in fitting:
            if awaited <= {member.name for member in group.steps}:
                group.steps.append(step)
                return
        if not awaited:
            groups.append(_Group([step], due[step.name]))

    def _ranges(self, group: _Group) -> Iterator[DueRun]:
        chosen = of_dates(group.steps[0].partitioning, sorted(group.dates))
        for days in consecutive(chosen, MOST_DATES):
            keys = [f"{step.name}|{day}" for step in group.steps for day in days or [NO_DATE]]
            tried = {key: self.outdated[key] for key in keys if key in self.outdated}
            yield DueRun(tuple(group.steps), tuple(days), tried, tuple(key for key in keys if key not in tried))


def _reached(step: Step, upstream: Upstream, dates: Collection[str], known: frozenset[str]) -> set[str]:
    """The dates of a step that change when these dates of its upstream do."""
    if step.partitioning == "none":
        return {NO_DATE} if dates else set()
    if upstream.partitioning == "none":
        return set()  # which of the dates change is known once it is made
    ahead = range(upstream.lookback_days + 1)
    return {day for first in dates for n in ahead if (day := _later(first, n)) in known}


def _later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
