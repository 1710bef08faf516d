"""Closing the window while runs go: one line says what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtGui import QCloseEvent
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.desktop.going import Going
from memstudio.desktop.leaving import Leaving
from memstudio.desktop.messages import MessageLine
from tests.desktop import filled
from tests.desktop.opened import Opener

STUDY = Going("A study", "s" * 12, "", 5, 8, 0.6, None, False)
RUN = Going("A run", None, "r" * 12, 0, 1, 0.2, None, True)


def made(qtbot: QtBot) -> tuple[Leaving, MessageLine, list[object]]:
    line, done = MessageLine(), list[object]()
    qtbot.addWidget(line)

    def stop(studies: Sequence[str], runs: Sequence[str]) -> None:
        done.append((list(studies), list(runs)))

    return Leaving(line, lambda: done.append("closed"), stop), line, done


def test_with_nothing_going_on_the_window_closes(qtbot: QtBot) -> None:
    leaving, line, _ = made(qtbot)
    assert leaving.may_close()
    assert line.said is None


def test_the_line_says_that_runs_go_on_and_a_second_close_closes(qtbot: QtBot) -> None:
    leaving, line, done = made(qtbot)
    leaving.show_going([STUDY, RUN])
    assert not leaving.may_close()
    assert line.said is not None
    assert line.said.text == "4 runs go on in the background when the window is closed."
    assert leaving.may_close()
    line._act.click()
    assert done == ["closed"]


def test_they_can_be_stopped_first(qtbot: QtBot) -> None:
    leaving, line, done = made(qtbot)
    leaving.show_going([STUDY, RUN])
    leaving.may_close()
    assert line._other.text() == "Stop them and close"
    line._other.click()
    assert done == [([STUDY.study], [RUN.run]), "closed"]


def test_one_run_and_a_line_that_was_closed(qtbot: QtBot) -> None:
    leaving, line, _ = made(qtbot)
    leaving.show_going([RUN])
    assert not leaving.may_close()
    assert line.said is not None
    assert line.said.text.startswith("1 run goes on")
    line.dismiss()
    assert not leaving.may_close(), "it is said again"


def test_the_window_asks_a_person_only(qtbot: QtBot, open_window: Opener, tmp_path: Path) -> None:
    folder = tmp_path / "library"
    with library.open(folder) as opened:
        study = filled.submit(opened, filled.study())
    window = open_window(folder)
    qtbot.waitUntil(window.rail.running.isVisible, timeout=10_000)
    window.actions_["app.quit"].trigger()
    assert window.isVisible()
    assert window.messages.said is not None
    assert "in the background" in window.messages.said.text
    window.messages._other.click()
    assert not window.isVisible()
    with library.open(folder) as opened:
        assert {row.state for row in opened.runs(study=study.study)} == {"stopped"}


def test_the_program_itself_closes_at_once(qtbot: QtBot, open_window: Opener, tmp_path: Path) -> None:
    with library.open(tmp_path / "library") as opened:
        filled.submit(opened, filled.single("Waits"))
    window = open_window(tmp_path / "library")
    qtbot.waitUntil(window.rail.running.isVisible, timeout=10_000)
    event = QCloseEvent()
    assert not event.spontaneous()
    window.close()
    assert not window.isVisible()
