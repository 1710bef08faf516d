"""What is done while it is killed: training, exporting, migrating, queuing, and whatever else writes."""

from __future__ import annotations

from pathlib import Path

import torch

from memstudio import library
from memstudio.components.catalogue import catalogue
from memstudio.experiment.studies import plan
from memstudio.export.choosing import choose
from memstudio.export.files import checked_target
from memstudio.export.writing import export
from memstudio.training import worker
from memstudio.training.train import train, warm
from tests.survival.forks import does, serve
from tests.training.tiny import recall_document


@does
def work(folder: Path, run: str) -> None:
    """Carries out a run, with a checkpoint at every step: as many writes in flight as there can be."""
    with library.open(folder) as opened:
        train(opened, run, checkpoint_seconds=0.0)


@does
def drain(folder: Path) -> None:
    """Works as a worker does until nothing is left."""
    if worker.main(["--library", str(folder)]) != 0:
        raise SystemExit(1)


@does
def write_model(folder: Path, run: str, out: Path) -> None:
    """Exports the model of a run, over and over."""
    for number in range(10_000):
        with library.open(folder) as opened:
            row = opened.run(run)
            target = checked_target(out / f"model-{number % 3}", True)
            export(opened, row, choose(opened, row, "last"), target, read_back=_equal, say=lambda words: None)


def _equal(folder: Path, expected: bytes) -> dict[str, float]:
    return {"difference": 0.0, "probabilities": 0.0, "scale": 1.0}


@does
def migrate(folder: Path) -> None:
    """Opens a library, which brings an older one up to date."""
    with library.open(folder):
        pass


@does
def edit(folder: Path) -> None:
    """Queues studies of eight runs, and notes, tags, stars and trashes them, over and over."""
    document = recall_document()
    document = document.model_copy(update={"run": document.run.model_copy(update={"replicates": 8})})
    runs = plan(document, catalogue())
    number = 0
    with library.open(folder) as opened:
        while True:
            number += 1
            submitted = opened.submit(document, runs)
            for run in submitted.runs:
                opened.set_tags(run, [f"a{number}", f"b{number}"])
                opened.set_note(run, f"note {number}")
            for run in submitted.runs[:3]:
                opened.trash(run)


if __name__ == "__main__":
    torch.set_num_threads(1)
    warm()
    catalogue()
    serve()
