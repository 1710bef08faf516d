"""The last messages, newest first: what they said, when, and what they offered to do."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from memstudio.desktop import icons, theme
from memstudio.desktop.labels import button, label, line
from memstudio.desktop.messages import ICONS, MessageLine, Said, colour_of
from memstudio.desktop.overlay import Overlay
from memstudio.desktop.words import ago

_ITEM = Qt.ItemDataRole.UserRole


class MessagesPanel(Overlay):
    """A list; Ctrl+C copies the chosen message, Enter does what it offers where that still makes sense."""

    def __init__(self, window: QWidget, messages: MessageLine) -> None:
        super().__init__(window, 640, 440)
        self._messages = messages
        self.setAccessibleName("Messages")
        self.list = QListWidget()
        self.list.setAccessibleName("Messages, the newest first")
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentRowChanged.connect(self._chosen)
        self.list.itemActivated.connect(self._act)
        self.nothing = label("Nothing was said yet.", "dim")
        self.act_button = button("", self._act, "")
        self.copy_button = button("Copy", self._copy, "", "Copy the message (Ctrl+C)", "Copy the message")
        self.close_button = button("Close", self.close_panel, "", "Close (Esc)", "Close the messages")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(label("Messages", "heading"))
        column.addWidget(line())
        column.addWidget(self.nothing)
        column.addWidget(self.list, 1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.act_button)
        foot.addStretch(1)
        foot.addWidget(self.copy_button)
        foot.addWidget(self.close_button)
        column.addLayout(foot)

    def toggle(self) -> None:
        """Opens the list, or closes it."""
        if self.isVisible():
            self.close_panel()
            return
        now, t = time.time(), theme.current()
        self.list.clear()
        for said in reversed(self._messages.history):
            item = QListWidgetItem(
                icons.icon(ICONS.get(said.level, "info"), t, colour_of(said.level, t)), f"{said.text}\n{ago(now - said.at)}"
            )
            item.setData(_ITEM, said)
            level = {"careful": "Careful: ", "bad": "Bad: "}.get(said.level, "")
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{level}{said.text}, {ago(now - said.at)}")
            self.list.addItem(item)
        some = self.list.count() > 0
        self.list.setVisible(some)
        self.nothing.setVisible(not some)
        self.copy_button.setEnabled(some)
        self.list.setCurrentRow(0)
        self._chosen(0)
        self.open(self.list if some else self.close_button)

    @property
    def chosen(self) -> Said | None:
        """The message that is chosen."""
        item = self.list.currentItem()
        return None if item is None else item.data(_ITEM)

    def _chosen(self, row: int) -> None:
        said = self.chosen
        deed = said.action if said is not None and said in self._messages.open else None
        self.act_button.setVisible(deed is not None)
        if deed is not None:
            self.act_button.setText(deed[0])
            self.act_button.setAccessibleName(deed[0])

    def _act(self, _: object = None) -> None:
        said = self.chosen
        if said is not None and said.action is not None and said in self._messages.open:
            self.close_panel()
            self._messages.answer(said)

    def _copy(self) -> None:
        if self.chosen is not None:
            QGuiApplication.clipboard().setText(self.chosen.text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self._copy()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.list.hasFocus():
            self._act()
        else:
            super().keyPressEvent(event)
