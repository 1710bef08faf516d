"""Handwritten digits as a stream: a few classes at a time, each experience with splits of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from memstudio.components.runtime import Batch, Draws, Part, Stream
from memstudio.components.task.digits.declare import CLASSES, chance_of
from memstudio.components.task.digits.epochs import items_at
from memstudio.components.task.digits.images import Normalisation, bundled, picture, stratified


class DigitsStream(Stream):
    """Digits (batch, 1, 8, 8) float32, a few classes an experience; targets (batch,) int64: the digit, or where the scenario is
    domain-incremental its place among the classes of its experience.

    classes: those of each experience, in the order in which they are learned.
    """

    def __init__(
        self,
        *,
        classes_per_task: int,
        order: str,
        scenario: str,
        train_items: int,
        validation_items: int,
        test_items: int,
        normalisation: str,
        draws: Draws,
        uid: str,
    ) -> None:
        self._images, self._digits = bundled()
        self.scenario = scenario
        in_order = torch.arange(CLASSES) if order == "fixed" else torch.randperm(CLASSES, generator=draws.data_generator("classes", uid))
        self.classes: list[list[int]] = in_order.reshape(-1, classes_per_task).tolist()
        self.experiences = len(self.classes)
        self.chance = chance_of(scenario, classes_per_task)
        self._uid = uid
        # As for digits in random order: test first, so that its items stay the same whatever the sizes of the others.
        sizes = (test_items, validation_items, train_items)
        sets = stratified(self._digits, sizes, draws.data_generator("split", uid))
        test, validation, train = ([items[_among(self._digits[items], group)] for group in self.classes] for items in sets)
        # Later experiences are not known yet when the first is normalised.
        self._normalise = Normalisation.fit(self._images[train[0]], normalisation)
        self._train = [self._batch(items, number) for number, items in enumerate(train)]
        self._parts = {"validation": self._made(validation), "test": self._made(test)}
        self._test = test

    def _made(self, items: Sequence[Tensor]) -> list[tuple[Part, ...]]:
        return [(Part({}, self._batch(of_one, number)),) for number, of_one in enumerate(items)]

    def _batch(self, items: Tensor, experience: int) -> Batch:
        """The images of these indices (n,), as this experience asks after them."""
        group, digits = self.classes[experience], self._digits[items]
        targets = _place(digits, group) if self.scenario == "domain-incremental" else digits
        allowed = _among(torch.arange(CLASSES), group) if self.scenario == "task-incremental" else None
        return Batch(self._normalise(self._images[items]), targets, allowed=allowed)

    def batch(self, step: int, size: int, draws: Draws, experience: int = 0) -> Batch:
        """Items step * size and following of an endless row of epochs over this experience, each a permutation of its own."""
        own = self._train[experience]
        return own.pick(items_at(step, size, len(own), lambda epoch: draws.generator(f"order {experience}", self._uid, epoch)))

    def parts(self, split: str, experience: int = 0) -> Sequence[Part]:
        """One part of "validation" or "test": the items of the experience's classes."""
        return self._parts[split][experience]

    def fingerprint(self) -> str:
        """Of every image and target of every split of every experience, and of what may be answered."""
        digest = hashlib.sha256()
        judged = [part.batch for split in self._parts.values() for parts in split for part in parts]
        for batch in (*self._train, *judged):
            for tensor in (batch.inputs, batch.targets, batch.allowed):
                digest.update(b"" if tensor is None else tensor.numpy().tobytes())
        return digest.hexdigest()

    def sample(self) -> dict[str, Any]:
        """The first test image of each digit, task by task; pixels from 0 to 1.

        {"kind": "images", "shape": [1, 8, 8], "items": [{"pixels": [64 numbers], "target": 3, "labels": {"task": 2}}]}
        """
        items = []
        for number, (group, own) in enumerate(zip(self.classes, self._test, strict=True)):
            for digit in group:
                for index in own[self._digits[own] == digit][:1]:
                    pixels = [round(value, 3) for value in self._images[index].flatten().tolist()]
                    items.append({"pixels": pixels, "target": digit, "labels": {"task": number + 1}})
        return {"kind": "images", "shape": [1, 8, 8], "items": items}

    def item(self, split: str, part: int, index: int) -> dict[str, Any]:
        """One image of a part, as the network gets it but for the scale."""
        of = [one for experience in range(self.experiences) for one in self.parts(split, experience)]
        return {**picture(of[part], index), "labels": {"task": part + 1}}


def _among(digits: Tensor, group: Sequence[int]) -> Tensor:
    """Which of these digits (n,) belong to the group, (n,) bool."""
    return torch.isin(digits, torch.tensor(group))


def _place(digits: Tensor, group: Sequence[int]) -> Tensor:
    """The place of each digit (n,) within the group."""
    return (digits.unsqueeze(-1) == torch.tensor(group)).int().argmax(-1)
