"""The full tree that random ones are cut from: who is whose child, and in which order nodes are written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor


@dataclass(frozen=True)
class Full:
    """A full tree, level by level from the root. All (nodes,) int64.

    parent: of the root itself; child: which child of its parent a node is, from 0; level: of the root 0; written: the nodes in
    the order they are written.
    """

    parent: Tensor
    child: Tensor
    level: Tensor
    written: Tensor


@cache
def full(branching: int, depth: int, head_in_front: bool) -> Full:
    """The full tree of this branching and depth."""
    parents, children, levels = [0], [0], [0]
    first = 0
    for level in range(1, depth + 1):
        above = range(first, len(parents))
        first = len(parents)
        for node in above:
            parents += [node] * branching
            children += range(branching)
            levels += [level] * branching
    order: list[int] = []
    waiting = [(0, False)]
    while waiting:
        node, is_done = waiting.pop()
        below = range(node * branching + 1, node * branching + branching + 1) if levels[node] < depth else range(0)
        if is_done or not below:
            order.append(node)
            continue
        if head_in_front:
            order.append(node)
        else:
            waiting.append((node, True))
        waiting += [(child, False) for child in reversed(below)]
    return Full(*(torch.tensor(column) for column in (parents, children, levels, order)))
