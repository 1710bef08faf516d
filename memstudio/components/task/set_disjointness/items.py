"""Two sets and a question, made for a whole batch at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from memstudio.components.task.set_disjointness.declare import SPECIAL
from memstudio.components.task.tokens import NOT_KNOWN, Items, Sheet, different

#: tokens before the first set, between the sets, and the one that asks
BEGIN, BETWEEN, ASK = 1, 2, 3


@dataclass(frozen=True)
class Rules:
    """What decides the items besides chance; see the declaration for each."""

    asked: str
    elements: int
    times_read: int


def make_items(first: Tensor, second: Tensor, rules: Rules, generator: torch.Generator) -> Items:
    """One item for each of `first` and `second` (items,): how many elements the sets have, in the order they come."""
    rows, a_most, b_most = first.shape[0], int(first.max()), int(second.max())
    sheet = Sheet(rows, rules.times_read * (int((first + second).max()) + 2) + 1, ("distance",))
    drawn = SPECIAL + different(rows, a_most + b_most, rules.elements, generator)
    a, b = drawn[:, :a_most], drawn[:, a_most:]
    from_a, to_b = ((torch.rand(rows, generator=generator) * size).long()[:, None] for size in (first, second))
    shares = torch.ones(rows, dtype=torch.bool)
    if rules.asked == "whether":
        shares = torch.rand(rows, generator=generator) < 0.5
    shared = a.gather(1, from_a)
    b = torch.where((torch.arange(b_most) == to_b) & shares[:, None], shared, b)

    reading = (first + second + 2)[:, None]
    in_a, in_b = torch.arange(a_most).expand(rows, a_most), torch.arange(b_most).expand(rows, b_most)
    for time in range(rules.times_read):
        start = time * reading
        sheet.write(start, BEGIN)
        sheet.write(torch.where(in_a < first[:, None], start + 1 + in_a, sheet.nowhere), a)
        sheet.write(start + 1 + first[:, None], BETWEEN)
        sheet.write(torch.where(in_b < second[:, None], start + 2 + first[:, None] + in_b, sheet.nowhere), b)
    at = rules.times_read * reading
    sheet.write(at, ASK)
    seen = (rules.times_read - 1) * reading + 2 + first[:, None] + to_b
    distance = torch.where(shares[:, None], at - seen - 1, NOT_KNOWN)
    sheet.ask(at, shared if rules.asked == "shared" else (~shares).long()[:, None], distance=distance)
    return sheet.items()
