"""How rows of the palette are painted: a heading with a chevron and its count, an entry with its family's square and a star."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from memstudio.desktop import icons
from memstudio.desktop.canvas.ink import ink
from memstudio.desktop.palette.entries import ENTRY_ROLE, FITS_ROLE, STAR_ROLE, Heading, Index
from memstudio.desktop.tokens import RADIUS_CONTROL
from memstudio.experiment.entries import Entry

_STAR = 14
#: what of a row's right end is the star
STAR_WIDTH = 28


def star_rect(row: QRect) -> QRect:
    """Where a row's star is pressed."""
    return QRect(row.right() - STAR_WIDTH - 5, row.top(), STAR_WIDTH, row.height())


class EntryDelegate(QStyledItemDelegate):
    """Paints a heading as a small title with its count, an entry as a coloured square and its title. stars: whether there are any."""

    stars = False

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        heading = isinstance(index.data(ENTRY_ROLE), Heading)
        least = QFontMetrics(ink().section if heading else ink().body).height() + (14 if heading else 10)
        return QSize(120, max(30 if heading else 28, least))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ENTRY_ROLE)
        box = QRectF(option.rect).adjusted(6, 1, -6, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._ground(painter, option, box)
        if isinstance(row, Heading):
            self._heading(painter, row, box)
        else:
            hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
            star = "star-on" if index.data(STAR_ROLE) else "star" if hovered else ""
            self._entry(painter, row, box, bool(index.data(FITS_ROLE)), star if self.stars else "")
        painter.restore()

    def _ground(self, painter: QPainter, option: QStyleOptionViewItem, box: QRectF) -> None:
        now = ink()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        focused = selected and bool(option.state & QStyle.StateFlag.State_HasFocus)
        if selected or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(QPen(now.accent, 1.5) if focused else Qt.PenStyle.NoPen)
            painter.setBrush(now.tint if selected else now.hover)
            painter.drawRoundedRect(box.adjusted(0.75, 0, -0.75, 0), RADIUS_CONTROL, RADIUS_CONTROL)

    def _heading(self, painter: QPainter, row: Heading, box: QRectF) -> None:
        now = ink()
        middle = QPointF(box.left() + 12, box.center().y())
        painter.setPen(QPen(now.dim, 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        corners = ((-3.5, -1.75), (0, 1.75), (3.5, -1.75)) if row.open else ((-1.75, -3.5), (1.75, 0), (-1.75, 3.5))
        painter.drawPolyline(QPolygonF([middle + QPointF(x, y) for x, y in corners]))
        painter.setPen(now.dim)
        painter.setFont(now.small)
        number = f"{row.count}"
        across = painter.fontMetrics().horizontalAdvance(number)
        painter.drawText(box.adjusted(8, 0, -8, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, number)
        painter.setFont(now.section)
        room = box.adjusted(26, 0, -16 - across, 0)
        words = painter.fontMetrics().elidedText(row.title, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)

    def _entry(self, painter: QPainter, row: Entry, box: QRectF, fits: bool, star: str) -> None:
        now = ink()
        colour = now.family(row.family.id)
        square = QRectF(box.left() + 8, box.center().y() - 4, 8, 8)
        # what cannot follow is an outline with dim words: told apart without its colour too
        painter.setPen(Qt.PenStyle.NoPen if fits else QPen(colour, 1.2))
        painter.setBrush(colour if fits else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(square if fits else square.adjusted(0.6, 0.6, -0.6, -0.6), 2, 2)
        painter.setPen(now.text if fits else now.dim)
        painter.setFont(now.body)
        room = box.adjusted(26, 0, -STAR_WIDTH if star else -8, 0)
        words = painter.fontMetrics().elidedText(row.title, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)
        if star:
            shade = now.tokens.accent if star == "star-on" else now.tokens.dim
            device = painter.device()
            drawn = icons.pixmap(star, shade, _STAR, device.devicePixelRatioF() if device is not None else 1.0)
            painter.drawPixmap(QPointF(box.right() - 7 - _STAR, box.center().y() - _STAR / 2), drawn)
