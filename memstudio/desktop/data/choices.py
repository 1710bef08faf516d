"""The choices of the preview: what kind of data it is, what is asked after, how it is split; each suggestion with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QSpinBox, QVBoxLayout, QWidget

from memstudio.desktop.inspector.fields import combo
from memstudio.desktop.labels import label
from memstudio.experiment.data.plans import is_arrays
from memstudio.experiment.data.records import Seen
from memstudio.experiment.data.suggesting import KINDS, OWN

_TITLES = {
    "kind": "What it is",
    "target": "Target",
    "bins": "Cut into",
    "images": "Images",
    "tokens": "Tokens",
    "id": "Sequence",
    "order": "Order",
    "asked": "Asked",
    "missing": "Missing values",
    "split": "Split",
    "split_by": "Split by",
    "held_out": "Held out, each of two",
    "experiences": "Experiences",
    "scenario": "Scenario",
}
_OPTIONS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "kind": tuple(KINDS.items()),
    "asked": (("item", "Once a sequence"), ("position", "At each position")),
    "missing": (("refuse", "Refuse them"), ("drop", "Drop their items"), ("fill", "Training mean and a flag")),
    "split": (("shares", "By seeded shares"), ("column", "By a column"), ("order", "By order, newest last")),
    "scenario": (
        ("class-incremental", "Class-incremental"),
        ("task-incremental", "Task-incremental"),
        ("domain-incremental", "Domain-incremental"),
    ),
}
_NUMBERS = {"bins": (0, 64, " classes"), "held_out": (1, 50, " %")}


class Choices(QWidget):
    """The form. changed(name, value): a person chose something ("kind" for the kind)."""

    changed = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self.editors: dict[str, QComboBox | QSpinBox] = {}
        self._whole: dict[str, QWidget] = {}
        self._why: dict[str, Any] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for name, title in _TITLES.items():
            column.addWidget(self._row(name, title))
        column.addStretch(1)

    def _row(self, name: str, title: str) -> QWidget:
        if name in _NUMBERS:
            low, high, unit = _NUMBERS[name]
            spin = QSpinBox()
            spin.setRange(low, high)
            spin.setSuffix(unit)
            if name == "bins":
                spin.setSpecialValueText("each value is a class")
            spin.valueChanged.connect(partial(self.changed.emit, name))
            editor: QComboBox | QSpinBox = spin
        else:
            box = combo([*_OPTIONS.get(name, ())])
            box.activated.connect(partial(self._chosen, name))
            editor = box
        editor.setAccessibleName(title)
        self.editors[name] = editor
        why = label("", "small", wrap=True)
        why.hide()
        self._why[name] = why
        row = QWidget()
        inside = QVBoxLayout(row)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(2)
        inside.addWidget(label(title, "dim"))
        inside.addWidget(editor)
        inside.addWidget(why)
        self._whole[name] = row
        return row

    def _chosen(self, name: str, index: int) -> None:
        box = self.editors[name]
        assert isinstance(box, QComboBox)
        self.changed.emit(name, box.itemData(index))

    def show_values(self, kind: str, values: Mapping[str, Any], reasons: Mapping[str, str], file: Mapping[str, Any], seen: Seen) -> None:
        """Shows what is chosen, and the rows that this kind of data has."""
        arrays = is_arrays(file)
        for name, editor in self.editors.items():
            there = name == "kind" or name in values
            there = there and not (arrays and name in ("id", "order"))
            there = there and not (name == "split_by" and values["split"] == "shares")
            there = there and not (name == "scenario" and not values["experiences"])
            there = there and not (name == "held_out" and values["split"] == "column")
            self._whole[name].setVisible(there)
            self._why[name].setText(reasons.get(name, ""))
            self._why[name].setVisible(bool(reasons.get(name)))
            if not there:
                continue
            with QSignalBlocker(editor):
                if isinstance(editor, QSpinBox):
                    editor.setValue(int(values[name]))
                elif name == "kind":
                    self._fill_kinds(editor, arrays)
                    editor.setCurrentIndex(editor.findData(kind))
                elif name in _OPTIONS:
                    editor.setCurrentIndex(editor.findData(values[name]))
                else:
                    self._fill(editor, name, kind, str(values[name]), seen)

    def _fill_kinds(self, box: QComboBox, arrays: bool) -> None:
        box.clear()
        for kind, title in KINDS.items():
            if arrays or kind != "images":
                box.addItem(title, kind)

    def _fill(self, box: QComboBox, name: str, kind: str, value: str, seen: Seen) -> None:
        """Columns that may stand here, after the empty choice."""
        none = {"experiences": "None: all at once", "split_by": "By the order of the file", "order": "The order of the file"}
        box.clear()
        box.addItem(none.get(name, "The likeliest"), "")
        for column in seen.columns[:200]:
            deep = bool(column.shape)
            if name == "images" and len(column.shape) < 2:
                continue
            if name not in ("images", "tokens", "target") and deep:
                continue
            if name == "target" and (len(column.shape) > 1 or (deep and "asked" not in OWN[kind])):
                continue
            box.addItem(column.name, column.name)
        at = box.findData(value)
        if at < 0:
            box.addItem(value, value)
            at = box.count() - 1
        box.setCurrentIndex(at)
