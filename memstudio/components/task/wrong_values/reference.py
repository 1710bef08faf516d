"""Pairs with wrong values answered by counting, one token at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def solve(tokens: Sequence[int], pairs: int) -> dict[int, tuple[int, int, int]]:
    """The questions of an item: position -> (the value most showings have, distance to the last showing, 1 if values differed).

    tokens: one item; pairs: how many showings it begins with. A key that stands behind them is a question.
    """
    seen: dict[int, Counter[int]] = {}
    last: dict[int, int] = {}
    answers: dict[int, tuple[int, int, int]] = {}
    for position, token in enumerate(tokens):
        if position < 2 * pairs:
            if position % 2 == 1:
                seen.setdefault(tokens[position - 1], Counter())[token] += 1
                last[tokens[position - 1]] = position
        elif token in seen:
            answers[position] = (seen[token].most_common(1)[0][0], position - last[token] - 1, int(len(seen[token]) > 1))
    return answers
