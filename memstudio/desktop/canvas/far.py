"""The drawing from afar: where words cannot be read, all cards and wires are painted at a time, in a few strokes."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from memstudio.desktop.canvas.ink import Ink, ink
from memstudio.desktop.canvas.node_item import NodeItem
from memstudio.desktop.canvas.wire_item import WireItem

#: with more wires than this their lines are not smoothed: from so far they are a texture
_SMOOTH = 250
_BAR = 12.0


class Far(QGraphicsItem):
    """One item that stands for all cards and wires below READABLE; above it, it paints nothing. `forget` when one looks different."""

    def __init__(self, nodes: Mapping[str, NodeItem], wires: Mapping[tuple[str, str], WireItem]) -> None:
        super().__init__()
        self._nodes, self._wires = nodes, wires
        self._lines: dict[tuple[str, bool], QPainterPath] | None = None
        self._cards: dict[tuple[str, bool], tuple[list[QRectF], list[QRectF]]] | None = None
        self.here = False
        self._bounds = QRectF()
        self.setZValue(1.5)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def set_bounds(self, bounds: QRectF) -> None:
        """How far the drawing reaches."""
        if bounds != self._bounds:
            self.prepareGeometryChange()
            self._bounds = bounds

    def forget(self) -> None:
        """Something has moved, come or gone."""
        self._lines = self._cards = None
        self.look_again()

    def look_again(self) -> None:
        """Something is framed, or no more."""
        if self.here:
            self.update()

    def set_here(self, here: bool) -> None:
        """Whether it stands for the cards and wires now."""
        self.here = here
        for node in self._nodes.values():
            node.set_far(here)
        for wire in self._wires.values():
            wire.set_far(here)

    def boundingRect(self) -> QRectF:
        return self._bounds

    def shape(self) -> QPainterPath:
        return QPainterPath()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if not self.here:
            return
        now, scale = ink(), painter.worldTransform().m11()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, len(self._wires) <= _SMOOTH)
        self._paint_wires(painter, now, scale)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._paint_cards(painter, now)
        self._paint_states(painter, now, scale)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)

    def _paint_wires(self, painter: QPainter, now: Ink, scale: float) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for (kind, dimmed), path in self._gathered_lines().items():
            painter.setOpacity(0.32 if dimmed else 1.0)
            painter.setPen(QPen(now.kind(kind), 1.3 / scale))
            painter.drawPath(path)
        painter.setOpacity(1.0)

    def _paint_cards(self, painter: QPainter, now: Ink) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        for (family, dimmed), (boxes, bars) in self.cards().items():
            painter.setOpacity(0.32 if dimmed else 1.0)
            painter.setBrush(now.soft(family) if family else now.line)
            painter.drawRects(boxes)
            if family:
                painter.setBrush(now.family(family))
                painter.drawRects(bars)
        painter.setOpacity(1.0)

    def _paint_states(self, painter: QPainter, now: Ink, scale: float) -> None:
        """What is chosen or wrong is framed."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        shown = [item for item in self._nodes.values() if (item.chosen or item.hovered or item.fault) and item.isVisible()]
        for colour, items in (
            (now.careful, [item for item in shown if item.fault and item.careful]),
            (now.bad, [item for item in shown if item.fault and not item.careful]),
            (now.dim, [item for item in shown if item.hovered and not item.chosen]),
            (now.accent, [item for item in shown if item.chosen]),
        ):
            if items:
                painter.setPen(QPen(colour, 2.0 / scale))
                painter.drawRects([item.body for item in items])

    def _gathered_lines(self) -> Mapping[tuple[str, bool], QPainterPath]:
        if self._lines is None:
            self._lines = {}
            for wire in self._wires.values():
                if wire.isVisible():
                    path = self._lines.setdefault((wire.kind, wire.dimmed), QPainterPath())
                    path.addPath(wire.path.translated(wire.pos()) if wire.pos() else wire.path)
        return self._lines

    def cards(self) -> Mapping[tuple[str, bool], tuple[list[QRectF], list[QRectF]]]:
        """The cards that are seen and the bars at their left, by family ("": not installed) and by whether they are dimmed."""
        if self._cards is None:
            self._cards = {}
            for item in self._nodes.values():
                if item.isVisible():
                    body = item.body
                    boxes, bars = self._cards.setdefault((item.card.family if item.card.known else "", item.dimmed), ([], []))
                    boxes.append(body)
                    bars.append(QRectF(body.left(), body.top(), _BAR, body.height()))
        return self._cards
