"""The list of add-ons in Settings: where each is from, what it adds, whether it is used and why not."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl, Signal, SignalInstance
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from memstudio.desktop.labels import Elided, button, label, line

if TYPE_CHECKING:
    from memstudio.components.addons import AddOn

#: how a state is shown: its word and the kind of its chip
CHIPS = {"on": ("on", "chip-good"), "asked": ("asks", "chip-careful"), "off": ("off", "chip"), "refused": ("refused", "chip-bad")}


class AddOnsSection(QWidget):
    """Rows and buttons. allow, decline, forget(place), allow_folder(path), look_again(): what was asked for."""

    allow = Signal(str)
    decline = Signal(str)
    forget = Signal(str)
    allow_folder = Signal(str)
    look_again = Signal()

    def __init__(self, own_folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._own = own_folder
        self.rows: list[AddOnRow] = []
        self.nothing = label("None are found.", "dim")
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self.nothing)
        column.addLayout(self._list)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(button("Add a folder…", self._choose, tip="Choose a folder with add-ons, and so say yes to them"))
        row.addWidget(button("Open your own folder", self._open, tip=str(own_folder)))
        row.addWidget(button("Look again", self.look_again.emit, "quiet", "Read all add-ons once more"))
        row.addStretch(1)
        column.addLayout(row)

    def show_addons(self, listed: Sequence[AddOn]) -> None:
        """Shows the list as it is now."""
        while (item := self._list.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.rows = [AddOnRow(one, self) for one in listed]
        for index, row in enumerate(self.rows):
            if index:
                self._list.addWidget(line())
            self._list.addWidget(row)
        self.nothing.setVisible(not listed)

    def _choose(self) -> None:
        dialog = QFileDialog(self.window(), "Use the add-ons of a folder", str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.allow_folder)
        dialog.open()

    def _open(self) -> None:
        # one small folder, made on the person's own press
        self._own.mkdir(parents=True, exist_ok=True)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._own)))


class AddOnRow(QFrame):
    """One add-on: name, state and answers above; what it adds, or why it is not used, below."""

    def __init__(self, addon: AddOn, section: AddOnsSection) -> None:
        super().__init__()
        self.addon = addon
        self.buttons = [
            button(text, partial(answer.emit, addon.place), "quiet", name=f"{text}: {addon.name}")
            for text, answer in _answers(addon, section)
        ]
        word, kind = CHIPS[addon.state]
        above = QHBoxLayout()
        above.setSpacing(8)
        above.addWidget(label(addon.name, "strong"))
        above.addWidget(label(word, kind))
        self.where = Elided(addon.where, "small")
        above.addWidget(self.where, 1)
        for one in self.buttons:
            above.addWidget(one)
        self.said = label(addon.reason or ", ".join(addon.titles), "error" if addon.state == "refused" else "dim", wrap=True)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(above)
        column.addWidget(self.said)
        self.setAccessibleName(f"{addon.name}, {word}. {addon.reason or ', '.join(addon.titles)}")


def _answers(addon: AddOn, section: AddOnsSection) -> list[tuple[str, SignalInstance]]:
    """What can be said of an add-on: nothing of one's own folder, and nothing while all are left out."""
    if addon.source == "own" or "--safe" in addon.reason:
        return []
    answers: list[tuple[str, SignalInstance]] = []
    if addon.state in ("asked", "off"):
        answers.append(("Use it", section.allow))
    if addon.state in ("on", "asked", "refused") and addon.source == "installed":
        answers.append(("Leave it out", section.decline))
    if addon.source == "folder":
        answers.append(("Forget", section.forget))
    return answers
