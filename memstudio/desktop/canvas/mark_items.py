"""Groups and notes: what people draw around and beside nodes so that others understand them; a folded group is a card."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from memstudio.desktop.canvas.cards import WIDTH, Card, Plug
from memstudio.desktop.canvas.face import RADIUS, Face, draw_plugs
from memstudio.desktop.canvas.folded import told
from memstudio.desktop.canvas.ink import Ink, ink
from memstudio.desktop.canvas.node_item import READABLE, NodeItem, nearest_plug
from memstudio.experiment.document import Group, Note

_MARGIN, _HEAD = 20.0, 28.0
#: how far the cards below stand out that say a group is folded
_BELOW = 4.0
#: a note cannot be made smaller than one short line, nor by more than the corner by which it is taken
SMALLEST = (80.0, 40.0)
CORNER = 14.0
#: room between a note's edge and its words
INSET = (10.0, 8.0)


class GroupItem(QGraphicsItem):
    """A tinted ground under the nodes that belong together, with their name; folded, a card in their place."""

    def __init__(self, group: Group) -> None:
        super().__init__()
        self.shown = group
        self.chosen = False
        self.card: Card | None = None
        self.inside: tuple[NodeItem, ...] = ()
        self._face = Face()
        self._ink: Ink | None = None
        self._bounds = QRectF()
        self.setZValue(0)

    def set_around(self, nodes: QRectF) -> None:
        """Stands around this rectangle of nodes."""
        self._set(None, nodes.adjusted(-_MARGIN, -_HEAD - 4, _MARGIN, _MARGIN))

    def set_folded(self, card: Card, at: QPointF) -> None:
        """Is this card, with its corner there."""
        self._set(card, QRectF(at.x(), at.y(), WIDTH, card.height))

    def _set(self, card: Card | None, bounds: QRectF) -> None:
        if (card, bounds) != (self.card, self._bounds):
            self.prepareGeometryChange()
            self.card, self._bounds, self._ink = card, bounds, None
            self.setZValue(2 if card is not None else 0)
            self.update()

    def look_inside(self, inside: Iterable[NodeItem]) -> None:
        """What is wrong with the nodes inside is said on the card of a folded group, and they are dimmed and lit there."""
        self.inside = tuple(inside)
        wrong = [node for node in self.inside if node.fault]
        fault, careful = bool(wrong), bool(wrong) and all(node.careful for node in wrong)
        if (fault, careful) != (self._face.fault, self._face.careful):
            self._face.fault, self._face.careful = fault, careful
            self._ink = None
        if self.card is not None:
            self.update()

    def tip(self) -> str:
        """What a folded group says when it is pointed at: what is inside, and what is wrong there."""
        wrong = [f"{node.card.title}: {node.fault}" for node in self.inside if node.fault]
        return "\n".join([*told([node.card.title for node in self.inside]), *wrong, "Double-click to unfold."])

    def set_chosen(self, chosen: bool) -> None:
        """Shows whether the group is selected."""
        if chosen != self.chosen:
            self.chosen = chosen
            self.update()

    @property
    def head(self) -> QRectF:
        """By what the group is taken: the strip with the name, or the whole card of a folded one."""
        if self.card is not None:
            return self._bounds
        return QRectF(self._bounds.left(), self._bounds.top(), self._bounds.width(), _HEAD)

    @property
    def body(self) -> QRectF:
        """All that the group covers."""
        return self._bounds

    def plug_at(self, point: QPointF) -> Plug | None:
        """The plug of a folded group within reach of a point."""
        return None if self.card is None else nearest_plug(self.card.plugs, point - self._bounds.topLeft())

    def boundingRect(self) -> QRectF:
        return self._bounds.adjusted(-8, -8, 8, 8 + _BELOW) if self.card is not None else self._bounds.adjusted(-1, -1, 1, 1)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        now = ink()
        if self.card is not None:
            self._paint_folded(painter, now, self.card)
            return
        tint = QColor(now.tint)
        tint.setAlpha(150)
        painter.setPen(now.chosen if self.chosen else now.border)
        painter.setBrush(tint)
        painter.drawRoundedRect(self._bounds, 10, 10)
        if painter.worldTransform().m11() >= READABLE:
            painter.setPen(now.dim)
            painter.setFont(now.card_line)
            words = now.line_width.elidedText(self.shown.title, Qt.TextElideMode.ElideRight, self._bounds.width() - 28)
            painter.drawText(self.head.adjusted(14, 0, -14, 0), Qt.AlignmentFlag.AlignVCenter, words)

    def _paint_folded(self, painter: QPainter, now: Ink, card: Card) -> None:
        if self._ink is not now:
            self._face.lay_out(card, now)
            self._ink = now
        scale = painter.worldTransform().m11()
        painter.setOpacity(0.32 if self.inside and all(node.dimmed for node in self.inside) else 1.0)
        painter.setPen(QPen(now.dim, 1.0))
        painter.setBrush(now.card)
        painter.drawRoundedRect(self._bounds.adjusted(8, _BELOW, -8, _BELOW), RADIUS, RADIUS)
        painter.translate(self._bounds.topLeft())
        if scale >= READABLE:
            self._face.draw(painter, now, card, scale)
        painter.setPen(now.chosen if self.chosen else QPen(now.dim, 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush if scale >= READABLE else now.card)
        painter.drawRoundedRect(QRectF(0, 0, WIDTH, card.height), RADIUS, RADIUS)
        if scale >= READABLE:
            lit = {(node.lit.side, node.lit.address) for node in self.inside if node.lit is not None}
            for plug in card.plugs:
                draw_plugs(painter, now, [plug], plug if (plug.side, plug.address) in lit else None)
        painter.translate(-self._bounds.topLeft())
        painter.setOpacity(1.0)


class NoteItem(QGraphicsItem):
    """Text on the canvas. editing: a field stands over it, so its words are not painted."""

    def __init__(self, note: Note) -> None:
        super().__init__()
        self.note = note
        self.chosen = False
        self.editing = False
        self._size = note.size
        self.setZValue(0.5)
        self.set_note(note)

    def set_note(self, note: Note) -> None:
        """Shows this text in this place."""
        self.prepareGeometryChange()
        self.note = note
        self._size = note.size
        self.setPos(QPointF(*note.place))
        self.update()

    def set_chosen(self, chosen: bool) -> None:
        """Shows whether the note is selected."""
        if chosen != self.chosen:
            self.chosen = chosen
            self.update()

    def set_editing(self, editing: bool) -> None:
        """Whether its words are written just now."""
        self.editing = editing
        self.update()

    def set_size(self, width: float, height: float) -> None:
        """Another size of the item (not of the document); for a drag."""
        self.prepareGeometryChange()
        self._size = (max(width, SMALLEST[0]), max(height, SMALLEST[1]))
        self.update()

    @property
    def size(self) -> tuple[float, float]:
        """Its size as it is shown."""
        return self._size

    @property
    def body(self) -> QRectF:
        """The note in scene coordinates."""
        return QRectF(self.pos().x(), self.pos().y(), *self._size)

    def corner_at(self, point: QPointF) -> bool:
        """Whether a point of the scene is on the corner by which the note is made larger."""
        end = self.body.bottomRight()
        return -CORNER <= point.x() - end.x() <= 4 and -CORNER <= point.y() - end.y() <= 4

    def boundingRect(self) -> QRectF:
        return QRectF(0, 0, *self._size).adjusted(-2, -2, 2, 2)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        now = ink()
        painter.setPen(now.chosen if self.chosen else QPen(now.dim, 1.0, Qt.PenStyle.DashLine))
        painter.setBrush(now.canvas)
        body = QRectF(0, 0, *self._size)
        painter.drawRoundedRect(body, 7, 7)
        painter.setPen(QPen(now.dim, 1.0))
        for back in (4.0, 8.0):
            painter.drawLine(body.bottomRight() - QPointF(back, 3), body.bottomRight() - QPointF(3, back))
        if not self.editing and painter.worldTransform().m11() >= READABLE / 2:
            painter.setPen(now.text if self.note.text else now.dim)
            painter.setFont(now.card_text)
            flags = Qt.TextFlag.TextWordWrap.value | Qt.AlignmentFlag.AlignLeft.value | Qt.AlignmentFlag.AlignTop.value
            room = body.adjusted(INSET[0], INSET[1], -INSET[0], -INSET[1])
            painter.drawText(room, flags, self.note.text or "Empty note. Double-click to write.")
