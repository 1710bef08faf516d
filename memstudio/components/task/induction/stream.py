"""The stream of bigrams with triggers: training on all positions, test in context and of the bigrams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from memstudio.components.runtime import Draws
from memstudio.components.task.induction.items import ALL, GLOBAL, IN_CONTEXT, Bigrams, Rules, make_items
from memstudio.components.task.tokens import Case, Items, TokenStream


class Induction(TokenStream):
    """Sequences to be continued at each position. Batches: tokens (batch, length); marks of parts: distance, occurrence."""

    purpose = "induction"

    def __init__(
        self,
        *,
        vocabulary: int,
        length: int,
        triggers: int,
        choice: str,
        sharpness: float,
        trained_on: str,
        test_items: int,
        draws: Draws,
        uid: str,
    ) -> None:
        self._rules = Rules(length, triggers, choice == "fixed")
        #: what follows what, the same in all items
        self.bigrams = Bigrams.drawn(vocabulary, sharpness, draws.data_generator("bigrams", uid))
        super().__init__(
            training=[{"asked": ALL if trained_on == "all" else IN_CONTEXT}],
            test=[{"asked": IN_CONTEXT}, {"asked": GLOBAL}],
            validation=[{"asked": IN_CONTEXT}],
            length=length,
            vocabulary=vocabulary,
            chance=1 / vocabulary,
            rules=(self._rules, sharpness),
            test_items=test_items,
            draws=draws,
            uid=uid,
        )

    def make(self, cases: Mapping[str, Tensor], generator: torch.Generator) -> Items:
        """Items in which this is asked."""
        return make_items(cases["asked"], self.bigrams, self._rules, generator)

    def labels(self, case: Case) -> Mapping[str, str | int | float]:
        """What is asked, in words."""
        return {"asked": "in-context" if case["asked"] == IN_CONTEXT else "global"}

    def is_main(self, case: Case) -> bool:
        """What weights alone know does not count as recall."""
        return case["asked"] == IN_CONTEXT

    def roles(self, tokens: Sequence[int], asked: Sequence[bool], case: Case) -> list[str]:
        """Where nothing is asked tokens are only read."""
        return ["read"] * len(tokens)
