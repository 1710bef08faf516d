"""One wire on the canvas: a smooth line in the colour of its kind; pointed at, it says the shape it carries."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPainterPathStroker, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from memstudio.desktop.canvas.ink import ink
from memstudio.desktop.canvas.routes import route
from memstudio.experiment.document import Wire

#: a wire is hit within this many pixels of its line
_NEAR = 12.0
#: pixels: at rest, pointed at, chosen; and the pale line below a chosen one that tells it from one pointed at without its colour
_THIN, _HOVERED, _CHOSEN, _HALO = 1.75, 2.75, 2.25, 7.0


class WireItem(QGraphicsItem):
    """A wire between two plugs. kind: decides its colour; shape_text: said while it is pointed at.

    folded_in: it runs inside a folded group and is not seen; changed: called when it looks different from afar.
    """

    def __init__(self, wire: Wire, kind: str, changed: Callable[[bool], None] | None = None) -> None:
        super().__init__()
        self._changed = changed
        self._far = False
        self.folded_in = False
        #: whether it has been run, and whether it goes around what lies between its ends
        self.ran = self.goes_around = False
        self.wire = wire
        self.kind = kind
        self.shape_text = ""
        self.chosen = False
        self.hovered = False
        self.dimmed = False
        self.marked = False
        self._path = QPainterPath()
        self._hit: QPainterPath | None = None
        self._bounds = QRectF()
        self._ends: tuple[float | None, ...] = ()
        self.setZValue(1)

    def set_ends(self, start: QPointF, end: QPointF, level: float | None = None) -> None:
        """Runs the wire between two points of the scene; level: see `routes.route`."""
        ends = (start.x(), start.y(), end.x(), end.y(), level)
        self.ran, self.goes_around = True, level is not None
        if ends == self._ends:
            return
        self.prepareGeometryChange()
        self._ends = ends
        self._path = route(start, end, level)
        self._hit = None
        self._measure()
        self.update()

    def set_state(
        self, *, chosen: bool | None = None, hovered: bool | None = None, dimmed: bool | None = None, marked: bool | None = None
    ) -> None:
        """Changes what is said of the wire by its strength; marked: what is dropped now is inserted here."""
        before = (self.chosen, self.hovered, self.dimmed, self.marked)
        self.chosen = self.chosen if chosen is None else chosen
        self.hovered = self.hovered if hovered is None else hovered
        self.dimmed = self.dimmed if dimmed is None else dimmed
        self.marked = self.marked if marked is None else marked
        if before != (self.chosen, self.hovered, self.dimmed, self.marked):
            if before[2] != self.dimmed and self._changed is not None:
                self._changed(True)
            if self._far:
                self.set_far(True)
            self.prepareGeometryChange()
            self._measure()
            # Above the cards while it is pointed at, so that they do not cover what it says.
            self.setZValue(5 if self.hovered else 1)
            self.setOpacity(0.32 if self.dimmed else 1.0)
            self.update()

    def set_kind(self, kind: str) -> None:
        """Another kind, when what it comes from was swapped."""
        if kind != self.kind:
            self.kind = kind
            self.update()

    def set_far(self, far: bool) -> None:
        """Whether the paper paints all wires at a time now (far.py); one that is pointed at or chosen is painted over them."""
        self._far = far
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents, far and not self._strong)

    def set_folded_in(self, inside: bool) -> None:
        """Hides a wire that runs inside a folded group."""
        if inside != self.folded_in:
            self.folded_in = inside
            self.setVisible(True)

    def setVisible(self, visible: bool) -> None:
        """Shows or hides the wire; one inside a folded group stays hidden."""
        super().setVisible(visible and not self.folded_in)
        if self._changed is not None:
            self._changed(True)

    @property
    def path(self) -> QPainterPath:
        """The line itself."""
        return self._path

    @property
    def _strong(self) -> bool:
        return self.chosen or self.hovered or self.marked

    def _label(self) -> QRectF:
        """The chip that says the shape, above the middle of the line."""
        width = ink().chip_width.horizontalAdvance(self.shape_text) + 16
        return QRectF(0, 0, width, 18).translated(self._path.pointAtPercent(0.5) - QPointF(width / 2, 26))

    def _measure(self) -> None:
        self._bounds = self._path.boundingRect().adjusted(-5, -5, 5, 5)
        if self.hovered and self.shape_text:
            self._bounds = self._bounds.united(self._label().adjusted(-2, -2, 2, 2))

    def boundingRect(self) -> QRectF:
        return self._bounds

    def shape(self) -> QPainterPath:
        if self._hit is None:
            stroker = QPainterPathStroker()
            stroker.setWidth(_NEAR)
            self._hit = stroker.createStroke(self._path)
        return self._hit

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        now = ink()
        colour, thin = now.kind(self.kind), max(1.0, 0.5 / painter.worldTransform().m11())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.chosen:
            halo = QColor(now.accent)
            halo.setAlpha(90)
            painter.setPen(QPen(halo, _HALO * thin))
            painter.drawPath(self._path)
        if self.chosen or self.marked:
            colour = now.accent
        painter.setPen(QPen(colour, (_CHOSEN if self.chosen else _HOVERED if self._strong else _THIN) * thin))
        painter.drawPath(self._path)
        if self.hovered and self.shape_text:
            label = self._label()
            painter.setPen(now.border)
            painter.setBrush(now.card)
            painter.drawRoundedRect(label, 9, 9)
            painter.setPen(now.text)
            painter.setFont(now.card_chip)
            painter.drawText(label, Qt.AlignmentFlag.AlignCenter, self.shape_text)
