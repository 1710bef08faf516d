"""Compare: runs beside each other in words, curves, calibration, matrices and measures, with what differs between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QActionGroup, QPainter, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QGridLayout, QHBoxLayout, QMenu, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from memstudio.desktop.compare import writing
from memstudio.desktop.compare.chooser import MeasureChooser
from memstudio.desktop.compare.look import Look, offered
from memstudio.desktop.compare.matrices import MatricesView
from memstudio.desktop.compare.saying import InWords, WhatDiffersView, card
from memstudio.desktop.compare.seen import PLOTS, MatricesSeen, Offered, Seen, Wish
from memstudio.desktop.compare.start import StartView
from memstudio.desktop.compare.table import MeasuresTable
from memstudio.desktop.labels import Elided, button
from memstudio.desktop.live.figure import figure
from memstudio.desktop.live.frame import PanelFrame, plain
from memstudio.desktop.live.legend import Legend
from memstudio.desktop.live.seen import Cell, PlotSeen
from memstudio.desktop.tokens import Tokens
from memstudio.ground.files import write_atomically
from memstudio.library.comparison import heading

if TYPE_CHECKING:
    from memstudio.desktop.live.plot import Plot
    from memstudio.desktop.reader import Reader
    from memstudio.library import Library

#: the page looks for runs that ended meanwhile at most this often, milliseconds
FOLLOW = 1_000
_TITLES = {"main": "Curves", "learning": "Learning", "calibration": "Calibration", "matrices": "Accuracy matrices", "measures": "Measures"}
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


class ComparePage(QWidget):
    """The page: `show_study`, `show_runs`. runs_asked(): the Runs page is wanted; said(text, level): a sentence for the message line."""

    runs_asked = Signal()
    said = Signal(str, str)

    def __init__(self, reader: Reader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Compare")
        self.reader = reader
        self.wish = Wish()
        self.seen: Seen | None = None
        self.offered: tuple[Offered, ...] = ()
        self.panels: dict[str, PanelFrame] = {}
        self.plots: dict[str, Plot] = {}
        self._look = Look()
        self._logs: dict[tuple[str, str], tuple[bool, bool]] = {}
        self._told = ""
        self._follow = QTimer(self, singleShot=True, interval=FOLLOW)
        self._follow.timeout.connect(self._ask)
        self._make()
        self._lay_out()
        self._connect()
        self._show_start()

    # ------------------------------------------------------------------------------------------ making

    def _make(self) -> None:
        self.title = Elided("Compare", "heading")
        self.ways_button = button("", self._open_ways, tip="What makes a group", name="Group runs by")
        self.other_button = button("Compare another…", self._open_studies, tip="Compare another study, or other runs")
        self.legend = Legend()
        self.words = InWords()
        self.differs = WhatDiffersView()
        self.table = MeasuresTable()
        self.matrices = MatricesView()
        self.start = StartView()
        self._add_panel("measures", self.table, MeasureChooser("Measure"), (), ("csv",))
        self._add_panel("matrices", self._in_scroll(self.matrices), None, ())

    def _in_scroll(self, inside: QWidget) -> QScrollArea:
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside.setProperty("kind", "clear")
        scroll.setWidget(inside)
        return scroll

    def _lay_out(self) -> None:
        self.stack = QStackedWidget()
        self.stack.addWidget(self.start)
        self.stack.addWidget(self._compared())
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addWidget(self._bar())
        page.addWidget(self.stack, 1)

    def _bar(self) -> QFrame:
        bar = QFrame()
        bar.setProperty("kind", "bar")
        bar.setFixedHeight(48)
        row = QHBoxLayout(bar)
        row.setContentsMargins(20, 0, 16, 0)
        row.setSpacing(10)
        row.addWidget(self.title, 1)
        row.addWidget(self.ways_button)
        row.addWidget(self.other_button)
        return bar

    def _compared(self) -> QScrollArea:
        inside = QWidget()
        inside.setProperty("kind", "clear")
        self._grid = QGridLayout(inside)
        self._grid.setContentsMargins(16, 8, 16, 16)
        self._grid.setSpacing(GAP)
        self._grid.setColumnStretch(0, 5)
        self._grid.setColumnStretch(1, 4)
        self._words_card, self._differs_card = card(self.words, "In words"), card(self.differs, "What differs")
        self._left, self._right = _Beside(), _Beside()
        self._grid.addWidget(self.legend, 0, 0, 1, 2)
        self._grid.addWidget(self._words_card, 1, 0)
        self._grid.addWidget(self._differs_card, 1, 1)
        self._grid.addWidget(self.panels["measures"], 2, 1)
        self._grid.addWidget(self._left, 3, 0)
        self._grid.addWidget(self._right, 3, 1)
        self._right.put([self.panels["matrices"]])
        for row, stretch in ((2, 8), (3, 7)):
            self._grid.setRowStretch(row, stretch)
        self.panels["measures"].setMinimumHeight(236)
        self._inside = inside
        self.scrolled = QScrollArea()
        self.scrolled.setWidgetResizable(True)
        self.scrolled.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scrolled.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scrolled.setAccessibleName("Comparison")
        self.scrolled.setWidget(inside)
        return self.scrolled

    def _connect(self) -> None:
        self.reader.changed.connect(self._changed)
        self.legend.changed.connect(self._legend_changed)
        self.table.baseline_wanted.connect(self.show_baseline)
        self.start.chosen.connect(self.show_study)
        self.start.runs_asked.connect(self.runs_asked)

    def _add_panel(
        self, id: str, body: QWidget, chooser: MeasureChooser | None, axes: Sequence[str], saved_as: Sequence[str] | None = None
    ) -> PanelFrame:
        kinds = ("csv", "svg", "pdf", "png") if saved_as is None else tuple(saved_as)
        frame = PanelFrame(id, _TITLES[id], body, axes, chooser=chooser, saved_as=kinds)
        frame.setProperty("kind", "card")
        frame.setContentsMargins(6, 7, 6, 6)
        frame.alone.setVisible(False)
        frame.chosen.connect(partial(self._chosen, id))
        frame.save_wanted.connect(partial(self._choose_file, id))
        frame.axes_changed.connect(partial(self._axes_changed, id))
        frame.whole_wanted.connect(partial(self._show_whole, id))
        self.panels[id] = frame
        return frame

    def _add_plot(self, id: str) -> None:
        from memstudio.desktop.live.plot import Plot

        made = self.plots[id] = Plot()
        made.zoomed.connect(partial(self._zoomed, id))
        frame = self._add_panel(id, made, MeasureChooser(_TITLES[id]), ("x", "y") if id != "calibration" else ())
        frame.setMinimumHeight(236 if id == "main" else 214)
        if id == "main":
            self._grid.addWidget(frame, 2, 0)

    # ------------------------------------------------------------------------------------------ what is compared

    def show_study(self, study: str) -> None:
        """Compares the cells of a study."""
        self._wish(Wish(studies=(study,)))

    def show_runs(self, runs: Sequence[str]) -> None:
        """Compares runs: in groups where they differ in their seeds only, else each by itself."""
        self._wish(Wish(runs=tuple(runs)))

    def show_baseline(self, label: str) -> None:
        """Compares every group with this one."""
        self._change(baseline=label)

    def show_measure(self, measure: str) -> None:
        """Shows another measure in the table and in words."""
        self._change(measure=measure)

    def show_way(self, way: str) -> None:
        """Groups the runs another way: by cells, documents, or each run by itself."""
        self.legend.show_everything()
        self._change(by=way, baseline="")

    def _wish(self, wish: Wish) -> None:
        # what the plots were told to show is kept from one comparison to the next
        self.wish, self._told = replace(wish, chosen=self.wish.chosen), ""
        self.legend.show_everything()
        if self.seen is None:
            self.title.say("Compare")
            self.start.title.setText("Reading what was measured")
        self._ask()

    def _change(self, **changes: object) -> None:
        self.wish = replace(self.wish, **changes)  # type: ignore[arg-type]
        self._ask()

    def _changed(self) -> None:
        if self.isVisible() and not self._follow.isActive():
            self._follow.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask_studies()
        self._ask()

    def _ask(self) -> None:
        """Asks for what is compared, and while studies are offered for those."""
        if self.stack.currentIndex() == 0 or not self.offered:
            self._ask_studies()
        if not self.wish.names:
            return
        look, wish = self._look, self.wish
        fresh = self.seen is None or self.seen.wish != wish
        self.reader.ask(lambda library: look(library, wish, fresh), self._answered, self._refused, key=("compare", id(self)))

    def _ask_studies(self) -> None:
        self.reader.ask(offered, self._show_offered, _ignore, key=("compare.studies", id(self)))

    def _answered(self, seen: Seen | None) -> None:
        if seen is not None and seen.wish == self.wish:
            self._show(seen)

    def _refused(self, sentence: str) -> None:
        if self.seen is None or self.seen.wish.names != self.wish.names:
            self.seen = None
            self._show_start(sentence)
        elif sentence != self._told:
            # the same trouble at every change of the library is said once
            self._told = sentence
            self.said.emit(sentence, "bad")

    # ------------------------------------------------------------------------------------------ showing

    def _show_start(self, sentence: str = "") -> None:
        self.title.say("Compare")
        self.start.say(sentence)
        self.setFocusProxy(self.start.runs_button)
        self.ways_button.hide()
        self.other_button.hide()
        self.stack.setCurrentIndex(0)

    def _show_offered(self, found: tuple[Offered, ...]) -> None:
        self.offered = found
        self.start.show_studies(found)

    def _show(self, seen: Seen) -> None:
        before, self.seen = self.seen, seen
        self.title.say(f"Compare {heading(seen.comparison)}")
        self.ways_button.setText(next((one.title for one in seen.ways if one.id == seen.comparison.by), ""))
        self.ways_button.setAccessibleName(f"{self.ways_button.text()}; press to group otherwise")
        self.legend.show_cells([Cell(row.label, row.finished, row.of) for row in seen.rows])
        self.words.show_seen(seen)
        self.differs.show_seen(seen)
        self.panels["measures"].chooser.show_options(seen.measures, seen.measure)
        self.table.show_seen(seen)
        self._show_plots(seen)
        self._show_matrices(seen.matrices)
        self._arrange(seen)
        self.ways_button.show()
        self.other_button.show()
        # the keyboard goes on with the table, not with whatever comes after the button that was pressed
        inside = self.start.isAncestorOf(focus) if (focus := self.focusWidget()) is not None else False
        self.stack.setCurrentIndex(1)
        self.setFocusProxy(self.table)
        if inside:
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        if before is None or before.wish.names != seen.wish.names:
            self.scrolled.verticalScrollBar().setValue(0)
        self._order_tabs()
        self._fit_cards()

    def _fit_cards(self) -> None:
        """The cards of words are as high as what they say, up to a height above which they are scrolled."""
        wanted = [inside.heightForWidth(around.width() - 8) for inside, around in self._cards()]
        for _, around in self._cards():
            around.setFixedHeight(min(max(*wanted, LOWEST), HIGHEST) + 6)

    def _cards(self) -> tuple[tuple[QWidget, QFrame], ...]:
        return (self.words, self._words_card), (self.differs, self._differs_card)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.seen is not None:
            self._fit_cards()

    def _show_plots(self, seen: Seen) -> None:
        for id in PLOTS:
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
        frame.set_note(f"step {plot.step:,}" if plot.step is not None else "")
        log_x, log_y = self._logs.get((id, plot.chosen), (plot.log_x, False))
        frame.set_log("x", log_x)
        frame.set_log("y", log_y)
        self.plots[id].show_seen(plot, self.legend.hidden, log_x, log_y)

    def _show_matrices(self, seen: MatricesSeen | None) -> None:
        frame = self.panels["matrices"]
        frame.setVisible(seen is not None)
        if seen is not None:
            frame.chooser.show_options(seen.options, seen.chosen)
            frame.chooser.setVisible(len(seen.options) > 1)
            frame.set_note(f"step {seen.step:,}" if seen.step is not None else "")
            self.matrices.setAccessibleName("Accuracy matrices")
            self.matrices.show_seen(seen, self.legend.hidden)

    def _arrange(self, seen: Seen) -> None:
        """The lowest row: calibration and learning at the left and the matrices at the right, or what of them there is."""
        left = [id for id in ("calibration", "learning") if id in seen.plots]
        right = ["matrices"] if seen.matrices is not None else []
        if not right and len(left) == 2:
            left, right = left[:1], left[1:]
        for holder, ids in ((self._left, left), (self._right, right)):
            holder.put([self.panels[id] for id in ids])
        self._grid.removeWidget(self._left)
        self._grid.addWidget(self._left, 3, 0, 1, 1 if right else 2)

    def _order_tabs(self) -> None:
        """The keyboard goes through the page as one reads it, whenever its parts were made."""
        order: list[QWidget] = [self.ways_button, self.other_button, *self.legend.entries, self.legend.more, self.words.text]
        for id in ("main", "measures", "calibration", "learning", "matrices"):
            if id in self.panels:
                body = {"measures": self.table, "matrices": self.matrices}.get(id) or self.plots[id]
                order += [*self.panels[id].buttons(), body]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

    # ------------------------------------------------------------------------------------------ what a person does

    def _chosen(self, id: str, what: str) -> None:
        if id == "measures":
            self.show_measure(what)
        else:
            self._change(chosen={**self.wish.chosen, id: what})

    def _legend_changed(self, hidden: frozenset[int]) -> None:
        if self.seen is None:
            return
        for id, plot in self.seen.plots.items():
            self._show_plot(id, plot)
        self._show_matrices(self.seen.matrices)
        self.table.show_hidden(hidden)

    def _axes_changed(self, id: str) -> None:
        if self.seen is not None and id in self.seen.plots:
            plot = self.seen.plots[id]
            self._logs[(id, plot.chosen)] = self.panels[id].log_axes
            self._show_plot(id, plot)

    def _zoomed(self, id: str, zoomed: bool) -> None:
        if id in self.panels:
            self.panels[id].set_zoomed(zoomed)

    def _show_whole(self, id: str) -> None:
        if id in self.plots:
            self.plots[id].show_all()

    def ways_menu(self) -> QMenu:
        """The menu of how runs become groups."""
        menu = QMenu(self)
        group = QActionGroup(menu)
        for one in self.seen.ways if self.seen is not None else ():
            action = menu.addAction(one.title)
            action.setCheckable(True)
            action.setChecked(self.seen is not None and one.id == self.seen.comparison.by)
            group.addAction(action)
            action.triggered.connect(partial(_call, partial(self.show_way, one.id)))
        return menu

    def studies_menu(self) -> QMenu:
        """The menu of what else can be compared."""
        menu = QMenu(self)
        measure = menu.fontMetrics()
        for one in self.offered:
            title = measure.elidedText(one.title, Qt.TextElideMode.ElideRight, 320)
            menu.addAction(plain(title)).triggered.connect(partial(_call, partial(self.show_study, one.uid)))
        menu.addSeparator()
        menu.addAction("Choose runs…").triggered.connect(partial(_call, self.runs_asked.emit))
        return menu

    def _open_ways(self) -> None:
        _popup(self.ways_menu(), self.ways_button)

    def _open_studies(self) -> None:
        _popup(self.studies_menu(), self.other_button)

    # ------------------------------------------------------------------------------------------ saving

    def _choose_file(self, id: str, kind: str) -> None:
        """Asks for a file with the system's own dialog, without stopping the window."""
        dialog = QFileDialog(self, f"Save {_TITLES[id].lower()}", f"{self._file_name(id)}.{kind}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(kind)
        dialog.setNameFilters([f"{kind.upper()} (*.{kind})", "All files (*)"])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(partial(self.save_panel, id, kind))
        dialog.open()

    def save_panel(self, id: str, kind: str, path: str | Path) -> None:
        """Saves a panel's data (csv) or the panel as a figure (svg, pdf, png); the file is written away from the window's thread."""
        if self.seen is None or id not in self.panels:
            return
        file = Path(path)
        make = self._table_of(id, self.seen) if kind == "csv" else self._figure_of(id, kind, self.seen)

        def write(library: Library) -> str:
            write_atomically(file, make(library))
            return file.name

        self.reader.ask(write, self._saved, self._not_saved)

    def _table_of(self, id: str, seen: Seen) -> Callable[[Library], str | bytes]:
        made = seen.comparison
        if id == "measures":
            return lambda library: writing.measures_table(made)
        if id == "matrices" and seen.matrices is not None:
            chosen = seen.matrices.chosen
            return lambda library: writing.matrices_table(library, made, chosen)
        shown = seen.plots[id].chosen
        if id == "calibration":
            return lambda library: writing.reliability_table(library, made, shown)
        return lambda library: writing.overlay_table(library, made, shown)

    def _figure_of(self, id: str, kind: str, seen: Seen) -> Callable[[Library], str | bytes]:
        body: tuple[Callable[[QPainter, Tokens], None], QSize]
        if id == "matrices":
            body, legend = (self.matrices.draw_figure, self.matrices.figure_size), []
        else:
            body, legend = (self.plots[id].draw_figure, self.plots[id].size()), self.legend.shown()
        title = seen.plots[id].title if id in seen.plots else _TITLES[id]
        made = figure(kind, title, legend, *body)
        return lambda library: made

    def _file_name(self, id: str) -> str:
        title = self.seen.comparison.title if self.seen is not None else ""
        words = f"{title} {_TITLES[id]}"
        return "-".join("".join(c if c.isalnum() else " " for c in words.lower()).split())[:80] or "comparison"

    def _saved(self, name: str) -> None:
        self.said.emit(f"Saved as {name}.", "info")

    def _not_saved(self, sentence: str) -> None:
        self.said.emit(f"It could not be saved: {sentence}", "bad")

    # ------------------------------------------------------------------------------------------ the window's

    def areas(self) -> list[QWidget]:
        """The parts that F6 goes through."""
        if self.stack.currentIndex() == 0:
            return [self.start]
        plots = [self.plots[id] for id in ("main", "calibration", "learning") if id in self.plots and self.plots[id].isVisible()]
        found: list[QWidget] = [self.ways_button, *plots[:1], self.table, *plots[1:]]
        return [*found, self.matrices] if self.matrices.isVisible() else found

    def close_page(self) -> None:
        """The window closes."""
        self._follow.stop()


def _popup(menu: QMenu, below: QWidget) -> None:
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.popup(below.mapToGlobal(QPoint(0, below.height() + 4)))


def _call(call: Callable[[], object], checked: bool = False) -> None:
    call()


def _ignore(_: object) -> None:
    """The message line has said why the library cannot be read."""
