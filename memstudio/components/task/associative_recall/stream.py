"""The stream of associative recall: training on mixed loads, validation and test by load."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import torch

from memstudio.components.runtime import Batch, Draws, Part, Stream, derived_seed
from memstudio.components.task.associative_recall.declare import values_known
from memstudio.components.task.associative_recall.items import Rules, make_items


class AssociativeRecall(Stream):
    """Pairs, then questions. Batches: tokens (batch, length), targets and mask the same; parts carry marks too."""

    def __init__(
        self,
        *,
        loads: Sequence[int],
        vocabulary: int,
        length: int,
        gap: float,
        filler: str,
        test_items: int,
        draws: Draws,
        uid: str,
    ) -> None:
        self.chance = 1 / values_known(vocabulary)
        self._loads = tuple(loads)
        self._choices = torch.tensor(self._loads)
        self._rules = Rules(vocabulary, length, gap, filler)
        self._test_items = test_items
        self._draws = draws
        self._uid = uid
        self._made: dict[str, tuple[Part, ...]] = {}

    def batch(self, step: int, size: int, draws: Draws, experience: int = 0) -> Batch:
        """The items of a step. There is no end of items: which ones come is decided by both seeds and the step."""
        seed = derived_seed("associative recall", self._draws.data_seed, draws.seed, self._uid, step)
        generator = torch.Generator().manual_seed(seed)
        loads = self._choices[torch.randint(len(self._loads), (size,), generator=generator)]
        items = make_items(loads, max(self._loads), self._rules, generator)
        return Batch(items.tokens, items.targets, items.mask)

    def parts(self, split: str, experience: int = 0) -> Sequence[Part]:
        """One part a load; the items of a load do not depend on which other loads there are."""
        if split not in self._made:
            self._made[split] = tuple(self._part(split, load) for load in self._loads)
        return self._made[split]

    def _part(self, split: str, load: int) -> Part:
        generator = self._draws.data_generator(f"{split} items", self._uid, load)
        items = make_items(torch.full((self._test_items,), load), load, self._rules, generator)
        marks = {"distance": items.distance, "serial_position": items.serial_position}
        return Part({"load": load}, Batch(items.tokens, items.targets, items.mask, marks))

    def fingerprint(self) -> str:
        """Of the rules, the data seed and every validation and test item."""
        digest = hashlib.sha256(repr((self._rules, self._loads, self._draws.data_seed, self._uid)).encode())
        for split in ("validation", "test"):
            for part in self.parts(split):
                digest.update(part.batch.inputs.numpy().tobytes())
                digest.update(part.batch.targets.numpy().tobytes())
        return digest.hexdigest()

    def sample(self) -> dict[str, Any]:
        """The first test item of each load: tokens, targets (null where nothing is asked), load, and what each token is.

        {"kind": "tokens", "vocabulary": n, "items": [{"tokens": [...], "targets": [...], "roles": ["key", ...], "labels": {"load": 4}}]}
        """
        items = [self.item("test", part, 0) for part in range(len(self._loads))]
        return {"kind": "tokens", "vocabulary": self._rules.vocabulary, "items": items}

    def item(self, split: str, part: int, index: int) -> dict[str, Any]:
        """One item of one load."""
        of = self.parts(split)[part]
        tokens, targets, mask = (t[index].tolist() for t in (of.batch.inputs, of.batch.targets, of.batch.mask) if t is not None)
        pairs = 2 * int(of.labels["load"])
        roles = ["question" if asked else ("key", "value")[i % 2] if i < pairs else "filler" for i, asked in enumerate(mask)]
        answers = [target if asked else None for target, asked in zip(targets, mask, strict=True)]
        return {"tokens": tokens, "targets": answers, "roles": roles, "labels": dict(of.labels)}
