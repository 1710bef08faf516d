"""What stands where the table would be when it has nothing to show: why, and what to do about it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from memstudio.desktop.labels import button, label
from memstudio.desktop.runs.filter_field import EXAMPLES
from memstudio.desktop.runs.questions import Query
from memstudio.desktop.words import tr


class Empty(QFrame):
    """The place. clear(): the filter is to be cleared; example(text): this filter is to be tried."""

    clear = Signal()
    example = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("No runs"))
        self.title = label("", "heading", wrap=True)
        self.title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.text = label("", "dim", wrap=True)
        self.text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.clear_button = button("Clear the filter", self.clear.emit, "", "Show every run again")
        self.examples = QWidget()
        examples = QVBoxLayout(self.examples)
        examples.setContentsMargins(0, 8, 0, 0)
        examples.setSpacing(2)
        examples.addWidget(label("Filters look like these:", "small"), 0, Qt.AlignmentFlag.AlignHCenter)
        for text, about in EXAMPLES[:4]:
            one = button(text, partial(self.example.emit, text), "link", about, f"Try the filter {text}")
            examples.addWidget(one, 0, Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(48, 56, 48, 0)
        column.setSpacing(10)
        column.addWidget(self.title)
        column.addWidget(self.text)
        column.addWidget(self.clear_button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.examples)
        column.addStretch(1)
        self.hide()

    def show_why(self, query: Query) -> None:
        """Why a query finds nothing."""
        self.clear_button.setVisible(query.filtered)
        self.examples.setVisible(query.filtered and bool(query.where or query.text))
        if query.filtered:
            self._say("No run is like this", "Clear the filter to see every run, or change it.")
        elif query.trashed:
            self._say("The trash is empty", "Runs that are put into the trash wait here until they are restored or deleted for good.")
        else:
            self._say(
                "No runs yet",
                "Open a study on Home or build an experiment, then run it. To take in the runs of another library, drop its file here.",
            )

    def show_refusal(self, sentence: str) -> None:
        """Why the library does not answer, or not to this."""
        self.clear_button.setVisible(True)
        self.examples.hide()
        self._say("The runs cannot be shown", sentence)

    def _say(self, title: str, text: str) -> None:
        self.title.setText(title)
        self.text.setText(text)
