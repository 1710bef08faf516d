"""The stream of set disjointness: training on mixed sizes and orders, validation and test by both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from memstudio.components.runtime import Draws
from memstudio.components.task.set_disjointness.declare import SPECIAL, answers, length_of, orders
from memstudio.components.task.set_disjointness.items import Rules, make_items
from memstudio.components.task.tokens import BLANK, Case, Items, TokenStream


class SetDisjointness(TokenStream):
    """Two sets, then a question. Batches: tokens (batch, time), one target an item, at the question; mark: distance."""

    purpose = "set disjointness"

    def __init__(
        self,
        *,
        small: Sequence[int],
        large: Sequence[int],
        order: str,
        asked: str,
        elements: int,
        times_read: int,
        test_items: int,
        draws: Draws,
        uid: str,
    ) -> None:
        self._rules = Rules(asked, elements, times_read)
        cases = [{"small": s, "large": n, "small_first": first} for s in small for n in large for first in orders(order)]
        super().__init__(
            training=cases,
            test=cases,
            length=length_of(max(small), max(large), times_read),
            vocabulary=elements + SPECIAL,
            chance=1 / answers(asked, elements),
            rules=self._rules,
            test_items=test_items,
            draws=draws,
            uid=uid,
        )

    def make(self, cases: Mapping[str, Tensor], generator: torch.Generator) -> Items:
        """Items with sets of these sizes in this order."""
        small_first = cases["small_first"] == 1
        first = torch.where(small_first, cases["small"], cases["large"])
        second = torch.where(small_first, cases["large"], cases["small"])
        return make_items(first, second, self._rules, generator)

    def labels(self, case: Case) -> Mapping[str, str | int | float]:
        """The sizes, and which set comes first."""
        return {"small": case["small"], "large": case["large"], "first": "small" if case["small_first"] else "large"}

    def roles(self, tokens: Sequence[int], asked: Sequence[bool], case: Case) -> list[str]:
        """The first set as keys, the second as values."""
        sizes = (case["small"], case["large"]) if case["small_first"] else (case["large"], case["small"])
        reading = ["filler", *["first set"] * sizes[0], "filler", *["second set"] * sizes[1]] * self._rules.times_read
        reading += ["filler"] * (len(tokens) - len(reading))
        return ["filler" if token == BLANK else role for token, role in zip(tokens, reading, strict=False)]
