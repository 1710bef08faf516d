"""At the edge of the canvas a drag goes on: the paper moves under the hand, the quicker the nearer it is to the edge."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, QTimer
from PySide6.QtWidgets import QWidget

#: so near to the edge the paper begins to move; a hand outside moves it at full speed
EDGE = 28
_EVERY = 25
_MOST = 22


class EdgeScroll:
    """Moves the paper while the hand is near an edge. `step(pointer, by)`: pan by so many pixels, the hand is still at the pointer."""

    def __init__(self, area: QWidget, step: Callable[[QPoint, QPoint], None]) -> None:
        self._area, self._step = area, step
        self._pointer = QPoint()
        self._timer = QTimer(area)
        self._timer.setInterval(_EVERY)
        self._timer.timeout.connect(self._tick)

    @property
    def running(self) -> bool:
        """Whether the paper is moving."""
        return self._timer.isActive()

    def follow(self, pointer: QPoint) -> None:
        """The hand is here now, holding something."""
        self._pointer = pointer
        if speed(self._area.rect(), pointer).isNull():
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()

    def stop(self) -> None:
        """The hand holds nothing any more."""
        self._timer.stop()

    def _tick(self) -> None:
        by = speed(self._area.rect(), self._pointer)
        if by.isNull():
            self._timer.stop()
        else:
            self._step(self._pointer, by)


def speed(room: QRect, pointer: QPoint) -> QPoint:
    """How far the paper moves at a time; nothing in the middle."""
    return QPoint(
        _along(pointer.x() - room.left(), room.right() - pointer.x()), _along(pointer.y() - room.top(), room.bottom() - pointer.y())
    )


def _along(before: int, after: int) -> int:
    near = min(before, after)
    if near >= EDGE:
        return 0
    step = round(_MOST * min(1.0, (EDGE - near) / EDGE))
    return step if before < after else -step
