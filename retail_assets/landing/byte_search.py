"""Search for single bytes, vectorised, in memory that is kept.

To get fresh memory for a result as large as the text costs four times the comparison itself.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

FEW_SPANS = 100
"""So many are looked through one by one faster than all places of a byte are listed."""
_kept = threading.local()


def count_equal(codes: npt.NDArray[np.uint8], code: int) -> int:
    """How many bytes have this code."""
    import numpy as np

    return int(np.count_nonzero(np.equal(codes, code, out=_room(len(codes)))))


def count_below(codes: npt.NDArray[np.uint8], code: int) -> int:
    """How many bytes have a lower code."""
    import numpy as np

    return int(np.count_nonzero(np.less(codes, code, out=_room(len(codes)))))


def places_of(codes: npt.NDArray[np.uint8], code: int) -> npt.NDArray[np.intp]:
    """Where the bytes of this code are."""
    import numpy as np

    return np.flatnonzero(np.equal(codes, code, out=_room(len(codes))))


def count_within(codes: npt.NDArray[np.uint8], code: int, spans: npt.NDArray[np.intp]) -> int:
    """How many bytes within the spans, which are pairs of bounds in order, have this code."""
    import numpy as np

    if len(spans) <= FEW_SPANS:
        return sum(count_equal(codes[start:end], code) for start, end in spans)
    return int(np.diff(np.searchsorted(places_of(codes, code), spans)).sum())


def _room(size: int) -> npt.NDArray[np.bool_]:
    """Memory of the calling thread, which the next search takes again."""
    import numpy as np

    kept: npt.NDArray[np.bool_] | None = getattr(_kept, "room", None)
    if kept is None or len(kept) < size:
        kept = _kept.room = np.empty(size, np.bool_)
    return kept[:size]
