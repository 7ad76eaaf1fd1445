"""Back-tests: what each model would have said at earlier origins, and what came."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date

import numpy as np
import numpy.typing as npt

from retail_assets.forecasting.demand_class import CLASSES, demand_classes
from retail_assets.forecasting.intervals import LEAST_HISTORY, Model, calibrated
from retail_assets.forecasting.metrics import Accuracy, Outcome, Scales
from retail_assets.forecasting.models import BASELINES, DEFAULT, MODELS, TO_BEAT, calibrating
from retail_assets.forecasting.panel import Floats, Panel

ALL = "all"
MOST_BIAS = 0.05
"""A model that is further off in sum is not published."""


@dataclass(frozen=True)
class Score:
    """A model's accuracy at one origin over one demand class, or all series."""

    origin: date
    model: str
    demand_class: str
    accuracy: Accuracy


@dataclass(frozen=True)
class SeriesErrors:
    """What came of each series at one origin, what was expected in sum, and how far it was off by day."""

    ids: npt.NDArray[np.str_]
    demand_class: npt.NDArray[np.str_]
    units: Floats
    expected: Floats
    absolute_error: Floats
    rmsse: Floats
    """NaN where the history never changed."""

    @classmethod
    def of(cls, outcome: Outcome, classes: npt.NDArray[np.str_]) -> SeriesErrors:
        """The errors of every series of an outcome."""
        actual, mean = outcome.actual, outcome.mean
        absolute = np.abs(mean - actual).sum(axis=1)
        rmsse = outcome.scaled_errors[1]
        return cls(outcome.scales.history.ids, classes, actual.sum(axis=1), mean.sum(axis=1), absolute, rmsse)


@dataclass(frozen=True)
class Run:
    """One model at one origin: the accuracy of the sums, and how long the forecast took."""

    origin: date
    model: str
    wrmsse: float | None
    level_wmape: dict[str, float | None]
    seconds: float
    series: SeriesErrors


@dataclass(frozen=True)
class Backtest:
    """Every score of every model, and which model earns its place."""

    horizon: int
    origins: tuple[date, ...]
    model: str
    scores: tuple[Score, ...]
    runs: tuple[Run, ...]

    def models(self) -> list[str]:
        """The models compared, the one in question first."""
        return list(dict.fromkeys(score.model for score in self.scores))

    def mean(self, model: str, demand_class: str = ALL) -> dict[str, float | None]:
        """The mean of each figure over the origins; None where no origin has it."""
        chosen = [s.accuracy for s in self.scores if (s.model, s.demand_class) == (model, demand_class)]
        return {field.name: _mean([getattr(accuracy, field.name) for accuracy in chosen]) for field in fields(Accuracy)}

    def wrmsse(self, model: str) -> float | None:
        """The mean WRMSSE over the origins."""
        return _mean([run.wrmsse for run in self.runs if run.model == model])

    def verdict(self) -> Verdict:
        """Whether the model beats both baselines on RMSSE without being biased, and what to publish."""
        rmsse = {name: self.mean(name)["rmsse"] for name in (self.model, *TO_BEAT)}
        bias = self.mean(self.model)["bias"]
        best = min(TO_BEAT, key=lambda name: _or_infinity(rmsse[name]))
        if self.model in BASELINES:
            return Verdict(True, self.model, f"{self.model} is a baseline itself")
        told = f"RMSSE {_shown(rmsse[self.model])} against {_shown(rmsse[best])} of {best}, bias {_percent(bias)}"
        if _or_infinity(rmsse[self.model]) >= _or_infinity(rmsse[best]):
            return Verdict(False, best, f"{self.model} does not beat {best}: {told}")
        if bias is None or abs(bias) > MOST_BIAS:
            return Verdict(False, best, f"{self.model} is off by more than {MOST_BIAS:.0%} in sum: {told}")
        return Verdict(True, self.model, f"{self.model} beats both baselines: {told}")


@dataclass(frozen=True)
class Verdict:
    """Which model to publish, and why."""

    earned: bool
    publish: str
    reason: str


def backtest(panel: Panel, horizon: int, origins: int, model: str, models: Mapping[str, Model] = MODELS) -> Backtest:
    """Forecast from the last origins, each a horizon after the one before.

    With the model, with the default model where that is another, and with all baselines.

    Raises:
        ValueError: the panel is too short for so many origins.
    """
    ends = origin_days(panel, horizon, origins)
    scores: list[Score] = []
    runs: list[Run] = []
    for end in ends:
        scales = Scales(panel.until(end))
        classes = demand_classes(scales.history)
        for name in dict.fromkeys((model, DEFAULT, *BASELINES)):
            began = time.perf_counter()
            outcome = _outcome(panel, scales, horizon, name, models)
            seconds = time.perf_counter() - began
            scores.extend(_scores(outcome, classes, name))
            levels, series = outcome.level_wmape(), SeriesErrors.of(outcome, classes)
            runs.append(Run(scales.history.end, name, outcome.wrmsse(), levels, seconds, series))
    return Backtest(horizon, tuple(panel.date_of(end - 1) for end in ends), model, tuple(scores), tuple(runs))


def origin_days(panel: Panel, horizon: int, origins: int) -> list[int]:
    """How many days each origin knows, oldest first: the last horizons of the panel, one after the other.

    Raises:
        ValueError: the panel is too short, or nothing is asked for.
    """
    if origins < 1 or horizon < 1:
        raise ValueError(f"A back-test needs an origin and a day ahead or more, not {origins} and {horizon}.")
    ends = [panel.days - horizon * back for back in range(origins, 0, -1)]
    if ends[0] < LEAST_HISTORY:
        raise ValueError(
            f"The table has {panel.days} days, from {panel.start} to {panel.end}; {origins} origins of {horizon} days "
            f"need {horizon * origins + LEAST_HISTORY}. Ask for fewer origins or a shorter horizon."
        )
    return ends


def _outcome(panel: Panel, scales: Scales, horizon: int, model: str, models: Mapping[str, Model]) -> Outcome:
    """What the model says after the history, with its interval, beside what came."""
    history = scales.history
    mean = models[model](history, horizon)
    found = calibrated(history, calibrating(model, models), horizon).quantiles(history, mean)
    ahead = panel.demand[panel.begins < history.days, history.days : history.days + horizon]
    return Outcome(scales, ahead.astype(np.float64), mean, found.lower, found.upper)


def _scores(outcome: Outcome, classes: npt.NDArray[np.str_], model: str) -> Iterator[Score]:
    origin = outcome.scales.history.end
    yield Score(origin, model, ALL, outcome.accuracy())
    for name in CLASSES:
        chosen = classes == name
        if chosen.any():
            yield Score(origin, model, name, outcome.accuracy(chosen))


def as_document(found: Backtest) -> dict[str, object]:
    """The back-test in plain types: means by model, by demand class and by origin, and the verdict."""
    return {
        "horizon": found.horizon,
        "origins": list(found.origins),
        "model": found.model,
        "verdict": asdict(found.verdict()),
        "models": {name: _summary(found, name) for name in found.models()},
    }


def _summary(found: Backtest, model: str) -> dict[str, object]:
    runs = [run for run in found.runs if run.model == model]
    mine = [score for score in found.scores if score.model == model]
    present = dict.fromkeys(score.demand_class for score in mine if score.demand_class != ALL)
    by_origin = {score.origin: asdict(score.accuracy) for score in mine if score.demand_class == ALL}
    return {
        **found.mean(model),
        "wrmsse": found.wrmsse(model),
        "level_wmape": {name: _mean([run.level_wmape.get(name) for run in runs]) for name in runs[-1].level_wmape},
        "seconds": round(sum(run.seconds for run in runs), 2),
        "by_class": {name: found.mean(model, name) for name in present},
        "by_origin": [{"origin": run.origin, **by_origin[run.origin], "wrmsse": run.wrmsse} for run in runs],
    }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _or_infinity(value: float | None) -> float:
    return float("inf") if value is None else value


def _shown(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "unknown" if value is None else f"{value:+.1%}"
