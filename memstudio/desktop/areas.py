"""F6: the keyboard goes from one area of a page to the next."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def go_to_area(areas: Sequence[QWidget], focus: QWidget | None, by: int) -> None:
    """Gives the focus to the area `by` places after the one that holds it (the first, or last, where none does)."""
    at = next((i for i in reversed(range(len(areas))) if focus is not None and (areas[i] is focus or areas[i].isAncestorOf(focus))), -by)
    target = areas[(at + by) % len(areas)]
    first = target if target.focusPolicy() != Qt.FocusPolicy.NoFocus else first_focusable(target)
    if first is not None:
        first.setFocus(Qt.FocusReason.TabFocusReason)


def first_focusable(widget: QWidget) -> QWidget | None:
    """The first control of an area that the keyboard can reach."""
    for child in widget.findChildren(QWidget):
        if child.focusPolicy() != Qt.FocusPolicy.NoFocus and child.isVisible() and child.isEnabled():
            return child
    return None
