"""A run's tags as chips that can be taken away, and a field to give it others; the tags of several runs in a panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLayout, QLineEdit, QVBoxLayout, QWidget

from memstudio.desktop.labels import button, label
from memstudio.desktop.runs.choice_list import ChoiceList
from memstudio.desktop.runs.choices import Choice
from memstudio.desktop.runs.flow import Flow
from memstudio.desktop.runs.panel import Panel
from memstudio.desktop.words import tr


class TagField(QLineEdit):
    """A field for one tag, completed from those that there are. given(tag): Enter or a comma ended it."""

    given = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(tr("Add a tag"))
        self.setAccessibleName(tr("Add a tag"))
        self._known = QStringListModel(self)
        completer = QCompleter(self._known, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setCompleter(completer)
        self.returnPressed.connect(self._give)
        self.textEdited.connect(lambda text: self._give() if text.endswith(",") else None)

    def show_known(self, tags: Sequence[str]) -> None:
        """The tags that there are."""
        if self._known.stringList() != list(tags):
            self._known.setStringList(list(tags))

    def _give(self) -> None:
        tag = clean(self.text())
        self.clear()
        if tag:
            self.given.emit(tag)


def clean(text: str) -> str:
    """A tag as it is kept: one line, no commas, single spaces."""
    return " ".join(text.replace(",", " ").split())[:60].strip()


class Tags(QWidget):
    """The tags of one run. changed(list of tags): these are its tags now."""

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tags: tuple[str, ...] = ()
        self.field = TagField()
        self.field.given.connect(self._add)
        self._chips = QWidget()
        self._flow = Flow(self._chips, gap=5)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self._chips)
        column.addWidget(self.field)

    @property
    def tags(self) -> tuple[str, ...]:
        """What is shown."""
        return self._tags

    def show_tags(self, tags: Sequence[str], known: Sequence[str], writable: bool) -> None:
        """Shows a run's tags; known: all that there are, to complete from."""
        self.field.show_known(known)
        self.field.setVisible(writable)
        if tuple(tags) == self._tags and self._chips.isEnabled() == writable:
            return
        self._tags = tuple(tags)
        self._chips.setEnabled(writable)
        empty(self._flow)
        for tag in self._tags:
            self._flow.addWidget(button(f"{tag}  ×", partial(self._remove, tag), "tag", f"Take the tag {tag} away", f"Take tag {tag} away"))
        self._chips.setVisible(bool(tags))

    def _add(self, tag: str) -> None:
        if tag not in self._tags:
            self.changed.emit([*self._tags, tag])

    def _remove(self, tag: str) -> None:
        self.changed.emit([other for other in self._tags if other != tag])


def empty(layout: QLayout) -> None:
    """Takes every widget out of a layout."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()


class TagPanel(Panel):
    """The tags of the selected runs. turned(tag, on): all of them are to have it, or none."""

    turned = Signal(str, bool)

    def __init__(self, anchor: QWidget) -> None:
        super().__init__(anchor, 300, 360)
        self.setAccessibleName(tr("Tags of the selected runs"))
        self._n = 0
        self.head = label("", "panel-title")
        self.field = TagField()
        self.field.given.connect(lambda tag: self.turned.emit(tag, True))
        self.tags = ChoiceList("Search tags", "Tags")
        self.tags.turned.connect(self.turned)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(8)
        column.addWidget(self.head)
        column.addWidget(self.field)
        column.addWidget(self.tags, 1)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button("Close", self.close_panel, "", "Close this panel (Esc)"))
        column.addLayout(row)

    def show_tags(self, n: int, known: Mapping[str, int], have: Mapping[str, int]) -> None:
        """n: selected runs; known: every tag of the library; have: how many of the selected runs have it."""
        self.head.setText(f"Tags of {n:,} runs" if n != 1 else "Tags of the run")
        self.field.show_known(list(known))
        choices = [
            Choice(tag, tag if have.get(tag, 0) in (0, n) else f"{tag} ({have[tag]:,} of {n:,})", "All tags")
            for tag in sorted(known, key=lambda tag: (-have.get(tag, 0), tag))
        ]
        self.tags.setVisible(bool(choices))
        self.tags.show_choices(choices, [tag for tag, number in have.items() if number == n])
