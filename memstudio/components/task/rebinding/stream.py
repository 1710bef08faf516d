"""The stream of re-binding: training on mixed loads and shares, validation and test by both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from memstudio.components.runtime import Draws
from memstudio.components.task.rebinding.declare import again, values_known
from memstudio.components.task.rebinding.items import Rules, make_items
from memstudio.components.task.tokens import Case, Items, TokenStream


class Rebinding(TokenStream):
    """Pairs, then questions. Batches: tokens (batch, length); marks of parts: distance, serial_position, bindings."""

    purpose = "re-binding"

    def __init__(
        self,
        *,
        loads: Sequence[int],
        rebound: Sequence[int],
        vocabulary: int,
        length: int,
        gap: float,
        filler: str,
        test_items: int,
        draws: Draws,
        uid: str,
    ) -> None:
        self._rules = Rules(vocabulary, length, gap, filler)
        cases = [{"load": load, "rebound": percent} for load in loads for percent in rebound]
        super().__init__(
            training=cases,
            test=cases,
            length=length,
            vocabulary=vocabulary,
            chance=1 / values_known(vocabulary),
            rules=self._rules,
            test_items=test_items,
            draws=draws,
            uid=uid,
        )

    def make(self, cases: Mapping[str, Tensor], generator: torch.Generator) -> Items:
        """Items of these loads and shares."""
        return make_items(cases["load"], cases["rebound"], self._rules, generator)

    def roles(self, tokens: Sequence[int], asked: Sequence[bool], case: Case) -> list[str]:
        """Keys and values in turn, then filler."""
        pairs = case["load"] + again(case["load"], case["rebound"])
        return [("key", "value")[place % 2] if place < 2 * pairs else "filler" for place in range(len(tokens))]
