"""Small forms of named settings: a field for each parameter, its error under it, all edits through one function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from memstudio.desktop.inspector import fields, typed
from memstudio.desktop.labels import label
from memstudio.desktop.session import Session
from memstudio.experiment.parameters import Choice, Flag, Parameter, Real, Refusal, Whole


class BlankField(fields.LineField):
    """A number that may be left out: an empty line is None; `blank` says what that means."""

    def __init__(self, parameter: Whole | Real, blank: str) -> None:
        super().__init__(parameter)
        self._number = parameter
        self.line.setPlaceholderText(blank)

    def read(self, text: str) -> Any:
        return None if not text.strip() else typed.read_number(self._number, text)

    def write(self, value: Any) -> str:
        return "" if value is None else typed.number_text(value)


class TextOf(fields.LineField):
    """A line of text with proposals, such as the name of a measure."""

    def __init__(self, parameter: Parameter, proposals: Sequence[str] = ()) -> None:
        super().__init__(parameter)
        self.propose(proposals)

    def propose(self, proposals: Sequence[str]) -> None:
        """Other proposals under the line."""
        completer = QCompleter(list(proposals), self.line)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.activated.connect(self._typed)
        self.line.setCompleter(completer)

    def read(self, text: str) -> Any:
        if not text.strip():
            raise Refusal(f"{self.parameter.title} needs the name of a measure, such as loss[split=validation].")
        return text.strip()


def settings_field(parameter: Parameter) -> fields.Field:
    """The editor of a setting: a number without its slider, a choice, a flag, or a line."""
    if isinstance(parameter, Whole | Real):
        field = fields.NumberField(parameter)
        field.slider.hide()
        return field
    if isinstance(parameter, Choice):
        return fields.ChoiceField(parameter)
    if isinstance(parameter, Flag):
        return fields.FlagField(parameter)
    return TextOf(parameter)


class SettingsForm(QWidget):
    """A row for each setting. put(name, value, merge) edits the document and returns the refusal, or None."""

    def __init__(
        self,
        session: Session,
        settings: Iterable[fields.Field],
        put: Callable[[str, Any], str | None],
        of: str = "",
    ) -> None:
        super().__init__()
        self.session, self._put = session, put
        self.fields: dict[str, fields.Field] = {}
        self.errors: dict[str, QLabel] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for field in settings:
            parameter = field.parameter
            self.fields[parameter.name] = field
            if of:
                field.editor.setAccessibleName(f"{parameter.title} {of}")
            error = label(kind="error", wrap=True)
            error.hide()
            self.errors[parameter.name] = error
            field.chosen.connect(partial(self._chosen, parameter.name))
            field.wrong.connect(partial(self._wrong, parameter.name))
            field.done.connect(session.history.stop_merging)
            layout.addWidget(_row(parameter, field))
            layout.addWidget(error)

    def show_values(self, values: Mapping[str, Any]) -> None:
        """Shows what the document has."""
        for name, field in self.fields.items():
            field.show_value(values[name])
            field.mark_wrong(False)
            self.errors[name].hide()

    def focus(self) -> None:
        """Takes the keyboard to the first field."""
        first = next(iter(self.fields.values()), None)
        if first is not None:
            first.editor.setFocus()
            if isinstance(first.editor, QLineEdit):
                first.editor.selectAll()

    def _chosen(self, name: str, value: Any) -> None:
        sentence = self._put(name, value)
        if sentence is not None:
            self._wrong(name, sentence)

    def _wrong(self, name: str, sentence: str) -> None:
        self.errors[name].setText(sentence)
        self.errors[name].show()
        self.fields[name].mark_wrong(True)


def _row(parameter: Parameter, field: fields.Field) -> QWidget:
    if isinstance(field, fields.FlagField):
        return field
    box = QWidget()
    # the name of a measure is long: it gets a line of its own
    row = QVBoxLayout(box) if isinstance(field, TextOf) else QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4 if isinstance(field, TextOf) else 8)
    name = label(parameter.title, "dim", wrap=True)
    name.setToolTip(parameter.meaning)
    row.addWidget(name, 2)
    row.addWidget(field, 3)
    return box
