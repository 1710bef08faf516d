"""Why a run ended badly, what to try, and the end of its log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QVBoxLayout

from memstudio.desktop import lengths
from memstudio.desktop.labels import label, set_kind
from memstudio.desktop.words import tr

if TYPE_CHECKING:
    from memstudio.library import RunRow


class Log(QPlainTextEdit):
    """The end of a run's log; it stays where a person scrolled to while the same log is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "mono")
        self.setReadOnly(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("End of the run's log"))
        lengths.fix(self, height=150)

    def show_lines(self, lines: Sequence[str]) -> None:
        """Shows these lines; hidden where there are none."""
        text = "\n".join(lines)
        if text != self.toPlainText():
            self.setPlainText(text)
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())
        self.setVisible(bool(text))


class Failure(QFrame):
    """Why a run failed or was lost; for one that was stopped or never begun, why, where that is known."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.reason = label("", "error", wrap=True)
        self.reason.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.log_title = label("End of the log", "section")
        self.log = Log()
        for widget in (self.reason, self.log_title, self.log):
            column.addWidget(widget)
        self.hide()

    def show_failure(self, row: RunRow, log: Sequence[str]) -> None:
        """Shows the reason, and the log of what ended badly; hidden where there is nothing to say."""
        bad = row.state in ("failed", "lost")
        self.setVisible(bad or bool(row.why))
        set_kind(self.reason, "error" if bad else "dim")
        if bad:
            where = f"At {row.failed_node}: " if row.failed_node else ""
            reason = row.failure or "It ended without giving a reason; its log may say more."
            self.reason.setText(f"{where}{reason}{' Resume goes on from the last checkpoint.' if row.state == 'lost' else ''}")
        else:
            self.reason.setText(row.why or "")
        self.log.show_lines(log if bad else ())
        self.log_title.setVisible(bad and bool(log))
