"""Every state of the open experiment that can be gone back or forward to, in a list under the Undo button."""

from __future__ import annotations

import time

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

from memstudio.desktop import fonts, theme
from memstudio.desktop import tokens as looks
from memstudio.desktop.labels import label, line
from memstudio.desktop.overlay import Overlay
from memstudio.desktop.session import Session
from memstudio.desktop.words import ago
from memstudio.experiment.history import Entry

_WIDTH, _HIGHEST, _ROW = 360, 440, 30
#: what an item carries: place in the history, how long ago, past, now or undone
_PLACE, _AGO, _WHEN = (Qt.ItemDataRole.UserRole + n for n in range(1, 4))
PAST, NOW, UNDONE = "past", "now", "undone"


class UndoList(Overlay):
    """The newest state first; the present one is marked, what was undone stands above it. Enter goes there."""

    def __init__(self, page: QWidget, under: QWidget, session: Session) -> None:
        super().__init__(page, _WIDTH, 100)
        self._under, self.session = under, session
        self.setAccessibleName("Edits")
        self.list = QListWidget()
        self.list.setAccessibleName("Edits, the newest first; Enter goes there")
        self.list.setItemDelegate(_Row(self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.itemClicked.connect(self._chosen)
        self.list.itemActivated.connect(self._chosen)
        self.says = label("", "dim")
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 8, 1, 6)
        column.setSpacing(6)
        self.says.setContentsMargins(14, 0, 14, 0)
        column.addWidget(self.says)
        column.addWidget(line())
        column.addWidget(self.list, 1)
        session.document_changed.connect(self._changed)

    def toggle(self) -> None:
        """Opens the list with the keyboard on the present state, or closes it."""
        if self.isVisible():
            self.close_panel()
            return
        self._show()
        self.open(self.list)

    def _changed(self, _: object) -> None:
        if self.isVisible():
            self._show()
            self._place()

    def _show(self) -> None:
        entries, index, now = self.session.history.entries, self.session.history.index, time.time()
        self.list.clear()
        for place in reversed(range(len(entries))):
            entry = entries[place]
            when = NOW if place == index else PAST if place < index else UNDONE
            item = QListWidgetItem(title(entry, place))
            item.setData(_PLACE, place)
            item.setData(_AGO, ago(now - entry.at))
            item.setData(_WHEN, when)
            said = {NOW: ", the present state", UNDONE: ", undone"}.get(when, "")
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{item.text()}, {item.data(_AGO)}{said}")
            self.list.addItem(item)
        self.list.setCurrentRow(len(entries) - 1 - index)
        edits = len(entries) - 1
        self.says.setText("Nothing was edited yet." if not edits else "Go back or forward to")

    def _place(self) -> None:
        around = self._around
        at = self._under.mapTo(around, QPoint(self._under.width(), self._under.height() + 6))
        width = min(_WIDTH, around.width() - 24)
        height = min(self.list.count() * _ROW + 52, _HIGHEST, around.height() - at.y() - 12)
        self.setGeometry(QRect(max(12, at.x() - width), at.y(), width, height))
        self.list.scrollToItem(self.list.currentItem(), QListWidget.ScrollHint.PositionAtCenter)

    def _chosen(self, item: QListWidgetItem) -> None:
        place = int(item.data(_PLACE))
        self.close_panel()
        self.session.go_to(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.list.currentItem() is not None:
            self._chosen(self.list.currentItem())
        else:
            super().keyPressEvent(event)


def title(entry: Entry, place: int) -> str:
    """What a state is called in the list."""
    return "As it was opened" if place == 0 and entry.name == "Open" else entry.name


class _Row(QStyledItemDelegate):
    """The name, and how long ago at the right; a dot before the present one, what was undone dim."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(200, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        t, area, when = theme.current(), QRectF(option.rect), index.data(_WHEN)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(QPen(QColor(t.accent), 1) if chosen else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.accent_background if chosen else t.hover))
            painter.drawRoundedRect(area.adjusted(6.5, 1.5, -6.5, -1.5), 6, 6)
        if when == NOW:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.accent))
            painter.drawEllipse(QRectF(area.left() + 14, area.center().y() - 3, 6, 6))
        painter.setFont(fonts.sans(looks.TYPE_SMALL))
        painter.setPen(QColor(t.dim))
        flags = int(Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(area.adjusted(0, 0, -18, 0), flags | int(Qt.AlignmentFlag.AlignRight), index.data(_AGO))
        taken = painter.fontMetrics().horizontalAdvance(index.data(_AGO))
        painter.setFont(fonts.semibold(13) if when == NOW else fonts.sans())
        painter.setPen(QColor(t.dim if when == UNDONE else t.text))
        inside = area.adjusted(28, 0, -30 - taken, 0)
        painter.drawText(inside, flags, painter.fontMetrics().elidedText(index.data(), Qt.TextElideMode.ElideRight, int(inside.width())))
        painter.restore()
