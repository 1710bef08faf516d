"""Fields that name something elsewhere: a file, an artifact of the library, another node."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from memstudio.desktop.inspector.fields import Field, combo, show_in
from memstudio.desktop.labels import button
from memstudio.desktop.session import Session
from memstudio.experiment.entries import load_object
from memstudio.experiment.parameters import Artifact, File, NodeName, Refusal


class FileField(Field):
    """A path with a button to choose it; the content's hash is taken away from the window's thread."""

    def __init__(self, parameter: File, session: Session) -> None:
        super().__init__(parameter)
        self._file, self._session = parameter, session
        self.line = QLineEdit()
        self.line.setPlaceholderText("No file")
        self.take(self.line)
        self.choose: QPushButton = button("Choose…", self._choose, name=f"Choose {parameter.title.lower()}")
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.choose)
        self.box.addWidget(row)
        self.line.editingFinished.connect(self._typed)
        self._value: Any = None

    @property
    def editor(self) -> QWidget:
        return self.line

    def _choose(self) -> None:
        wanted = " ".join(f"*{ending}" for ending in self._file.endings)
        path, _ = QFileDialog.getOpenFileName(
            self, f"Choose {self._file.title.lower()}", "", f"{self._file.title} ({wanted})" if wanted else ""
        )
        if path:
            self.line.setText(path)
            self._typed()

    def _typed(self) -> None:
        path = self.line.text().strip()
        if path == self._path_of(self._value):
            return
        if not path:
            self._give(None)
            return
        try:
            self._file.check({"path": path})
        except Refusal as refusal:
            self.wrong.emit(str(refusal))
            return
        look = self._file.look
        self._session.background.do(
            lambda: load_object(look)(path) if look else {"path": path, "sha256": content_hash(Path(path))}, self._give, self.wrong.emit
        )

    def _give(self, value: Any) -> None:
        self._value = value
        self.chosen.emit(value)
        self.done.emit()

    def _path_of(self, value: Any) -> str:
        return str(value.get("path", "")) if isinstance(value, Mapping) else ""

    def show_value(self, value: Any) -> None:
        self._value = value
        self.line.setText(self._path_of(value))


def content_hash(path: Path) -> str:
    """The sha256 of a file's content. Raises OSError."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class ArtifactField(Field):
    """Something that a run made, by its sha256; its name is shown where it is known."""

    def __init__(self, parameter: Artifact) -> None:
        super().__init__(parameter)
        self.line = QLineEdit()
        self.line.setPlaceholderText("Nothing chosen; paste an artifact's sha256")
        self.take(self.line)
        self.box.addWidget(self.line)
        self.line.editingFinished.connect(self._typed)
        self._value: Any = None

    @property
    def editor(self) -> QWidget:
        return self.line

    def _typed(self) -> None:
        text = self.line.text().strip().lower()
        if text == self._text(self._value).lower():
            return
        try:
            value = self.parameter.check({"sha256": text} if text else None)
        except Refusal as refusal:
            self.wrong.emit(str(refusal))
            return
        self._value = value
        self.chosen.emit(value)
        self.done.emit()

    def _text(self, value: Any) -> str:
        return str(value.get("name") or value.get("sha256", "")) if isinstance(value, Mapping) else ""

    def show_value(self, value: Any) -> None:
        self._value = value
        self.line.setText(self._text(value))
        self.line.setToolTip(str(value.get("sha256", "")) if isinstance(value, Mapping) else self.parameter.meaning)


class NodeField(Field):
    """Another node of the document."""

    def __init__(self, parameter: NodeName, session: Session, mine: str) -> None:
        super().__init__(parameter)
        self._session, self._mine = session, mine
        self.combo: QComboBox = combo([])
        self.take(self.combo)
        self.box.addWidget(self.combo)
        self.combo.activated.connect(self._chosen)

    @property
    def editor(self) -> QWidget:
        return self.combo

    def _chosen(self, index: int) -> None:
        self.chosen.emit(self.combo.itemData(index))

    def show_value(self, value: Any) -> None:
        self.combo.clear()
        self.combo.addItem("None", "")
        for node in self._session.document.nodes:
            if node.id != self._mine:
                self.combo.addItem(node.title or node.id, node.id)
        show_in(self.combo, value)
