"""Own data written out: one number and one sequence after the other."""

from __future__ import annotations

import math
from collections.abc import Sequence


def standardised(values: Sequence[float], trained: Sequence[float]) -> list[float]:
    """Numbers with mean and spread of the trained ones; a missing one (NaN) becomes their mean, 0."""
    known = [value for value in trained if not math.isnan(value)]
    mean = sum(known) / len(known)
    spread = math.sqrt(sum((value - mean) ** 2 for value in known) / len(known)) or 1.0
    return [0.0 if math.isnan(value) else (value - mean) / spread for value in values]


def padded(rows: Sequence[tuple[str, float, str]], words: Sequence[str], time: int) -> dict[str, list[int]]:
    """Tokens of each sequence from rows (sequence, order, word), 0 before it begins."""
    found: dict[str, list[tuple[float, int]]] = {}
    for name, order, word in rows:
        found.setdefault(name, []).append((order, words.index(word) + 1))
    made = {name: [token for _, token in sorted(steps, key=lambda step: step[0])] for name, steps in found.items()}
    return {name: [0] * (time - len(tokens)) + tokens for name, tokens in made.items()}
