"""Which piece came first, found by reading an item from left to right, one token at a time."""

from __future__ import annotations

from collections.abc import Sequence


def solve(tokens: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """The question: position -> (answer, tokens since the later piece's end in the document, where the earlier begins from 1).

    tokens: one item; 1 before the piece shown first, 2 before the other, 3 the question, from 4 on events.
    """
    when: dict[int, int] = {}
    pieces: dict[int, list[int]] = {}
    reading = 0
    for position, token in enumerate(tokens):
        if token in (1, 2):
            reading = token
            pieces[reading] = []
        elif token == 3:
            first, second = ([when[event] for event in pieces[piece]] for piece in (1, 2))
            for places in (first, second):
                assert places == list(range(places[0], places[0] + len(places)))
            later = max(first, second)
            return {position: (int(second < first), position - later[-1] - 1, min(first, second)[0] + 1)}
        elif reading:
            pieces[reading].append(token)
        else:
            when[token] = position
    raise ValueError("The item asks for nothing.")
