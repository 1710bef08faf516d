"""The stream of sequence order recall: training on any gap, validation and test by length and gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from memstudio.components.runtime import Draws
from memstudio.components.task.sequence_order.declare import SPECIAL, length_of
from memstudio.components.task.sequence_order.items import ANY_GAP, Rules, make_items
from memstudio.components.task.tokens import Case, Items, TokenStream


class SequenceOrder(TokenStream):
    """A document and two of its pieces. Batches: tokens (batch, time), one target an item, at the question."""

    purpose = "sequence order"

    def __init__(
        self,
        *,
        lengths: Sequence[int],
        gaps: Sequence[int],
        segment: int,
        events: int,
        test_items: int,
        draws: Draws,
        uid: str,
    ) -> None:
        self._rules = Rules(segment, events)
        super().__init__(
            training=[{"length": length, "gap": ANY_GAP} for length in lengths],
            test=[{"length": length, "gap": gap} for length in lengths for gap in gaps],
            length=length_of(max(lengths), segment),
            vocabulary=events + SPECIAL,
            chance=0.5,
            rules=self._rules,
            test_items=test_items,
            draws=draws,
            uid=uid,
        )

    def make(self, cases: Mapping[str, Tensor], generator: torch.Generator) -> Items:
        """Items with documents of these lengths and pieces with these gaps."""
        return make_items(cases["length"], cases["gap"], self._rules, generator)

    def roles(self, tokens: Sequence[int], asked: Sequence[bool], case: Case) -> list[str]:
        """Events of the document as keys, both pieces as values."""
        document = case["length"]
        return ["filler" if token < SPECIAL else "event" if place < document else "piece" for place, token in enumerate(tokens)]
