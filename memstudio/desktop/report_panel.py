"""Report a problem: shows what would be told, lets a person take out of it what they like, and saves it as one text file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout

from memstudio.desktop.background import Background
from memstudio.desktop.labels import button, label, line
from memstudio.desktop.overlay import Overlay
from memstudio.desktop.problem_report import Doctor, collected, facts_of
from memstudio.ground.files import write_atomically

if TYPE_CHECKING:
    from memstudio.desktop.shell import Shell
    from memstudio.experiment.document import Document
    from memstudio.library import Library

#: failed runs whose logs are told
_RUNS = 1


class ReportPanel(Overlay):
    """Floats over the window. Nothing is sent anywhere: what is done with the file is the person's own."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell, 820, 640)
        self._shell = shell
        self._background = Background("report", self)
        self._doctor: Doctor | None = None
        self.setAccessibleName("Report a problem")
        self.says = label("", "dim", wrap=True)
        self.text = QPlainTextEdit()
        self.text.setProperty("kind", "mono")
        self.text.setAccessibleName("What is saved; it can be edited")
        self.text.setTabChangesFocus(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.save_button = button("Save…", self.choose, "primary", "Save it as a text file")
        self.copy_button = button("Copy", self._copy, "", "Copy all of it", "Copy the report")
        self.close_button = button("Close", self.close_panel, "", "Close without saving (Esc)", "Close the report")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(8)
        column.addWidget(label("Report a problem", "heading"))
        column.addWidget(self.says)
        column.addWidget(line())
        column.addWidget(self.text, 1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addStretch(1)
        for each in (self.close_button, self.copy_button, self.save_button):
            foot.addWidget(each)
        column.addLayout(foot)

    def open_report(self) -> None:
        """Opens the panel and collects what is told."""
        self.text.setPlainText("")
        self._ready(False)
        self.says.setText("Looking at the installation, the logs and the open experiment…")
        self.open(self.close_button)
        self._shell.reader.ask(_library_facts, self._collect, self._without_library, key="report")

    def _without_library(self, sentence: str) -> None:
        self._collect(({"unusable": sentence}, []))

    def _collect(self, found: tuple[dict[str, object], list[Path]]) -> None:
        facts, logs = found
        documents, folder = self._shell.documents, self._shell.folder
        document: Document | None = documents.session.document if documents.begun else None
        path = documents.session.path if documents.begun else None
        said = [f"{one.level}: {one.text}" for one in self._shell.messages.history]
        if self._doctor is not None:
            self._doctor.stop()
        self._doctor = doctor = Doctor(folder)
        self._background.do(lambda: collected(folder, document, facts, logs, doctor, said, path), self._show, self._failed)

    def _show(self, text: str) -> None:
        self.text.setPlainText(text)
        self.says.setText("Exactly this is saved, as one text file; nothing is sent anywhere. Take out what you do not want to give.")
        self._ready(True)

    def _failed(self, sentence: str) -> None:
        self.says.setText(sentence)

    def _ready(self, ready: bool) -> None:
        for each in (self.save_button, self.copy_button):
            each.setEnabled(ready)
        self.text.setReadOnly(not ready)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())
        self._shell.messages.say("The report was copied.")

    def choose(self) -> QFileDialog:
        """Asks for a file with the system's own dialog, without stopping the window."""
        dialog = QFileDialog(self._shell, "Save the report", str(Path.home() / "memstudio-problem.txt"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(["Text (*.txt)"])
        dialog.setDefaultSuffix("txt")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.save)
        dialog.open()
        return dialog

    def save(self, path: Path | str) -> None:
        """Writes what is shown."""
        file, text = Path(path), self.text.toPlainText()
        say = self._shell.messages.say

        def written(_: object) -> None:
            self.close_panel()
            say(f"Saved {file.name}. Nothing was sent.")

        self._background.do(lambda: write_atomically(file, text), written, partial(say, level="bad"))

    def close_for_good(self) -> None:
        """The window closes: the look at the installation ends."""
        self.close_panel()
        if self._doctor is not None:
            self._doctor.stop()
        self._background.close()


def _library_facts(library: Library) -> tuple[dict[str, object], list[Path]]:
    failed: Sequence[str] = [row.uid for row in library.runs(state="failed", limit=_RUNS)]
    return facts_of(library), [library.log_file(uid) for uid in failed]
