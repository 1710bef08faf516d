"""The settings: each acts, is kept, and says what it does."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.desktop import limits
from memstudio.desktop.limits import Limits
from memstudio.desktop.running import Running
from memstudio.desktop.settings_sections import RunningSection
from memstudio.desktop.window import Window
from tests.desktop import filled
from tests.desktop.opened import Opener


@pytest.mark.parametrize("kept", [None, 7, {"workers": "x", "warm": 3, "device": "abacus"}, {"workers": True}, {"workers": -1}])
def test_settings_that_make_no_sense_are_those_that_come_with_the_program(kept: object) -> None:
    assert limits.read(kept) == Limits()


def test_settings_are_read_as_they_were_written() -> None:
    assert limits.read(Limits(2, False, "cpu").written()) == Limits(2, False, "cpu")


def test_running_settings_act_and_are_kept(qtbot: QtBot, window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memstudio.desktop.settings_sections.most_workers", lambda: 4)
    window.show_page("settings")
    page = window.stack.settings
    running = page.running
    assert running.workers.count() == 4
    running.workers.setCurrentIndex(2)
    running.workers.activated.emit(2)
    running.device.setCurrentIndex(running.device.findData("cpu"))
    running.device.activated.emit(1)
    running.warm.setFocus()
    QTest.keyClick(running.warm, Qt.Key.Key_Space)
    assert window.running.limits == Limits(2, False, "cpu")
    qtbot.waitUntil(lambda: limits.read(window.settings.get("running")) == Limits(2, False, "cpu"))
    window.new()
    assert window.session.document.run.device == "cpu"
    assert window.session.saved
    assert window.build.card.limit() == 2
    again = RunningSection(limits.read(window.settings.get("running")))
    qtbot.addWidget(again)
    assert (again.workers.currentData(), again.device.currentData(), again.warm.isChecked()) == (2, "cpu", False)


def test_no_more_workers_are_started_than_the_settings_allow(window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted: list[object] = []

    class Counted:
        def wanted(self, runs: int, threads: int, at_most: int | None) -> None:
            wanted.append(at_most)

        def warm(self) -> None:
            wanted.append("warm")

    running = Running(window.reader, tmp_path, workers=False)
    running._workers = Counted()  # type: ignore[assignment]
    running.limits = Limits(3, warm=False)
    running.warm()
    running._see_to(9, 1)
    running._see_to(9, 1, 2)
    running.close()
    assert wanted == [3, 2]


def test_what_the_library_holds_is_said_by_kind_and_cleaned_up(qtbot: QtBot, open_window: Opener, tmp_path: Path) -> None:
    folder = tmp_path / "library"
    filled.fill(folder)
    with library.open(folder) as opened, opened._conn:
        opened._conn.execute("INSERT INTO artifact(sha256, size, created) VALUES (?, ?, 0)", ("f" * 64, 5_000_000))
    window = open_window(folder)
    window.show_page("settings")
    section = window.stack.settings.library
    qtbot.waitUntil(lambda: "Of that:" in section.kinds.text())
    assert section.state.text().startswith("18 runs, ")
    assert "measures and documents" in section.kinds.text()
    assert section.clean.text() == "Clean up 5 MB"
    section.clean.click()
    qtbot.waitUntil(section.clean.isHidden)
    assert window.messages.said is not None
    assert window.messages.said.text == "5 MB given back."


def test_a_problem_is_reported_from_the_settings_too(window: Window) -> None:
    window.show_page("settings")
    window.stack.settings.report_asked.emit()
    assert window.panels.report.isVisible()
    window.panels.report.close_for_good()
