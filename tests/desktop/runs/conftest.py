from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from memstudio.desktop.runs.page import RunsPage
from tests.desktop import filled
from tests.desktop.opened import Opener, open_window, window

__all__ = ["open_window", "page", "uids", "window"]


@pytest.fixture
def uids(tmp_path: Path) -> list[str]:
    """The runs of a library in every state, the oldest first."""
    return filled.fill(tmp_path / "library")


@pytest.fixture
def page(qtbot: QtBot, uids: list[str], open_window: Opener, tmp_path: Path) -> RunsPage:
    """The Runs page of that library, with the newest run chosen."""
    shown = open_window(tmp_path / "library")
    shown.show_page("runs")
    qtbot.waitUntil(lambda: shown.runs.model.rowCount() == len(uids) and shown.runs.details.details is not None, timeout=20_000)
    return shown.runs
