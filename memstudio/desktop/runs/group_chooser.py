"""What the runs of the table are grouped by."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from memstudio.desktop.labels import button, label
from memstudio.desktop.runs.choice_list import ChoiceList
from memstudio.desktop.runs.choices import Choice
from memstudio.desktop.runs.panel import Panel
from memstudio.desktop.words import tr

#: names that groups are made of at most: more say nothing
MOST = 4


class GroupChooser(Panel):
    """The panel. chosen(tuple of names): the runs that agree in these stand together; () = no groups. folded(bool): all open or not."""

    chosen = Signal(object)
    folded = Signal(bool)

    def __init__(self, anchor: QWidget) -> None:
        super().__init__(anchor, 320, 440)
        self.setAccessibleName(tr("Group the runs"))
        self._by: tuple[str, ...] = ()
        self.names = ChoiceList("Search names", "Names to group by")
        self.names.turned.connect(self._turned)
        self.ungroup_button = button("No groups", self._ungroup, "", "Show every run by itself")
        self.open_button = button("Unfold all", self._open, "", "Show the runs of every group", "Unfold every group")
        self.close_button = button("Fold all", self._close, "", "Show only the groups", "Fold every group")
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for one in (self.ungroup_button, self.open_button, self.close_button):
            buttons.addWidget(one)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(8)
        column.addWidget(
            label("Runs that agree in these stand together, with mean and 95 % interval of the finished ones.", "small", wrap=True)
        )
        column.addWidget(self.names, 1)
        column.addLayout(buttons)

    def show_names(self, choices: Sequence[Choice], by: Sequence[str]) -> None:
        """Shows what there is to group by and what is grouped by now."""
        self._by = tuple(by)
        self.names.show_choices(choices, by)
        for one in (self.ungroup_button, self.open_button, self.close_button):
            one.setEnabled(bool(by))

    def _turned(self, id: str, on: bool) -> None:
        by = tuple(name for name in self._by if name != id)
        self.chosen.emit((*by, id)[-MOST:] if on else by)

    def _ungroup(self) -> None:
        self.chosen.emit(())

    def _open(self) -> None:
        self.folded.emit(True)

    def _close(self) -> None:
        self.folded.emit(False)
