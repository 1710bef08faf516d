"""The body of the study panel: a legend of the second axis, the figure as lines, dots or heat map, and what must be known besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from memstudio.desktop.compare.figure_view import FigureView
from memstudio.desktop.compare.seen import StudySeen
from memstudio.desktop.labels import Elided
from memstudio.desktop.live.legend import Legend
from memstudio.desktop.live.seen import Cell
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import tr

if TYPE_CHECKING:
    from memstudio.desktop.live.plot import Plot


class StudyBody(QWidget):
    """Shows a StudySeen: `show_seen`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.seen: StudySeen | None = None
        self.legend = Legend()
        self.view = FigureView()
        self.plot: Plot | None = None
        self.notes = Elided("", "axis", lines=2)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.view)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.legend)
        column.addWidget(self.stack, 1)
        column.addWidget(self.notes)
        self.legend.changed.connect(self._hide)

    def show_seen(self, seen: StudySeen, log_x: bool, log_y: bool) -> None:
        """Shows a figure. log_x, log_y: log axes of its lines."""
        self.seen = seen
        figure = seen.figure
        number = (1 - seen.along if seen.kind == "lines" else 1) if len(figure.axes) > 1 and seen.kind != "heat" else None
        self.legend.show_cells([] if number is None else [Cell(case, 1, 1) for case in figure.axes[number].cases])
        self._logs = (log_x, log_y)
        if seen.plot is not None:
            # what is not shown asks for no room
            self.view.setMinimumHeight(0)
            self._show_lines()
        else:
            self.view.show_seen(seen, self.legend.hidden)
        self.setFocusProxy(self.shown)
        self.stack.setCurrentIndex(0 if seen.plot is None else 1)
        words = " ".join(figure.notes)
        if seen.kind == "heat":
            words = words.replace("Hollow:", "Dashed:")
        elif seen.kind == "lines":
            words = words.replace("Hollow:", "Small marks:")
        self.notes.say(words)
        self.notes.setVisible(bool(words))

    @property
    def shown(self) -> QWidget:
        """What of it is seen: the plot of lines, or dots and heat maps."""
        return self.plot if self.plot is not None and self.seen is not None and self.seen.plot is not None else self.view

    def _show_lines(self) -> None:
        from memstudio.desktop.live.plot import Plot

        if self.plot is None:
            self.plot = Plot()
            self.plot.setAccessibleName(tr("What was varied"))
            self.stack.addWidget(self.plot)
        assert self.seen is not None
        if self.seen.plot is not None:
            self.plot.show_seen(self.seen.plot, self.legend.hidden, *self._logs)

    def _hide(self, hidden: frozenset[int]) -> None:
        if self.seen is None:
            return
        if self.seen.plot is not None:
            self._show_lines()
        else:
            self.view.show_seen(self.seen, hidden)

    # ------------------------------------------------------------------------------------------ as a figure

    def draw_figure(self, painter: QPainter, t: Tokens) -> None:
        """Paints what is shown from the painter's origin in the colours of a theme."""
        if self.seen is not None and self.seen.plot is not None and self.plot is not None:
            self.plot.draw_figure(painter, t)
        else:
            self.view.draw_figure(painter, t)

    @property
    def figure_size(self) -> QSize:
        """The size of a figure of it."""
        return self.plot.size() if self.seen is not None and self.seen.plot is not None and self.plot is not None else self.view.figure_size
