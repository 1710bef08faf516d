"""Fewer rows of a long form: those that words are found in, and those that were changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from memstudio.desktop.inspector.fold import Fold
from memstudio.desktop.inspector.form import Form
from memstudio.desktop.labels import button, label, search_field

#: a form with more rows than this can be narrowed
MANY = 10


class Narrowing(QWidget):
    """The line above forms. folds: those that are folded away; they open while something in them is found. Both may still be growing."""

    def __init__(self, forms: Sequence[Form], folds: Callable[[], Sequence[tuple[Form, Fold]]]) -> None:
        super().__init__()
        self._forms, self._folds = forms, folds
        self._were_open: list[bool] | None = None
        self.field = search_field("Filter parameters")
        self.field.textChanged.connect(self.apply)
        self.field.installEventFilter(self)
        self.changed = button("Changed", self.apply, "filter", "Only those that differ from their default", "Only changed parameters")
        self.changed.setCheckable(True)
        self.none = label(kind="dim", wrap=True)
        self.none.hide()
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.field, 1)
        row.addWidget(self.changed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(row)
        layout.addWidget(self.none)

    @property
    def is_on(self) -> bool:
        """Whether anything may be left out."""
        return bool(self.field.text().strip()) or self.changed.isChecked()

    def apply(self, *_: object) -> None:
        """Shows what fits; what is folded away opens while it is looked through."""
        words, only_changed = self.field.text(), self.changed.isChecked()
        folds = self._folds()
        numbers = {form: form.narrow(words, only_changed) for form in self._forms}
        if self.is_on and self._were_open is None:
            self._were_open = [fold.head.isChecked() for _, fold in folds]
        for place, (form, fold) in enumerate(folds):
            fold.setVisible(not self.is_on or numbers[form] > 0)
            if self.is_on:
                fold.head.setChecked(True)
            elif self._were_open is not None:
                fold.head.setChecked(self._were_open[place])
        if not self.is_on:
            self._were_open = None
        found = sum(numbers.values())
        self.none.setVisible(self.is_on and not found)
        self.none.setText(f"No parameter has {words.strip()!r} in its name or help." if words.strip() else "Every value is as by default.")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape empties the line."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape and self.field.text():
            self.field.clear()
            return True
        return super().eventFilter(watched, event)
