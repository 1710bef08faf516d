"""Generalised associative recall answered by reading an item from left to right, with the facts at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

#: tokens of the question, the negated question, true and false
ASK, ASK_NEGATED, TRUE, FALSE = 1, 2, 3, 4


def solve(
    tokens: Sequence[int], group_of: Mapping[int, int], class_of: Mapping[int, int], classify: bool
) -> dict[int, tuple[int, int, int]]:
    """The question of an item: position -> (answer, tokens since the person who is meant, that person's place from 1).

    group_of: person -> token of the group; class_of: thing -> token of the class; classify: whether true or false is the answer.
    """
    pairs: list[tuple[int, int]] = []
    place = 0
    while tokens[place] not in (ASK, ASK_NEGATED):
        pairs.append((tokens[place], tokens[place + 1]))
        place += 2
    negated = tokens[place] == ASK_NEGATED
    asked = [token for token in tokens[place + 1 :] if token]
    proposed = asked.pop() if classify else None
    wanted_group = asked.pop(0) if len(asked) == 2 else None
    (wanted,) = asked
    fits = [
        number
        for number, (person, thing) in enumerate(pairs)
        if (wanted_group is None or group_of[person] == wanted_group) and (wanted in (thing, class_of[thing])) != negated
    ]
    (meant,) = fits
    position = place + 1 + (wanted_group is not None) + classify
    person = pairs[meant][0]
    answer = person if proposed is None else TRUE if proposed == person else FALSE
    return {position: (answer, position - 2 * meant - 1, meant + 1)}
