"""Compare: what is compared, asked of the library and shown on the board; how runs are grouped, and against what."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QActionGroup, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from memstudio.desktop import lengths
from memstudio.desktop.background import Background
from memstudio.desktop.compare import reported
from memstudio.desktop.compare.board import Board
from memstudio.desktop.compare.computing import Computing
from memstudio.desktop.compare.look import Look, offered
from memstudio.desktop.compare.saving import Saving
from memstudio.desktop.compare.seen import Offered, Seen, Wish
from memstudio.desktop.compare.start import StartView
from memstudio.desktop.labels import Elided, button
from memstudio.desktop.live.frame import plain
from memstudio.desktop.slices import Slices
from memstudio.desktop.words import tr
from memstudio.library.baselines import keep_baseline
from memstudio.library.comparison import heading
from memstudio.library.importance import Importance, importance_of

if TYPE_CHECKING:
    from memstudio.desktop.reader import Reader

#: the page looks for runs that ended meanwhile at most this often, milliseconds
FOLLOW = 1_000


class ComparePage(QWidget):
    """The page: `show_study`, `show_runs`. runs_asked(): the Runs page is wanted; said(text, level): a sentence for the message line.

    report_asked(kind, What): a report, table or figure for print is to be written, see desktop.reporting.
    """

    runs_asked = Signal()
    said = Signal(str, str)
    report_asked = Signal(object, object)

    def __init__(self, reader: Reader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(tr("Compare"))
        self.reader = reader
        self.wish = Wish()
        self.seen: Seen | None = None
        self.offered: tuple[Offered, ...] = ()
        self._look = Look()
        self._told = ""
        self._background = Background("parameters", self)
        self._asked_forest: Hashable = None
        self._follow = QTimer(self, singleShot=True, interval=FOLLOW)
        self._follow.timeout.connect(partial(self._ask, False))
        self._slices = Slices(self)
        self._make()
        self._connect()
        self._show_start()

    # ------------------------------------------------------------------------------------------ making

    def _make(self) -> None:
        self.title = Elided("Compare", "heading")
        self.ways_button = button("", self._open_ways, tip="What makes a group", name="Group runs by")
        self.later_button = button("Compute…", self._open_later, tip="Compute measures that were thought of later, from the raw outcomes")
        self.report_button = button("Save…", self._open_report, tip="A report, the table, or a figure for print")
        self.other_button = button("Compare another…", self._open_studies, tip="Compare another study, or other runs")
        self.start = StartView()
        self.board = Board()
        self.saving = Saving(self.reader, self.board, self)
        self.computing = Computing(self.reader, self)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.start)
        self.stack.addWidget(self.board)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addWidget(self._bar())
        page.addWidget(self.stack, 1)

    def _bar(self) -> QFrame:
        bar = QFrame()
        bar.setProperty("kind", "bar")
        lengths.fix(bar, height=48)
        row = QHBoxLayout(bar)
        row.setContentsMargins(20, 0, 16, 0)
        row.setSpacing(10)
        row.addWidget(self.title, 1)
        for made in (self.ways_button, self.later_button, self.report_button, self.other_button):
            row.addWidget(made)
        return bar

    def _connect(self) -> None:
        self.reader.changed.connect(self._changed)
        self.board.chosen.connect(self._chosen)
        self.board.baseline_wanted.connect(self.choose_baseline)
        self.board.moved.connect(self.show_step)
        self.board.save_wanted.connect(self.saving.choose_file)
        self.saving.said.connect(self.said)
        self.computing.said.connect(self.said)
        self.computing.going.connect(self._show_computing)
        self.start.chosen.connect(self.show_study)
        self.start.runs_asked.connect(self.runs_asked)

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

    def choose_baseline(self, label: str) -> None:
        """The same, and keeps it in the library: a study's baseline is a cell of it, that of runs one of them."""
        self.show_baseline(label)
        if self.seen is not None and not self.reader.readonly:
            made = self.seen.comparison.with_baseline(label)
            group = made.groups[made.baseline]
            studies = self.wish.studies if not self.wish.runs else ()
            self.reader.tell(lambda library: keep_baseline(library, studies, made.by, group), failed=self._not_kept)

    def show_measure(self, measure: str) -> None:
        """Shows another measure in the table and in words."""
        self._change(measure=measure)

    def show_way(self, way: str) -> None:
        """Groups the runs another way: by cells, documents, an axis, or each run by itself."""
        self.board.show_everything()
        self._change(by=way, baseline="")

    def show_step(self, step: int | None) -> None:
        """Shows curves, diagrams and matrices at the stored steps nearest to this one, None: at the newest."""
        self._change(step=step)

    def show_test(self, id: str) -> None:
        """Judges differences by another test, or corrects them over more: an option of look.TESTS."""
        test, _, over = id.partition(":")
        self._change(test=test, over_all=over == "all")

    def _wish(self, wish: Wish) -> None:
        # what the plots were told to show is kept from one comparison to the next
        self.wish, self._told = replace(wish, chosen=self.wish.chosen, test=self.wish.test, over_all=self.wish.over_all), ""
        self.board.show_everything()
        if self.seen is None:
            self.title.say("Compare")
            self.start.title.setText(tr("Reading what was measured"))
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

    def _ask(self, fresh: bool = False) -> None:
        """Asks for what is compared, and while studies are offered for those. fresh: even where nothing changed in the library."""
        if self.stack.currentIndex() == 0 or not self.offered:
            self._ask_studies()
        if not self.wish.names:
            return
        look, wish = self._look, self.wish
        fresh = fresh or self.seen is None or self.seen.wish != wish
        self.reader.ask(lambda library: look(library, wish, fresh), self._answered, self._refused, key=("compare", id(self)))

    def _ask_forest(self, seen: Seen) -> None:
        """Works out which parameters matter where that takes its time: away from the reader, who has others to answer."""
        waiting = seen.parameters.waiting if seen.parameters is not None else None
        if waiting is None or waiting[0] == self._asked_forest:
            return
        key, table = waiting
        self._asked_forest = key
        self._background.do(partial(importance_of, table, seen.measure), partial(self._forest_said, key), self._refused)

    def _forest_said(self, key: Hashable, found: Importance) -> None:
        self._look.learn(key, found)
        self._ask(fresh=True)

    def _ask_studies(self) -> None:
        self.reader.ask(offered, self._show_offered, _ignore, key=("compare.studies", id(self)))

    def _answered(self, seen: Seen | None) -> None:
        if seen is not None and seen.wish == self.wish:
            self._show(seen)
            self._ask_forest(seen)

    def _refused(self, sentence: str) -> None:
        self._slices.stop()
        if self.seen is None or self.seen.wish.names != self.wish.names:
            self.seen = None
            self._show_start(sentence)
        elif sentence != self._told:
            # the same trouble at every change of the library is said once
            self._told = sentence
            self.said.emit(sentence, "bad")

    def _not_kept(self, sentence: str) -> None:
        self.said.emit(f"The baseline could not be kept: {sentence}", "careful")

    # ------------------------------------------------------------------------------------------ showing

    def _show_start(self, sentence: str = "") -> None:
        self.title.say("Compare")
        self.start.say(sentence)
        self.setFocusProxy(self.start.runs_button)
        for made in (self.ways_button, self.later_button, self.report_button, self.other_button):
            made.hide()
        self.stack.setCurrentIndex(0)

    def _show_offered(self, found: tuple[Offered, ...]) -> None:
        self.offered = found
        self.start.show_studies(found)

    def _show(self, seen: Seen) -> None:
        """At once where the board is shown; the first time it is made in slices behind the start."""
        self._slices.stop()
        if self.stack.currentIndex() == 1:
            self.board.show_seen(seen)
            self._show_board(seen)
        else:
            self._slices.add([*self.board.steps(seen), partial(self._show_board, seen)])

    def _show_board(self, seen: Seen) -> None:
        if seen.wish != self.wish:
            # something else was asked for meanwhile, and its answer comes
            return
        self.seen = self.saving.seen = seen
        self.title.say(f"Compare {heading(seen.comparison)}")
        by = seen.comparison.by
        self.ways_button.setText(plain(next((one.title for one in seen.ways if one.id == by), by).partition(" (")[0]))
        self.ways_button.setAccessibleName(f"{self.ways_button.text()}; press to group otherwise")
        # the keyboard goes on with the table, not with whatever comes after the button that was pressed
        inside = self.start.isAncestorOf(focus) if (focus := self.focusWidget()) is not None else False
        for made in (self.ways_button, self.later_button, self.report_button, self.other_button):
            made.show()
        self.stack.setCurrentIndex(1)
        self.board.fit_cards()
        self.setFocusProxy(self.board.table)
        if inside:
            self.board.table.setFocus(Qt.FocusReason.OtherFocusReason)
        QWidget.setTabOrder(self.ways_button, self.later_button)
        QWidget.setTabOrder(self.later_button, self.report_button)
        QWidget.setTabOrder(self.report_button, self.other_button)

    # ------------------------------------------------------------------------------------------ what a person does

    def _chosen(self, panel: str, what: str) -> None:
        if panel == "measures":
            self.show_measure(what)
        elif panel == "measures.second":
            self.show_test(what)
        else:
            self._change(chosen={**self.wish.chosen, panel.replace("study.second", "study.form"): what})

    def ways_menu(self) -> QMenu:
        """The menu of how runs become groups."""
        menu = QMenu(self)
        group = QActionGroup(menu)
        for one in self.seen.ways if self.seen is not None else ():
            action = menu.addAction(plain(one.title))
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
        menu.addAction(tr("Choose runs…")).triggered.connect(partial(_call, self.runs_asked.emit))
        return menu

    def later_menu(self) -> QMenu:
        """The menu of what can be computed from the raw outcomes; while that goes on, of stopping it."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        if self.computing.busy:
            menu.addAction(tr("Stop computing")).triggered.connect(partial(_call, self.computing.stop))
            return menu
        menu.addAction(tr("Everything that can be computed")).triggered.connect(partial(_call, partial(self.compute, ())))
        menu.addSeparator()
        for name, title, tip in self.computing.measures():
            action = menu.addAction(plain(title))
            action.setToolTip(tip)
            action.triggered.connect(partial(_call, partial(self.compute, (name,))))
        return menu

    def compute(self, names: Sequence[str]) -> None:
        """Computes measures of the runs that are compared from their raw outcomes (names: all that can be without any)."""
        if self.seen is not None:
            self.computing.start([row.uid for one in self.seen.comparison.groups for row in one.finished], names)

    def _show_computing(self, words: str) -> None:
        self.later_button.setText(words or "Compute…")
        if not words:
            # finished runs have more measures now
            self._look.forget()
            self._asked_forest = None
            self._ask(fresh=True)

    def _open_ways(self) -> None:
        _popup(self.ways_menu(), self.ways_button)

    def _open_studies(self) -> None:
        _popup(self.studies_menu(), self.other_button)

    def report_menu(self) -> QMenu:
        """The menu of what can be written about what is compared."""
        return reported.menu(self.seen, self.report_asked.emit, self) if self.seen is not None else QMenu(self)

    def _open_report(self) -> None:
        _popup(self.report_menu(), self.report_button)

    def _open_later(self) -> None:
        _popup(self.later_menu(), self.later_button)

    def save_panel(self, id: str, kind: str, path: str | Path) -> None:
        """Saves a panel's data (csv) or the panel as a figure (svg, pdf, png)."""
        self.saving.save(id, kind, path)

    # ------------------------------------------------------------------------------------------ the window's

    def areas(self) -> list[QWidget]:
        """The parts that F6 goes through."""
        return [self.start] if self.stack.currentIndex() == 0 else [self.ways_button, *self.board.areas()]

    def close_page(self) -> None:
        """The window closes."""
        self._follow.stop()
        self._slices.stop()
        self.computing.stop()
        self._background.close()


def _popup(menu: QMenu, below: QWidget) -> None:
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.popup(below.mapToGlobal(QPoint(0, below.height() + 4)))


def _call(call: Callable[[], object], checked: bool = False) -> None:
    call()


def _ignore(_: object) -> None:
    """The message line has said why the library cannot be read."""
