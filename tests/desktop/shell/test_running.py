from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.desktop import running, workers
from memstudio.desktop.running import Asked, Running
from memstudio.desktop.window import Window
from memstudio.desktop.workers import Workers, most_workers
from memstudio.experiment import axis_edits, step_times
from memstudio.experiment.document import Document, Match
from memstudio.ground import launch, machine
from memstudio.library import Submitted
from tests.desktop import filled


class Process:
    """A worker process that is started and never is one."""

    def __init__(self) -> None:
        self.ended = False

    def poll(self) -> int | None:
        return 0 if self.ended else None


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Process, dict[str, object]]]:
    made: list[tuple[Process, dict[str, object]]] = []

    def start(folder: Path, **words: object) -> Process:
        made.append((Process(), words))
        return made[-1][0]

    monkeypatch.setattr(workers, "start_worker", start)
    return made


@pytest.mark.parametrize(("cores", "threads", "most"), [(1, 1, 1), (2, 1, 1), (8, 1, 7), (8, 4, 1), (9, 4, 2)])
def test_workers_and_the_window_never_take_more_cores_than_there_are(
    monkeypatch: pytest.MonkeyPatch, cores: int, threads: int, most: int
) -> None:
    monkeypatch.setattr(machine, "cores", lambda: cores)
    assert most_workers(threads) == most


def test_one_worker_is_kept_warm_and_started_again_when_it_died(started: list[tuple[Process, dict[str, object]]], tmp_path: Path) -> None:
    kept = Workers(tmp_path)
    kept.warm()
    kept.warm()
    assert len(started) == 1
    assert "spare_for" in started[0][1]
    started[0][0].ended = True
    kept.warm()
    assert len(started) == 2


def test_the_warm_worker_is_looked_after_but_not_started_in_vain(
    started: list[tuple[Process, dict[str, object]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(workers.time, "monotonic", lambda: now)
    kept = Workers(tmp_path)
    kept.keep_warm()
    assert not started, "nobody asked for one yet"
    kept.warm()
    now += 3600
    kept.keep_warm()
    assert len(started) == 1
    started[0][0].ended = True
    kept.keep_warm()
    assert len(started) == 2
    started[1][0].ended = True
    now += 20
    kept.keep_warm()
    assert len(started) == 2, "it ended at once, and so would the next"
    kept.wanted(1)
    assert len(started) == 3


def test_the_window_looks_after_the_warm_worker(
    qtbot: QtBot, started: list[tuple[Process, dict[str, object]]], window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "SOON", 0.0)
    monkeypatch.setattr(running, "LOOK_AFTER_WARM", 20)
    own = Running(window.reader, tmp_path)
    own.warm()
    qtbot.waitUntil(lambda: len(started) == 1, timeout=5000)
    started[0][0].ended = True
    qtbot.waitUntil(lambda: len(started) == 2, timeout=5000)
    own.close()
    started[1][0].ended = True
    qtbot.wait(100)
    assert len(started) == 2


WINDOW = """
import sys, time
from pathlib import Path
from memstudio.desktop.workers import Workers
workers = Workers(Path(sys.argv[1]))
workers.warm()
print(workers._spare.pid, flush=True)
time.sleep(600)
"""


def test_the_warm_worker_ends_with_its_window(tmp_path: Path) -> None:
    words = [sys.executable, "-c", WINDOW, str(tmp_path / "library")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=launch.environment()) as own:
        assert own.stdout is not None
        spare = psutil.Process(int(own.stdout.readline()))
        # it has opened the library: torch is imported, and it waits for work
        assert met((tmp_path / "library" / "library.db").exists)
        assert spare.is_running()
        own.kill()
    assert met(lambda: gone(spare)), "it goes on without its window"


def gone(process: psutil.Process) -> bool:
    """Whether a process has ended, reaped or not."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def met(condition: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Whether something comes to be within so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_runs_from_the_window_take_over_what_was_done_unless_told_otherwise(
    qtbot: QtBot, started: list[tuple[Process, dict[str, object]]], window: Window, tmp_path: Path
) -> None:
    document = filled.single("Asked")
    found: list[Submitted] = []
    for reuse in (None, False, True):
        asked = document.model_copy(update={"run": document.run.model_copy(update={"reuse": reuse})})
        window.running.start(asked, filled.catalogue(), found.append)
    qtbot.waitUntil(lambda: len(found) == 3, timeout=5000)
    with library.open(tmp_path / "library") as opened:
        assert [opened.document(one.runs[0]).run.reuse for one in found] == [True, False, True]


def test_more_are_started_for_more_runs_but_no_more_than_runs(
    started: list[tuple[Process, dict[str, object]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 5)
    kept = Workers(tmp_path)
    assert kept.wanted(1) == 1
    assert kept.wanted(3) == 3
    assert kept.wanted(100) == 4
    assert kept.wanted(100) == 4
    assert len(started) == 4
    started[1][0].ended = True
    assert kept.wanted(100, at_most=2) == 3, "those that work already go on"
    assert kept.wanted(100, at_most=50) == 4
    assert len(started) == 5


def test_what_cannot_be_planned_is_said_and_nothing_is_queued(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    empty = filled.single("Empty").model_copy(update={"nodes": [], "wires": [], "claim": None})
    refused: list[str] = []
    axis = filled.study().run.vary[0].model_copy(update={"cases": []})
    broken = empty.model_copy(update={"run": empty.run.model_copy(update={"vary": [axis]})})
    window.running.start(broken, filled.catalogue(), None, refused.append)
    qtbot.waitUntil(lambda: bool(refused), timeout=5000)
    assert window.messages.said is not None
    assert window.messages.said.text == refused[0]
    with library.open(tmp_path / "library") as opened:
        assert opened.count() == 0


def test_a_command_that_is_refused_is_said(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    with library.open(tmp_path / "library") as opened:
        run = filled.submit(opened, filled.single("Done")).runs[0]
        filled.work(opened, run)
    window.running.pause([run])
    qtbot.waitUntil(lambda: window.messages.said is not None and "finished" in window.messages.said.text, timeout=5000)


def test_a_budget_of_time_is_measured_away_from_the_library(
    qtbot: QtBot, window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Times:
        def __enter__(self) -> Times:
            return self

        def __exit__(self, *error: object) -> None:
            """Nothing was started."""

        def __call__(self, document: Document) -> float:
            return 0.001 * float(document.node("mem1").values.get("key_width", 8))

    monkeypatch.setattr(step_times, "StepTimes", Times)
    axis = filled.study().run.vary[0]
    match = Match(what="step_time", width="mem1.key_width", to="attention")
    document = axis_edits.set_match(filled.study(), axis.name, match)
    found: list[Submitted] = []
    window.running.start(document, filled.catalogue(), found.append, asked=Asked(workers=1))
    assert window.messages.said is not None
    assert "measured" in window.messages.said.text
    qtbot.waitUntil(lambda: bool(found), timeout=20_000)
    with library.open(tmp_path / "library") as opened:
        kept = opened.study_document(str(found[0].study)).run.vary[0].match
        assert kept is not None
        assert {one.value for one in kept.solved.values()} == {32}
        assert len(found[0].runs) == 15


def test_whole_studies_and_single_runs_are_stopped(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    with library.open(tmp_path / "library") as opened:
        study = filled.submit(opened, filled.study())
        alone = filled.submit(opened, filled.single("Alone")).runs[0]
    assert study.study is not None
    window.running.stop_all([study.study], [alone])

    def stopped() -> bool:
        with library.open(tmp_path / "library") as opened:
            return {row.state for row in opened.runs()} == {"stopped"}

    qtbot.waitUntil(stopped, timeout=10_000)
