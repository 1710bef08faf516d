"""Joint recall answered by reading an item from left to right, one token at a time."""

from __future__ import annotations

from collections.abc import Sequence


def solve(tokens: Sequence[int], values: int) -> dict[int, tuple[int, int, int]]:
    """The questions of an item: position -> (answer, tokens between value and question, place of the cell in the list from 1).

    tokens: one item, 0 a blank, 1 between table and questions, then as many values as `values`, then contexts and keys in turn.
    """
    table: dict[tuple[int, int], tuple[int, int, int]] = {}
    answers: dict[int, tuple[int, int, int]] = {}
    context = key = -1
    asking = False
    for position, token in enumerate(tokens):
        if token == 1:
            asking = True
        elif token >= 2 + values:
            if (token - 2 - values) % 2 == 0:
                context = token
                continue
            key = token
            if asking:
                value, at, number = table[context, key]
                answers[position] = (value, position - at - 1, number)
        elif token >= 2 and not asking:
            table[context, key] = (token, position, len(table) + 1)
    return answers
