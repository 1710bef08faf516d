"""Bigrams with triggers continued by reading an item from left to right, one token at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def solve(tokens: Sequence[int], triggers: Collection[int]) -> dict[int, tuple[int, int, int]]:
    """Where triggers come again: position -> (what follows, tokens since its last place, which occurrence it is, from 1)."""
    seen: dict[int, tuple[int, int]] = {}
    answers: dict[int, tuple[int, int, int]] = {}
    for position, token in enumerate(tokens):
        if token in triggers:
            last, times = seen.get(token, (-1, 0))
            if times:
                answers[position] = (tokens[last + 1], position - last - 1, times + 1)
            seen[token] = (position, times + 1)
    return answers


def predictive(tokens: Sequence[int], triggers: Collection[int], bigrams: Sequence[Sequence[float]]) -> list[list[float]]:
    """The exact probabilities of the next token at each position, for a reader who knows which tokens are triggers.

    bigrams: row a the probabilities of what follows a. Unknown outputs are uniform, known ones certain.
    """
    vocabulary = len(bigrams)
    told: dict[int, int] = {}
    rows: list[list[float]] = []
    for position, token in enumerate(tokens):
        if position and tokens[position - 1] in triggers:
            told[tokens[position - 1]] = token
        if token not in triggers:
            rows.append(list(bigrams[token]))
        elif token in told:
            rows.append([float(other == told[token]) for other in range(vocabulary)])
        else:
            rows.append([1 / vocabulary] * vocabulary)
    return rows
