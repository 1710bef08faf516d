"""Studies: the runs that a document's cells come to, those that are reported and those that only choose."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from memstudio.experiment import addresses, matching, tuning
from memstudio.experiment.cells import (
    MOST_RUNS,
    Cell,
    Count,
    apply,
    cell_cases,
    cells,
    complete,
    count,
    in_order,
    reported_axes,
    tuned_axes,
)
from memstudio.experiment.document import Document
from memstudio.experiment.entries import Catalogue, nearest
from memstudio.experiment.migrations import update
from memstudio.experiment.packing import refuse_unpackable
from memstudio.experiment.parameters import Refusal

__all__ = [
    "MOST_RUNS",
    "Cell",
    "Count",
    "PlannedRun",
    "apply",
    "cell_cases",
    "cells",
    "chosen",
    "count",
    "first",
    "in_order",
    "plan",
    "trials",
]

_LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True)
class PlannedRun:
    """One run to be: its document is complete (values applied, seeds set, nothing left to vary, one replicate).

    cell: label, "" where nothing varies; sets: what the cell set, by address; replicate: from 0. trial_of: the label of the cell
    that a trial chooses for (None: the run is reported); trial_sets: what that cell sets.
    """

    cell: str
    sets: dict[str, Any]
    replicate: int
    seed: int
    data_seed: int
    document: Document
    trial_of: str | None = None
    trial_sets: dict[str, Any] | None = None


def plan(
    document: Document,
    catalogue: Catalogue,
    *,
    seed: int | None = None,
    replicates: int | None = None,
    cell: str | None = None,
    step_time: matching.StepTime | None = None,
) -> list[PlannedRun]:
    """The runs of a document that can start at once: every cell with the first seed, then every cell with the next.

    Replicate r has seed + r for the weights and data_seed + r for the data (data_seed: the seed, where the document gives
    none). Of a tuned study these are the first trials of every cell; the rest follows from what they find (see tuning.py).
    seed, replicates: in the place of the document's; cell: only the one of that label; step_time: as matching.solve takes it.
    Raises Refusal (one sentence) for what cannot be run: no cases, the same label twice, values that do not fit, no match.
    """
    document = update(document, catalogue)
    changes = {name: value for name, value in (("seed", seed), ("replicates", replicates)) if value is not None}
    document = document.model_copy(update={"run": addresses.changed_run(document.run, changes)})
    refuse_unpackable(document, catalogue)
    document = matching.solve(document, catalogue, step_time)
    found = cell_cases(document)
    _refuse_same_labels([(None, one.label) for one in found], "cells")
    if cell is not None:
        found = [_named(found, cell)]
    if tuned_axes(document):
        of_cells = [trials(document, catalogue, one, tuning.proposals(document, catalogue, one, [])) for one in found]
        # cells take turns: minutes that run out leave none of them without a trial
        made_runs = [run for turn in itertools.zip_longest(*of_cells) for run in turn if run is not None]
        _refuse_same_labels(list(dict.fromkeys((run.trial_of, run.cell) for run in made_runs)), "trials")
        return made_runs
    made = [(one, complete(document, one.label, one.sets, catalogue)) for one in found]
    for _, whole in made:
        refuse_unpackable(whole, catalogue)
    return [_run(one.label, one.sets, whole, replicate) for replicate in range(document.run.replicates) for one, whole in made]


def first(document: Document, catalogue: Catalogue) -> PlannedRun:
    """The first cell with the first seed, tuned values as they stand in the document: to be run by itself. Raises Refusal as plan."""
    run = document.run.model_copy(update={"vary": reported_axes(document), "replicates": 1, "packed": False})
    return plan(document.model_copy(update={"run": run}), catalogue)[0]


def trials(document: Document, catalogue: Catalogue, cell: Cell, points: Sequence[tuning.Point]) -> list[PlannedRun]:
    """The runs of trials of a cell, seed by seed: their seeds are those of the document and 1,000,000 more, so that no reported
    run has them. Raises Refusal where a setting does not fit."""
    tuned = tuning.settings(document)
    found = []
    for replicate in range(tuned.seeds):
        for point in points:
            label = ", ".join(part for part in (cell.label, point.label) if part)
            sets = {**cell.sets, **point.sets}
            whole = complete(document, label, sets, catalogue)
            run = _run(label, sets, whole, replicate, tuning.SEEDS_APART)
            found.append(replace(run, trial_of=cell.label, trial_sets=dict(cell.sets)))
    return found


def chosen(document: Document, catalogue: Catalogue, cell: Cell, sets: Mapping[str, Any]) -> list[PlannedRun]:
    """The reported runs of a cell of a tuned study, now that its trials have chosen `sets`. Raises Refusal."""
    both = {**cell.sets, **sets}
    whole = complete(document, cell.label, both, catalogue)
    return [_run(cell.label, both, whole, replicate) for replicate in range(document.run.replicates)]


def _named(found: Sequence[Cell], label: str) -> Cell:
    """The cell of that label, with or without what matching has found."""
    for one in found:
        if label in (one.label, one.plain):
            return one
    labels = [one.label for one in found]
    listed = ", ".join(repr(one) for one in labels[:8]) + (" ..." if len(labels) > 8 else "")
    raise Refusal(f"There is no cell {label!r}{nearest(label, labels)}; there are {listed}.")


def _refuse_same_labels(labels: Sequence[tuple[str | None, str]], what: str) -> None:
    """labels: of each cell (of each trial, with the cell it chooses for)."""
    twice = [label for label, times in Counter(label for _, label in labels).items() if times > 1]
    if twice:
        raise Refusal(f"Two {what} of the study are called {twice[0]!r}; give their cases different labels.")


def _run(label: str, sets: dict[str, Any], document: Document, replicate: int, apart: int = 0) -> PlannedRun:
    run = document.run
    seed = run.seed + replicate + apart
    data_seed = (run.seed if run.data_seed is None else run.data_seed) + replicate + apart
    if max(seed, data_seed) > _LARGEST_SEED:
        raise Refusal(f"Seed {max(seed, data_seed):,} is too large; seeds end at {_LARGEST_SEED:,}, so start from a smaller one.")
    own = run.model_copy(update={"seed": seed, "data_seed": data_seed, "replicates": 1})
    return PlannedRun(label, sets, replicate, seed, data_seed, document.model_copy(update={"run": own}))
