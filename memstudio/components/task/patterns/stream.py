"""The stream of patterns: each shown once as it is, judged by what comes back from a spoiled cue."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from memstudio.components.runtime import Batch, Draws, Part, Stream
from memstudio.components.task.digits.epochs import items_at
from memstudio.components.task.patterns.cues import digit_patterns, random_patterns, spoil

#: patterns and numbers of each that a sample shows
SHOWN, LONGEST = 8, 1024


class Patterns(Stream):
    """Training: patterns (batch, width) float32 of ±1, which are their own targets; parts: cues, with the patterns as targets.

    Every item carries the mark `pattern`, the number of its pattern.
    """

    def __init__(
        self,
        *,
        source: str,
        width: int,
        count: int,
        correlation: float,
        centred: bool,
        cue: str,
        strengths: Sequence[int],
        main: int,
        draws: Draws,
        uid: str,
    ) -> None:
        self.unbiased = source == "random" and correlation == 0
        generator = draws.data_generator("patterns", uid)
        if source == "digits":
            self._patterns = digit_patterns(count, centred, generator)
        else:
            self._patterns = random_patterns(count, width, correlation, generator)
        self._images = source == "digits"
        self._cue, self._strengths, self._main = cue, tuple(strengths), main
        self._draws, self._uid = draws, uid
        self._made: dict[str, tuple[Part, ...]] = {}

    def batch(self, step: int, size: int, draws: Draws, experience: int = 0) -> Batch:
        """Patterns step * size and following of an endless row of rounds, each with all patterns in an order of its own."""
        index = items_at(step, size, len(self._patterns), partial(draws.generator, "order", self._uid))
        return Batch(self._patterns[index], self._patterns[index], marks={"pattern": index})

    def parts(self, split: str, experience: int = 0) -> Sequence[Part]:
        """Test: a part for each strength, the main one of them main. Validation: other cues of the main strength."""
        if split not in self._made:
            strengths = (self._main,) if split == "validation" else self._strengths
            self._made[split] = tuple(self._part(split, percent) for percent in strengths)
        return self._made[split]

    def _part(self, split: str, percent: int) -> Part:
        cues = spoil(self._patterns, self._cue, percent, self._draws.data_generator(f"{split} {self._cue}", self._uid))
        marks = {"pattern": torch.arange(len(self._patterns))}
        return Part({self._cue: percent / 100}, Batch(cues, self._patterns, marks=marks), percent == self._main)

    def fingerprint(self) -> str:
        """Of every pattern and cue."""
        digest = hashlib.sha256(self._patterns.numpy().tobytes())
        for split in ("validation", "test"):
            for part in self.parts(split):
                digest.update(repr(sorted(part.labels.items())).encode())
                digest.update(part.batch.inputs.numpy().tobytes())
        return digest.hexdigest()

    def sample(self) -> dict[str, Any]:
        """The first patterns, and the cues of the first one, as pictures: −1 dark, unknown grey, +1 bright; target: the pattern's number.

        {"kind": "images", "shape": [1, 8, 8], "items": [{"pixels": [64 numbers], "target": 0, "labels": {"noise": 0.2}}]}
        """
        wide = min(self._patterns.shape[1], LONGEST)
        height = 8 if self._images else max(h for h in range(1, math.isqrt(wide) + 1) if wide % h == 0)
        items = [self._shown(pattern[:wide], number, {}) for number, pattern in enumerate(self._patterns[:SHOWN])]
        items += [self._shown(part.batch.inputs[0, :wide], 0, dict(part.labels)) for part in self.parts("test")[:SHOWN]]
        return {"kind": "images", "shape": [1, height, wide // height], "items": items}

    def item(self, split: str, part: int, index: int) -> dict[str, Any]:
        """One cue."""
        of = self.parts(split)[part]
        return self._shown(of.batch.inputs[index, : min(self._patterns.shape[1], LONGEST)], index, dict(of.labels))

    def _shown(self, numbers: Tensor, target: int, labels: dict[str, Any]) -> dict[str, Any]:
        return {"pixels": ((numbers + 1) / 2).tolist(), "target": target, "labels": labels}
