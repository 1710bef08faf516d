"""The stream of pairs with wrong values: training on mixed loads and shares, validation and test by both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from memstudio.components.runtime import Draws
from memstudio.components.task.tokens import Case, Items, TokenStream
from memstudio.components.task.wrong_values.declare import values_known
from memstudio.components.task.wrong_values.items import Rules, make_items


class WrongValues(TokenStream):
    """Pairs several times, then questions. Batches: tokens (batch, length); marks of parts: distance, misled."""

    purpose = "wrong values"

    def __init__(
        self,
        *,
        loads: Sequence[int],
        wrong: Sequence[int],
        times: int,
        vocabulary: int,
        length: int,
        gap: float,
        test_items: int,
        draws: Draws,
        uid: str,
    ) -> None:
        self._rules = Rules(vocabulary, length, gap, times)
        cases = [{"load": load, "wrong": percent} for load in loads for percent in wrong]
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
        return make_items(cases["load"], cases["wrong"], self._rules, generator)

    def roles(self, tokens: Sequence[int], asked: Sequence[bool], case: Case) -> list[str]:
        """Keys and values in turn, then filler."""
        pairs = case["load"] * self._rules.times
        return [("key", "value")[place % 2] if place < 2 * pairs else "filler" for place in range(len(tokens))]
