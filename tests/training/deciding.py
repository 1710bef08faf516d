"""Tuned studies without training: runs that end at once with the measures a test gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from memstudio.components.catalogue import catalogue
from memstudio.experiment.document import Axis, Document, Range, Tuned
from memstudio.experiment.studies import plan
from memstudio.ground.machine import this_process
from memstudio.library import Library, RunRow, RunWriter
from memstudio.training.advance import advance
from tests.training.tiny import recall_document

LOSS, ACCURACY = "loss[split=validation]", "accuracy"
#: What a run measures, by name; None: it fails.
Measured = Callable[[RunRow], Mapping[str, float] | None]

RATE = Axis(name="rate", set="learn.rate", values=[0.001, 0.01, 0.1], tuned=Tuned())
HEADS = Axis(name="heads", set="mem1.heads", values=[1, 2])


def study_document(*axes: Axis, **run: object) -> Document:
    """A tiny study of these axes."""
    given = recall_document(steps=4, every=4)
    changes = {"replicates": 2, "seed": 0, **run, "vary": list(axes)}
    return given.model_copy(update={"run": given.run.model_copy(update=changes)})


def ranged(method: str, trials: int) -> Axis:
    """The learning rate, tuned over a range."""
    tuned = Tuned.model_validate({"method": method, "trials": trials})
    return Axis(name="rate", set="learn.rate", range=Range(low=1e-4, high=0.1, log=True), tuned=tuned)


def submitted(library: Library, document: Document) -> str:
    """The uid of a study of a document, its first runs queued."""
    study = library.submit(document, plan(document, catalogue())).study
    assert study is not None
    return study


def end_next(library: Library, measured: Measured, study: str | None = None) -> RunRow | None:
    """Takes the next run and ends it at once with what it is given to measure; None where nothing waits."""
    lease = library.claim(this_process(), study=study)
    if lease is None:
        return None
    row = library.run(lease.run_uid)
    values = measured(row)
    with RunWriter(library.folder, lease) as writer:
        writer.start(4, "cpu", 1, {}, {})
        if values is None:
            writer.finish("failed", failure="It was told to.")
        else:
            writer.points(4, dict(values))
            writer.finish("finished")
    return library.run(row.uid)


def end_all(library: Library, measured: Measured) -> list[RunRow]:
    """Ends runs and decides after each, as a worker does, until nothing is left; the runs in the order in which they were taken."""
    found = []
    while True:
        row = end_next(library, measured)
        changed = advance(library, catalogue)
        if row is None and not changed:
            return found
        if row is not None:
            found.append(row)
