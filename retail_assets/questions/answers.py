"""Answers that are kept as long as they are true."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING

from retail_assets.questions.warehouse import Value, Values

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ANSWERS = 256


class Answers:
    """What one state of a warehouse answered, the questions asked last. It may be shared by threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[object, pa.Table] = OrderedDict()
        self._lock = Lock()

    def of(self, question: str, values: Values, answer: Callable[[], pa.Table]) -> pa.Table:
        """What was answered, or else what ``answer`` says."""
        asked = (question, tuple((name, _frozen(value)) for name, value in sorted(values.items())))
        with self._lock:
            if asked in self._known:
                self._known.move_to_end(asked)
                return self._known[asked]
        found = answer()  # outside of the lock: one slow question holds up no other
        with self._lock:
            self._known[asked] = found
            while len(self._known) > MOST_ANSWERS:
                self._known.popitem(last=False)
        return found


def _frozen(value: Value | Sequence[Value]) -> object:
    return value if isinstance(value, str) or not isinstance(value, Sequence) else tuple(value)
