"""Which columns the table shows, and in which order: those that are shown at the left, all there are at the right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from memstudio.desktop.labels import button, label
from memstudio.desktop.runs.choice_list import ChoiceList
from memstudio.desktop.runs.choices import Choice
from memstudio.desktop.runs.panel import Panel
from memstudio.desktop.words import tr

_ID = Qt.ItemDataRole.UserRole


class ColumnChooser(Panel):
    """The panel. chosen(list of ids or None): these columns in this order; None: the usual ones."""

    chosen = Signal(object)

    def __init__(self, anchor: QWidget) -> None:
        super().__init__(anchor, 560, 480)
        self.setAccessibleName(tr("Choose columns"))
        self.all = ChoiceList("Search columns", "Every column")
        self.all.turned.connect(self._turned)
        self.shown = _Order()
        self.shown.ordered.connect(self._ordered)
        self.shown.removed.connect(lambda id: self._turned(id, False))
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(label("Shown, from left to right", "panel-title"))
        left.addWidget(self.shown, 1)
        left.addWidget(label("Drag, or Alt+Up and Alt+Down, to move; Del to leave out.", "small", wrap=True))
        left.addWidget(button("Usual columns", self._usual, "", "Show the columns that are shown until a person chooses"))
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addWidget(self.all, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 14, 16, 14)
        row.setSpacing(16)
        row.addLayout(left, 2)
        row.addLayout(right, 3)

    def show_columns(self, choices: Sequence[Choice], shown: Sequence[str]) -> None:
        """Shows what there is to choose from and what is shown now."""
        titles = {choice.id: choice.title for choice in choices}
        self.all.show_choices(choices, shown)
        self.shown.show_ids([(id, titles.get(id, id)) for id in shown])

    def _usual(self) -> None:
        self.chosen.emit(None)

    def _turned(self, id: str, on: bool) -> None:
        ids = self.shown.ids()
        if on:
            at = ids.index("took") if "took" in ids else len(ids)
            self.chosen.emit([*ids[:at], id, *ids[at:]])
        elif len(ids) > 1:
            self.chosen.emit([other for other in ids if other != id])
        else:
            self.all.turn(id, True)

    def _ordered(self) -> None:
        self.chosen.emit(self.shown.ids())


class _Order(QListWidget):
    """The shown columns; dragging or Alt with an arrow moves one. ordered(): the order is another; removed(id): Del was pressed."""

    ordered = Signal()
    removed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Columns that are shown, in order"))
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.model().rowsMoved.connect(self.ordered)

    def ids(self) -> list[str]:
        """The columns in their order."""
        return [self.item(row).data(_ID) for row in range(self.count())]

    def show_ids(self, columns: Sequence[tuple[str, str]]) -> None:
        """Shows columns (id, title)."""
        if [id for id, _ in columns] == self.ids():
            return
        current = self.currentItem().data(_ID) if self.currentItem() is not None else None
        self.clear()
        for id, title in columns:
            item = QListWidgetItem(title)
            item.setData(_ID, id)
            self.addItem(item)
            if id == current:
                self.setCurrentItem(item)

    def move_by(self, by: int) -> None:
        """Moves the current column up or down."""
        row = self.currentRow()
        if row >= 0 and 0 <= row + by < self.count():
            self.insertItem(row + by, self.takeItem(row))
            self.setCurrentRow(row + by)
            self.ordered.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        alt = event.modifiers() & Qt.KeyboardModifier.AltModifier
        if alt and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.move_by(-1 if event.key() == Qt.Key.Key_Up else 1)
        elif event.key() == Qt.Key.Key_Delete and self.currentItem() is not None:
            self.removed.emit(self.currentItem().data(_ID))
        else:
            super().keyPressEvent(event)
