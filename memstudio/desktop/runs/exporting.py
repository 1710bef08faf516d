"""Exporting a run's model from the window: a small form under the buttons, and the exporter process behind it."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QFileDialog, QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from memstudio.desktop.background import Background
from memstudio.desktop.labels import button, label, set_kind
from memstudio.desktop.words import count, moment, number, tr
from memstudio.ground import launch
from memstudio.ground.paths import library_folder

if TYPE_CHECKING:
    from memstudio.library import EventRow, RunRow

#: where the last export was put
SETTING = "export.folder"


class Exporter(QObject):
    """Runs the exporter, one after the other, off the window's thread.

    said(sentence): how far it is.
    """

    said = Signal(str)

    def __init__(self, library: Path | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library = library or library_folder()
        self._background = Background("export", self)
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._closed = False

    def ask(self, words: list[str], then: Callable[[dict[str, Any]], None], failed: Callable[[str], None]) -> None:
        """Starts `exporter WORDS` on our library; `then` gets the last thing it says, `failed` a sentence where it says nothing."""
        self._background.do(lambda: self._run(words), then, failed)

    def _run(self, words: list[str]) -> dict[str, Any]:
        with self._lock:
            if self._closed:
                return {}
            started = launch.start("exporter", "--library", self._library, *words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self._process = started
        last: dict[str, Any] = {}
        with started as process:
            assert process.stdout is not None
            for line in process.stdout:
                last = json.loads(line)
                if "says" in last:
                    self.said.emit(str(last["says"]))
        if "says" in last or not last:
            return {"refused": f"The exporter ended with code {process.returncode} and no word; nothing was written."}
        return last

    def close(self) -> None:
        """Ends an export that is going on, which leaves nothing behind, and the thread."""
        with self._lock:
            self._closed = True
            if self._process is not None and self._process.poll() is None:
                self._process.terminate()
        self._background.close()


class ExportForm(QFrame):
    """Where to, and which model; below them how it goes and what came of it. Hidden until it is asked for.

    message(text, level): what came of an export whose run is no longer shown. folder: where the last export was put, or None;
    keep(folder): remembers it.
    """

    message = Signal(str, str)

    def __init__(self, exporter: Exporter, folder: object, keep: Callable[[str], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "field")
        self.setAccessibleName(tr("Export the model of the run"))
        self._exporter, self._keep = exporter, keep
        self._folder = Path(folder) if isinstance(folder, str) else Path.home() / "MemStudio models"
        self._run: RunRow | None = None
        self._busy: str | None = None
        self._exporter.said.connect(self._said)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(6)
        self.which = QComboBox()
        self.which.setAccessibleName(tr("Which model"))
        self.path = QLineEdit()
        self.path.setAccessibleName(tr("Folder to write"))
        self.path.returnPressed.connect(self.export)
        self.path.textEdited.connect(self._typed)
        self.choose_button = button("Choose…", self._choose, "", "Choose the folder to put it in", "Choose a folder")
        self.go_button = button("Export", self.export, "primary", "Write the model, read it back and compare", "Export the model")
        self.cancel_button = button("Close", self.hide, "", "Close this form")
        self.replace_button = button("Replace it", self._replace, "", "Write over the older export in that folder")
        self.line = label("", "small", wrap=True)
        self.line.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for title, widgets in (("Model", (self.which,)), ("Folder", (self.path, self.choose_button))):
            row = QHBoxLayout()
            row.setSpacing(8)
            name = label(title, "dim")
            name.setFixedWidth(48)
            row.addWidget(name)
            row.addWidget(widgets[0], 1)
            for widget in widgets[1:]:
                row.addWidget(widget)
            column.addLayout(row)
        column.addWidget(self.line)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for one in (self.go_button, self.replace_button, self.cancel_button):
            buttons.addWidget(one)
        buttons.addStretch(1)
        column.addLayout(buttons)
        self.hide()

    # ------------------------------------------------------------------------------------------ asking

    def open_for(self, run: RunRow) -> None:
        """Shows the form for a run, with a folder of its own to write to and every model that it keeps."""
        self._run = run
        self.path.setText(str(self._folder / folder_name(run)))
        self._offer({"last": run.step})
        self._say("")
        self._show_busy()
        self.show()
        self.path.setFocus(Qt.FocusReason.OtherFocusReason)
        self._exporter.ask(["--run", run.uid, "--choices"], self._choices, self._no_choices)

    def close_for(self, run: RunRow) -> None:
        """Another run is shown: what was typed for the one before is gone."""
        if self._run is not None and self._run.uid != run.uid:
            self._run = None
            self.hide()

    def _choices(self, found: dict[str, Any]) -> None:
        if "choices" not in found:
            self._no_choices(str(found.get("refused", "")))
        elif self._run is not None and found.get("run") == self._run.uid and found["choices"]:
            self._offer(found["choices"])

    def _no_choices(self, sentence: str) -> None:
        if self._busy is None:
            self._say(sentence, "error")

    def _offer(self, choices: Mapping[str, int]) -> None:
        chosen = self.which.currentData()
        self.which.clear()
        for which, step in choices.items():
            self.which.addItem(f"{title_of(which)}, step {step:,}", which)
        self.which.setCurrentIndex(max(0, self.which.findData(chosen)))

    def _choose(self) -> None:
        """Asks for a folder with the system's own dialog, without stopping the window."""
        dialog = QFileDialog(self, "Put the exported model into", str(self._folder))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._chosen)
        dialog.open()

    def _chosen(self, folder: str) -> None:
        self._typed()
        if self._run is not None:
            self.path.setText(str(Path(folder) / folder_name(self._run)))

    def _typed(self) -> None:
        self.replace_button.hide()

    # ------------------------------------------------------------------------------------------ exporting

    def export(self, force: bool = False) -> None:
        """Exports the chosen model to the folder."""
        run, out = self._run, self.path.text().strip()
        if run is None or self._busy is not None:
            return
        if not out:
            self._say("Name a folder to write the model to.", "error")
            return
        self._busy = run.uid
        self._show_busy()
        self._say("Starting the exporter")
        out = str(Path(out).expanduser())
        words = ["--run", run.uid, "--out", out, "--which", self.which.currentData() or "last", *(["--force"] if force else [])]
        self._exporter.ask(words, self._ended, self._failed)

    def _replace(self) -> None:
        self.export(force=True)

    def _said(self, sentence: str) -> None:
        if self._is_shown:
            self._say(f"{sentence}…")

    def _ended(self, found: dict[str, Any]) -> None:
        if "exported" in found:
            done = found["exported"]
            self._folder = Path(done["out"]).parent
            self._keep(str(self._folder))
            self._tell(f"Exported to {done['out']}. {compared(done)}", "info")
        elif found.get("replaceable"):
            self._tell("That folder holds an exported model already; replace it, or name a new folder.", "bad")
            self.replace_button.setVisible(self._run is not None)
        else:
            self._tell(str(found.get("refused", "")), "bad")

    def _failed(self, sentence: str) -> None:
        self._tell(sentence, "bad")

    @property
    def _is_shown(self) -> bool:
        return self._run is not None and self._busy in (None, self._run.uid)

    def _tell(self, sentence: str, level: str) -> None:
        """Says what came of it: here where its run is still shown, else by `message`."""
        shown, self._busy = self._is_shown, None
        self._show_busy()
        if shown:
            self._say(sentence, "error" if level == "bad" else "small")
        else:
            self.message.emit(sentence, level)

    def _show_busy(self) -> None:
        self.go_button.setEnabled(self._busy is None)
        self.replace_button.hide()

    def _say(self, sentence: str, kind: str = "small") -> None:
        self.line.setText(sentence)
        self.line.setVisible(bool(sentence))
        set_kind(self.line, kind)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
            return
        super().keyPressEvent(event)


def folder_name(run: RunRow) -> str:
    """A name for the folder of a run's model: its title, cell and the beginning of its id."""
    words = re.sub(r"[^\w]+", "-", f"{run.title} {run.cell}".lower()).strip("-")[:60].strip("-")
    return f"{words or 'model'}-{run.uid[:6]}"


def title_of(which: str) -> str:
    """What a person reads of a choice: `Newest`, `Best on validation`, `After task 2`, `End of learn`."""
    named = {"last": "Newest", "best": "Best on validation"}
    if which in named:
        return named[which]
    task = which.removeprefix("task-")
    return f"After task {task}" if task != which else f"End of {which}"


def compared(data: Mapping[str, Any]) -> str:
    """What reading back gave, in a sentence."""
    difference = float(data.get("difference", 0.0))
    items = count(int(data.get("items", 0)), "test item")
    if difference == 0:
        return f"Read back in a fresh process, it gave the same scores on {items}, bit for bit."
    return f"Read back in a fresh process, its scores on {items} differed by at most {number(difference)}."


def export_pairs(events: Sequence[EventRow]) -> list[tuple[str, str]]:
    """The exports of a run, the newest first: where to, and what came of it."""
    found = []
    for event in reversed(events):
        data = event.data if isinstance(event.data, Mapping) else {}
        what = f"step {int(data.get('step', 0)):,}, difference {number(float(data.get('difference', 0.0)))}, {moment(event.time)}"
        found.append((str(data.get("out", "")), what))
    return found
