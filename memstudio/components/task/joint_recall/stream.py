"""The stream of joint recall: training on mixed tables, validation and test by contexts and keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from memstudio.components.runtime import Draws
from memstudio.components.task.joint_recall.declare import SPECIAL, longest, vocabulary_of
from memstudio.components.task.joint_recall.items import ASK, Rules, make_items
from memstudio.components.task.tokens import BLANK, Case, Items, TokenStream


class JointRecall(TokenStream):
    """A table, then questions about its cells. Batches: tokens (batch, time); marks: distance, serial_position."""

    purpose = "joint recall"

    def __init__(
        self,
        *,
        contexts: Sequence[int],
        keys: Sequence[int],
        values: int,
        layout: str,
        asked: str,
        test_items: int,
        draws: Draws,
        uid: str,
    ) -> None:
        self._rules = Rules(values, layout, asked)
        told = {"contexts": contexts, "keys": keys, "values": values, "layout": layout, "asked": asked}
        cases = [{"contexts": c, "keys": k} for c in contexts for k in keys]
        super().__init__(
            training=cases,
            test=cases,
            length=longest(told),
            vocabulary=vocabulary_of(told),
            chance=1 / values,
            rules=self._rules,
            test_items=test_items,
            draws=draws,
            uid=uid,
        )

    def make(self, cases: Mapping[str, Tensor], generator: torch.Generator) -> Items:
        """Items with tables of these sizes."""
        return make_items(cases["contexts"], cases["keys"], self._rules, generator)

    def labels(self, case: Case) -> Mapping[str, str | int | float]:
        """The size of the table, and how many cells that makes."""
        return {**case, "load": case["contexts"] * case["keys"]}

    def roles(self, tokens: Sequence[int], asked: Sequence[bool], case: Case) -> list[str]:
        """Values, keys and contexts by their tokens."""
        first = SPECIAL + self._rules.values
        return [
            "filler" if token in (BLANK, ASK) else "value" if token < first else ("context", "key")[(token - first) % 2] for token in tokens
        ]
