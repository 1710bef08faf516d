"""The raw outcomes that a run kept at its end, read back as arrays: logits of every member, with their targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from memstudio.experiment.document import Document
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.parameters import Refusal
from memstudio.library.experiments import experiment_of
from memstudio.library.library import Library
from memstudio.library.rows import ArtifactRow
from memstudio.measures.calibration import softmax

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Raw:
    """What a model answered on one part of the test data. scores: (members, n, classes) logits in float64; targets: (n,) classes.

    labels: of the part; main: whether it counts in the bare measures; combination: what of the members is averaged, "probabilities" or
    "scores".
    """

    labels: Mapping[str, str | int | float]
    main: bool
    scores: Floats
    targets: Whole
    combination: str = "probabilities"

    @property
    def members(self) -> int:
        """How many members gave scores."""
        return int(self.scores.shape[0])

    def probabilities(self, combination: str | None = None) -> Floats:
        """The members' answers combined as the model does, or as asked: (n, classes)."""
        if (combination or self.combination) == "scores":
            return softmax(self.scores.mean(axis=0))
        return np.asarray(softmax(self.scores).mean(axis=0))


@dataclass(frozen=True)
class StageOutcomes:
    """The end of a stage. label: its name where it is not the last, else ""; thinned: every so many targets were kept."""

    label: str
    step: int
    parts: tuple[Raw, ...]
    thinned: int


def raw_outcomes(library: Library, run: str, known: Catalogue | None = None) -> tuple[StageOutcomes, ...]:
    """The raw outcomes at the end of each stage of a run, the last stage last.

    Raises Refusal: none were kept, they are no classes, or a file is missing or damaged.
    """
    kept = {row.name: row for row in library.artifacts(run) if row.kind == "outcomes" and _whole(row)}
    if not kept:
        raise Refusal("It kept no raw outcomes at its end (run.keep of the document says how much is kept).")
    ends: dict[str, ArtifactRow] = {}
    for row in kept.values():
        stage = row.stage or ""
        if stage not in ends or (row.step or 0) >= (ends[stage].step or 0):
            ends[stage] = row
    rising = sorted(ends.values(), key=lambda row: row.step or 0)
    combination = _combination(library.document(run), known)
    return tuple(
        StageOutcomes(row.stage or "" if row is not rising[-1] else "", row.step or 0, _parts(library, row, combination), _stride(row))
        for row in rising
    )


def _whole(row: ArtifactRow) -> bool:
    """Whether these are the outcomes of all items at an end, not of a few on the way."""
    return isinstance(row.meta, Mapping) and row.meta.get("items", 0) is None and "targets" in row.meta


def _combination(document: Document, known: Catalogue | None) -> str:
    """What an ensemble averages; "probabilities" where nothing says otherwise."""
    says = experiment_of(document, known).all
    found = [str(value) for address, value in says.items() if address.endswith(".combination")]
    return "scores" if "scores" in found else "probabilities"


def _stride(row: ArtifactRow) -> int:
    stride = row.meta["stride"]
    if not isinstance(stride, int) or stride < 1:
        raise ValueError(f"every {stride!r}th target was kept")
    return stride


def _parts(library: Library, row: ArtifactRow, combination: str) -> tuple[Raw, ...]:
    """The parts of one file. Whatever a damaged one says of itself becomes one sentence."""
    try:
        return _read(library, row, combination)
    except Refusal:
        raise
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise Refusal(f"The raw outcomes {row.name} are damaged: they do not say what they hold.") from error


def _read(library: Library, row: ArtifactRow, combination: str) -> tuple[Raw, ...]:
    tensors = _tensors(library.read_artifact(row.sha256), row.name)
    targets = _tensors(library.read_artifact(str(row.meta["targets"])), f"the targets of {row.name}")
    described = row.meta["parts"]
    scores, stride = tensors.get("scores"), _stride(row)
    if scores is None or scores.ndim != 3 or sum(int(part["targets"]) for part in described) != scores.shape[1]:
        raise Refusal(f"The raw outcomes {row.name} are damaged: they do not hold as many answers as they say.")
    found, at = [], 0
    for number, part in enumerate(described):
        n = int(part["targets"])
        wanted = _wanted(targets, number, n, stride, tensors.get("item", np.empty(0))[at : at + n], row.name)
        if n:
            answers = scores[:, at : at + n].astype(np.float64)
            if np.isnan(answers).any():
                raise Refusal("Its scores are not finite, so nothing can be computed from them.")
            if not (wanted.min() >= 0 and wanted.max() < answers.shape[2]):
                raise Refusal(f"The raw outcomes {row.name} are damaged: their targets are no classes of theirs.")
            found.append(Raw(dict(part["labels"]), bool(part["main"]), answers, wanted, combination))
        at += n
    return tuple(found)


def _wanted(targets: Mapping[str, Any], number: int, n: int, stride: int, items: npt.NDArray[Any], name: str) -> Whole:
    """The targets of a part that answers were kept for."""
    all_targets = targets.get(f"{number}.targets")
    if all_targets is None:
        raise Refusal(f"The raw outcomes {name} are damaged: the targets of a part are missing.")
    if not np.issubdtype(all_targets.dtype, np.integer) or all_targets.ndim != 1:
        raise Refusal("Its task asks for patterns to be given back, not for classes.")
    if len(items):
        # of a learner that has stored some items only, those were asked for: one target an item
        place = {int(item): i for i, item in enumerate(targets[f"{number}.item"].tolist())}
        kept = all_targets[[place[int(item)] for item in items.tolist()]]
    else:
        kept = all_targets[::stride]
    if len(kept) != n:
        raise Refusal(f"The raw outcomes {name} are damaged: their targets do not fit.")
    return np.asarray(kept, dtype=np.int64)


def _tensors(data: bytes, name: str) -> dict[str, npt.NDArray[Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return dict(load(data))
    except (SafetensorError, ValueError, KeyError) as error:
        raise Refusal(f"The raw outcomes {name} cannot be read; copy them back from a backup of the library's folder.") from error


def together(parts: Sequence[Raw]) -> Raw | None:
    """The main parts as one; None where there is none."""
    main = [part for part in parts if part.main]
    if not main:
        return None
    scores = np.concatenate([part.scores for part in main], axis=1)
    return Raw({}, True, scores, np.concatenate([part.targets for part in main]), main[0].combination)
