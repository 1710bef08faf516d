"""The stream of copying: training on mixed loads, validation and test by load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from memstudio.components.runtime import Draws
from memstudio.components.task.copying.declare import SPECIAL, length_of
from memstudio.components.task.copying.items import Rules, make_items
from memstudio.components.task.tokens import BLANK, Case, Items, TokenStream


class Copying(TokenStream):
    """Symbols, then questions. Batches: tokens (batch, time); marks of parts: distance, serial_position."""

    purpose = "copying"

    def __init__(self, *, mode: str, loads: Sequence[int], symbols: int, delay: int, test_items: int, draws: Draws, uid: str) -> None:
        self._rules = Rules(mode, symbols, delay)
        cases = [{"load": load} for load in loads]
        super().__init__(
            training=cases,
            test=cases,
            length=length_of(max(loads), delay),
            vocabulary=symbols + SPECIAL,
            chance=1 / symbols,
            rules=self._rules,
            test_items=test_items,
            draws=draws,
            uid=uid,
        )

    def make(self, cases: Mapping[str, Tensor], generator: torch.Generator) -> Items:
        """Items of these loads."""
        return make_items(cases["load"], self._rules, generator)

    def roles(self, tokens: Sequence[int], asked: Sequence[bool], case: Case) -> list[str]:
        """Symbols are values, blanks are filler."""
        return ["filler" if token == BLANK else "value" for token in tokens]
