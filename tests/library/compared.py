"""Studies with numbers written by hand, as workers would have left them: what comparisons are tested on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from memstudio.components.catalogue import catalogue
from memstudio.experiment import studies
from memstudio.experiment.document import Axis, Case, Claim, Document, Run
from memstudio.experiment.studies import PlannedRun
from memstudio.ground.machine import this_process
from memstudio.library import CurveAt, CurveAxis, Library, RunWriter, Submitted
from tests.library.small import document

ENVIRONMENT = {
    "memstudio": "0.1.0",
    "python": "3.11.7",
    "packages": {"torch": "2.13.0", "numpy": "2.4.6"},
    "components": {"sequence.attention": 1},
    "git": {"commit": "0123456789abcdef", "dirty": False},
    "device": "cpu",
    "cpu": "AVX2",
    "platform": "Linux",
}
Work = Callable[[RunWriter, str, int], None]


def planned(cell: str, seed: int, made: Document, sets: Mapping[str, Any] | None = None) -> PlannedRun:
    """A run of a cell with its seeds written into its document, as `studies.plan` does."""
    own = made.run.model_copy(update={"seed": seed, "data_seed": seed})
    return PlannedRun(cell, dict(sets or {}), seed, seed, seed, made.model_copy(update={"run": own}))


def finish(
    opened: Library,
    run: str,
    measures: Mapping[str, float] | None,
    *,
    environment: Mapping[str, Any] = ENVIRONMENT,
    data: str | None = "same",
    work: Callable[[RunWriter], None] | None = None,
) -> None:
    """Does as a worker does: begins a run, writes its last measures and what `work` writes, ends it. measures None: it fails."""
    lease = opened.claim(this_process(), runs=[run])
    assert lease is not None
    with RunWriter(opened.folder, lease) as writer:
        writer.start(100, "cpu", 1, dict(environment), {} if data is None else {"task": data})
        if work is not None:
            work(writer)
        writer.points(100, dict(measures or {"recall": 0.01}))
        writer.progress("learn", 100)
        writer.finish("failed" if measures is None else "finished", None if measures else "The loss is not finite at step 3.", None)


def study(
    opened: Library,
    cells: Mapping[str, Sequence[Mapping[str, float] | None]],
    *,
    title: str = "Who remembers",
    documents: Mapping[str, Document] | None = None,
    environment: Callable[[str, int], Mapping[str, Any]] = lambda cell, seed: ENVIRONMENT,
    data: Callable[[str, int], str | None] = lambda cell, seed: f"data of seed {seed}",
    work: Work | None = None,
) -> Submitted:
    """A study whose cells have these last measures, one mapping a seed (None: that run failed)."""
    made = {cell: (documents or {}).get(cell) or document(title, heads=i + 1) for i, cell in enumerate(cells)}
    seeds = max(map(len, cells.values()))
    runs = [(cell, seed) for seed in range(seeds) for cell, those in cells.items() if seed < len(those)]
    first = next(iter(made.values()))
    submitted = opened.submit(first, [planned(cell, seed, made[cell], {"mem1": cell}) for cell, seed in runs], title)
    for uid, (cell, seed) in zip(submitted.runs, runs, strict=True):
        finish(
            opened,
            uid,
            cells[cell][seed],
            environment=environment(cell, seed),
            data=data(cell, seed),
            work=None if work is None else lambda writer, cell=cell, seed=seed: work(writer, cell, seed),  # type: ignore[misc]
        )
    return submitted


def recalls(*values: float) -> list[dict[str, float]]:
    """Runs that measured their recall only."""
    return [{"recall": value} for value in values]


def line(values: Sequence[float], name: str = "recall_by_load", loads: Sequence[float] = (2.0, 4.0)) -> CurveAt:
    """A curve over loads, with chance."""
    table = np.array([values, [0.1] * len(values)])
    return CurveAt(name, 100, table, (CurveAxis("load", tuple(loads), "pairs"),), "line", ("recall", "chance"))


def at(step: int, curve: CurveAt) -> CurveAt:
    """The same curve at another step."""
    return replace(curve, step=step)


def diagram(counts: Sequence[float], confidence: Sequence[float], accuracy: Sequence[float]) -> CurveAt:
    """A reliability diagram of equal bins."""
    n = len(counts)
    middles = tuple((i + 0.5) / n for i in range(n))
    rows = ("count", "confidence", "accuracy")
    return CurveAt("reliability", 100, np.array([counts, confidence, accuracy]), (CurveAxis("bin", middles),), "reliability", rows)


def matrix(values: Any, name: str = "accuracy_matrix") -> CurveAt:
    """An accuracy matrix."""
    table = np.asarray(values, dtype=np.float64)
    rows, columns = (tuple(float(i + 1) for i in range(n)) for n in table.shape)
    return CurveAt(name, 100, table, (CurveAxis("after task", rows), CurveAxis("task", columns)), "matrix")


def factorial(
    opened: Library,
    axes: Sequence[Axis],
    value: Callable[[Mapping[str, str], int], Mapping[str, float] | None],
    *,
    seeds: int = 3,
    title: str = "What was varied",
    claim: Claim | None = None,
    work: Work | None = None,
) -> Submitted:
    """A study of these axes, planned as it is from the window. value: (case of each axis, seed) -> last measures; None: the run failed."""
    asked = document(title).model_copy(update={"run": Run(vary=list(axes), replicates=seeds), "claim": claim})
    runs = studies.plan(asked, catalogue())
    cases = {cell.label: dict(cell.cases) for cell in studies.cell_cases(asked)}
    submitted = opened.submit(asked, runs, title)
    for uid, run in zip(submitted.runs, runs, strict=True):
        of = None if work is None else lambda writer, run=run: work(writer, run.cell, run.seed)  # type: ignore[misc]
        finish(opened, uid, value(cases[run.cell], run.seed), data=f"data of seed {run.seed}", work=of)
    return submitted


MEMORY = Axis(
    name="memory",
    cases=[
        Case(label="attention", set={"mem1.component": "sequence.attention"}),
        Case(label="delta rule", set={"mem1.component": "sequence.deltanet"}),
    ],
)
WIDTH = Axis(name="key width", set="mem1.key_width", values=[4, 1, 2])
HEADS = Axis(name="heads", set="mem1.heads", values=[1, 2])
