"""The needle found by reading an item from left to right, one token at a time."""

from __future__ import annotations

from collections.abc import Sequence


def solve(tokens: Sequence[int], passkey: int) -> dict[int, tuple[int, int, int]]:
    """The questions of an item: position -> (answer, tokens between it and the question, its place in the passkey from 1).

    tokens: one item, 0 a blank, 1 before the passkey, 2 the question; passkey: how many tokens it has.
    """
    kept: list[tuple[int, int]] = []
    reading = False
    answers: dict[int, tuple[int, int, int]] = {}
    for position, token in enumerate(tokens):
        if token == 1:
            reading = True
        elif reading:
            kept.append((token, position))
            reading = len(kept) < passkey
        elif token == 2:
            for place, (value, at) in enumerate(kept):
                answers[position + place] = (value, position + place - at - 1, place + 1)
    return answers
