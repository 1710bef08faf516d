"""A capacity by hand: right answers counted one by one."""

from __future__ import annotations

from collections.abc import Sequence


def capacity(answers: Sequence[tuple[int, Sequence[bool]]], criterion: float) -> float:
    """The load up to which the share `criterion` is recalled: the first fall, straight between two loads; all: the largest; none: 0.

    answers: (load, whether each question was answered rightly), in any order, a load perhaps several times.
    """
    right: dict[int, int] = {}
    asked: dict[int, int] = {}
    for load, ones in answers:
        for one in ones:
            asked[load] = asked.get(load, 0) + 1
            right[load] = right.get(load, 0) + int(one)
    before: tuple[int, float] | None = None
    for load in sorted(asked):
        recall = right[load] / asked[load]
        if recall < criterion:
            if before is None:
                return 0.0
            return before[0] + (load - before[0]) * (before[1] - criterion) / (before[1] - recall)
        before = (load, recall)
    return float(max(asked))
