"""Lists of symbols to be given back, made for a whole batch at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from memstudio.components.task.copying.declare import SPECIAL, length_of
from memstudio.components.task.tokens import Items, Sheet

#: the token that asks
ASK = 1


@dataclass(frozen=True)
class Rules:
    """What decides the items besides chance; see the declaration for each."""

    mode: str
    symbols: int
    delay: int


def places(loads: Tensor, most: int, rules: Rules, generator: torch.Generator) -> Tensor:
    """(items, most) int64: where each symbol stands, rising; what a row with fewer has not got stands behind everything."""
    symbol = torch.arange(most)
    used = symbol < loads[:, None]
    room = most + rules.delay
    if rules.mode != "selective":
        return torch.where(used, symbol, length_of(most, rules.delay))
    free = torch.arange(room) < (loads + rules.delay)[:, None]
    chosen = torch.rand(loads.shape[0], room, generator=generator).masked_fill(~free, -1.0).topk(most, dim=1).indices
    return torch.where(used, chosen, length_of(most, rules.delay)).sort(1).values


def make_items(loads: Tensor, rules: Rules, generator: torch.Generator) -> Items:
    """One item for each of `loads` (items,)."""
    rows, most = loads.shape[0], int(loads.max())
    sheet = Sheet(rows, length_of(most, rules.delay), ("distance", "serial_position"))
    symbols = SPECIAL + torch.randint(rules.symbols, (rows, most), generator=generator)
    symbol = torch.arange(most)
    used = symbol < loads[:, None]
    at = places(loads, most, rules, generator)
    order = loads[:, None] - 1 - symbol if rules.mode == "reverse" else symbol
    asked = torch.where(used, (loads + rules.delay)[:, None] + order, sheet.nowhere)
    sheet.write(at, symbols)
    sheet.write(asked, ASK)
    sheet.ask(asked, symbols, distance=asked - at - 1, serial_position=(symbol + 1).expand(rows, most))
    return sheet.items()
