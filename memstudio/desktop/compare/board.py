"""What stands on the page while runs are compared: the cards of words, the panels, where each of them is, and the time slider."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from memstudio.desktop.compare.chooser import MeasureChooser
from memstudio.desktop.compare.matrices import MatricesView
from memstudio.desktop.compare.parameters_body import ParametersBody
from memstudio.desktop.compare.saying import InWords, WhatDiffersView, card
from memstudio.desktop.compare.seen import PLOTS, MatricesSeen, Seen
from memstudio.desktop.compare.study_body import StudyBody
from memstudio.desktop.compare.table import MeasuresTable
from memstudio.desktop.labels import line
from memstudio.desktop.live.frame import Chooser, PanelFrame
from memstudio.desktop.live.legend import Legend
from memstudio.desktop.live.seen import Cell, PlotSeen
from memstudio.desktop.live.time_bar import TimeBar
from memstudio.desktop.words import tr

if TYPE_CHECKING:
    from memstudio.desktop.live.plot import Plot

TITLES = {
    "main": "Curves",
    "measures": "Measures",
    "study": "What was varied",
    "parameters": "Parameters",
    "calibration": "Calibration",
    "learning": "Learning",
    "matrices": "Matrices",
}
#: the panels whose axes can be logarithmic
_LOG_AXES = ("main", "learning", "study", "parameters")
GAP = 12
#: the cards of words are so high at least and at most, pixels
LOWEST, HIGHEST = 84, 176


class _Beside(QWidget):
    """Panels beside each other, of equal width."""

    def __init__(self) -> None:
        super().__init__()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(GAP)

    def put(self, panels: Sequence[QWidget]) -> None:
        """Holds these panels, in this order; hidden where there are none."""
        for place, panel in enumerate(panels):
            self._row.insertWidget(place, panel, 1)
        self.setVisible(bool(panels))


class Board(QWidget):
    """Shows a Seen: `show_seen`.

    chosen(panel, option): a panel is to show something else; save_wanted(panel, kind); baseline_wanted(label);
    moved(step): the curves are to be shown at this step, None for the newest.
    """

    chosen = Signal(str, str)
    save_wanted = Signal(str, str)
    baseline_wanted = Signal(str)
    moved = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.seen: Seen | None = None
        self.panels: dict[str, PanelFrame] = {}
        self.plots: dict[str, Plot] = {}
        self._logs: dict[tuple[str, str], tuple[bool, bool]] = {}
        self._make()
        self._lay_out()
        self.legend.changed.connect(self._legend_changed)
        self.table.baseline_wanted.connect(self.baseline_wanted)
        self.parameters.chosen.connect(partial(self.chosen.emit, "parameters"))
        self.time.moved.connect(self._moved)
        self.time.follow.connect(partial(self.moved.emit, None))

    # ------------------------------------------------------------------------------------------ making

    def _make(self) -> None:
        self.legend = Legend()
        self.words = InWords()
        self.differs = WhatDiffersView()
        self.table = MeasuresTable()
        self.matrices = MatricesView()
        self.study = StudyBody()
        self.parameters = ParametersBody()
        self.time = TimeBar()
        self.time.follow_button.setText(tr("Newest"))
        self.time.follow_button.setAccessibleName(tr("Show the newest stored step of every run"))
        self.time.follow_button.setToolTip(tr("Show the newest stored step of every run"))
        self._add_panel("measures", self.table, MeasureChooser("Measure"), ("csv",))
        self._add_panel("matrices", _in_scroll(self.matrices), Chooser(TITLES["matrices"]))
        self._add_panel("study", _in_scroll(self.study), MeasureChooser("Measure of the figure"))
        self._add_panel("parameters", self.parameters, Chooser("Parameter"))

    def _add_panel(self, id: str, body: QWidget, chooser: Chooser, saved_as: Sequence[str] = ("csv", "svg", "pdf", "png")) -> PanelFrame:
        frame = PanelFrame(id, TITLES[id], body, ("x", "y") if id in _LOG_AXES else (), chooser=chooser, saved_as=saved_as)
        frame.setProperty("kind", "card")
        frame.setContentsMargins(6, 7, 6, 6)
        frame.alone.setVisible(False)
        frame.chosen.connect(partial(self.chosen.emit, id))
        frame.second.chosen.connect(partial(self.chosen.emit, f"{id}.second"))
        frame.save_wanted.connect(partial(self.save_wanted.emit, id))
        frame.axes_changed.connect(partial(self._axes_changed, id))
        frame.whole_wanted.connect(partial(self._show_whole, id))
        self.panels[id] = frame
        return frame

    def _add_plot(self, id: str) -> None:
        from memstudio.desktop.live.plot import Plot

        made = self.plots[id] = Plot()
        frame = self._add_panel(id, made, MeasureChooser(TITLES[id]))
        made.zoomed.connect(frame.set_zoomed)
        frame.setMinimumHeight(236 if id == "main" else 214)

    def _lay_out(self) -> None:
        inside = QWidget()
        inside.setProperty("kind", "clear")
        self._grid = QGridLayout(inside)
        self._grid.setContentsMargins(16, 8, 16, 16)
        self._grid.setSpacing(GAP)
        self._grid.setColumnStretch(0, 5)
        self._grid.setColumnStretch(1, 4)
        self._words_card, self._differs_card = card(self.words, "In words"), card(self.differs, "What differs")
        self._rows = [(_Beside(), _Beside()) for _ in range(3)]
        self._grid.addWidget(self.legend, 0, 0, 1, 2)
        self._grid.addWidget(self._words_card, 1, 0)
        self._grid.addWidget(self._differs_card, 1, 1)
        for row, stretch in ((2, 8), (3, 8), (4, 7)):
            self._grid.setRowStretch(row, stretch)
        self.panels["measures"].setMinimumHeight(236)
        for id in ("study", "parameters"):
            self.panels[id].setMinimumHeight(264)
        self.scrolled = QScrollArea()
        self.scrolled.setWidgetResizable(True)
        self.scrolled.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scrolled.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scrolled.setAccessibleName(tr("Comparison"))
        self.scrolled.setWidget(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.scrolled, 1)
        self._above_time = line()
        whole.addWidget(self._above_time)
        whole.addWidget(self.time)

    # ------------------------------------------------------------------------------------------ showing

    def show_seen(self, seen: Seen) -> None:
        """Shows another answer."""
        for step in self.steps(seen):
            step()

    def steps(self, seen: Seen) -> list[Callable[[], object]]:
        """The same one after another, for a board that is made while something else is shown."""
        before = self.seen

        def end() -> None:
            self._show_time(seen)
            self._arrange(seen)
            if before is None or before.wish.names != seen.wish.names:
                self.scrolled.verticalScrollBar().setValue(0)
            self._order_tabs()
            self.fit_cards()

        return [
            partial(self._show_words, seen),
            partial(self._show_measures, seen),
            *(partial(self._show_plot_of, seen, id) for id in PLOTS),
            partial(self._show_matrices, seen.matrices),
            partial(self._show_study, seen),
            partial(self._show_parameters, seen),
            end,
        ]

    def _show_words(self, seen: Seen) -> None:
        self.seen = seen
        self.legend.show_cells([Cell(row.label, row.finished, row.of) for row in seen.rows])
        self.words.show_seen(seen)
        self.differs.show_seen(seen)

    def _show_measures(self, seen: Seen) -> None:
        measures = self.panels["measures"]
        measures.chooser.show_options(seen.measures, seen.measure)
        measures.show_second(seen.tests, seen.test)
        self.table.show_seen(seen)

    def show_everything(self) -> None:
        """Takes back what the legends hide."""
        self.legend.show_everything()
        self.study.legend.show_everything()

    def _show_plot_of(self, seen: Seen, id: str) -> None:
        there = seen.plots.get(id)
        if there is not None and id not in self.plots:
            self._add_plot(id)
        if id in self.panels:
            self.panels[id].setVisible(there is not None)
        if there is not None:
            self._show_plot(id, there)

    def _show_plot(self, id: str, plot: PlotSeen) -> None:
        frame = self.panels[id]
        frame.chooser.show_options(plot.options, plot.chosen)
        frame.chooser.setVisible(id != "calibration" or len(plot.options) > 1)
        frame.set_note(plot.stored)
        self.plots[id].show_seen(plot, self.legend.hidden, *self._logs_of(id, plot))

    def _logs_of(self, id: str, plot: PlotSeen) -> tuple[bool, bool]:
        """The log axes of a plot: what a person set for this very thing, else what is natural."""
        logs = self._logs.get((id, plot.chosen), (plot.log_x, False))
        for axis, on in zip(("x", "y"), logs, strict=True):
            self.panels[id].set_log(axis, on)
        return logs

    def _show_matrices(self, seen: MatricesSeen | None) -> None:
        frame = self.panels["matrices"]
        frame.setVisible(seen is not None)
        if seen is not None:
            frame.chooser.show_options(seen.options, seen.chosen)
            frame.chooser.setVisible(len(seen.options) > 1)
            frame.set_note(seen.stored)
            self.matrices.setAccessibleName(TITLES["matrices"])
            self.matrices.show_seen(seen, self.legend.hidden)

    def _show_study(self, seen: Seen) -> None:
        frame, study = self.panels["study"], seen.study
        frame.setVisible(study is not None)
        if study is not None:
            frame.chooser.show_options(study.measures, study.figure.measure)
            frame.show_second(study.forms, study.form)
            for action in frame.log.values():
                action.setEnabled(study.plot is not None)
            logs = self._logs_of("study", study.plot) if study.plot is not None else (False, False)
            self.study.show_seen(study, *logs)

    def _show_parameters(self, seen: Seen) -> None:
        frame, shown = self.panels["parameters"], seen.parameters
        frame.setVisible(shown is not None)
        if shown is not None:
            frame.chooser.show_options(shown.options, shown.plot.chosen)
            self.parameters.show_seen(shown, self.legend.hidden, *self._logs_of("parameters", shown.plot))

    def _show_time(self, seen: Seen) -> None:
        steps = seen.steps
        for widget in (self._above_time, self.time):
            widget.setVisible(steps is not None)
        if steps is not None:
            self.time.show_step(steps.stored[-1], steps.stored[-1], steps.stored, seen.wish.step, steps.at)

    def _arrange(self, seen: Seen) -> None:
        """Two columns: what says most first; what there is not leaves its place to the next."""
        left = [id for id in ("main", "study") if id in self.panels and self._is_there(id, seen)]
        right = ["measures", *(id for id in ("parameters",) if self._is_there(id, seen))]
        low = [id for id in ("calibration", "learning") if id in seen.plots]
        beside = ["matrices"] if seen.matrices is not None else []
        last: tuple[list[str], list[str]] = (low[:1], low[1:]) if not beside and len(low) == 2 else (low, beside)
        rows: list[tuple[list[str], list[str]]] = [
            ([left[i]] if i < len(left) else [], [right[i]] if i < len(right) else []) for i in range(2)
        ]
        rows.append(last)
        for place, holders in enumerate(self._rows):
            self._put(place + 2, holders, rows[place])

    def _put(self, row: int, holders: tuple[_Beside, _Beside], ids: tuple[list[str], list[str]]) -> None:
        """Puts panels into the two halves of a row; one half alone takes all of it."""
        for column, (holder, those) in enumerate(zip(holders, ids, strict=True)):
            holder.put([self.panels[id] for id in those])
            self._grid.removeWidget(holder)
            alone = not ids[1 - column]
            self._grid.addWidget(holder, row, 0 if alone else column, 1, 2 if alone else 1)

    def _is_there(self, id: str, seen: Seen) -> bool:
        there = {"main": "main" in seen.plots, "study": seen.study is not None, "parameters": seen.parameters is not None}
        return there[id]

    def fit_cards(self) -> None:
        """The cards of words are as high as what they say, up to a height above which they are scrolled."""
        cards = (self.words, self._words_card), (self.differs, self._differs_card)
        wanted = [inside.heightForWidth(around.width() - 8) for inside, around in cards]
        for _, around in cards:
            around.setFixedHeight(min(max(*wanted, LOWEST), HIGHEST) + 6)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.seen is not None:
            self.fit_cards()

    # ------------------------------------------------------------------------------------------ what a person does

    def _legend_changed(self, hidden: frozenset[int]) -> None:
        if self.seen is None:
            return
        for id, plot in self.seen.plots.items():
            self._show_plot(id, plot)
        self._show_matrices(self.seen.matrices)
        self._show_parameters(self.seen)
        self.table.show_hidden(hidden)

    def _axes_changed(self, id: str) -> None:
        seen = self.seen
        if seen is None:
            return
        study = seen.study.plot if seen.study is not None else None
        parameters = seen.parameters.plot if seen.parameters is not None else None
        plot = {"study": study, "parameters": parameters}.get(id, seen.plots.get(id))
        if plot is not None:
            self._logs[(id, plot.chosen)] = self.panels[id].log_axes
            self.show_seen(seen)

    def _show_whole(self, id: str) -> None:
        plot = {"study": self.study.plot, "parameters": self.parameters.plot}.get(id, self.plots.get(id))
        if plot is not None:
            plot.show_all()

    def _moved(self, step: int) -> None:
        self.time.say_step(step)
        self.moved.emit(step)

    # ------------------------------------------------------------------------------------------ the keyboard

    def _order_tabs(self) -> None:
        """The keyboard goes through the board as one reads it, whenever its parts were made."""
        # what is not put into the board yet has its turn when it is
        there = [stop for stop in self._stops() if stop.window() is self.window()]
        for before, after in pairwise(there):
            QWidget.setTabOrder(before, after)

    def _stops(self) -> Iterator[QWidget]:
        yield from (*self.legend.entries, self.legend.more, self.words.text)
        for id in ("main", "measures", "study", "parameters", "calibration", "learning", "matrices"):
            if id in self.panels:
                yield from self.panels[id].buttons()
                yield from self._bodies(id)
        yield from (self.time.slider, self.time.follow_button)

    def _bodies(self, id: str) -> list[QWidget]:
        """What of a panel takes the keyboard."""
        if id == "study":
            return [*self.study.legend.entries, self.study.view, *([self.study.plot] if self.study.plot is not None else [])]
        if id == "parameters":
            return [self.parameters.bars, *([self.parameters.plot] if self.parameters.plot is not None else [])]
        body: QWidget = {"measures": self.table, "matrices": self.matrices}.get(id) or self.plots[id]
        return [body]

    def areas(self) -> list[QWidget]:
        """The parts that F6 goes through."""
        found: list[QWidget] = [self.plots["main"]] if "main" in self.plots and self.plots["main"].isVisible() else []
        found.append(self.table)
        if self.panels["study"].isVisible():
            found.append(self.study.shown)
        if self.panels["parameters"].isVisible():
            found.append(self.parameters.bars)
        found += [self.plots[id] for id in ("calibration", "learning") if id in self.plots and self.plots[id].isVisible()]
        found += [self.matrices] if self.matrices.isVisible() else []
        return [*found, self.time.slider] if self.time.isVisible() else found


def _in_scroll(inside: QWidget) -> QScrollArea:
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    inside.setProperty("kind", "clear")
    scroll.setWidget(inside)
    return scroll
