"""The rubber band: everything it touches is selected; with Shift or Ctrl it is added to what was."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtWidgets import QRubberBand

from memstudio.desktop.canvas.gesture import Gesture
from memstudio.desktop.canvas.sheet import Sheet


class Choosing(Gesture):
    """A rectangle drawn over the empty canvas."""

    def __init__(self, view: Sheet, at: QPointF, pointer: QPoint, keys: Qt.KeyboardModifier) -> None:
        super().__init__(view)
        self._start = at
        self._before = view.session.selected if keys & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier) else ()
        self._was = view.session.selected
        self._band = QRubberBand(QRubberBand.Shape.Rectangle, view.viewport())

    def move(self, at: QPointF, pointer: QPoint, keys: Qt.KeyboardModifier) -> None:
        # The paper may have moved on meanwhile: where it began is a place on the paper.
        corner = self.view.mapFromScene(self._start)
        self._band.setGeometry(QRect(corner, QSize()).united(QRect(corner, pointer).normalized()))
        self._band.show()
        self.view.session.select((*self._before, *self.view.items_of.inside(QRectF(self._start, at).normalized())))

    def release(self, at: QPointF, pointer: QPoint, keys: Qt.KeyboardModifier) -> None:
        if not self._band.isVisible():
            self.view.session.select(self._before)
        self._remove()

    def cancel(self) -> None:
        self.view.session.select(self._was)
        self._remove()

    def _remove(self) -> None:
        self._band.hide()
        self._band.deleteLater()
