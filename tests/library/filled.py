"""Libraries with finished runs in them: a study over two axes, with measures, curves and files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from memstudio.experiment.document import Axis, Case, Document, Node, Run
from memstudio.experiment.studies import PlannedRun, cells
from memstudio.ground.machine import Identity
from memstudio.library import CurveAxis, Library, RunWriter, Submitted

MEMORIES = ("attention", "gated delta rule")
#: a worker of another machine: nobody here judges whether it lives
WORKER = Identity("another machine", 4242, 1000.0, "boot")
ENVIRONMENT = {"python": "3.12.1", "packages": {"torch": "2.13.0"}, "git": {"commit": "ab" * 20, "dirty": False}}


@dataclass(frozen=True)
class Curve:
    """A curve to store."""

    name: str
    values: Any
    axes: tuple[CurveAxis, ...]
    kind: str = "line"
    rows: tuple[str, ...] = ()


def varied(heads: Sequence[int] = (1, 4), seeds: int = 2) -> Document:
    """A document that varies the memory and its heads."""
    memory = Axis(name="memory", cases=[Case(label=m, set={"mem1.component": "sequence." + m.replace(" ", "_")}) for m in MEMORIES])
    node = Node(id="mem1", uid="0" * 12, component="sequence.attention", values={"heads": 1})
    return Document(
        title="Heads and memories",
        nodes=[node],
        run=Run(replicates=seeds, vary=[memory, Axis(name="heads", set="mem1.heads", values=list(heads))]),
    )


def planned_runs(document: Document, seeds: int = 2) -> list[PlannedRun]:
    """Its runs, seed by seed in every cell."""
    found = []
    for label, sets in cells(document):
        for seed in range(seeds):
            node = Node(id="mem1", uid="0" * 12, component=sets["mem1.component"], values={"heads": sets["mem1.heads"]})
            found.append(PlannedRun(label, sets, seed, seed, seed, Document(title=document.title, nodes=[node], run=Run(seed=seed))))
    return found


def study(lib: Library, *, heads: Sequence[int] = (1, 4), seeds: int = 2, finish: bool = True) -> Submitted:
    """Submits that study and finishes its runs: the i-th has recall i / 10, a curve, a checkpoint of its own and shared targets."""
    document = varied(heads, seeds)
    done = lib.submit(document, planned_runs(document, seeds))
    if finish:
        for i, uid in enumerate(done.runs):
            finished(
                lib, uid, {"recall": i / 10, "recall[load=16]": i / 20}, {"checkpoint-last": f"weights {i}".encode(), "targets": b"targets"}
            )
    return done


def finished(
    lib: Library,
    uid: str,
    measures: Mapping[str, float],
    files: Mapping[str, bytes] | None = None,
    *,
    state: str = "finished",
    points: int = 3,
    during: Callable[[RunWriter], None] | None = None,
) -> None:
    """Runs a queued run to its end: points, measures, a curve, files."""
    lease = lib.claim(WORKER, runs=[uid])
    assert lease is not None
    with RunWriter(lib.path, lease) as writer:
        writer.start(points, "cpu", 1, ENVIRONMENT, {"0" * 12: "cd" * 32})
        for step in range(points):
            writer.points(step, {"loss[split=train]": 1.0 / (1 + step)})
        writer.points(points, measures)
        writer.curve(points, Curve("recall_by_load", np.array([1.0, 0.5]), (CurveAxis("load", (4.0, 16.0), "items"),)))
        for name, data in (files or {}).items():
            writer.artifact(name, data, name.partition("-")[0], step=points, meta={"of": name})
        writer.progress("learn", points)
        if during is not None:
            during(writer)
        if state != "running":
            writer.finish(state, "It broke." if state == "failed" else None)
