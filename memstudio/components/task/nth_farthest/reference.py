"""The n-th farthest vector found by reading an item row by row."""

from __future__ import annotations

from collections.abc import Sequence


def solve(rows: Sequence[Sequence[float]], dimensions: int) -> tuple[int, int, int]:
    """The right label, the place of its vector in the row from 1, and n, of one item (vectors, width)."""
    vectors = len(rows)
    shown = [row[:dimensions] for row in rows]
    labels, n, m = ([row[dimensions + k * vectors : dimensions + (k + 1) * vectors].index(1.0) for row in rows] for k in range(3))
    assert len(set(n)) == len(set(m)) == 1
    origin = shown[labels.index(m[0])]
    distances = [sum((a - b) ** 2 for a, b in zip(vector, origin, strict=True)) for vector in shown]
    order = sorted(range(vectors), key=lambda place: -distances[place])
    return labels[order[n[0]]], order[n[0]] + 1, n[0] + 1
