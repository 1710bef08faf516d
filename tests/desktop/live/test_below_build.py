"""The live panel on the real Build page: a line at first, curves once something was started, the canvas's room again when closed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from memstudio.desktop.labels import Elided
from memstudio.desktop.live.below_build import LINE, BelowBuild
from memstudio.desktop.window import Window
from memstudio.library import Library, Submitted
from tests.desktop.live.conftest import shown
from tests.desktop.live.written import Study
from tests.desktop.opened import Opener, open_window

__all__ = ["open_window"]


def test_run_is_followed_below_the_canvas(open_window: Opener, opened: Library, study: Study, qtbot: QtBot) -> None:
    window: Window = open_window(Path(opened.folder))
    window.resize(1280, 800)
    window.show_page("build")
    page = window.build
    below = page.findChild(BelowBuild) or BelowBuild(page, window.actions_)
    qtbot.waitUntil(lambda: page.live_place.height() == LINE)
    assert "Press Run to see curves here." in [text.whole for text in page.live_place.findChildren(Elided)]
    window.actions_["live.pause"].trigger()
    canvas = page.canvas.height()
    study.begin(study.runs[0])
    study.write(study.runs[0], range(61))
    page.started.emit(Submitted(study.uid, study.runs))
    panel = below.panel
    shown(qtbot, panel, lambda seen: seen.newest == 60)
    qtbot.waitUntil(lambda: panel.height() >= 300)
    assert page.canvas.height() < canvas
    assert not panel.strip.horizontalScrollBar().isVisible()
    window.activateWindow()
    panel.strip.plots["recall"].setFocus()
    window.actions_["live.panel_left"].trigger()
    assert panel.strip.arrangement.shown(panel.strip.could_show)[0][0] == "recall"
    window.actions_["live.rows"].trigger()
    assert len(panel.strip.arrangement.shown(panel.strip.could_show)) == 2
    window.actions_["live.rows"].trigger()
    assert panel.settings is not None
    window.actions_["live.earlier"].trigger()
    shown(qtbot, panel, lambda seen: seen.at == 40)
    window.actions_["live.follow"].trigger()
    shown(qtbot, panel, lambda seen: seen.wish.step is None)
    qtbot.mouseClick(panel.head.close_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.live_place.height() == LINE and abs(page.canvas.height() - canvas) <= 2)
    assert not panel.isVisible()
    below.show_run(study.runs[0])
    shown(qtbot, panel)
    assert panel.height() >= 300


def test_what_the_panel_needs_is_not_imported_with_the_line() -> None:
    code = (
        "import sys, memstudio.desktop.live.below_build as b\n"
        "early = [m for m in ('numpy', 'pyqtgraph', 'memstudio.desktop.live.panel') if m in sys.modules]\n"
        "from memstudio.desktop import pages; pages.preload()\n"
        "late = [m for m in ('torch',) if m in sys.modules]\n"
        "sys.exit(', '.join(early + late) or ('' if 'pyqtgraph' in sys.modules else 'no pyqtgraph') or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
