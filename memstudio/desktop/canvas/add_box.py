"""Adding by typing: a small box at the pointer with a search field and what fits there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QLabel, QLineEdit, QListView, QVBoxLayout, QWidget

from memstudio.desktop.labels import label
from memstudio.desktop.palette.card import Cards
from memstudio.desktop.palette.delegate import EntryDelegate
from memstudio.desktop.palette.entries import ENTRY_ROLE, EntryList, Heading
from memstudio.desktop.palette.search import Search
from memstudio.desktop.words import tr
from memstudio.experiment.entries import Entry

_WIDTH, _ROWS, _ROW = 280, 9, 28


class AddBox(QFrame):
    """A field over a list of entries. `ask` shows it; what is chosen goes to the function it was given. Escape closes it."""

    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.over = parent
        self.setProperty("kind", "popup")
        self.setAccessibleName(tr("Add a component"))
        self.field = QLineEdit()
        self.field.setAccessibleName(tr("Type to find a component"))
        self.heading = QLabel()
        self.heading.setProperty("kind", "small")
        self.rows = EntryList()
        self.list = QListView()
        self.list.setAccessibleName(tr("Components that fit"))
        self.list.setModel(self.rows)
        self.list.setItemDelegate(EntryDelegate(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setMouseTracking(True)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        layout.addWidget(self.field)
        layout.addWidget(self.heading)
        layout.addWidget(self.list, 1)
        self.nothing = label("", "dim", wrap=True)
        self.nothing.hide()
        layout.addWidget(self.nothing, 1)
        self.cards = Cards(self.list, self.rows, self)
        self._search = Search(())
        self._choose: Callable[[Entry], None] = lambda entry: None
        self.field.textChanged.connect(self._find)
        self.field.installEventFilter(self)
        self.list.clicked.connect(self._take)
        self.hide()

    def ask(self, entries: Sequence[Entry], at: QPoint, choose: Callable[[Entry], None], heading: str = "") -> None:
        """Shows the box at a point of its parent, over these entries; `choose(entry)` follows when one is taken."""
        self._search = Search(entries)
        self._choose = choose
        self.heading.setText(heading)
        self.heading.setVisible(bool(heading))
        self.field.setPlaceholderText(tr("Type to find a component" if entries else "Nothing fits here"))
        self.field.clear()
        self._find("")
        room = self.over.rect()
        height = 64 + (20 if heading else 0) + _ROW * max(1, min(_ROWS, len(entries)))
        x = max(4, min(at.x(), room.width() - _WIDTH - 4))
        y = max(4, min(at.y(), room.height() - height - 4))
        self.setGeometry(x, y, _WIDTH, min(height, room.height() - 8))
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    @property
    def shown(self) -> list[Entry]:
        """The entries that are shown now, best first."""
        return [row for row in self.rows.rows if not isinstance(row, Heading)]

    def _find(self, text: str) -> None:
        self.rows.set_entries(self._search.find(text), grouped=False)
        found = bool(self.rows.rows)
        self.list.setVisible(found)
        self.nothing.setVisible(not found)
        if found:
            self.list.setCurrentIndex(self.rows.index(0))
        elif text.strip():
            near = self._search.nearest(text)
            self.nothing.setText(f"Nothing here is called “{text.strip()[:40]}”.{f' Perhaps {near}?' if near else ' Escape closes this.'}")
        else:
            self.nothing.setText(tr("No component fits here. Escape closes this."))

    def _take(self, index: QModelIndex) -> None:
        entry = index.data(ENTRY_ROLE)
        if isinstance(entry, Entry):
            self.dismiss()
            self._choose(entry)

    def dismiss(self) -> None:
        """Closes the box without adding anything."""
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The field keeps the keyboard: arrows walk the list, Enter takes, Ctrl+I says what it is, Escape and Tab close."""
        if watched is self.field and event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.dismiss()
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(event.key(), event.modifiers()) or super().eventFilter(watched, event)
        return super().eventFilter(watched, event)

    def _key(self, key: int, keys: Qt.KeyboardModifier) -> bool:
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            row = self.list.currentIndex().row() + (1 if key == Qt.Key.Key_Down else -1)
            if 0 <= row < len(self.rows.rows):
                self.list.setCurrentIndex(self.rows.index(row))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take(self.list.currentIndex())
        elif key in (Qt.Key.Key_Escape, Qt.Key.Key_Tab):
            self.dismiss()
        elif key == Qt.Key.Key_I and keys == Qt.KeyboardModifier.ControlModifier:
            self.cards.toggle()
        else:
            return False
        return True
