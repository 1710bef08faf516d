"""The keyboard goes through a page as it is read, in whatever order its parts were made."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QWidget


def in_reading_order(page: QWidget) -> None:
    """Lets Tab go through what stands in the layouts of a page, from first to last."""
    layout = page.layout()
    if layout is not None:
        for before, after in pairwise(_reached(layout)):
            QWidget.setTabOrder(before, after)


def _reached(layout: QLayout) -> Iterator[QWidget]:
    for place in range(layout.count()):
        item = layout.itemAt(place)
        widget = item.widget() if item is not None else None
        inside = widget.layout() if widget is not None else item.layout() if item is not None else None
        if widget is not None and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            yield widget
        if inside is not None:
            yield from _reached(inside)
