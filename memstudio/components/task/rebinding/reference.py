"""Re-binding answered by reading an item from left to right, one token at a time."""

from __future__ import annotations

from collections.abc import Sequence


def solve(tokens: Sequence[int], pairs: int) -> dict[int, tuple[int, int, int, int]]:
    """The questions of an item: position -> (answer, distance, place of the newest pair from 1, how often the key was bound).

    tokens: one item; pairs: how many it begins with. A key that stands behind the pairs is a question.
    """
    bound: dict[int, tuple[int, int, int]] = {}
    answers: dict[int, tuple[int, int, int, int]] = {}
    for position, token in enumerate(tokens):
        if position < 2 * pairs:
            if position % 2 == 1:
                key = tokens[position - 1]
                bound[key] = (token, position, bound[key][2] + 1 if key in bound else 1)
        elif token in bound:
            value, at, times = bound[token]
            answers[position] = (value, position - at - 1, (at + 1) // 2, times)
    return answers
