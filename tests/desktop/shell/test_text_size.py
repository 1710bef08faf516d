"""With type at 150 percent every page can still be used in a window of 1280 x 800: no button, label or field is cut."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QWidget

from memstudio.desktop import theme
from memstudio.desktop.labels import Elided
from memstudio.desktop.live.frame import Chooser
from memstudio.desktop.window import Window
from tests.desktop.filled import fill
from tests.desktop.opened import Opener
from tests.desktop.shell.test_accessible import words_for
from tests.desktop.shell.test_contrast import screenshots


def cut(widget: QWidget) -> bool:
    """Whether it is smaller than its words need."""
    # a panel of the live view may be narrower than the words of its chooser, whose tip says them all
    if isinstance(widget, Elided | Chooser) or (isinstance(widget, QLabel | QAbstractButton) and not widget.text()):
        return False
    needs = widget.sizeHint()
    if isinstance(widget, QLabel) and widget.wordWrap():
        needs = QSize(0, widget.heightForWidth(widget.width()))
    if isinstance(widget, QLineEdit):
        needs.setWidth(0)
    if isinstance(widget, QComboBox):
        needs.setWidth(0)
    return widget.width() < needs.width() - 2 or widget.height() < needs.height() - 2


def sideways(widget: QWidget) -> bool:
    """Whether a part of it is out of sight at the left or right."""
    seen = widget.visibleRegion().boundingRect()
    return not seen.isEmpty() and seen.width() < widget.width() - 2


def wrong(window: Window, state: str) -> set[str]:
    """What is cut, or partly out of sight, in words."""
    found: set[str] = set()
    for widget in window.findChildren(QWidget):
        if not isinstance(widget, QAbstractButton | QLabel | QLineEdit | QComboBox) or widget.visibleRegion().isEmpty():
            continue
        if cut(widget):
            found.add(f"cut: {words_for(widget)} {widget.size().toTuple()} needs {widget.sizeHint().toTuple()} ({state})")
        elif sideways(widget) and not isinstance(widget.parent(), QLineEdit):
            found.add(f"out of sight: {words_for(widget)} ({state})")
    return found


@pytest.mark.timeout(120)
def test_at_150_percent_nothing_is_cut(open_window: Opener, tmp_path: Path) -> None:
    fill(tmp_path / "library")
    window = open_window(tmp_path / "library")
    window.resize(1280, 800)
    shots = screenshots()
    theme.set_size(150)
    found: set[str] = set()
    try:
        for state in shots.states(window, shots.held(tmp_path / "library")):
            # what was asked for may still be laid out: what stays cut is cut
            cut_now: list[set[str]] = [wrong(window, state)]

            def settled(seen: list[set[str]] = cut_now, state: str = state) -> bool:
                seen[0] &= wrong(window, state)
                return not seen[0]

            if cut_now[0]:
                shots.until(settled, 2000)
            found |= cut_now[0]
    finally:
        theme.set_size(100)
    assert not found, "\n".join(sorted(found))
