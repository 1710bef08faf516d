"""How the rows of the queue are painted: a section, a study, a run with its progress; and what their items carry."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from memstudio.desktop import fonts, theme
from memstudio.desktop.lengths import px

Index = QModelIndex | QPersistentModelIndex

#: what an item carries: its key, the line under its title, how much is done (None: no bar), its kind, its runs
KEY, BELOW, SHARE, KIND, RUNS = (Qt.ItemDataRole.UserRole + n for n in range(1, 6))
SECTION, NOW, WAITING, FAILED, MORE = "section", "now", "waiting", "failed", "more"
_ROW, _LINE, _BAR = 46, 30, 4


class RowPainter(QStyledItemDelegate):
    """Title, a dim line under it, and a bar where something is under way."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        if index.data(KIND) == SECTION or not index.data(BELOW):
            return QSize(120, px(_LINE))
        return QSize(120, px(_ROW) + (8 if index.data(SHARE) is not None else 0))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        t = theme.current()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        state: QStyle.StateFlag = option.state
        area = QRectF(option.rect)
        kind = index.data(KIND)
        if kind not in (SECTION, MORE):
            body = area.adjusted(0, 1, -1, -1)
            if state & QStyle.StateFlag.State_Selected:
                painter.setBrush(QColor(t.accent_background))
                painter.setPen(QPen(QColor(t.accent), 1) if state & QStyle.StateFlag.State_HasFocus else Qt.PenStyle.NoPen)
                painter.drawRoundedRect(body, 7, 7)
            elif state & QStyle.StateFlag.State_MouseOver:
                painter.setBrush(QColor(t.hover))
                painter.setPen(Qt.PenStyle.NoPen)
                painter.drawRoundedRect(body, 7, 7)
        inside = area.adjusted(8, 0, -10, 0)
        if kind == SECTION or not index.data(BELOW):
            painter.setPen(QColor(t.dim if kind in (SECTION, MORE) else t.text))
            painter.setFont(fonts.semibold(12) if kind == SECTION else fonts.sans(12 if kind == MORE else 13))
            text = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, int(inside.width()))
            painter.drawText(inside, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)
        else:
            self._paint_row(painter, inside, index)
        painter.restore()

    def _paint_row(self, painter: QPainter, inside: QRectF, index: Index) -> None:
        t = theme.current()
        flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        for text, font, ink, top in (
            (str(index.data()), fonts.sans(13), t.text, 5.0),
            (str(index.data(BELOW) or ""), fonts.sans(12), t.bad if index.data(KIND) == FAILED else t.dim, 23.0),
        ):
            painter.setFont(font)
            painter.setPen(QColor(ink))
            line = QRectF(inside.left(), inside.top() + top, inside.width(), 18)
            painter.drawText(line, flags, painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(inside.width())))
        share = index.data(SHARE)
        if share is not None:
            bar = QRectF(inside.left(), inside.top() + 43, inside.width(), _BAR)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.line))
            painter.drawRoundedRect(bar, 2, 2)
            painter.setBrush(QColor(t.accent))
            painter.drawRoundedRect(QRectF(bar.left(), bar.top(), bar.width() * max(0.01, float(share)), _BAR), 2, 2)
