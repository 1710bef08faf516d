"""The line of chips above the table: the states, one study, the trash."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QWidget

from memstudio.desktop import lengths
from memstudio.desktop.labels import button, line

_STATES = (
    ("", "All"),
    ("running", "Running"),
    ("queued", "Queued"),
    ("paused", "Paused"),
    ("finished", "Finished"),
    ("stopped", "Stopped"),
    ("failed", "Failed"),
    ("lost", "Lost"),
)


class Chips(QFrame):
    """The line. state(str): runs of this state are wanted ("" = all); all_studies(); trash(bool): the trash is wanted, or not."""

    state = Signal(str)
    all_studies = Signal()
    trash = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "bar")
        lengths.fix(self, height=46)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(6)
        self.states = QButtonGroup(self)
        for state, text in _STATES:
            chip = button(text, partial(self.state.emit, state), "filter", name=f"Show {text.lower()} runs")
            chip.setCheckable(True)
            chip.setChecked(not state)
            chip.setObjectName(state)
            self.states.addButton(chip)
            row.addWidget(chip)
        self.study_chip = button("", self.all_studies.emit, "filter", "Show the runs of all studies again", "Only runs of one study")
        self.study_chip.setCheckable(True)
        self.study_chip.setMaximumWidth(220)
        self.study_chip.hide()
        row.addWidget(self.study_chip)
        row.addStretch(1)
        mark = line(upright=True)
        lengths.fix(mark, height=18)
        row.addWidget(mark)
        self.trash_chip = button("Trash", self._trash, "filter", "What was put into the trash", "Show the trash")
        self.trash_chip.setCheckable(True)
        row.addWidget(self.trash_chip)

    def show_state(self, state: str) -> None:
        """Marks the state that is shown."""
        for chip in self.states.buttons():
            chip.setChecked(chip.objectName() == state)

    def show_study(self, title: str) -> None:
        """Says that only runs of this study are shown; "" = of all."""
        self.study_chip.setVisible(bool(title))
        self.study_chip.setText(f"{title if len(title) < 28 else f'{title[:26]}…'}  ×")
        self.study_chip.setAccessibleName(f"Only runs of {title}; press to show all")
        self.study_chip.setChecked(True)

    def show_trash(self, trashed: bool) -> None:
        """Marks whether the trash is shown."""
        self.trash_chip.setChecked(trashed)

    def _trash(self) -> None:
        self.trash.emit(self.trash_chip.isChecked())
