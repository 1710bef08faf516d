"""Fields that name something elsewhere: a file, an artifact of the library, another node."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QPushButton, QWidget

from memstudio.desktop.inspector.fields import Field, combo, show_in
from memstudio.desktop.labels import button, label, search_field, set_kind
from memstudio.desktop.session import Session
from memstudio.desktop.words import moment, size
from memstudio.experiment.data import finding
from memstudio.experiment.entries import load_object
from memstudio.experiment.parameters import Artifact, File, NodeName, Refusal
from memstudio.library import Library


class FileLine(QLineEdit):
    """A line of a path that a file can be dropped on. dropped(path)."""

    dropped = Signal(str)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_file(event.mimeData()):
            event.acceptProposedAction()
        else:
            super().dragEnterEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if dropped_file(event.mimeData()):
            event.acceptProposedAction()
        else:
            super().dragMoveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        path = dropped_file(event.mimeData())
        if path:
            event.acceptProposedAction()
            self.dropped.emit(path)
        else:
            super().dropEvent(event)


def dropped_file(data: QMimeData) -> str:
    """The path of the one local file that is dragged, or nothing."""
    urls = [url for url in data.urls() if url.isLocalFile()]
    return urls[0].toLocalFile() if len(urls) == 1 else ""


class FileField(Field):
    """A path with a button to choose it; what becomes of the file is looked at away from the window's thread."""

    def __init__(self, parameter: File, session: Session) -> None:
        super().__init__(parameter)
        self._file, self._session = parameter, session
        self.line = FileLine()
        self.line.setPlaceholderText("No file; choose one or drop it here")
        self.take(self.line)
        self.choose: QPushButton = button("Choose…", self._choose, name=f"Choose {parameter.title.lower()}")
        self.note = label(kind="small", wrap=True)
        self.note.setAccessibleName(f"What is known of {parameter.title.lower()}")
        self.mend = button("Find it again…", self._choose, "", "Choose where the file is now", f"Find {parameter.title.lower()} again")
        self.renew = button("Take it as it is now", self._renew, "", "Keep the hash of the content it has now")
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.choose)
        self.box.addWidget(row)
        for widget in (self.note, self.mend, self.renew):
            self.box.addWidget(widget)
            widget.hide()
        for mending in (self.mend, self.renew):
            self.box.setAlignment(mending, Qt.AlignmentFlag.AlignLeft)
        self.line.editingFinished.connect(self._typed)
        self.line.dropped.connect(self._dropped)
        self._value: Any = None
        self._looked: object = None

    @property
    def editor(self) -> QWidget:
        return self.line

    def _choose(self) -> None:
        wanted = " ".join(f"*{ending}" for ending in self._file.endings)
        start = str(Path(self._path_of(self._value)).parent) if self._path_of(self._value) else ""
        path, _ = QFileDialog.getOpenFileName(
            self, f"Choose {self._file.title.lower()}", start, f"{self._file.title} ({wanted})" if wanted else ""
        )
        if path:
            self._dropped(path)

    def _dropped(self, path: str) -> None:
        self.line.setText(path)
        if path == self._path_of(self._value):
            self._renew()
        else:
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
        self._read(path)

    def _renew(self) -> None:
        if self._path_of(self._value):
            self._read(self._path_of(self._value))

    def _read(self, path: str) -> None:
        self._say("Reading the file…")
        look = self._file.look
        self._session.background.do(
            lambda: load_object(look)(path) if look else {"path": path, "sha256": content_hash(Path(path))}, self._give, self._not_read
        )

    def _not_read(self, sentence: str) -> None:
        self._say("")
        self.wrong.emit(sentence)

    def _give(self, value: Any) -> None:
        self._value = value
        self.chosen.emit(value)
        self.done.emit()
        self._look()

    def _path_of(self, value: Any) -> str:
        return str(value.get("path", "")) if isinstance(value, Mapping) else ""

    def show_value(self, value: Any) -> None:
        if value != self._value or self.line.text().strip() != self._path_of(value):
            self.line.setText(self._path_of(value))
        self._value = value
        self._look()

    def _look(self) -> None:
        """Asks whether the file is still there, with the content it was chosen with."""
        path = self._path_of(self._value)
        if not path:
            self._looked = None
            self._say("")
        elif self._looked != self._value:
            self._looked = self._value
            value = dict(self._value)
            self._session.background.do(lambda: (path, state_of(value)), self._seen)

    def _seen(self, answer: tuple[str, FileState]) -> None:
        path, state = answer
        if path == self._path_of(self._value):
            self._say(state.sentence, missing=not state.there, changed=state.there and not state.same)
            self.note.setToolTip(state.sha256)

    def _say(self, words: str, missing: bool = False, changed: bool = False) -> None:
        set_kind(self.note, "error" if missing or changed else "small")
        self.note.setText(words)
        self.note.setVisible(bool(words))
        self.mend.setVisible(missing or changed)
        self.renew.setVisible(changed)


@dataclass(frozen=True)
class FileState:
    """What has become of a file. same: its content is that it was chosen with (or nothing is known of that)."""

    there: bool
    same: bool
    sha256: str
    sentence: str


def state_of(file: Mapping[str, Any]) -> FileState:
    """Where a file lies now, with the content it was chosen with: beside the experiment, in the library or where it was. Never raises."""
    name, sha = Path(str(file.get("path", ""))).name, str(file.get("sha256", ""))
    try:
        found = finding.find(file)
        bytes_, now = found.stat().st_size, finding.hash_of(found)
    except Refusal:
        there = any(path.is_file() for path in finding.candidates(file))
        words = "has another content than when it was chosen; runs refuse it until that is settled" if there else "is not there any more"
        return FileState(there, False, sha, f"{name} {words}. Find the right one, or choose another.")
    except OSError as error:
        return FileState(False, False, sha, f"{name} cannot be read: {(error.strerror or str(error)).lower()}.")
    elsewhere = "" if found == Path(str(file.get("path", ""))) else f", found at {found}"
    return FileState(True, True, now, f"{size(bytes_)}, content {now[:12]}…{elsewhere}")


def content_hash(path: Path) -> str:
    """The sha256 of a file's content. Raises OSError."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Kept:
    """Something that a run kept: what it is called in a list, and what a document says of it."""

    title: str
    value: dict[str, str]


def kept_by_runs(library: Library, kind: str, most: int = 200) -> tuple[Kept, ...]:
    """The artifacts of a kind in a library ("" for any), of the newest runs first. Asked on the library's thread."""
    found: list[Kept] = []
    for run in library.runs(limit=most):
        for artifact in library.artifacts(run.uid):
            if not kind or artifact.kind == kind:
                parts = (
                    run.title,
                    run.cell,
                    f"seed {run.seed}",
                    f"step {artifact.step:,}" if artifact.step is not None else "",
                    artifact.name,
                )
                title = " · ".join(part for part in (*parts, size(artifact.size), moment(artifact.created)) if part)
                found.append(Kept(title, {"sha256": artifact.sha256, "name": f"{run.title}, {artifact.name}", "run": run.uid}))
    return tuple(found)


class ArtifactField(Field):
    """Something that a run made: chosen from the library's, or named by its sha256."""

    def __init__(self, parameter: Artifact, session: Session | None = None) -> None:
        super().__init__(parameter)
        self._artifact, self._session = parameter, session
        self.line = QLineEdit()
        self.line.setPlaceholderText("Nothing chosen; its sha256 may be pasted")
        self.take(self.line)
        self.choose = button("Choose…", self._open, "", "From what runs have kept", f"Choose {parameter.title.lower()}")
        self.choose.setVisible(session is not None and session.reader is not None)
        row = QHBoxLayout()
        row.addWidget(self.line, 1)
        row.addWidget(self.choose)
        self.box.addLayout(row)
        self.filter = search_field("Filter runs")
        self.filter.textChanged.connect(self._narrow)
        self.list = QListWidget()
        self.list.setAccessibleName("What runs have kept")
        self.list.setFixedHeight(180)
        self.list.setWordWrap(True)
        self.list.itemActivated.connect(self._picked)
        self.list.itemClicked.connect(self._picked)
        self.note = label(kind="small", wrap=True)
        for widget in (self.filter, self.list, self.note):
            self.box.addWidget(widget)
            widget.hide()
        self.line.editingFinished.connect(self._typed)
        self._value: Any = None

    @property
    def editor(self) -> QWidget:
        return self.line

    def _open(self) -> None:
        """Asks the library, away from the window's thread; a second press closes the list."""
        if self.list.isVisibleTo(self) or self._session is None or self._session.reader is None:
            self._close()
            return
        self._say("Looking through the library…")
        kind = self._artifact.kind
        self._session.reader.ask(lambda library: kept_by_runs(library, kind), self._show, self._say, key="kept by runs")

    def _close(self) -> None:
        for widget in (self.filter, self.list, self.note):
            widget.hide()

    def _say(self, words: str) -> None:
        self.note.setText(words)
        self.note.setVisible(bool(words))

    def _show(self, kept: tuple[Kept, ...]) -> None:
        self.list.clear()
        for one in kept:
            item = QListWidgetItem(one.title)
            item.setData(Qt.ItemDataRole.UserRole, one)
            item.setToolTip(one.value["sha256"])
            self.list.addItem(item)
        self._say("" if kept else "No run of this library has kept one yet; runs keep their model when they finish.")
        self.list.setVisible(bool(kept))
        self.filter.setVisible(bool(kept))
        if kept:
            self.list.setCurrentRow(0)
            self.filter.setFocus(Qt.FocusReason.OtherFocusReason)

    def _narrow(self, words: str) -> None:
        for row in range(self.list.count()):
            item = self.list.item(row)
            item.setHidden(words.strip().lower() not in item.text().lower())

    def _picked(self, item: QListWidgetItem) -> None:
        one = item.data(Qt.ItemDataRole.UserRole)
        self._close()
        self._give(dict(one.value))
        self.choose.setFocus(Qt.FocusReason.OtherFocusReason)

    def _typed(self) -> None:
        text = self.line.text().strip()
        if text.lower() == self._text(self._value).lower():
            return
        try:
            value = self.parameter.check({"sha256": text.lower()} if text else None)
        except Refusal as refusal:
            self.wrong.emit(str(refusal))
            return
        self._give(value)

    def _give(self, value: Any) -> None:
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
