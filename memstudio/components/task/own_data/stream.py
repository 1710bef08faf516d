"""The streams of own data: read, split, fitted on the training items, met in a fresh order each epoch."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from memstudio.components.runtime import Batch, Draws, Part, Stream
from memstudio.components.task.digits.epochs import items_at
from memstudio.components.task.own_data.items import Items, read_items
from memstudio.components.task.own_data.splitting import split
from memstudio.experiment.data.plans import PLANS, Plan
from memstudio.experiment.parameters import Refusal


class OwnData(Stream):
    """Items of a file. plan: what is taken from it; items: as they were read; sets: training, validation and test of each experience."""

    kind = ""

    def __init__(self, values: Mapping[str, Any], draws: Draws, uid: str) -> None:
        self.plan: Plan = PLANS[self.kind](values)
        self.items: Items = read_items(self.plan)
        self.sets = split(self.plan, self.items, draws.data_generator("split", uid))
        self.experiences = len(self.sets)
        self.scenario = self.plan.targets.scenario
        self._uid = uid
        first = self.sets[0][0]
        inputs = self._inputs(first)
        labels = self._classes(first)
        asked = np.isfinite(labels)
        targets, mask = torch.from_numpy(np.where(asked, labels, 0).astype(np.int64)), torch.from_numpy(asked)
        trained = torch.cat([targets[chosen][mask[chosen]] for chosen, *_ in self.sets])
        if not len(trained):
            raise Refusal("No training item has a target; name another target, or another split.")
        counts = torch.bincount(trained, minlength=self.plan.classes)
        self.chance = int(counts.max()) / len(trained)
        self._made = [tuple(self._batch(inputs, targets, mask, chosen, number) for chosen in sets) for number, sets in enumerate(self.sets)]

    @abstractmethod
    def _inputs(self, first: np.ndarray) -> Tensor:
        """What goes to the model, of all items; first: the items by which it is fitted."""

    def _classes(self, first: np.ndarray) -> np.ndarray:
        """Classes of all items, NaN where none is asked; a number is cut at the quantiles of the first training items."""
        if not self.plan.bins:
            return self.items.labels
        cuts = np.quantile(self.items.labels[first], np.arange(1, self.plan.bins) / self.plan.bins)
        return np.searchsorted(cuts, self.items.labels, side="left").astype(np.float64)

    def _batch(self, inputs: Tensor, targets: Tensor, mask: Tensor, chosen: np.ndarray, experience: int) -> Batch:
        index = torch.from_numpy(chosen)
        allowed = None
        if self.scenario == "task-incremental":
            own = torch.from_numpy(np.concatenate(self.sets[experience]))
            allowed = torch.zeros(self.plan.classes, dtype=torch.bool)
            allowed[targets[own][mask[own]]] = True
        asked = mask[index] if targets.dim() == 2 else None
        return Batch(inputs[index], targets[index], asked, allowed=allowed)

    def batch(self, step: int, size: int, draws: Draws, experience: int = 0) -> Batch:
        """Items step * size and following of an endless row of epochs over the experience, each a permutation of its own."""
        own = self._made[experience][0]
        return own.pick(items_at(step, size, len(own), lambda epoch: draws.generator(f"order {experience}", self._uid, epoch)))

    def parts(self, split: str, experience: int = 0) -> Sequence[Part]:
        """One part of "validation" or "test"."""
        return (Part({}, self._made[experience][1 if split == "validation" else 2]),)

    def fingerprint(self) -> str:
        """Of every input and target of every split of every experience, and of what may be answered."""
        digest = hashlib.sha256()
        for batch in (batch for made in self._made for batch in made):
            for tensor in (batch.inputs, batch.targets, batch.mask, batch.allowed):
                digest.update(b"" if tensor is None else tensor.contiguous().numpy().tobytes())
        return digest.hexdigest()

    def _label(self, item: int) -> str:
        label = self.items.labels[item]
        if np.ndim(label):
            return ""
        return self.items.names[int(label)][:40] if self.items.names else f"{label:.4g}"


class OwnRows(OwnData):
    """Features (batch, width) float32; targets (batch,) int64, the place of the class among all values in order."""

    kind = "rows"

    def __init__(
        self,
        *,
        file: Mapping[str, Any] | None,
        target: str,
        inputs: str,
        bins: int,
        missing: str,
        split: str,
        split_by: str,
        held_out: int,
        experiences: str,
        scenario: str,
        draws: Draws,
        uid: str,
    ) -> None:
        own = {"file": file, "target": target, "inputs": inputs, "bins": bins, "missing": missing}
        super().__init__(own | _common(split, split_by, held_out, experiences, scenario), draws, uid)

    def _inputs(self, first: np.ndarray) -> Tensor:
        found, flags = [], []
        for place, column in enumerate(self.plan.inputs):
            values = self.items.inputs[:, place]
            if column.type == "category":
                found.append((values[:, None] == np.arange(column.different or 1)).astype(np.float32))
            else:
                found.append(standardise(values[:, None], first))
            if column in self.plan.flagged:
                flags.append(np.isnan(values)[:, None].astype(np.float32))
        return torch.from_numpy(np.concatenate([*found, *flags], axis=1))

    def sample(self) -> dict[str, Any]:
        """The first test items as they stand in the file.

        {"kind": "rows", "columns": ["height"], "items": [{"values": ["1.2"], "target": "oak", "labels": {}}]}
        """
        columns = self.plan.inputs[:16]
        items = []
        for item in self.sets[0][2][:8].tolist():
            values = [self._shown(place, self.items.inputs[item, place]) for place in range(len(columns))]
            items.append({"values": values, "target": self._label(item), "labels": {}})
        return {"kind": "rows", "columns": [column.name for column in columns], "items": items}

    def _shown(self, place: int, value: float) -> str:
        words = self.items.words[self.plan.inputs[place].name]
        if np.isnan(value):
            return ""
        return words[int(value)][:40] if words else f"{value:.6g}"


class OwnImages(OwnData):
    """Images (batch, channels, height, width) float32; targets (batch,) int64."""

    kind = "images"

    def __init__(
        self,
        *,
        file: Mapping[str, Any] | None,
        images: str,
        target: str,
        split: str,
        split_by: str,
        held_out: int,
        experiences: str,
        scenario: str,
        draws: Draws,
        uid: str,
    ) -> None:
        own = {"file": file, "images": images, "target": target}
        super().__init__(own | _common(split, split_by, held_out, experiences, scenario), draws, uid)

    def _pixels(self) -> np.ndarray:
        """(items, channels, height, width) as they stand in the file."""
        given = self.items.inputs
        if given.ndim == 3:
            return given[:, None]
        return given if given.shape[1:] == self.plan.image and given.shape[3] > 4 else np.moveaxis(given, 3, 1)

    def _inputs(self, first: np.ndarray) -> Tensor:
        pixels = self._pixels().astype(np.float32)
        trained = pixels[first]
        mean = trained.mean(axis=(0, 2, 3), keepdims=True, dtype=np.float64).astype(np.float32)
        spread = trained.std(axis=(0, 2, 3), keepdims=True, dtype=np.float64).astype(np.float32)
        return torch.from_numpy(np.ascontiguousarray((pixels - mean) / np.where(spread > 0, spread, 1)))

    def sample(self) -> dict[str, Any]:
        """The first test images, grey, from 0 to 1.

        {"kind": "images", "shape": [1, 8, 8], "items": [{"pixels": [64 numbers], "target": "3", "labels": {}}]}
        """
        low, high = self.plan.inputs[0].low or 0.0, self.plan.inputs[0].high or 1.0
        chosen = self.sets[0][2][:10]
        step = max(1, -(-max(self.plan.image[1:]) // 28))
        grey = (self._pixels()[chosen].astype(np.float64).mean(axis=1) - low) / max(high - low, 1e-12)
        grey = grey[:, ::step, ::step]
        items = [
            {"pixels": [round(float(p), 3) for p in image.ravel()], "target": self._label(item), "labels": {}}
            for image, item in zip(grey, chosen.tolist(), strict=True)
        ]
        return {"kind": "images", "shape": [1, *grey.shape[1:]], "items": items}


class OwnSequences(OwnData):
    """Tokens (batch, time) int64; targets (batch,) int64, or (batch, time) with a mask."""

    kind = "sequences"

    def __init__(
        self,
        *,
        file: Mapping[str, Any] | None,
        tokens: str,
        target: str,
        asked: str,
        id: str,
        order: str,
        split: str,
        split_by: str,
        held_out: int,
        experiences: str,
        scenario: str,
        draws: Draws,
        uid: str,
    ) -> None:
        own = {"file": file, "tokens": tokens, "target": target, "asked": asked, "id": id, "order": order}
        super().__init__(own | _common(split, split_by, held_out, experiences, scenario), draws, uid)

    def _inputs(self, first: np.ndarray) -> Tensor:
        given = self.items.inputs
        if self.items.there is not None:
            given = np.where(self.items.there, given + 1, 0)
        return torch.from_numpy(given.astype(np.int64))

    def sample(self) -> dict[str, Any]:
        """The first test sequences.

        {"kind": "tokens", "vocabulary": n, "items": [{"tokens": ["a"], "targets": [None], "roles": [""], "labels": {"label": "up"}}]}
        """
        words = self.items.words.get(self.plan.inputs[0].name, ()) if self.items.there is not None else ()
        items = []
        test = self._made[0][2]
        for row, item in enumerate(self.sets[0][2][:4].tolist()):
            tokens = [("·" if t == 0 else words[t - 1][:20]) if words else t for t in test.inputs[row, :128].tolist()]
            asked = test.targets[row, :128].tolist() if self.plan.asked == "position" else [None] * len(tokens)
            names = [None if t is None else self.items.names[t] for t in asked]
            roles = ["question" if t is not None else "" for t in asked]
            labels = {} if self.plan.asked == "position" else {self.plan.target.name: self._label(item)}
            items.append({"tokens": tokens, "targets": names, "roles": roles, "labels": labels})
        return {"kind": "tokens", "vocabulary": self.plan.vocabulary, "items": items}


class OwnSeries(OwnData):
    """Sequences (batch, time, width) float32; targets (batch,) int64, or (batch, time) with a mask."""

    kind = "series"

    def __init__(
        self,
        *,
        file: Mapping[str, Any] | None,
        inputs: str,
        target: str,
        asked: str,
        id: str,
        order: str,
        missing: str,
        split: str,
        split_by: str,
        held_out: int,
        experiences: str,
        scenario: str,
        draws: Draws,
        uid: str,
    ) -> None:
        own = {"file": file, "inputs": inputs, "target": target, "asked": asked, "id": id, "order": order, "missing": missing}
        super().__init__(own | _common(split, split_by, held_out, experiences, scenario), draws, uid)

    def _inputs(self, first: np.ndarray) -> Tensor:
        given = self.items.inputs.astype(np.float64)
        given = given[..., None] if given.ndim == 2 else given
        there = np.ones(given.shape[:2], dtype=bool) if self.items.there is None else self.items.there
        found = [standardise(given, first)]
        columns = self.plan.inputs
        flagged = [n for n, column in enumerate(columns) if column in self.plan.flagged]
        if flagged and len(columns) == given.shape[2]:
            found.append((np.isnan(given[..., flagged]) & there[..., None]).astype(np.float32))
        elif flagged:
            found.append(np.asarray(np.isnan(given).any(axis=2, keepdims=True), dtype=np.float32))
        return torch.from_numpy(np.concatenate(found, axis=2))

    def sample(self) -> dict[str, Any]:
        """The first test sequences as rows of their steps.

        {"kind": "rows", "columns": ["height"], "items": [{"values": ["1.2"], "target": "up", "labels": {"sequence": 1}}]}
        """
        columns = [column.name for column in self.plan.inputs][:16]
        items = []
        for number, item in enumerate(self.sets[0][2][:2].tolist()):
            steps = self.items.inputs[item].reshape(self.plan.time, -1)[:16, :16]
            for values in steps:
                shown = ["" if np.isnan(value) else f"{value:.6g}" for value in values.astype(np.float64)]
                items.append({"values": shown, "target": self._label(item), "labels": {"sequence": number + 1}})
        return {"kind": "rows", "columns": columns, "items": items}


def standardise(values: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Numbers (items, ..., features) with mean and spread of the items `first`, as float32; what is missing becomes 0, the mean."""
    trained = values[first].reshape(-1, values.shape[-1])
    known = np.isfinite(trained)
    count = np.maximum(known.sum(axis=0), 1)
    # numbers near the largest there are would overflow when they are squared
    scale = np.maximum(np.abs(np.where(known, trained, 0)).max(axis=0, initial=0), 1e-300)
    small = np.where(known, trained / scale, 0)
    mean = small.sum(axis=0) / count
    spread = np.sqrt((np.where(known, small - mean, 0) ** 2).sum(axis=0) / count)
    found = (values / scale - mean) / np.where(spread > 1e-12, spread, 1)
    return np.asarray(np.clip(np.nan_to_num(found, nan=0.0), -1e6, 1e6), dtype=np.float32)


def _common(split: str, split_by: str, held_out: int, experiences: str, scenario: str) -> dict[str, Any]:
    return {"split": split, "split_by": split_by, "held_out": held_out, "experiences": experiences, "scenario": scenario}
