"""The bundled digits, their stratified split and their normalisation."""

from __future__ import annotations

import gzip
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from memstudio.components.runtime import Part

#: grey levels of the set run from 0 to this
BRIGHTEST = 16.0


def bundled() -> tuple[Tensor, Tensor]:
    """Images (1797, 1, 8, 8) float32 from 0 to 1 and their digits (1797,) int64, in the order of scikit-learn.

    The file that scikit-learn bundles is read as it stands where it can be found: importing scikit-learn takes about a second.
    """
    table = _read() if _file() else _load()
    return torch.from_numpy(table[:, :-1] / BRIGHTEST).reshape(-1, 1, 8, 8), torch.from_numpy(table[:, -1]).long()


def _file() -> Path | None:
    found = importlib.util.find_spec("sklearn")
    places = (found.submodule_search_locations if found else None) or ()
    files = (Path(place, "datasets", "data", "digits.csv.gz") for place in places)
    return next((file for file in files if file.is_file()), None)


def _read() -> np.ndarray:
    file = _file()
    assert file is not None
    numbers = gzip.decompress(file.read_bytes()).replace(b"\n", b",").strip(b",").split(b",")
    return np.array(numbers, dtype=np.float32).reshape(-1, 65)


def _load() -> np.ndarray:
    from sklearn.datasets import load_digits

    digits = load_digits()
    return np.column_stack([digits.data, digits.target]).astype(np.float32)


def quotas(counts: Sequence[int], wanted: int) -> list[int]:
    """How many of each class make `wanted` items in proportion to `counts` (largest remainders)."""
    shares = [wanted * n / sum(counts) for n in counts]
    whole = [int(share) for share in shares]
    by_remainder = sorted(range(len(counts)), key=lambda k: (whole[k] - shares[k], k))
    for k in by_remainder[: wanted - sum(whole)]:
        whole[k] += 1
    return whole


def stratified(classes: Tensor, sizes: Sequence[int], generator: torch.Generator) -> list[Tensor]:
    """Disjoint index sets of these sizes, in each the classes in proportion; random within each class.

    The first sets do not depend on the sizes of the later ones.
    """
    rest = [torch.nonzero(classes == k).flatten() for k in range(int(classes.max()) + 1)]
    rest = [members[torch.randperm(len(members), generator=generator)] for members in rest]
    sets: list[Tensor] = []
    for size in sizes:
        parts = quotas([len(members) for members in rest], size)
        sets.append(torch.cat([members[:n] for members, n in zip(rest, parts, strict=True)]).sort().values)
        rest = [members[n:] for members, n in zip(rest, parts, strict=True)]
    return sets


@dataclass(frozen=True)
class Normalisation:
    """mean, spread: (1, 1, 1, 1) or (1, 1, 8, 8), fitted on the training images."""

    mean: Tensor
    spread: Tensor

    @staticmethod
    def fit(images: Tensor, kind: str) -> Normalisation:
        """Fitted on images (n, 1, 8, 8); kind: "image", "pixel" or "none"."""
        if kind == "none":
            return Normalisation(torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1, 1))
        axes = (0,) if kind == "pixel" else (0, 1, 2, 3)
        spread = images.std(dim=axes, keepdim=True, correction=0)
        # Some border pixels are blank in every training image: they stay as they are instead of being divided by nothing.
        return Normalisation(images.mean(dim=axes, keepdim=True), torch.where(spread > 1e-3, spread, 1.0))

    def __call__(self, images: Tensor) -> Tensor:
        return (images - self.mean) / self.spread


def picture(part: Part, index: int) -> dict[str, Any]:
    """One image of a part as the inspector shows it: from its darkest 0 to its brightest 1, its class, what its part is told by."""
    pixels = part.batch.inputs[index].flatten()
    low, high = float(pixels.min()), float(pixels.max())
    shown = ((pixels - low) / max(high - low, 1e-9)).tolist()
    return {"pixels": [round(value, 3) for value in shown], "target": int(part.batch.targets[index]), "labels": dict(part.labels)}
