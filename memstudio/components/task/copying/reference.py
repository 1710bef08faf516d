"""A list given back by reading an item from left to right, one token at a time."""

from __future__ import annotations

from collections.abc import Sequence


def solve(tokens: Sequence[int], mode: str) -> dict[int, tuple[int, int, int]]:
    """The questions of an item: position -> (answer, tokens between symbol and question, place in the list from 1).

    tokens: one item, 0 a blank, 1 a question, others symbols; mode: "copy", "selective" or "reverse".
    """
    kept: list[tuple[int, int, int]] = []
    answers: dict[int, tuple[int, int, int]] = {}
    for position, token in enumerate(tokens):
        if token > 1:
            kept.append((token, position, len(kept) + 1))
        elif token == 1:
            symbol, at, place = kept.pop() if mode == "reverse" else kept.pop(0)
            answers[position] = (symbol, position - at - 1, place)
    return answers
