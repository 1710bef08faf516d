"""The field that finds runs: words, or a filter with completion while it is typed and its mistake marked where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRect, QTimer, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen, Qt
from PySide6.QtWidgets import QLineEdit, QToolButton, QWidget

from memstudio.desktop import theme
from memstudio.desktop.reader import Reader
from memstudio.desktop.runs.completions import Completions
from memstudio.desktop.runs.questions import is_filter
from memstudio.desktop.words import tr

if TYPE_CHECKING:
    from memstudio.library.completing import Completion
    from memstudio.library.filters import Problem

#: typing rests this long before runs are asked for, milliseconds
TYPING = 220
#: and this long before completions are, milliseconds
COMPLETING = 60
WORDS = "Search, or filter: recall > 0.9 and seed = 0"
#: filters to begin with: what they show, for people who have not met the language
EXAMPLES = (
    ('state = "finished" and recall > 0.9', "measures and fields, joined with and, or, not"),
    ('memory = "gated delta rule" and seed in (0, 1, 2)', "a setting of a study by its name"),
    ("mem1.heads >= 4", "a parameter by its address"),
    ("queued within 2 days and took > 5 min", "times"),
    ('note ~ "odd" or tag = "paper"', "~ finds part of a text"),
    ("starred and not baseline", "marks"),
    ("recall is missing", "what was never measured"),
)


class FilterField(QLineEdit):
    """The field. typed(str): a text to show the runs of; problem(Problem or None): what is wrong with the text, where."""

    typed = Signal(str)
    problem = Signal(object)

    def __init__(self, reader: Reader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reader = reader
        self._problem: Problem | None = None
        self._popup: Completions | None = None
        self._said = ""
        self.setPlaceholderText(WORDS)
        self.setAccessibleName(tr("Search or filter the runs"))
        self.setAccessibleDescription(tr("Ctrl+Space completes"))
        self.setClearButtonEnabled(True)
        for clear in self.findChildren(QToolButton):
            clear.setAccessibleName(tr("Clear the filter"))
        self._rest = QTimer(self, singleShot=True, interval=TYPING)
        self._rest.timeout.connect(self.say)
        self._soon = QTimer(self, singleShot=True, interval=COMPLETING)
        self._soon.timeout.connect(self._ask)
        self.textChanged.connect(self._changed)
        self.textEdited.connect(self._edited)
        self.returnPressed.connect(self.say)

    # ------------------------------------------------------------------------------------------ what is typed

    def show_text(self, text: str) -> None:
        """Shows a text as if it had been typed and found right."""
        self.blockSignals(True)
        self.setText(text)
        self.blockSignals(False)
        self._said = text.strip()
        self._rest.stop()
        self.mark(None)
        self.hide_completions()

    def say(self) -> None:
        """Says what is typed, if it is another text than before; what is wrong with it is said and marked instead."""
        self._rest.stop()
        text = self.text().strip()
        if text == self._said:
            return
        if not is_filter(text):
            self._say(text)
            return
        self._reader.ask(lambda library: library.check_where(text), lambda found: self._checked(text, found), key=("check", id(self)))

    def _checked(self, text: str, found: Problem | None) -> None:
        if text != self.text().strip():
            return
        self.mark(found)
        if found is None:
            self._say(text)

    def _say(self, text: str) -> None:
        self.mark(None)
        self._said = text
        self.typed.emit(text)

    def _changed(self) -> None:
        if self._problem is not None:
            self.mark(None)
        self._rest.start()

    def _edited(self, text: str) -> None:
        if text.strip():
            self._soon.start()
        else:
            self.hide_completions()

    # ------------------------------------------------------------------------------------------ what is wrong

    def mark(self, problem: Problem | None) -> None:
        """Marks the place of a mistake; None: there is none."""
        self._problem = problem
        self.setProperty("wrong", "true" if problem is not None else "false")
        self.style().unpolish(self)
        self.style().polish(self)
        self.problem.emit(problem)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._problem is None:
            return
        text = self.text()
        indent = len(text) - len(text.lstrip())
        start, end = self._problem.start + indent, max(self._problem.end, self._problem.start + 1) + indent
        left, right = self._place(start), self._place(end) if end <= len(text) else self._place(len(text)) + 7
        painter = QPainter(self)
        painter.setClipRect(self.rect().adjusted(8, 2, -28, -2))
        painter.setPen(QPen(QColor(theme.current().bad), 1.4))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        y = self.height() / 2 + self.fontMetrics().height() / 2
        steps = [left + 2.5 * i for i in range(int((right - left) / 2.5) + 2)]
        for i, (x, beyond) in enumerate(pairwise(steps)):
            painter.drawLine(QPointF(x, y - (i % 2) * 2), QPointF(beyond, y - (1 - i % 2) * 2))

    def _place(self, at: int) -> float:
        """Where a character begins, in points from the left of the field, however far the text is scrolled."""
        measure, text = self.fontMetrics(), self.text()
        cursor = self.cursorRect().center().x() - measure.horizontalAdvance(text[: self.cursorPosition()])
        return float(cursor + measure.horizontalAdvance(text[:at]))

    # ------------------------------------------------------------------------------------------ completing

    @property
    def completions(self) -> Completions:
        """The list below the field; made when it is first needed."""
        if self._popup is None:
            self._popup = Completions(self.window())
            self._popup.taken.connect(self._take)
        return self._popup

    def hide_completions(self) -> None:
        """Closes the list below the field."""
        self._soon.stop()
        if self._popup is not None:
            self._popup.hide()

    def complete(self) -> None:
        """Lists what can stand here: completions, or examples in an empty field."""
        if self.text().strip():
            self._ask()
        else:
            self._list([], examples=True)

    def _ask(self) -> None:
        text, at = self.text(), self.cursorPosition()

        def answered(found: Sequence[Completion]) -> None:
            if self.hasFocus() and text == self.text():
                self._list(found)

        self._reader.ask(lambda library: library.complete(text, at), answered, lambda sentence: None, ("complete", id(self)))

    def _list(self, found: Sequence[Completion], examples: bool = False) -> None:
        if examples:
            self.completions.show_examples(EXAMPLES)
        else:
            self.completions.show_found(found, self.text())
        corner = self.mapTo(self.window(), self.rect().bottomLeft())
        wide = self.width() if examples or not found else max(280, min(460, self.width()))
        left = (
            corner.x()
            if examples or not found
            else round(corner.x() + max(0.0, min(self._place(found[0].start), self.width() - 200.0)) - 10)
        )
        self.completions.place(QRect(left, corner.y() + 5, max(wide, 280), 0))

    def _take(self, taken: Completion | str) -> None:
        if isinstance(taken, str):
            self.setText(taken)
        else:
            text = self.text()
            self.setText(text[: taken.start] + taken.text + text[taken.end :])
            self.setCursorPosition(taken.start + len(taken.text))
        self.hide_completions()
        if not isinstance(taken, str) and taken.kind in ("name", "operator") and self.text():
            self._soon.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._in_list(event):
            return
        plain, control = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
        if (event.key(), event.modifiers()) in ((Qt.Key.Key_Space, control), (Qt.Key.Key_Down, plain)):
            self.complete()
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            self.say()
        else:
            super().keyPressEvent(event)

    def _in_list(self, event: QKeyEvent) -> bool:
        """Keys that belong to the list while it is open: up and down, Tab and Enter to take, Esc to close."""
        popup = self._popup
        if popup is None or not popup.isVisible():
            return False
        by = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}.get(Qt.Key(event.key()))
        key = event.key()
        enter = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if by is not None:
            popup.move_by(by)
        elif key == Qt.Key.Key_Tab or (enter and popup.chosen):
            popup.take()
        elif key == Qt.Key.Key_Escape:
            popup.hide()
        else:
            if enter:
                popup.hide()
            return False
        return True

    def event(self, event: QEvent) -> bool:
        # Tab would leave the field before keyPressEvent sees it
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Tab and self._in_list(event):
            return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.hide_completions()
