"""How one gets to Compare: from the rail, from Runs, at the end of a study in Live."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.desktop.window import Window
from tests.desktop import filled
from tests.desktop.compare.conftest import TITLE
from tests.desktop.opened import Opener
from tests.library.compared import study as write_study


@pytest.fixture
def window(open_window: Opener, folder: Path, studies: dict[str, str]) -> Window:
    """The window on the library of the studies."""
    return open_window(folder)


def compared(qtbot: QtBot, window: Window, title: str) -> None:
    qtbot.waitUntil(lambda: window.page_name == "compare" and window.compare.title.whole == title, timeout=20_000)


def choose(qtbot: QtBot, window: Window, *uids: str) -> None:
    """Selects these runs on the Runs page."""
    page = window.runs
    qtbot.waitUntil(lambda: all(page.model.row_of(uid) is not None for uid in uids), timeout=10_000)
    page.table.choose(uids)
    qtbot.waitUntil(lambda: {run.uid for run in page.chosen()} == set(uids), timeout=5000)


def test_the_rail_offers_it_once_there_are_runs(qtbot: QtBot, open_window: Opener, folder: Path) -> None:
    window = open_window(folder)
    assert window.rail.item("compare").isHidden()
    assert not window.actions_["go.compare"].isEnabled()
    with library.open(folder) as opened:
        write_study(opened, {"a": [{"recall": 0.5}], "b": [{"recall": 0.6}]}, title=TITLE)
    qtbot.waitUntil(lambda: not window.rail.item("compare").isHidden(), timeout=10_000)
    qtbot.mouseClick(window.rail.item("compare"), Qt.MouseButton.LeftButton)
    assert window.page_name == "compare"
    qtbot.waitUntil(lambda: len(window.compare.start.studies) == 1, timeout=10_000)
    qtbot.mouseClick(window.compare.start.studies[0], Qt.MouseButton.LeftButton)
    compared(qtbot, window, f"Compare 2 runs of “{TITLE}”")
    assert window.rail.item("compare").isChecked()


def test_from_the_empty_page_to_runs(window: Window, qtbot: QtBot) -> None:
    qtbot.waitUntil(window.actions_["go.compare"].isEnabled, timeout=10_000)
    window.actions_["go.compare"].trigger()
    assert window.page_name == "compare"
    qtbot.mouseClick(window.compare.start.runs_button, Qt.MouseButton.LeftButton)
    assert window.page_name == "runs"


def test_selected_runs_from_runs(qtbot: QtBot, window: Window, folder: Path, studies: dict[str, str]) -> None:
    with library.open(folder) as opened:
        runs = [row.uid for row in opened.runs(study=studies["three"])]
    window.show_page("runs")
    choose(qtbot, window, runs[0], runs[1])
    assert window.runs.bar.compare_button.isEnabled()
    qtbot.mouseClick(window.runs.bar.compare_button, Qt.MouseButton.LeftButton)
    compared(qtbot, window, f"Compare 2 runs of “{TITLE}”")
    assert window.compare.wish.runs == (runs[0], runs[1])


def test_a_whole_study_from_runs_by_its_key(qtbot: QtBot, window: Window, folder: Path, studies: dict[str, str]) -> None:
    window.runs.show_study(studies["three"], TITLE)
    window.show_page("runs")
    qtbot.waitUntil(lambda: window.runs.model.rowCount() == 9, timeout=10_000)
    window.runs.table.setFocus()
    qtbot.keyClick(window.runs.table, Qt.Key.Key_C)
    compared(qtbot, window, f"Compare 9 runs of “{TITLE}”")


def test_one_run_of_a_study_compares_the_study_and_one_alone_nothing(qtbot: QtBot, window: Window, folder: Path) -> None:
    with library.open(folder) as opened:
        alone = filled.submit(opened, filled.single("Alone")).runs[0]
        filled.work(opened, alone)
        of_study = opened.runs(where='title = "One seed"')[0].uid
    window.show_page("runs")
    choose(qtbot, window, alone)
    qtbot.waitUntil(lambda: not window.runs.bar.compare_button.isEnabled(), timeout=5000)
    choose(qtbot, window, of_study)
    qtbot.waitUntil(window.runs.bar.compare_button.isEnabled, timeout=5000)
    qtbot.mouseClick(window.runs.bar.compare_button, Qt.MouseButton.LeftButton)
    compared(qtbot, window, "Compare 2 runs of “One seed”")


def test_at_the_end_of_a_study_in_live(qtbot: QtBot, window: Window, studies: dict[str, str]) -> None:
    window.show_page("build")
    panel = window.live.panel
    panel.follow(studies["three"], ())
    qtbot.waitUntil(lambda: panel.seen is not None and panel.head.compare_button.isVisible(), timeout=20_000)
    qtbot.mouseClick(panel.head.compare_button, Qt.MouseButton.LeftButton)
    compared(qtbot, window, f"Compare 9 runs of “{TITLE}”")


def test_a_study_on_its_way_is_not_offered_for_comparison(qtbot: QtBot, window: Window, folder: Path) -> None:
    with library.open(folder) as opened:
        submitted = filled.submit(opened, filled.study())
        filled.work(opened, submitted.runs[0])
        filled.work(opened, submitted.runs[1])
    window.show_page("build")
    panel = window.live.panel
    panel.follow(submitted.study, ())
    qtbot.waitUntil(lambda: panel.seen is not None and panel.head.stop_button.isVisible(), timeout=20_000)
    assert not panel.head.compare_button.isVisible()
