"""The stream of the n-th farthest: training on any n, validation and test by n."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from memstudio.components.runtime import Batch, Draws, Part, Stream, derived_seed
from memstudio.components.task.tokens import MOST_SHOWN, NOT_KNOWN


def make_items(rank: Tensor, vectors: int, dimensions: int, generator: torch.Generator) -> Batch:
    """One item for each of `rank` (items,), from 1. inputs (items, vectors, width) float32; asked at the last position only."""
    rows = len(rank)
    shown = 2 * torch.rand(rows, vectors, dimensions, generator=generator) - 1
    label = torch.rand(rows, vectors, generator=generator).argsort(1)
    m = torch.randint(vectors, (rows,), generator=generator)
    # the place, in the row, of the vector whose label is m
    place = (label == m[:, None]).long().argmax(1)
    row = torch.arange(rows)
    distance = (shown - shown[row, place][:, None]).double().square().sum(-1)
    # m's own distance is exactly 0, so that it is ranked last
    answer_place = distance.argsort(dim=1, descending=True, stable=True)[row, rank - 1]
    question = torch.cat([one_hot(rank - 1, vectors), one_hot(m, vectors)], 1)[:, None].expand(rows, vectors, 2 * vectors)
    inputs = torch.cat([shown, one_hot(label, vectors).float(), question.float()], -1)
    mask = torch.zeros(rows, vectors, dtype=torch.bool)
    mask[:, -1] = True
    targets = torch.where(mask, label[row, answer_place][:, None], 0)
    return Batch(inputs, targets, mask, {"serial_position": torch.where(mask, answer_place[:, None] + 1, NOT_KNOWN)})


class NthFarthest(Stream):
    """Labelled vectors and a question. Batches: inputs (batch, vectors, width) float32, one target, at the last position."""

    def __init__(self, *, vectors: int, dimensions: int, test_items: int, draws: Draws, uid: str) -> None:
        self.chance = 1 / vectors
        self._vectors, self._dimensions = vectors, dimensions
        self._test_items = test_items
        self._draws = draws
        self._uid = uid
        self._made: dict[str, tuple[Part, ...]] = {}

    def batch(self, step: int, size: int, draws: Draws, experience: int = 0) -> Batch:
        """The items of a step. There is no end of items: which ones come is decided by both seeds and the step."""
        seed = derived_seed("n-th farthest", self._draws.data_seed, draws.seed, self._uid, step)
        generator = torch.Generator().manual_seed(seed)
        rank = 1 + torch.randint(self._vectors, (size,), generator=generator)
        made = make_items(rank, self._vectors, self._dimensions, generator)
        return Batch(made.inputs, made.targets, made.mask)

    def parts(self, split: str, experience: int = 0) -> Sequence[Part]:
        """One part for each n."""
        if split not in self._made:
            self._made[split] = tuple(self._part(split, rank) for rank in range(1, self._vectors + 1))
        return self._made[split]

    def _part(self, split: str, rank: int) -> Part:
        generator = self._draws.data_generator(f"{split} items", self._uid, rank)
        return Part({"rank": rank}, make_items(torch.full((self._test_items,), rank), self._vectors, self._dimensions, generator))

    def fingerprint(self) -> str:
        """Of the sizes, the data seed and every validation and test item."""
        digest = hashlib.sha256(repr((self._vectors, self._dimensions, self._draws.data_seed, self._uid)).encode())
        for split in ("validation", "test"):
            for part in self.parts(split):
                digest.update(part.batch.inputs.numpy().tobytes())
                digest.update(part.batch.targets.numpy().tobytes())
        return digest.hexdigest()

    def sample(self) -> dict[str, Any]:
        """The first test item of a few n as pictures, a position a row: numbers from −1 dark to 1 bright, then the one-hot numbers.

        {"kind": "images", "shape": [1, 8, 40], "items": [{"pixels": [320 numbers], "target": 3, "labels": {"rank": 1}}]}
        """
        items = [self.item("test", part, 0) for part in range(min(MOST_SHOWN, self._vectors))]
        rows, columns = self.parts("test")[0].batch.inputs.shape[1:]
        return {"kind": "images", "shape": [1, min(rows, MOST_ROWS), min(columns, MOST_COLUMNS)], "items": items}

    def item(self, split: str, part: int, index: int) -> dict[str, Any]:
        """One item of one n."""
        of = self.parts(split)[part]
        picture = of.batch.inputs[index].clone()
        picture[:, : self._dimensions] = (picture[:, : self._dimensions] + 1) / 2
        pixels = [round(number, 2) for number in picture[:MOST_ROWS, :MOST_COLUMNS].flatten().tolist()]
        return {"pixels": pixels, "target": int(of.batch.targets[index, -1]), "labels": dict(of.labels)}


#: positions, and numbers of each, that a sample shows
MOST_ROWS, MOST_COLUMNS = 16, 128
