"""Two windows on one library, with two workers beside them: each sees what the other does, and nothing is done twice."""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.desktop.window import Window
from memstudio.experiment.files import parse
from memstudio.ground.launch import start_worker
from tests.desktop.opened import Opener, open_window  # noqa: F401 - a fixture
from tests.documents import recall, study
from tests.survival.scenes import sound

LONG = 60_000


def press_run(window: Window, document: dict[str, object], qtbot: QtBot) -> tuple[str, ...]:
    """The runs that a press on Run has queued."""
    window.show_document(parse(json.dumps(document), "small.memx"))
    qtbot.waitUntil(lambda: window.session.settled, timeout=20_000)
    with qtbot.waitSignal(window.running.started, timeout=20_000) as started:
        qtbot.mouseClick(window.build.bar.run, Qt.MouseButton.LeftButton)
    found: tuple[str, ...] = started.args[0].runs
    return found


def test_two_windows_and_two_workers_on_one_library(open_window: Opener, tmp_path: Path, qtbot: QtBot) -> None:  # noqa: F811
    folder = tmp_path / "library"
    one, other = open_window(folder), open_window(folder)
    runs = [*press_run(one, recall(steps=20), qtbot), *press_run(other, study(steps=10, replicates=2), qtbot)]
    for window in (one, other):
        window.show_page("runs")
    workers = [start_worker(folder, detached=False) for _ in range(2)]
    try:
        for window in (one, other):
            qtbot.waitUntil(lambda window=window: window.runs.model.rowCount() == len(runs), timeout=LONG)
        assert [worker.wait(timeout=90) for worker in workers] == [0, 0]
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    with library.open(folder) as opened:
        rows = [opened.run(run) for run in runs]
        assert [(row.state, row.attempts) for row in rows] == [("finished", 1)] * len(runs)
        opened.set_note(runs[0], "seen from outside")

    def noted(window: Window) -> bool:
        shown = [window.runs.model.run(at) for at in range(window.runs.model.rowCount())]
        return any(row is not None and row.note == "seen from outside" for row in shown) and all(
            row is not None and row.state == "finished" for row in shown
        )

    for window in (one, other):
        qtbot.waitUntil(lambda window=window: noted(window), timeout=LONG)
    sound(folder)
