"""What real life does to a library while runs go: many workers, sleep, clocks that jump, folders that move or vanish."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memstudio import library
from memstudio.components.catalogue import catalogue
from memstudio.experiment.studies import plan
from memstudio.library import Library
from memstudio.training.train import train
from tests.survival.forks import Fork, Forks
from tests.survival.scenes import sound
from tests.training.stored import assert_equals, submit
from tests.training.tiny import recall_document

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here")


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    with Forks() as made:
        yield made


@pytest.fixture
def lib(tmp_path: Path) -> Iterator[Library]:
    with library.open(tmp_path / "library") as opened:
        yield opened


def until(met: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.01)


def test_three_workers_share_a_study_and_do_each_run_once(lib: Library, forks: Forks) -> None:
    document = recall_document(steps=8)
    document = document.model_copy(update={"run": document.run.model_copy(update={"replicates": 9})})
    runs = lib.submit(document, plan(document, catalogue())).runs
    workers = [forks.start("drain", folder=str(lib.folder)) for _ in range(3)]
    assert [worker.wait() for worker in workers] == [0, 0, 0]
    rows = [lib.run(run) for run in runs]
    assert [(row.state, row.attempts) for row in rows] == [("finished", 1)] * 9
    assert len({row.pid for row in rows}) > 1, "one worker has done everything"
    sound(lib.folder)


def test_processes_that_all_queue_and_note_at_once(lib: Library, forks: Forks) -> None:
    editors = [forks.start("edit", folder=str(lib.folder)) for _ in range(3)]
    until(lambda: lib.count() >= 80, "eighty runs")
    assert [editor.kill() for editor in editors] == [-signal.SIGKILL] * 3
    sound(lib.folder)
    assert all(study.runs in (5, 6, 7, 8) for study in lib.studies())


def test_a_stopped_process_is_not_lost_and_goes_on(lib: Library, forks: Forks) -> None:
    run = submit(lib, recall_document(steps=60))
    worker = forks.start("work", folder=str(lib.folder), run=run)
    until(lambda: lib.run(run).step >= 5, "five steps")
    os.kill(worker.pid, signal.SIGSTOP)
    try:
        time.sleep(0.3)
        assert lib.mark_lost() == []
        assert lib.run(run).state == "running"
    finally:
        os.kill(worker.pid, signal.SIGCONT)
    assert worker.wait() == 0
    assert (lib.run(run).state, lib.run(run).attempts) == ("finished", 1)


@pytest.mark.parametrize("jumps", [(-7200.0, 7200.0), (86_400.0 * 400,)], ids=["to and fro", "a year ahead"])
def test_a_clock_that_jumps_changes_nothing(
    lib: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jumps: tuple[float, ...]
) -> None:
    document = recall_document(steps=30)
    with library.open(tmp_path / "steady") as steady:
        whole = submit(steady, document)
        assert train(steady, whole) == "finished"
        true, rng = time.time, random.Random(0)
        monkeypatch.setattr(time, "time", lambda: true() + rng.choice((0.0, *jumps)))
        run = submit(lib, document)
        assert train(lib, run, checkpoint_seconds=0.0) == "finished"
        monkeypatch.undo()
        assert lib.mark_lost() == []
        assert_equals(lib, run, (steady, whole))


def test_a_library_that_is_moved_under_way(lib: Library, forks: Forks, tmp_path: Path) -> None:
    run = submit(lib, recall_document(steps=400))
    worker = forks.start("work", folder=str(lib.folder), run=run)
    until(lambda: lib.run(run).step >= 10, "ten steps")
    moved = tmp_path / "moved"
    lib.close()
    lib.folder.rename(moved)
    ended(worker)
    sound(moved)
    with library.open(moved) as there:
        there.mark_lost()
        row = there.run(run)
        assert row.state in ("failed", "lost", "finished")
        if row.state == "failed":
            assert row.failure
            assert "Traceback" not in row.failure
        if row.state != "finished":
            there.requeue(run)
            assert forks.start("work", folder=str(moved), run=run).wait() == 0
        assert there.run(run).state == "finished"


def test_a_library_that_is_deleted_under_way(lib: Library, forks: Forks) -> None:
    run = submit(lib, recall_document(steps=400))
    worker = forks.start("work", folder=str(lib.folder), run=run)
    until(lambda: lib.run(run).step >= 10, "ten steps")
    lib.close()
    try:
        # the worker goes on writing files meanwhile
        until(lambda: removed(lib.folder), "the folder to be gone")
        ended(worker)
    finally:
        worker.kill()
    with library.open(lib.folder) as anew:
        assert anew.runs() == []
        again = submit(anew, recall_document(steps=4))
        assert forks.start("work", folder=str(anew.folder), run=again).wait() == 0
        assert anew.run(again).state == "finished"


def removed(folder: Path) -> bool:
    """Whether a folder is gone after another try to remove it."""
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def ended(worker: Fork, seconds: float = 60.0) -> None:
    """The worker ends by itself, killed by nobody."""
    end = time.monotonic() + seconds
    while Path(f"/proc/{worker.pid}").exists() and _state(worker.pid) != "Z":
        if time.monotonic() > end:
            worker.kill()
            raise AssertionError("the worker hangs")
        time.sleep(0.02)
    assert worker.wait() >= 0


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "Z"
