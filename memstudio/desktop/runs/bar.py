"""The head of Runs: what is shown, the field that finds runs, and the buttons that say how they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from memstudio.desktop import icons, lengths, theme
from memstudio.desktop.labels import Elided, button, label
from memstudio.desktop.reader import Reader
from memstudio.desktop.runs.filter_field import FilterField
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import count

if TYPE_CHECKING:
    from memstudio.library.filters import Problem


class RunsBar(QFrame):
    """The bar. views(), groups(), columns(), compare(), more(): a button was pressed. `field` finds runs."""

    views = Signal()
    groups = Signal()
    columns = Signal()
    compare = Signal()
    more = Signal()

    def __init__(self, reader: Reader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "bar")
        self.counted = label("", "dim")
        self.field = FilterField(reader)
        lengths.at_least(self.field, width=220)
        self.views_button = button("Views", self.views.emit, "", "Saved views of the table (V)", "Saved views")
        self.group_button = button("Group", self.groups.emit, "", "Put runs together, with mean and spread (G)", "Group the runs")
        self.columns_button = button("Columns", self.columns.emit, "", "Which columns the table shows, in which order", "Choose columns")
        self.compare_button = button("Compare", self.compare.emit, "", "Compare the selected runs, or all runs of the study (C)")
        self.more_button = button("", self.more.emit, "", "Merge, bundle, save the table and more", "More")
        lengths.fix(self.more_button, width=34)
        row = QHBoxLayout()
        row.setContentsMargins(20, 0, 16, 0)
        row.setSpacing(8)
        row.addWidget(label("Runs", "heading"))
        row.addSpacing(2)
        row.addWidget(self.counted)
        row.addSpacing(8)
        row.addWidget(self.field, 1)
        for one in (self.views_button, self.group_button, self.columns_button, self.compare_button, self.more_button):
            row.addWidget(one)
        head = QWidget()
        lengths.fix(head, height=47)
        head.setLayout(row)
        self.wrong = Elided("", "error", lines=2)
        self.wrong.setContentsMargins(20, 0, 16, 8)
        self.wrong.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(self.wrong)
        self.field.problem.connect(self._problem)
        theme.themed.connect(self._tint)
        self._tint(theme.current())

    def show_count(self, runs: int, groups: int) -> None:
        """How many runs are shown, in how many groups."""
        self.counted.setText(f"{count(groups, 'group')} of {count(runs, 'run')}" if groups else count(runs, "run"))

    def show_group(self, by: tuple[str, ...]) -> None:
        """What the runs are grouped by, on the button."""
        words = ", ".join(by)
        self.group_button.setText(f"By {words if len(words) < 18 else words[:16] + '…'}" if by else "Group")
        self.group_button.setAccessibleName(f"Grouped by {words}" if by else "Group the runs")

    def show_view(self, name: str) -> None:
        """Which view is applied, on the button."""
        self.views_button.setText(name if 0 < len(name) < 16 else f"{name[:14]}…" if name else "Views")
        self.views_button.setAccessibleName(f"View {name}" if name else "Saved views")

    def _problem(self, problem: Problem | None) -> None:
        self.wrong.setVisible(problem is not None)
        if problem is not None:
            self.wrong.say(problem.sentence)

    def _tint(self, t: Tokens) -> None:
        self.more_button.setIcon(icons.icon("more", t))
