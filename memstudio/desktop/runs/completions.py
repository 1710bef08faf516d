"""The list below the filter field: what can stand at the cursor, or whole filters to begin with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

from memstudio.desktop import fonts, theme
from memstudio.desktop import tokens as looks
from memstudio.desktop.labels import label
from memstudio.desktop.lengths import px
from memstudio.desktop.words import tr

if TYPE_CHECKING:
    from memstudio.library.completing import Completion

LINE = 28
#: lines that are shown at once; the list scrolls
SHOWN = 9
#: completions that are listed
MOST = 80


@dataclass(frozen=True)
class _Entry:
    """One line: what it says, what it is about, what it gives when taken."""

    text: str
    about: str
    gives: Any


class Completions(QFrame):
    """The list. taken(Completion or str): what was chosen; a str is a whole filter. The keyboard stays in the field."""

    taken = Signal(object)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setProperty("kind", "popup")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.head = label("", "small")
        self.head.setContentsMargins(12, 6, 12, 2)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Completions"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setItemDelegate(_Line(self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(True)
        self.list.itemClicked.connect(self._clicked)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 5, 1, 5)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self.list)
        self.hide()

    def show_found(self, found: Sequence[Completion], typed: str) -> None:
        """Lists completions; nothing is chosen until a key or the mouse chooses, so that Enter keeps what is typed."""
        self.head.hide()
        self._fill([_Entry(one.text.strip() or one.text, one.about, one) for one in found[:MOST]])

    def show_examples(self, examples: Sequence[tuple[str, str]]) -> None:
        """Lists whole filters."""
        self.head.setText(tr("Words search titles, notes and tags. Filters look like these:"))
        self.head.show()
        self._fill([_Entry(text, about, text) for text, about in examples])

    def _fill(self, entries: Sequence[_Entry]) -> None:
        self.list.clear()
        for entry in entries:
            item = QListWidgetItem()
            item.setData(Qt.ItemDataRole.UserRole, entry)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{entry.text}, {entry.about}" if entry.about else entry.text)
            self.list.addItem(item)
        self.list.setCurrentRow(-1)

    def place(self, at: QRect) -> None:
        """Shows the list at this corner, as wide as that, inside the window; hidden where it is empty."""
        if not self.list.count():
            self.hide()
            return
        window = self.parentWidget() or self
        high = min(self.list.count(), SHOWN) * px(LINE) + 12 + (self.head.sizeHint().height() if not self.head.isHidden() else 0)
        wide = min(at.width(), window.width() - 16)
        self.setGeometry(max(8, min(at.x(), window.width() - wide - 8)), at.y(), wide, min(high, window.height() - at.y() - 8))
        self.show()
        self.raise_()

    @property
    def chosen(self) -> bool:
        """Whether a line is chosen."""
        return self.list.currentRow() >= 0

    @property
    def texts(self) -> list[str]:
        """What is listed."""
        return [self.list.item(row).data(Qt.ItemDataRole.UserRole).text for row in range(self.list.count())]

    def move_by(self, by: int) -> None:
        """Chooses another line."""
        at = self.list.currentRow()
        self.list.setCurrentRow(max(0, min(self.list.count() - 1, at + by)) if at >= 0 else 0 if by > 0 else self.list.count() - 1)

    def take(self) -> None:
        """Takes the chosen line, or the first."""
        item = self.list.item(max(0, self.list.currentRow()))
        if item is not None:
            self.taken.emit(item.data(Qt.ItemDataRole.UserRole).gives)

    def _clicked(self, item: QListWidgetItem) -> None:
        self.list.setCurrentItem(item)
        self.take()


class _Line(QStyledItemDelegate):
    """A completion with what it is about at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(200, px(LINE))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        t, area = theme.current(), QRectF(option.rect)
        entry: _Entry = index.data(Qt.ItemDataRole.UserRole)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.accent_background if option.state & QStyle.StateFlag.State_Selected else t.hover))
            painter.drawRoundedRect(area.adjusted(5, 1, -5, -1), 6, 6)
        painter.setFont(fonts.mono())
        wide = painter.fontMetrics().horizontalAdvance(entry.text)
        room = area.width() - 28
        painter.setPen(QColor(t.text))
        shown = painter.fontMetrics().elidedText(entry.text, Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(area.adjusted(14, 0, -14, 0), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)
        painter.setFont(fonts.sans(looks.TYPE_SMALL))
        painter.setPen(QColor(t.dim))
        left = room - wide - 18
        if entry.about and left > 40:
            about = painter.fontMetrics().elidedText(entry.about, Qt.TextElideMode.ElideRight, int(left))
            painter.drawText(area.adjusted(14, 0, -14, 0), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), about)
        painter.restore()
