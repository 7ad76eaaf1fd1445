"""How a run ended: why it failed, or that somebody stopped it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from dagster_shared.error import SerializableErrorInfo

INTERRUPTIONS = ("DagsterExecutionInterruptedError", "KeyboardInterrupt")


def failed_steps(result: dg.ExecuteInProcessResult) -> set[str]:
    """The names of the steps that failed; those that were skipped for it are not among them."""
    return {event.step_key for event in _failures(result) if event.step_key}


def reasons(result: dg.ExecuteInProcessResult, step: str = "") -> list[str]:
    """Why a run failed, or one step of it.

    That is what its checks found, which it raises as a Failure, or the error behind all others.
    """
    found: list[str] = []
    for event in _failures(result):
        failure = event.step_failure_data
        if step not in ("", event.step_key):
            continue
        if failure.user_failure_data and failure.user_failure_data.description:
            lines = failure.user_failure_data.description.splitlines()
            found.extend(lines[1:] or lines)
        elif errors := list(_causes(failure.error)):
            found.append(errors[-1].message.strip().partition("\n")[0])
    return found or [f"run {result.run_id} ended without a reason: see it in the UI"]


def was_interrupted(result: dg.ExecuteInProcessResult) -> bool:
    """Whether somebody pressed Ctrl-C: Dagster and DuckDB each make an error of their own of it."""
    return any(
        error.cls_name in INTERRUPTIONS or "Query interrupted" in error.message
        for event in _failures(result)
        for error in _causes(event.step_failure_data.error)
    )


def _failures(result: dg.ExecuteInProcessResult) -> list[dg.DagsterEvent]:
    return list(result.filter_events(lambda event: event.is_step_failure))


def _causes(error: SerializableErrorInfo | None) -> Iterator[SerializableErrorInfo]:
    """The error and those behind it, the first one last."""
    while error:
        yield error
        error = error.cause
