"""The palette: everything that can be put on the canvas, found by typing, added by dragging, Enter or a double click."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QLabel, QListView, QVBoxLayout, QWidget

from memstudio.desktop import theme
from memstudio.desktop.labels import search_field
from memstudio.desktop.palette.entries import ENTRY_ROLE, EntryDelegate, EntryList, Heading
from memstudio.desktop.palette.search import Search
from memstudio.experiment.entries import Catalogue, Entry


class Palette(QFrame):
    """A search field over a list of components. `chosen(component id)` says that one is to be added."""

    chosen = Signal(str)

    def __init__(self, catalogue: Catalogue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        self.setAccessibleName("Palette")
        self._search = Search(catalogue)
        self._everything = list(catalogue)
        self.field = search_field("Search components")
        self.field.setToolTip("Name, synonym, author, system or a word of an equation")
        self.list = _EntryView()
        self.rows = EntryList()
        self.list.setModel(self.rows)
        self.nothing = QLabel()
        self.nothing.setProperty("kind", "small")
        self.nothing.setWordWrap(True)
        self.nothing.setContentsMargins(14, 8, 14, 8)
        self.nothing.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(_inset(self.field))
        layout.addWidget(self.nothing)
        layout.addWidget(self.list, 1)
        self.field.textChanged.connect(self._find)
        self.field.installEventFilter(self)
        self.list.acted.connect(self._act)
        self.list.doubleClicked.connect(self._double)
        self.list.clicked.connect(self._clicked)
        theme.themed.connect(self._repaint)
        self._find("")

    def show_catalogue(self, catalogue: Catalogue) -> None:
        """Shows these components from now on; what was typed stays."""
        self._search = Search(catalogue)
        self._everything = list(catalogue)
        self._find(self.field.text())

    @property
    def shown(self) -> list[Entry]:
        """The entries that are shown now, in order."""
        return [row for row in self.rows.rows if not isinstance(row, Heading)]

    def _find(self, text: str) -> None:
        found = self._search.find(text)
        ranked = bool(text.strip())
        self.rows.set_entries(found if ranked else self._everything, grouped=not ranked)
        self.nothing.setVisible(not found)
        self.nothing.setText(
            f"Nothing is called “{text.strip()}”. Search looks at names, synonyms, authors and equations." if not found else ""
        )
        if ranked and found:
            self.list.setCurrentIndex(self.rows.index(0))

    def _act(self, index: QModelIndex) -> None:
        row = index.data(ENTRY_ROLE)
        if isinstance(row, Heading):
            self.rows.toggle(row.family.id)
            self.list.setCurrentIndex(self.rows.index(index.row()))
        elif row is not None:
            self.chosen.emit(row.id)

    def _double(self, index: QModelIndex) -> None:
        if isinstance(index.data(ENTRY_ROLE), Entry):
            self._act(index)

    def _clicked(self, index: QModelIndex) -> None:
        if isinstance(index.data(ENTRY_ROLE), Heading):
            self._act(index)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """From the field, arrows walk the list and Enter adds what is current there."""
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self._walk(1 if event.key() == Qt.Key.Key_Down else -1)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.list.currentIndex().isValid():
                self._act(self.list.currentIndex())
                return True
            if event.key() == Qt.Key.Key_Escape and self.field.text():
                self.field.clear()
                return True
        return super().eventFilter(watched, event)

    def _walk(self, step: int) -> None:
        row = self.list.currentIndex().row() + step
        while 0 <= row < len(self.rows.rows) and isinstance(self.rows.rows[row], Heading):
            row += step
        if 0 <= row < len(self.rows.rows):
            self.list.setCurrentIndex(self.rows.index(row))

    def _repaint(self) -> None:
        self.list.viewport().update()


class _EntryView(QListView):
    """The list itself: drags components; `acted` on Enter, Space, and the arrows that fold a family."""

    acted = Signal(QModelIndex)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Components")
        self.setItemDelegate(EntryDelegate(self))
        self.setMouseTracking(True)
        self.setUniformItemSizes(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space act on the current row; left folds a family, right unfolds it."""
        index = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and index.isValid():
            self.acted.emit(index)
            return
        row = index.data(ENTRY_ROLE)
        folds = event.key() == Qt.Key.Key_Left and isinstance(row, Heading) and row.open
        unfolds = event.key() == Qt.Key.Key_Right and isinstance(row, Heading) and not row.open
        if folds or unfolds:
            self.acted.emit(index)
            return
        super().keyPressEvent(event)


def _inset(widget: QWidget) -> QWidget:
    box = QWidget()
    layout = QVBoxLayout(box)
    layout.setContentsMargins(12, 0, 12, 0)
    layout.addWidget(widget)
    return box
