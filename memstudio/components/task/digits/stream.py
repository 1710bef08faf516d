"""The stream of handwritten digits: split, normalised, in a fresh order each epoch; the test also corrupted."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from memstudio.components.runtime import Batch, Draws, Part, Stream
from memstudio.components.task.digits.corruptions import corrupt
from memstudio.components.task.digits.declare import CLASSES, chosen
from memstudio.components.task.digits.epochs import items_at
from memstudio.components.task.digits.images import Normalisation, bundled, picture, stratified


class Digits(Stream):
    """Digits (batch, 1, 8, 8) float32, normalised; targets (batch,) int64, 0 to 9."""

    chance = 1 / CLASSES

    def __init__(
        self,
        *,
        train_items: int,
        validation_items: int,
        test_items: int,
        normalisation: str,
        corruption: str,
        severities: Sequence[int],
        draws: Draws,
        uid: str,
    ) -> None:
        images, classes = bundled()
        # Test first: its items stay the same whatever the sizes of validation and training.
        order = draws.data_generator("split", uid)
        test, validation, train = stratified(classes, (test_items, validation_items, train_items), order)
        self._normalise = Normalisation.fit(images[train], normalisation)
        self._train = Batch(self._normalise(images[train]), classes[train])
        self._validation = Batch(self._normalise(images[validation]), classes[validation])
        self._test_images, self._test_classes = images[test], classes[test]
        self._corrupted = [(name, severity) for name in chosen(corruption) for severity in severities]
        self._draws = draws
        self._uid = uid
        self._test: tuple[Part, ...] | None = None

    def batch(self, step: int, size: int, draws: Draws, experience: int = 0) -> Batch:
        """Items step * size and following of an endless row of epochs, each a permutation of its own."""
        items = items_at(step, size, len(self._train), lambda epoch: draws.generator("order", self._uid, epoch))
        return self._train.pick(items)

    def parts(self, split: str, experience: int = 0) -> Sequence[Part]:
        """Validation: one part. Test: the clean one, which is main, then each corruption at each severity."""
        if split == "validation":
            return (Part({}, self._validation),)
        if self._test is None:
            clean = Part({}, Batch(self._normalise(self._test_images), self._test_classes))
            self._test = (clean, *(self._corrupt(name, severity) for name, severity in self._corrupted))
        return self._test

    def corrupted_images(self, corruption: str, severity: int) -> Tensor:
        """The test images (n, 1, 8, 8) from 0 to 1, corrupted; the same draw at every severity."""
        generator = self._draws.data_generator(f"corruption {corruption}", self._uid)
        return corrupt(self._test_images, corruption, severity, generator)

    def _corrupt(self, corruption: str, severity: int) -> Part:
        images = self._normalise(self.corrupted_images(corruption, severity))
        return Part({"corruption": corruption, "severity": severity}, Batch(images, self._test_classes), main=False)

    def fingerprint(self) -> str:
        """Of every image and class of every split, corrupted ones too."""
        digest = hashlib.sha256()
        for batch in (self._train, self._validation, *(part.batch for part in self.parts("test"))):
            digest.update(batch.inputs.numpy().tobytes())
            digest.update(batch.targets.numpy().tobytes())
        return digest.hexdigest()

    def sample(self) -> dict[str, Any]:
        """The first test image of each digit, and one of them under each corruption; pixels from 0 to 1.

        {"kind": "images", "shape": [1, 8, 8], "items":
         [{"pixels": [64 numbers], "target": 3, "labels": {"corruption": "blur", "severity": 3}}]}
        """
        first = [int(torch.nonzero(self._test_classes == k)[0]) for k in range(CLASSES) if bool((self._test_classes == k).any())]
        items = [self._shown(self._test_images, index, {}) for index in first]
        for name, severity in self._corrupted:
            labels: dict[str, str | int] = {"corruption": name, "severity": severity}
            items.append(self._shown(self.corrupted_images(name, severity), first[len(first) // 2], labels))
        return {"kind": "images", "shape": [1, 8, 8], "items": items}

    def item(self, split: str, part: int, index: int) -> dict[str, Any]:
        """One image of one corruption, as the network gets it but for the scale."""
        return picture(self.parts(split)[part], index)

    def _shown(self, images: Tensor, index: int, labels: dict[str, str | int]) -> dict[str, Any]:
        pixels = [round(value, 3) for value in images[index].flatten().tolist()]
        return {"pixels": pixels, "target": int(self._test_classes[index]), "labels": labels}
