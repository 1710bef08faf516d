"""A run's note: written where it stands, kept when typing rests or the field is left."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QFocusEvent, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from memstudio.desktop.words import tr

#: typing rests this long before the note is kept, milliseconds
RESTS = 900


class Note(QPlainTextEdit):
    """The field. written(uid, note): the run's note is another now."""

    written = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._uid, self._kept = "", ""
        self.setPlaceholderText(tr("Write a note"))
        self.setAccessibleName(tr("Note"))
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WordWrap)
        self._rest = QTimer(self, singleShot=True, interval=RESTS)
        self._rest.timeout.connect(self.keep)
        self.textChanged.connect(self._changed)

    def show_note(self, uid: str, note: str, writable: bool) -> None:
        """Shows a run's note. What is being typed stays: the library hears of it soon."""
        if uid != self._uid:
            self.keep()
        elif self._pending:
            return
        self._uid = uid
        self.setReadOnly(not writable)
        self.setVisible(writable or bool(note))
        if note != self.toPlainText():
            self.blockSignals(True)
            self.setPlainText(note)
            self.blockSignals(False)
        self._kept = note
        self._fit()

    @property
    def _pending(self) -> bool:
        return self.toPlainText() != self._kept

    def keep(self) -> None:
        """Says what was written, if it is not kept yet."""
        self._rest.stop()
        if self._uid and self._pending:
            self._kept = self.toPlainText()
            self.written.emit(self._uid, self._kept)

    def _changed(self) -> None:
        self._rest.start()
        self._fit()

    def _fit(self) -> None:
        """As high as its lines, within reason."""
        lines = max(1, min(8, int(self.document().size().height())))
        self.setFixedHeight(self.fontMetrics().lineSpacing() * lines + 20)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.keep()
