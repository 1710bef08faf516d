"""Saved views of the table: applied, saved under a name, renamed, removed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from memstudio.desktop.labels import button, label
from memstudio.desktop.runs.panel import Panel
from memstudio.desktop.words import tr


class ViewsPanel(Panel):
    """The panel. applied(name), saved(name), renamed(before, after), removed(name): what was asked for."""

    applied = Signal(str)
    saved = Signal(str)
    renamed = Signal(str, str)
    removed = Signal(str)

    def __init__(self, anchor: QWidget) -> None:
        super().__init__(anchor, 320, 380)
        self.setAccessibleName(tr("Saved views"))
        self._renaming: str | None = None
        self.nothing = label("No view is saved yet. A view keeps filter, order, columns and groups under a name.", "small", wrap=True)
        self.list = _Views()
        self.list.entered.connect(self._apply)
        self.list.itemClicked.connect(lambda item: self._apply())
        self.list.renaming.connect(self._rename)
        self.list.removing.connect(self._remove)
        self.list.currentRowChanged.connect(self._enable)
        self.rename_button = button("Rename", self._rename, "", "Give the view another name (F2)", "Rename the view")
        self.remove_button = button("Remove", self._remove, "", "Remove the view; no run is touched (Del)", "Remove the view")
        self.name = QLineEdit()
        self.name.setPlaceholderText(tr("Name of a view"))
        self.name.setAccessibleName(tr("Name of the view to save"))
        self.name.returnPressed.connect(self._save)
        self.name.textChanged.connect(self._enable)
        self.save_button = button("Save view", self._save, "primary", "Keep filter, order, columns and groups under this name")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(8)
        column.addWidget(label("Saved views", "panel-title"))
        column.addWidget(self.nothing)
        column.addWidget(self.list, 1)
        self._room = QWidget()
        column.addWidget(self._room, 1)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.rename_button)
        row.addWidget(self.remove_button)
        row.addStretch(1)
        column.addLayout(row)
        save = QHBoxLayout()
        save.setSpacing(8)
        save.addWidget(self.name, 1)
        save.addWidget(self.save_button)
        column.addLayout(save)
        self._enable()

    def show_views(self, names: Sequence[str], applied: str) -> None:
        """Shows the names of the views, and which one is applied."""
        self.list.clear()
        for name in names:
            item = QListWidgetItem(name)
            self.list.addItem(item)
            if name == applied:
                self.list.setCurrentItem(item)
        self.nothing.setVisible(not names)
        self.list.setVisible(bool(names))
        self._room.setVisible(not names)
        self._renaming = None
        self._enable()

    def open_views(self) -> None:
        """Opens the panel, with the keyboard in the list, or in the field where no view is saved."""
        self.toggle(self.list if self.list.count() else self.name)

    @property
    def names(self) -> list[str]:
        """The views that are listed."""
        return [self.list.item(row).text() for row in range(self.list.count())]

    def _current(self) -> str | None:
        item = self.list.currentItem()
        return item.text() if item is not None else None

    def _enable(self, _: object = None) -> None:
        there = self._current() is not None
        self.rename_button.setVisible(self.list.count() > 0)
        self.remove_button.setVisible(self.list.count() > 0)
        self.rename_button.setEnabled(there)
        self.remove_button.setEnabled(there)
        name = self.name.text().strip()
        self.save_button.setEnabled(bool(name))
        self.save_button.setText(tr("Rename" if self._renaming else "Replace" if name in self.names else "Save view"))

    def _apply(self) -> None:
        name = self._current()
        if name is not None:
            self.close_panel()
            self.applied.emit(name)

    def _save(self) -> None:
        name, before = self.name.text().strip(), self._renaming
        if not name:
            return
        self.name.clear()
        self._renaming = None
        if before is None:
            self.saved.emit(name)
        elif before != name:
            self.renamed.emit(before, name)
        self._enable()

    def _rename(self) -> None:
        self._renaming = self._current()
        if self._renaming is not None:
            self.name.setText(self._renaming)
            self.name.selectAll()
            self.name.setFocus(Qt.FocusReason.OtherFocusReason)
            self._enable()

    def _remove(self) -> None:
        name = self._current()
        if name is not None:
            self.removed.emit(name)


class _Views(QListWidget):
    """The list; Enter applies, F2 renames, Del removes."""

    entered = Signal()
    renaming = Signal()
    removing = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Saved views"))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        deed = {
            Qt.Key.Key_Return: self.entered,
            Qt.Key.Key_Enter: self.entered,
            Qt.Key.Key_F2: self.renaming,
            Qt.Key.Key_Delete: self.removing,
        }.get(Qt.Key(event.key()))
        if deed is None:
            super().keyPressEvent(event)
        else:
            deed.emit()
