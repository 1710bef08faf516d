"""The grid that cards stand on."""

from __future__ import annotations

from PySide6.QtCore import QPointF

from memstudio.desktop.canvas.arrange import SNAP
from memstudio.desktop.canvas.cards import HEIGHT, WIDTH


def snapped(value: float, step: float) -> float:
    """The nearest multiple of a step."""
    return round(value / step) * step


def corner(middle: QPointF) -> QPointF:
    """The corner, on the grid, of a card whose middle is dropped at a point."""
    return QPointF(snapped(middle.x() - WIDTH / 2, SNAP), snapped(middle.y() - HEIGHT / 2, SNAP))
