"""Tuned studies with real workers: two at once, one killed on the way, the queue paused under them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memstudio.ground.launch import start_worker
from memstudio.ground.log import tail
from memstudio.library import Library
from memstudio.library import open as open_library
from tests.training.deciding import HEADS, RATE, study_document, submitted

#: seconds that a few tiny runs may take on a busy machine, the start of torch included
PATIENCE = 90.0

Workers = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library") as opened:
        yield opened


@pytest.fixture
def workers(library: Library) -> Iterator[Workers]:
    """Starts workers on the library, and ends those that a failing test leaves."""
    started: list[subprocess.Popen[bytes]] = []

    def start(**words: object) -> subprocess.Popen[bytes]:
        started.append(start_worker(library.folder, **words))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


def until(library: Library, met: Callable[[], bool], what: str) -> None:
    """Waits for something to stand in the library."""
    end = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < end, f"waited in vain for {what}: " + "\n".join(tail(library.folder / "logs" / "worker.txt"))
        time.sleep(0.02)


def test_two_workers_one_killed_and_a_paused_queue(library: Library, workers: Workers) -> None:
    """One worker is killed between trials and the choice; the other, started while the queue is paused, does all that is left."""
    study = submitted(library, study_document(RATE, HEADS))
    first = workers(study=study)
    until(library, lambda: any(row.state == "finished" for row in library.trials(study)), "the first trial")
    library.pause_queue()
    until(library, lambda: all(row.state in ("queued", "finished") for row in library.trials(study)), "the worker to wait")
    first.kill()
    first.wait()
    second = workers(study=study)
    waiting = len(library.queue())
    assert waiting
    time.sleep(1.0)
    assert second.poll() is None
    assert len(library.queue()) == waiting
    library.pause_queue(False)
    assert second.wait(PATIENCE) == 0
    reported = library.runs(study=study)
    assert sorted((row.cell, row.seed, row.state) for row in reported) == [
        (f"heads {n}", seed, "finished") for n in (1, 2) for seed in (0, 1)
    ]
    for cell in library.tuning(study):
        assert cell.chosen is not None
        values = {trial.sets["learn.rate"]: trial.value for trial in cell.trials}
        assert cell.chosen["learn.rate"] == min(values, key=lambda rate: values[rate] or 0.0)
        for row in reported:
            if row.cell == cell.label:
                assert library.document(row.uid).node("learn").values["rate"] == cell.chosen["learn.rate"]
    assert not {row.seed for row in reported} & {row.seed for row in library.trials(study)}
    assert library.mark_lost() == []
