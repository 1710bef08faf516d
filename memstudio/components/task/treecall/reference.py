"""Associative treecall answered by reading the sentence from left to right with a stack."""

from __future__ import annotations

from collections.abc import Sequence


def parents(names: Sequence[int], branching: int, head_in_front: bool) -> dict[int, int]:
    """Name -> name of its parent, of a tree written out. A name's number of children is (name − 2) mod (branching + 1)."""
    found: dict[int, int] = {}
    if not head_in_front:
        ready: list[int] = []
        for name in names:
            children = (name - 2) % (branching + 1)
            for _ in range(children):
                found[ready.pop()] = name
            ready.append(name)
        assert len(ready) == 1
        return found
    open_heads: list[tuple[int, int]] = []
    for name in names:
        if open_heads:
            head, missing = open_heads.pop()
            found[name] = head
            if missing > 1:
                open_heads.append((head, missing - 1))
        if children := (name - 2) % (branching + 1):
            open_heads.append((name, children))
    assert not open_heads
    return found


def solve(tokens: Sequence[int], branching: int, head_in_front: bool, relation: str) -> dict[int, tuple[int, int, int, int]]:
    """The questions: position -> (answer, distance, place of the answer in the sentence from 1, tokens between node and answer).

    tokens: one item, 0 a blank, 1 between the tree and the questions, others names.
    """
    sentence = list(tokens[: list(tokens).index(1)])
    parent = parents(sentence, branching, head_in_front)
    answers: dict[int, tuple[int, int, int, int]] = {}
    for position in range(len(sentence) + 1, len(tokens)):
        name = tokens[position]
        if name == 0:
            continue
        answer = parent[name]
        if relation == "sibling":
            answer = [other for other in sentence if parent.get(other) == parent[name]][-1]
            assert answer != name
        at = sentence.index(answer)
        answers[position] = (answer, position - at - 1, at + 1, abs(at - sentence.index(name)) - 1)
    return answers
