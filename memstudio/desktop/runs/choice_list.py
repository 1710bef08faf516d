"""A list with a box before each choice, in sections, searched by typing."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from memstudio.desktop.labels import label, search_field
from memstudio.desktop.runs.choices import Choice
from memstudio.desktop.words import tr

_ID = Qt.ItemDataRole.UserRole


class ChoiceList(QWidget):
    """The list with its field. turned(id, on): a box was checked or not; Down goes from the field into the list."""

    turned = Signal(str, bool)

    def __init__(self, search: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choices: tuple[Choice, ...] = ()
        self._on: frozenset[str] = frozenset()
        self._filling = False
        self.field = search_field(search)
        self.list = QListWidget()
        self.list.setAccessibleName(name)
        self.list.setUniformItemSizes(False)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.nothing = label("Nothing is called so.", "dim")
        self.nothing.setContentsMargins(10, 10, 10, 10)
        self.nothing.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.field)
        column.addWidget(self.nothing, 0, Qt.AlignmentFlag.AlignTop)
        column.addWidget(self.list, 1)
        self._fill()
        self.field.textChanged.connect(self._fill)
        self.field.installEventFilter(self)
        self.list.itemChanged.connect(self._changed)

    def show_choices(self, choices: Sequence[Choice], on: Sequence[str]) -> None:
        """Shows these, with the boxes of some checked."""
        if (tuple(choices), frozenset(on)) != (self._choices, self._on):
            self._choices, self._on = tuple(choices), frozenset(on)
            self._fill()

    @property
    def titles(self) -> list[str]:
        """What is listed, without the headings."""
        items = (self.list.item(row) for row in range(self.list.count()))
        return [item.text() for item in items if item.data(_ID)]

    def turn(self, id: str, on: bool) -> None:
        """Checks a box, or takes the check away, as a click does."""
        for row in range(self.list.count()):
            if self.list.item(row).data(_ID) == id:
                self.list.item(row).setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def _fill(self, _: str = "") -> None:
        words = self.field.text().lower().split()
        at, current = self.list.verticalScrollBar().value(), self._current()
        self._filling = True
        self.list.clear()
        section = ""
        for choice in self._choices:
            if not choice.matches(words):
                continue
            if choice.section != section:
                section = choice.section
                self._heading(section)
            item = QListWidgetItem(choice.title)
            item.setData(_ID, choice.id)
            item.setToolTip(choice.id)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if choice.id in self._on else Qt.CheckState.Unchecked)
            self.list.addItem(item)
            if choice.id == current:
                self.list.setCurrentItem(item)
        self._filling = False
        self.nothing.setText(tr("Nothing is called so." if self._choices else "Looking through the runs…"))
        self.nothing.setVisible(not self.list.count())
        self.list.verticalScrollBar().setValue(at)

    def _heading(self, text: str) -> None:
        item = QListWidgetItem(text)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        font = item.font()
        font.setPixelSize(12)
        font.setWeight(font.Weight.DemiBold)
        item.setFont(font)
        self.list.addItem(item)

    def _current(self) -> str:
        item = self.list.currentItem()
        return str(item.data(_ID)) if item is not None and item.data(_ID) else ""

    def _changed(self, item: QListWidgetItem) -> None:
        if self._filling or not item.data(_ID):
            return
        id, on = str(item.data(_ID)), item.checkState() == Qt.CheckState.Checked
        self._on = self._on | {id} if on else self._on - {id}
        self.turned.emit(id, on)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Down:
                self._into_list()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.field.text():
                self._turn_first()
                return True
        return super().eventFilter(watched, event)

    def _first(self) -> QListWidgetItem | None:
        return next((item for row in range(self.list.count()) if (item := self.list.item(row)).data(_ID)), None)

    def _into_list(self) -> None:
        first = self._first()
        if first is not None:
            if not self._current():
                self.list.setCurrentItem(first)
            self.list.setFocus(Qt.FocusReason.TabFocusReason)

    def _turn_first(self) -> None:
        first = self._first()
        if first is not None:
            first.setCheckState(Qt.CheckState.Unchecked if first.checkState() == Qt.CheckState.Checked else Qt.CheckState.Checked)
