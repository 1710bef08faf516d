"""Perplexity by hand: one token after the other, in plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence


def perplexity(
    probabilities: Sequence[Sequence[float]], targets: Sequence[int], items: Sequence[int]
) -> tuple[float, float, dict[float, float]]:
    """Bits a token, the perplexity, and {lower edge of the octave of a token's place in its item: bits a token there}.

    probabilities: n rows of classes; targets: n classes; items: which item each belongs to, its tokens in their order.
    """
    met: dict[int, int] = {}
    found: dict[float, list[float]] = {}
    costs = []
    for row, target, item in zip(probabilities, targets, items, strict=True):
        met[item] = met.get(item, 0) + 1
        cost = -math.log(row[target]) / math.log(2)
        costs.append(cost)
        found.setdefault(2.0 ** math.floor(math.log2(met[item])), []).append(cost)
    product = 1.0
    for cost in costs:
        product *= (2.0**cost) ** (1 / len(costs))
    return sum(costs) / len(costs), product, {place: sum(ones) / len(ones) for place, ones in sorted(found.items())}
