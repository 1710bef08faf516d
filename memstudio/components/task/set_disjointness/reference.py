"""Set disjointness answered by reading an item from left to right, one token at a time."""

from __future__ import annotations

from collections.abc import Sequence


def solve(tokens: Sequence[int], asked: str) -> dict[int, tuple[int, int]]:
    """The question of an item: position -> (answer, tokens between it and where the shared element was last seen; -1: none is).

    tokens: one item, 0 a blank, 1 before the first set, 2 between the sets, 3 the question; asked: "shared" or "whether".
    """
    sets: dict[int, dict[int, int]] = {1: {}, 2: {}}
    writing = 1
    for position, token in enumerate(tokens):
        if token in sets:
            writing = token
            sets[writing] = {}
        elif token == 3:
            both = set(sets[1]) & set(sets[2])
            assert len(both) <= 1
            distance = position - sets[2][min(both)] - 1 if both else -1
            return {position: (min(both) if asked == "shared" else int(not both), distance)}
        else:
            sets[writing][token] = position
    raise ValueError("The item asks for nothing.")
