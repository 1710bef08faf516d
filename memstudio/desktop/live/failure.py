"""What went wrong: the node to blame, the sentence with what to try, the end of the log when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from memstudio.desktop.labels import button, label
from memstudio.desktop.words import tr

if TYPE_CHECKING:
    from memstudio.library import RunRow

LOST = "Its process is gone; Resume goes on from the last checkpoint."
SILENT = "The run failed without giving a reason; its log may say more."


class FailureStrip(QFrame):
    """Shows the newest of some failed runs. node_asked(str): go to this node; log_asked(str): show the end of this run's log."""

    node_asked = Signal(str)
    log_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "message")
        self.setProperty("level", "bad")
        self.setAccessibleName(tr("What went wrong"))
        self._row: RunRow | None = None
        self.text = label("", "", wrap=True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.node_button = button("", self._ask_node, "link")
        self.log_button = QPushButton("Show log")
        self.log_button.setProperty("kind", "link")
        self.log_button.setCheckable(True)
        self.log_button.toggled.connect(self._toggle_log)
        self.log = QPlainTextEdit()
        self.log.setProperty("kind", "mono")
        self.log.setReadOnly(True)
        self.log.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.log.setAccessibleName(tr("End of the run's log"))
        self.log.setMinimumHeight(96)
        self.log.setMaximumHeight(320)
        self.log.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.log.hide()
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.text, 1)
        row.addWidget(self.node_button, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.log_button, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 5, 12, 5)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.log)
        self.hide()

    def show_failures(self, rows: Sequence[RunRow]) -> None:
        """Takes the runs that failed or are lost; the newest is told."""
        if not rows:
            self._row = None
            return
        newest = max(rows, key=lambda row: row.ended or row.queued)
        if self._row is not None and newest.uid != self._row.uid:
            self.log_button.setChecked(False)
        self._row = newest
        self.text.setText(said(newest, len(rows)))
        self.text.setAccessibleName(self.text.text())
        self.node_button.setVisible(bool(newest.failed_node))
        self.node_button.setText(f"Go to {newest.failed_node}")
        self.node_button.setAccessibleName(f"Go to {newest.failed_node}")
        self.log_button.setAccessibleName(tr("Show the end of the log"))

    def show_log(self, lines: Sequence[str]) -> None:
        """Shows the end of the log that was asked for."""
        self.log.setPlainText("\n".join(lines) or "The log is empty.")
        self.log.verticalScrollBar().setValue(self.log.verticalScrollBar().maximum())

    def _toggle_log(self, shown: bool) -> None:
        self.log.setVisible(shown)
        self.log_button.setText(tr("Hide log" if shown else "Show log"))
        if shown and self._row is not None:
            self.log.setPlainText("")
            self.log_asked.emit(self._row.uid)

    def _ask_node(self) -> None:
        if self._row is not None and self._row.failed_node:
            self.node_asked.emit(self._row.failed_node)


def said(row: RunRow, number: int = 1) -> str:
    """Which run, where, and why with what to try."""
    which = f"{row.cell}, seed {row.seed:,}" if row.cell else f"Seed {row.seed:,}" if number > 1 else ""
    reason = LOST if row.state == "lost" else row.failure or SILENT
    where = f"at {row.failed_node}" if row.failed_node and row.failed_node not in reason.partition(":")[0] else ""
    start = ", ".join(part for part in (which, where) if part)
    more = f" ({number - 1:,} more went wrong.)" if number > 1 else ""
    return f"{start[:1].upper()}{start[1:]}: {reason}{more}" if start else f"{reason}{more}"
