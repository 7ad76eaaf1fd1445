"""What is measured, one scenario a file; each says what it found and holds it against the targets."""

from collections.abc import Callable

from benchmarks.findings import Finding
from benchmarks.plan import Plan
from benchmarks.scenarios.agreement import agreement
from benchmarks.scenarios.commands import commands
from benchmarks.scenarios.day import day
from benchmarks.scenarios.month import month
from benchmarks.scenarios.months import months
from benchmarks.scenarios.overhead import overhead
from benchmarks.scenarios.published import published

BY_NAME: dict[str, Callable[[Plan], Finding]] = {
    function.__name__: function for function in (agreement, month, published, months, day, overhead, commands)
}
