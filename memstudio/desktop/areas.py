"""Where the keyboard goes: F6 from one area of a page to the next, Ctrl+F to the page's search field."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QWidget


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


def go_to_search(page: QWidget) -> bool:
    """Gives the focus to the field that the page searches with (`focus_search()` or `search`); False where it has none."""
    field, focus_search = getattr(page, "search", None), getattr(page, "focus_search", None)
    if callable(focus_search):
        focus_search()
        return True
    if isinstance(field, QLineEdit):
        field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        field.selectAll()
        return True
    return False
