"""Every control of the window has a name, is reached by keyboard, and shows that it holds the keyboard: over every page and state."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QColor, QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QGraphicsView,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QScrollBar,
    QSplitterHandle,
    QTextEdit,
    QWidget,
)

from memstudio.desktop.colours import contrast
from memstudio.desktop.command_palette import CommandPalette
from memstudio.desktop.window import Window
from tests.desktop.filled import fill
from tests.desktop.opened import Opener
from tests.desktop.shell.seen_words import pixels
from tests.desktop.shell.test_contrast import screenshots

CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QGraphicsView,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
)
#: parts of other controls, which those take the keyboard to
PARTS = (QScrollBar, QHeaderView, QSplitterHandle)
TAB = Qt.FocusPolicy.TabFocus
_RGB = QImage.Format.Format_RGB32


def name_of(widget: QWidget) -> str:
    """What a screen reader calls it."""
    found = QAccessible.queryAccessibleInterface(widget)
    return (widget.accessibleName() or (found.text(QAccessible.Text.Name) if found is not None else "")).strip()


def is_part(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    if isinstance(widget, PARTS) or (isinstance(parent, QAbstractScrollArea) and widget is parent.viewport()):
        return True
    # what a control draws itself with, and the list that a field above it moves in
    if not widget.focusPolicy() & TAB and parent is not None and (parent.focusPolicy() & TAB or isinstance(parent, CommandPalette)):
        return not isinstance(widget, QAbstractButton)
    return isinstance(parent, QAbstractSpinBox | QComboBox | QLineEdit | QAbstractItemView | QHeaderView)


def reached(widget: QWidget) -> bool:
    """By Tab itself, or by the arrow keys from the button of its group that is chosen."""
    if isinstance(widget, QAbstractButton) and (group := widget.group()) is not None and group.exclusive():
        return any(button.focusPolicy() & TAB for button in group.buttons() if button.isVisible())
    return bool(widget.focusPolicy() & TAB)


def controls(root: QWidget) -> list[QWidget]:
    """What is seen and can be used: known controls, and whatever else takes the keyboard."""
    found = [w for w in root.findChildren(QWidget) if w.isVisible() and w.isEnabled() and not is_part(w)]
    takes = [w for w in found if isinstance(w, CONTROLS) or (w.focusPolicy() & TAB and not isinstance(w, QAbstractScrollArea))]
    return [w for w in takes if not w.visibleRegion().isEmpty()]


def words_for(widget: QWidget) -> str:
    chain = [widget]
    while (parent := chain[-1].parentWidget()) is not None:
        chain.append(parent)
    own = next((type(w).__name__ for w in chain[1:] if type(w).__module__.startswith("memstudio")), "")
    return f"{type(widget).__name__} {name_of(widget)!r} in {own}"


def around(widget: QWidget, window: QWidget) -> QRect:
    place = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size()).adjusted(-3, -3, 3, 3)
    return place.intersected(window.rect())


def mark(widget: QWidget, window: Window) -> float:
    """The best contrast between a pixel without and with the focus, over those that changed: 1 where nothing changed.

    A mark is more than a few points: the ten best must hold.
    """
    park = window.messages
    park.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    park.setFocus()
    QApplication.processEvents()
    above = widget.parentWidget()
    while above is not None:
        # what stands beyond the edge of a row of panels comes into view with the focus
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(widget)
        above = above.parentWidget()
    area = around(widget, window)
    before = pixels(window.grab(area).toImage().convertToFormat(_RGB))
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    QApplication.processEvents()
    after = pixels(window.grab(area).toImage().convertToFormat(_RGB))
    park.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    if before.shape != after.shape or not widget.hasFocus():
        return 21.0
    changed = before != after
    pairs, counts = np.unique(np.stack([before[changed], after[changed]]), axis=1, return_counts=True)
    levels = [contrast(QColor(f"#{int(a):06x}"), QColor(f"#{int(b):06x}")) for a, b in pairs.T]
    found = sorted(zip(levels, counts.tolist(), strict=True), reverse=True)
    total = 0
    for level, n in found:
        total += n
        if total >= 10:
            return level
    return 1.0


def shown_root(window: Window) -> QWidget:
    """What the keyboard is in: a panel over the window, or the window."""
    panels = [window.panels.palette, window.panels.help]
    return next((panel for panel in panels if panel.isVisible()), window)


@pytest.mark.timeout(120)
def test_every_control_is_named_reached_and_shows_the_keyboard(open_window: Opener, tmp_path: Path) -> None:
    fill(tmp_path / "library")
    window = open_window(tmp_path / "library")
    window.activateWindow()
    shots = screenshots()
    nameless: set[str] = set()
    unreached: set[str] = set()
    unmarked: set[str] = set()
    looked: set[QWidget] = set()
    for state in shots.states(window, shots.held(tmp_path / "library")):
        root = shown_root(window)
        for widget in controls(root):
            if widget in looked:
                continue
            looked.add(widget)
            said = f"{words_for(widget)} ({state})"
            if not name_of(widget):
                nameless.add(said)
            if not reached(widget):
                unreached.add(said)
            elif root is window and widget.focusPolicy() & TAB:
                level = mark(widget, window)
                if level < 3:
                    unmarked.add(f"{level:.2f} {said}")
    assert len(looked) > 150
    assert not nameless, "\n".join(sorted(nameless))
    assert not unreached, "\n".join(sorted(unreached))
    assert not unmarked, "\n".join(sorted(unmarked))
