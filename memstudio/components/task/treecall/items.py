"""Trees written out, and questions about their nodes, made for a whole batch at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from memstudio.components.task.tokens import Items, Sheet, different, shuffled
from memstudio.components.task.treecall.declare import SPECIAL, longest
from memstudio.components.task.treecall.trees import full

#: the token between the tree and the questions
ASK = 1


@dataclass(frozen=True)
class Rules:
    """What decides the items besides chance; see the declaration for each."""

    branching: int
    head: str
    relation: str
    asked: str
    names: int


def make_items(depths: Tensor, rules: Rules, generator: torch.Generator) -> Items:
    """One item for each of `depths` (items,). Loops over levels and over children, none over items."""
    rows, most, b = depths.shape[0], int(depths.max()), rules.branching
    tree = full(b, most, rules.head == "front")
    nodes = len(tree.parent)
    children = torch.randint(b + 1, (rows, nodes), generator=generator)
    children[:, 0] = torch.randint(min(2, b), b + 1, (rows,), generator=generator)
    children = torch.where(tree.level < depths[:, None], children, 0)
    there = torch.zeros(rows, nodes, dtype=torch.bool)
    there[:, 0] = True
    for level in range(1, most + 1):
        here = (tree.level == level).nonzero().flatten()
        above = tree.parent[here]
        there[:, here] = there[:, above] & (tree.child[here] < children[:, above])
    name = SPECIAL + different(rows, nodes, rules.names, generator) * (b + 1) + children

    place = torch.zeros(rows, nodes, dtype=torch.int64)
    place[:, tree.written] = there[:, tree.written].long().cumsum(1) - 1
    size = there.sum(1, keepdim=True)
    sheet = Sheet(rows, longest(b, most, rules.asked), ("distance", "serial_position", "apart"))
    sheet.write(torch.where(there, place, sheet.nowhere), name)
    sheet.write(size, ASK)

    parent = tree.parent.expand(rows, nodes)
    answer, may_ask = parent, there & (tree.level > 0)
    if rules.relation == "sibling":
        # Children of a node lie side by side in the numbering, so the last one is as far from a node as places are left.
        left = children.gather(1, parent) - 1 - tree.child
        answer = torch.arange(nodes) + torch.where(may_ask, left, 0)
        may_ask = may_ask & (left > 0)
    order = shuffled(may_ask, generator)
    if rules.asked == "one":
        may_ask = may_ask & (order == 0)
    asked = torch.where(may_ask, size + 1 + order, sheet.nowhere)
    at = place.gather(1, answer)
    sheet.write(asked, name)
    apart = (at - place).abs() - 1
    sheet.ask(asked, name.gather(1, answer), distance=asked - at - 1, serial_position=at + 1, apart=apart)
    return sheet.items()
