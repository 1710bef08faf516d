"""How numbers are spaced: evenly, or by factors."""

from __future__ import annotations

import math
from collections.abc import Sequence


def grows_by_factors(points: Sequence[float]) -> bool:
    """Whether a log axis spaces these evenly (2, 4, 8, 16) and a straight one does not; a first point of 0 is allowed."""
    rising = sorted({float(p) for p in points if math.isfinite(p)})
    positive = [v for v in rising if v > 0]
    if len(positive) < 3 or rising[0] < 0:
        return False
    return positive[-1] / positive[0] >= 4 and positive[-1] - positive[-2] > 1.5 * (positive[1] - positive[0])
