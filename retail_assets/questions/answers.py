"""Answers that are kept as long as they are true."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from retail_assets.questions.warehouse import Value, Values

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ANSWERS = 256


class Answers:
    """What one state of a warehouse answered, the latest questions. It may be shared by threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[object, pa.Table] = OrderedDict()

    def of(self, question: str, values: Values, answer: Callable[[], pa.Table]) -> pa.Table:
        """What was answered, or else what ``answer`` says."""
        asked = (question, tuple((name, _frozen(value)) for name, value in sorted(values.items())))
        known = self._known.get(asked)
        if known is None:
            known = self._known[asked] = answer()
            while len(self._known) > MOST_ANSWERS:
                self._known.popitem(last=False)
        return known


def _frozen(value: Value | Sequence[Value]) -> object:
    return value if isinstance(value, str) or not isinstance(value, Sequence) else tuple(value)
