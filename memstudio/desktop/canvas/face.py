"""The face of a card: its words laid out once, and how they, its plugs, the components inside and its marks are painted."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPolygonF, QStaticText, QTransform

from memstudio.desktop.canvas.cards import WIDTH, Card, Plug
from memstudio.desktop.canvas.ink import Ink
from memstudio.desktop.canvas.parts import LINE, STEP_IN, Part

#: below this scale the second line and the chips' words are smaller than 7 px: only the title is written
WORDS = 0.58
RADIUS = 9.0
_INSET, _END = 14.0, 12.0
_DOT = 4.5
#: beside the second line, which gives up phrases for it; the title stays whole
_CURVE = QRectF(WIDTH - 54, 33, 40, 17)

Points = tuple[tuple[float, float], ...]


class Face:
    """What is painted of a card whatever happens to it. elided: a word had to be cut; curve: points in 0 to 1, 1 being above."""

    def __init__(self) -> None:
        self.elided = False
        self.curve: Points = ()
        self.fault = self.careful = False
        self._title, self._line = QStaticText(), QStaticText()
        self._parts: list[tuple[Part, QStaticText]] = []
        for text in (self._title, self._line):
            text.setTextFormat(Qt.TextFormat.PlainText)

    def lay_out(self, card: Card, now: Ink) -> None:
        """Chooses the words that fit, in the fonts of this ink."""
        room = WIDTH - _INSET - _END - (20 if self.fault else 0)
        title = now.title_width.elidedText(card.title, Qt.TextElideMode.ElideRight, room)
        line = fitting(card.phrases, now.line_width, WIDTH - _INSET - _END - (48 if self.curve else 0))
        self.elided = title != card.title or line != card.line
        self._title.setText(title)
        self._title.prepare(QTransform(), now.card_title)
        self._line.setText(line)
        self._line.prepare(QTransform(), now.card_line)
        self._parts = []
        for part in card.parts:
            words = now.chip_width.elidedText(part.title, Qt.TextElideMode.ElideRight, chip(part).width() - (8 if part.more else 21))
            self.elided = self.elided or words != part.title
            text = QStaticText(words)
            text.setTextFormat(Qt.TextFormat.PlainText)
            text.prepare(QTransform(), now.card_chip)
            self._parts.append((part, text))

    def draw(self, painter: QPainter, now: Ink, card: Card, scale: float) -> None:
        """Paints the card with its corner at the painter's origin."""
        painter.setPen(now.border if card.known else QPen(now.dim, 1.0, Qt.PenStyle.DashLine))
        painter.setBrush(now.card)
        painter.drawRoundedRect(QRectF(0, 0, WIDTH, card.height), RADIUS, RADIUS)
        if card.known and card.family:
            painter.fillRect(QRectF(0, 10, 4, card.height - 20), now.family(card.family))
        self._draw_words(painter, now, card, scale)
        draw_plugs(painter, now, [plug for plug in card.plugs if not plug.faint])
        if self.curve:
            self._draw_curve(painter, now, card)
        if self.fault:
            self._draw_fault(painter, now)

    def _draw_words(self, painter: QPainter, now: Ink, card: Card, scale: float) -> None:
        middle = card.head / 2
        painter.setPen(now.text)
        painter.setFont(now.card_title)
        painter.drawStaticText(QPointF(_INSET, middle - (18 if card.phrases else 20 if card.parts else 9)), self._title)
        if card.phrases and scale >= WORDS:
            painter.setPen(now.dim)
            painter.setFont(now.card_line)
            painter.drawStaticText(QPointF(_INSET, middle + 2), self._line)
        if self._parts:
            painter.setFont(now.card_chip)
        for part, text in self._parts:
            at = chip(part)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(now.chip)
            painter.drawRoundedRect(at, 4, 4)
            if not part.more:
                painter.fillRect(QRectF(at.left() + 5, at.top() + 5, 6, 6), now.family(part.family) if part.family else now.dim)
            if scale >= WORDS:
                painter.setPen(now.text)
                painter.drawStaticText(QPointF(at.left() + (6 if part.more else 16), at.top() + 1), text)

    def _draw_curve(self, painter: QPainter, now: Ink, card: Card) -> None:
        painter.setPen(QPen(now.family(card.family), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        points = [QPointF(_CURVE.left() + x * _CURVE.width(), _CURVE.bottom() - y * _CURVE.height()) for x, y in self.curve]
        painter.drawPolyline(QPolygonF(points))

    def _draw_fault(self, painter: QPainter, now: Ink) -> None:
        """A round mark for an error, a three-cornered one for a caution: told apart without their colour."""
        mark = QRectF(WIDTH - 24, 8, 16, 16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(now.careful if self.careful else now.bad)
        if self.careful:
            painter.drawPolygon(QPolygonF([mark.bottomLeft(), QPointF(mark.center().x(), mark.top()), mark.bottomRight()]))
        else:
            painter.drawEllipse(mark)
        painter.setPen(now.on_bad)
        painter.setFont(now.card_mark)
        painter.drawText(mark.adjusted(0, 3 if self.careful else 0, 0, 0), Qt.AlignmentFlag.AlignCenter, "!")


def chip(part: Part) -> QRectF:
    """Where a chip is on its card."""
    x = _INSET + STEP_IN * min(part.depth, 4)
    return QRectF(x, part.y, WIDTH - _END - x, LINE - 2)


def draw_plugs(painter: QPainter, now: Ink, plugs: Sequence[Plug], lit: Plug | None = None) -> None:
    """Paints plugs in the colour of their kind; implied ones hollow, the lit one larger."""
    for plug in plugs:
        colour, faint = now.kind(plug.kind), plug.faint
        size = _DOT + 2 if plug == lit else _DOT
        painter.setPen(QPen(colour if faint else now.card, 1.5))
        painter.setBrush(now.card if faint else colour)
        painter.drawEllipse(QPointF(plug.x, plug.y), size, size)


def fitting(phrases: Sequence[str], measure: QFontMetricsF, room: float) -> str:
    """As many whole phrases as there is room for; the first is cut where even it is too long."""
    for number in range(len(phrases), 0, -1):
        line = " · ".join(phrases[:number])
        if measure.horizontalAdvance(line) <= room:
            return line
    return measure.elidedText(phrases[0], Qt.TextElideMode.ElideRight, room) if phrases else ""
