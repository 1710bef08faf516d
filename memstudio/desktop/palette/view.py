"""The palette's list: drags components, stars them, folds families, by hand and by key."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QListView

from memstudio.desktop.palette.delegate import EntryDelegate, star_rect
from memstudio.desktop.palette.entries import ENTRY_ROLE, EntryList, Heading
from memstudio.desktop.words import tr
from memstudio.experiment.entries import Entry


class EntryView(QListView):
    """The list itself. acted: Enter, Space, or the arrows that fold; starred: S or a press on a star; card_asked: → on a component."""

    acted = Signal(QModelIndex)
    starred = Signal(QModelIndex)
    card_asked = Signal()
    left = Signal()

    def __init__(self, rows: EntryList) -> None:
        super().__init__()
        self.setModel(rows)
        self.setAccessibleName(tr("Components"))
        delegate = EntryDelegate(self)
        delegate.stars = True
        self.setItemDelegate(delegate)
        self.setMouseTracking(True)
        self.setUniformItemSizes(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._star_at: QPersistentModelIndex | None = None

    def _star_under(self, event: QMouseEvent) -> QModelIndex | None:
        """The component whose star is under the pointer, or None."""
        point = event.position().toPoint()
        index = self.indexAt(point)
        row = index.data(ENTRY_ROLE) if index.isValid() else None
        there = row is not None and not isinstance(row, Heading) and star_rect(self.visualRect(index)).contains(point)
        return index if there else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A press on a star neither chooses the row nor begins a drag."""
        index = self._star_under(event) if event.button() == Qt.MouseButton.LeftButton else None
        self._star_at = QPersistentModelIndex(index) if index is not None else None
        if index is None:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._star_at is None:
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._star_at = self._star_at, None
        if pressed is None:
            super().mouseReleaseEvent(event)
            return
        index = self._star_under(event)
        if index is not None and pressed.isValid() and index.row() == pressed.row():
            self.starred.emit(index)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self._star_under(event)
        if index is None:
            super().mouseDoubleClickEvent(event)
        else:
            self._star_at = QPersistentModelIndex(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space act on the current row; left folds a family, right unfolds it or shows a component's card; S stars."""
        index, key = self.currentIndex(), event.key()
        row = index.data(ENTRY_ROLE) if index.isValid() else None
        if row is not None and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.acted.emit(index)
        elif key == Qt.Key.Key_Escape:
            self.left.emit()
        elif isinstance(row, Heading) and key == (Qt.Key.Key_Left if row.open else Qt.Key.Key_Right):
            self.acted.emit(index)
        elif isinstance(row, Entry) and key in (Qt.Key.Key_S, Qt.Key.Key_Right, Qt.Key.Key_Left):
            self._of_component(key, index)
        else:
            super().keyPressEvent(event)

    def _of_component(self, key: int, index: QModelIndex) -> None:
        if key == Qt.Key.Key_S:
            self.starred.emit(index)
        elif key == Qt.Key.Key_Right:
            self.card_asked.emit()
        else:
            self._to_heading(index.row())

    def _to_heading(self, row: int) -> None:
        """From a component to the heading it stands under, as in every tree."""
        for above in range(row - 1, -1, -1):
            if isinstance(self.model().index(above, 0).data(ENTRY_ROLE), Heading):
                self.setCurrentIndex(self.model().index(above, 0))
                return

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The keyboard always finds a row to stand on."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self.model().rowCount():
            self.setCurrentIndex(self.model().index(0, 0))
