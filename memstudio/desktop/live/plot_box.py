"""The box of a plot that a mouse zooms: a drag draws what is to be seen closer, Shift or the middle button pushes, the wheel zooms."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPen

from memstudio.desktop.tokens import Tokens

#: a drawn rectangle slimmer than this, in pixels, is a line along the other axis
SLIM = 10


class PlotBox(pg.ViewBox):  # type: ignore[misc]
    """A pyqtgraph box without menu and automatic ranges."""

    def __init__(self) -> None:
        super().__init__(enableMenu=False, defaultPadding=0.0)
        self.disableAutoRange()
        self.setMouseMode(pg.ViewBox.RectMode)

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        """A drag with Shift or the middle button pushes what is shown; one along a line zooms that axis alone."""
        pushes = ev.button() == Qt.MouseButton.MiddleButton or bool(ev.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self.state["mouseMode"] = pg.ViewBox.PanMode if pushes else pg.ViewBox.RectMode
        if pushes or ev.button() != Qt.MouseButton.LeftButton or not ev.isFinish():
            super().mouseDragEvent(ev, axis)
            return
        ev.accept()
        self.rbScaleBox.hide()
        drawn = QRectF(QPointF(ev.buttonDownPos(ev.button())), QPointF(ev.pos())).normalized()
        wide, high = drawn.width() >= SLIM, drawn.height() >= SLIM
        if wide or high:
            seen = self.childGroup.mapRectFromParent(drawn).normalized()
            self.setRange(
                xRange=(seen.left(), seen.right()) if wide else None, yRange=(seen.top(), seen.bottom()) if high else None, padding=0
            )
            self.sigRangeChangedManually.emit(self.state["mouseEnabled"])

    def themed(self, t: Tokens) -> None:
        """Gives the drawn rectangle the theme's colours."""
        fill = QColor(t.accent)
        fill.setAlphaF(0.12)
        self.rbScaleBox.setPen(QPen(QColor(t.accent), 0))
        self.rbScaleBox.setBrush(fill)
