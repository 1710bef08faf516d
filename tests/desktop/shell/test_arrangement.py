"""The window comes back as it was left, and never where nobody can reach it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QRect
from pytestqt.qtbot import QtBot

from memstudio.desktop import arrangement
from memstudio.ground.settings import Settings
from tests.desktop.opened import Opener

SCREEN = QRect(0, 0, 1600, 1000)


@pytest.mark.parametrize(
    ("window", "there"),
    [
        (QRect(100, 50, 1280, 800), QRect(100, 50, 1280, 800)),
        (QRect(-1100, 50, 1280, 800), QRect(-1100, 50, 1280, 800)),
        (QRect(-1250, 50, 1280, 800), QRect(160, 100, 1280, 800)),
        (QRect(5000, 5000, 1280, 800), QRect(160, 100, 1280, 800)),
        (QRect(100, -60, 1280, 800), QRect(160, 100, 1280, 800)),
        (QRect(0, 0, 3000, 2000), QRect(0, 0, 1600, 1000)),
    ],
)
def test_a_place_off_every_screen_is_corrected(window: QRect, there: QRect) -> None:
    assert arrangement.on_screen(window, [SCREEN]) == there


def test_size_splitters_panels_and_page_come_back(qtbot: QtBot, open_window: Opener, tmp_path: Path) -> None:
    first = open_window(tmp_path / "library")
    first.resize(1000, 700)
    first.show_page("build")
    first.build.across.setSizes([700, 340])
    first.build.inner.setSizes([300, 500])
    first.build.show_problems(True)
    wanted = first.build.across.sizes(), first.build.inner.sizes()
    first.show_page("runs")
    first.close()
    second = open_window(tmp_path / "library")
    assert second.page_name == "runs"
    # the offscreen screen is narrower than the window may be
    assert second.height() == 700
    second.show_page("build")
    qtbot.waitUntil(lambda: (second.build.across.sizes(), second.build.inner.sizes()) == wanted)
    assert second.build.problems.isVisible()


@pytest.mark.parametrize(
    "window",
    [
        7,
        "Ünicode",
        {"geometry": "?", "page": 3, "splitters": {"across": [1], "inner": "x"}},
        {"splitters": {"across": [-5, 9], "inner": [0, 0]}},
    ],
)
def test_what_makes_no_sense_is_left_out(open_window: Opener, tmp_path: Path, window: object) -> None:
    Settings(tmp_path / "settings.json").set("window", window)
    opened = open_window(tmp_path / "library")
    opened.show_page("build")
    assert min(opened.build.across.sizes()) > 100


def test_damaged_settings_are_said_in_a_line(open_window: Opener, tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text("{")
    opened = open_window(tmp_path / "library")
    assert opened.messages.said is not None
    assert "settings.json.damaged" in opened.messages.said.text
