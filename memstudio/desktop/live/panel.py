"""The live panel below Build: what runs measure while they learn, and, scrubbed by the time slider, what they measured before."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QElapsedTimer, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from memstudio.desktop import icons, theme
from memstudio.desktop.labels import label
from memstudio.desktop.live.arrangement import Arrangement, arrangement_of
from memstudio.desktop.live.failure import FailureStrip
from memstudio.desktop.live.head_line import HeadLine
from memstudio.desktop.live.legend import Legend
from memstudio.desktop.live.look import Look
from memstudio.desktop.live.panels_menu import PanelsMenu
from memstudio.desktop.live.saving import Saving
from memstudio.desktop.live.seen import Head, Seen, Wish
from memstudio.desktop.live.strip import Strip
from memstudio.desktop.live.time_bar import TimeBar
from memstudio.desktop.reader import Reader
from memstudio.desktop.words import tr
from memstudio.ground.log import tail
from memstudio.ground.settings import Settings

if TYPE_CHECKING:
    from memstudio.desktop.running import Running
    from memstudio.library import Library, Submitted

#: milliseconds between two questions, and so between two repaints: 20 a second, well below the 30 that are the most
EVERY = 50
#: ... and at most, where showing an answer takes long
SLOWEST = 500
#: milliseconds between looks for runs whose process is gone
LOST_EVERY = 2_000
LOG_LINES = 40
#: keeps a setting by its name
Keep = Callable[[str, object], None]
#: the setting that holds where the panels stand, and milliseconds until a change is written
KEPT, KEPT_AFTER = "live_panels", 400
#: a panel lower than this shows an open log or the curves, not both
LOW = 460
#: what draws with pyqtgraph: imported when it is first needed
_PLOTS = "memstudio.desktop.live.plot"
_NOTHING = "Press Run to see curves here."
_WAITING = {
    "queued": "Waiting for a worker. Curves come with the first step.",
    "starting": "The run is being built. Curves come with the first step.",
    "running": "Curves come with the first step.",
    "paused": "Paused before anything was measured. Resume goes on from there.",
    "failed": "The run failed before anything was measured; what went wrong stands above.",
    "lost": "The run's process is gone, and nothing was measured; Resume begins it again.",
    "stopped": "The run was stopped before anything was measured.",
}


class LivePanel(QFrame):
    """Shows runs from the library: `follow` a study or runs while they go, or `show_run` one of any time; `clear` empties it.

    settings, keep: where the panels' arrangement is read from and kept with (away from the window's thread).
    running: what pauses, resumes and stops (without it `pause_asked` ... say so, with the runs' uids). step_shown(int): the stored step
    that all panels show; node_asked(str): go to this node; said(text, level): a sentence for the message line; followed(bool): something
    is shown, or nothing is any more.
    """

    step_shown = Signal(object)
    node_asked = Signal(str)
    said = Signal(str, str)
    followed = Signal(bool)
    pause_asked = Signal(object)
    resume_asked = Signal(object)
    stop_asked = Signal(object)
    compare_asked = Signal(object)

    def __init__(
        self,
        reader: Reader,
        parent: QWidget | None = None,
        *,
        running: Running | None = None,
        settings: Settings | None = None,
        keep: Keep | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        self.setAccessibleName(tr("Live"))
        self.reader, self.running, self.settings = reader, running, settings
        self.wish = Wish()
        self.seen: Seen | None = None
        self._look = Look()
        self._told = ""
        self._asking = self._stale = self._importing = False
        self._is_empty = True
        self._pace = EVERY
        self._since = QElapsedTimer()
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._ask_now)
        self._lost = QTimer(self, interval=LOST_EVERY)
        self._lost.timeout.connect(self._look_for_lost)
        self._keep = keep
        self._rest = QTimer(self, singleShot=True, interval=KEPT_AFTER)
        self._rest.timeout.connect(self._keep_arrangement)
        self._make()
        self._lay_out()
        self._connect()
        self.clear()

    # ------------------------------------------------------------------------------------------ making

    def _make(self) -> None:
        self.head = HeadLine()
        self.failure = FailureStrip()
        self.legend = Legend()
        self.time = TimeBar()
        self.empty_icon = QLabel()
        self.empty_icon.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.empty_words = label(_NOTHING, "dim", wrap=True)
        self.empty_words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.strip = Strip()
        self.strip.set_arrangement(arrangement_of(self.settings.get(KEPT) if self.settings is not None else None), tell=False)
        self.panels = PanelsMenu(self.head.panels_menu, self.strip)
        self.saving = Saving(self.reader, self.strip, self)

    def _lay_out(self) -> None:
        self.empty = QWidget()
        middle = QVBoxLayout(self.empty)
        middle.setSpacing(8)
        middle.addStretch(1)
        middle.addWidget(self.empty_icon)
        middle.addWidget(self.empty_words)
        middle.addStretch(2)
        legend_row = QHBoxLayout()
        legend_row.setContentsMargins(8, 0, 16, 0)
        legend_row.addWidget(self.legend)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self.failure)
        column.addLayout(legend_row)
        column.addWidget(self.strip, 1)
        column.addWidget(self.empty, 1)
        column.addWidget(self.time)
        self.setMinimumHeight(150)
        self.setFocusProxy(self.time.slider)

    def _connect(self) -> None:
        self.reader.changed.connect(self._changed)
        self.head.pause.connect(self.pause)
        self.head.resume.connect(self.resume)
        self.head.stop.connect(self.stop)
        self.head.failures.connect(self._failures_toggled)
        self.head.closed.connect(self.clear)
        self.head.compare.connect(self._compare)
        self.failure.node_asked.connect(self.node_asked)
        self.failure.log_asked.connect(self._ask_log)
        self.failure.log_button.toggled.connect(self._fit)
        self.legend.changed.connect(self._legend_changed)
        self.strip.chosen.connect(self._chosen)
        self.strip.pictured.connect(self._picture_of)
        self.strip.picked.connect(self._picked)
        self.strip.save_wanted.connect(self._choose_file)
        self.strip.copy_wanted.connect(self._copy)
        self.strip.arranged.connect(self._arranged)
        self.strip.pointed_at.connect(self.legend.show_values)
        self.strip.grown.connect(self._order_tabs)
        self.legend.hovered.connect(self.strip.light)
        self.saving.said.connect(self.said)
        self.time.moved.connect(self.show_step)
        self.time.follow.connect(self.follow_newest)
        theme.themed.connect(self._themed)
        self._themed()

    # ------------------------------------------------------------------------------------------ what is shown

    def follow(self, study: str | None, runs: Sequence[str]) -> None:
        """Shows a study with all its runs, or some runs, and stays with the newest step."""
        self._wish(Wish(study, tuple(runs) if study is None else ()))

    def follow_started(self, submitted: Submitted) -> None:
        """Follows what was just queued (for the `started` signal of the Build page)."""
        self.follow(submitted.study, submitted.runs)

    def show_run(self, uid: str) -> None:
        """Shows one run, of today or of last year."""
        self._wish(Wish(None, (uid,)))

    def clear(self) -> None:
        """Shows nothing any more."""
        self._wish(Wish())

    def _wish(self, wish: Wish) -> None:
        if not wish.empty and (wish.study, wish.runs) == (self.wish.study, self.wish.runs) and self.seen is not None:
            self.follow_newest()
            return
        # what the panels were told to show is kept from one run to the next
        self.wish, self.seen = replace(wish, chosen=self.wish.chosen, closed=self.strip.arrangement.closed), None
        self._told = ""
        self.strip.forget()
        self.legend.show_cells(())
        self.head.show_nothing()
        self.failure.show_failures(())
        self.failure.hide()
        self._lost.stop()
        self._show_empty(_NOTHING if wish.empty else "Reading what was measured")
        self.followed.emit(not wish.empty)
        self._ask()

    @property
    def following(self) -> bool:
        """Whether the panels stay with the newest step."""
        return self.wish.step is None

    def follow_newest(self) -> None:
        """Goes back to the newest step and stays with it."""
        self.wish = replace(self.wish, step=None)
        self._ask()

    def show_step(self, step: int) -> None:
        """Scrubs all panels to a step: each shows what it stored last by then."""
        if self.seen is None:
            return
        self.wish = replace(self.wish, step=max(0, min(int(step), self.seen.last)))
        self.time.say_step(self.wish.step or 0)
        self._show_time()
        self._ask()

    def go_stored(self, by: int) -> None:
        """Goes to the stored step before (−1) or after (1) the one that is shown."""
        if self.seen is not None:
            self.show_step(self.time.slider.beside(self.time.slider.value(), by))

    # ------------------------------------------------------------------------------------------ asking

    def _changed(self) -> None:
        if not self.wish.empty:
            self._ask()

    def _ask(self) -> None:
        """Asks soon: at most one question is on its way, and none is begun sooner than `_pace` milliseconds after the last."""
        self._stale = True
        if self.wish.empty or not self.isVisible() or self._asking or self._timer.isActive():
            return
        gone = self._since.elapsed() if self._since.isValid() else self._pace
        self._timer.start(max(0, self._pace - gone))

    def _ask_now(self) -> None:
        if self.wish.empty or self._asking:
            return
        self._asking, self._stale = True, False
        self._since.start()
        look, wish = self._look, self.wish
        self.reader.ask(lambda library: look(library, wish), self._answered, self._refused)

    def _answered(self, seen: Seen) -> None:
        self._asking = False
        if (seen.wish.study, seen.wish.runs) == (self.wish.study, self.wish.runs):
            took = QElapsedTimer()
            took.start()
            self._show(seen)
            # very many points (or a busy machine): the window's thread is left three quarters of its time
            self._pace = max(EVERY, min(SLOWEST, 4 * took.elapsed()))
        if self._stale:
            self._ask()

    def _refused(self, sentence: str) -> None:
        self._asking = False
        if not self.wish.empty and self.seen is None:
            self._show_empty(sentence)
        elif sentence != self._told:
            # the same trouble at every change of the library is said once
            self._told = sentence
            self.said.emit(sentence, "bad")

    def _fit(self, _: object = None) -> None:
        """Where the panel is low, an open log takes the room of the curves instead of squeezing them."""
        log = self.failure.isVisibleTo(self) and self.failure.log_button.isChecked()
        there = not self._is_empty and self.seen is not None
        self.empty.setVisible(self._is_empty)
        curves = there and not (log and self.height() < LOW)
        self.strip.setVisible(curves)
        self.legend.setVisible(curves and self.seen is not None and len(self.seen.cells) > 1)
        self.time.setVisible(curves)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._ask()

    def _look_for_lost(self) -> None:
        self.reader.ask(_mark_lost, _ignore, _ignore, key=("live lost", id(self)))

    # ------------------------------------------------------------------------------------------ showing

    def _show(self, seen: Seen) -> None:
        if not self._ready():
            return
        before, self.seen = self.seen, seen
        head = seen.head
        self.head.show_head(head, self.reader.readonly)
        if bool(head.going) != self._lost.isActive():
            self._lost.start() if head.going else self._lost.stop()
        self._show_failures(head, before.head if before else None)
        entries = len(self.legend.entries)
        self.legend.show_cells(seen.cells)
        if len(self.legend.entries) != entries:
            self._order_tabs()
        if seen.plots or seen.picture is not None:
            self.strip.show_seen(seen, self.legend.hidden)
            self._is_empty = False
            self._fit()
        else:
            self._show_empty(_WAITING.get(head.state, "Nothing was measured."))
        self.time.show_step(seen.last, seen.newest, seen.stored, self.wish.step, seen.at)
        self._show_time()
        if seen.at is not None and (before is None or before.at != seen.at):
            self.step_shown.emit(seen.at)

    def _ready(self) -> bool:
        """Whether the plots can be made; if not pyqtgraph is imported away from the window's thread, and the question asked again."""
        if _PLOTS in sys.modules and not self._importing:
            return True
        if not self._importing:
            self._importing = True
            self.reader.ask(_import_plots, self._imported, self._refused)
        return False

    def _imported(self, _: object) -> None:
        self._importing = False
        self._ask()

    def _show_failures(self, head: Head, before: Head | None) -> None:
        self.failure.show_failures(head.failures)
        if not head.failures:
            self.failure.hide()
            return
        told = {row.uid for row in before.failures} if before is not None else set()
        over = not head.going and not head.counts.get("queued")
        # while others go on it is one press away; where nothing has gone well yet, or nothing goes on, it is what matters
        matters = over or (not head.counts.get("finished") and not head.going)
        if matters and (before is None or bool(before.going) or {row.uid for row in head.failures} != told):
            self._set_failures_shown(True)

    def _set_failures_shown(self, shown: bool) -> None:
        self.head.failed_button.setChecked(shown)
        self.failure.setVisible(shown)

    def _failures_toggled(self, shown: bool) -> None:
        self.failure.setVisible(shown and self.seen is not None and bool(self.seen.head.failures))
        self._fit()

    def _show_time(self) -> None:
        """The line in the Learning panel: none while everything is over and the newest is shown."""
        if self.seen is not None:
            over = self.following and not self.seen.head.going
            self.strip.show_time(None if over else self.seen.newest if self.wish.step is None else self.wish.step)

    def _order_tabs(self) -> None:
        """The keyboard goes through the panel as one reads it, whenever its parts were made."""
        head, failure, time = self.head, self.failure, self.time
        order: list[QWidget] = [head.failed_button, head.pause_button, head.resume_button, head.stop_button]
        order += [head.compare_button, head.panels_button, head.close_button]
        order += [failure.node_button, failure.log_button, failure.log, *self.legend.entries, self.legend.more]
        order += [*self.strip.controls(), time.slider, time.follow_button]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

    def _show_empty(self, words: str) -> None:
        self._is_empty = True
        self.empty_words.setText(words)
        self.empty_words.setAccessibleName(words)
        self._fit()

    def _themed(self, _: object = None) -> None:
        t = theme.current()
        self.empty_icon.setPixmap(icons.pixmap("curve", t.dim, 22, self.devicePixelRatioF()))

    # ------------------------------------------------------------------------------------------ what a person does

    def pause(self) -> None:
        """Pauses what is on its way, and what waits."""
        if self.seen is not None:
            waiting = [uid for uid in self.seen.head.open if uid not in self.seen.head.paused]
            self._ask_of(waiting, self.pause_asked, self.running.pause if self.running else None)

    def resume(self) -> None:
        """Goes on with what is paused, stopped, failed or lost."""
        if self.seen is not None:
            head = self.seen.head
            running = self.running
            call = (lambda runs: running.resume(runs, head.focus.threads or 1)) if running is not None else None
            self._ask_of(list(head.paused or head.resumable), self.resume_asked, call)

    def stop(self) -> None:
        """Ends what is on its way, waits or is paused; what was measured is kept."""
        if self.seen is not None:
            self._ask_of(list(self.seen.head.open), self.stop_asked, self.running.stop if self.running else None)

    def _compare(self) -> None:
        self.compare_asked.emit(self.wish)

    def _ask_of(self, runs: Sequence[str], signal: Any, call: Callable[[Sequence[str]], object] | None) -> None:
        if not runs:
            return
        if call is not None:
            call(tuple(runs))
        signal.emit(tuple(runs))

    def _chosen(self, id: str, what: str) -> None:
        self.wish = replace(self.wish, chosen={**self.wish.chosen, id: what})
        self._ask()

    def _picture_of(self, cell: str) -> None:
        self.wish = replace(self.wish, pictured=cell)
        self._ask()

    def _arranged(self, arrangement: Arrangement) -> None:
        """What was closed is not read any more, what was brought back is; the settings keep it a moment later."""
        if arrangement.closed != self.wish.closed:
            self.wish = replace(self.wish, closed=arrangement.closed)
            self._ask()
        self._rest.start()

    def _keep_arrangement(self) -> None:
        keep = self._keep or (self.settings.set if self.settings is not None else None)
        if keep is not None:
            keep(KEPT, self.strip.arrangement.as_kept())

    def move_panel(self, deed: str) -> None:
        """Moves, resizes or closes the panel that has the keyboard (one of frame.DEEDS)."""
        if self.strip.current is not None:
            self.strip.do(self.strip.current, deed)

    def change_rows(self) -> None:
        """Puts the panels into two rows, or into one again."""
        two = len(self.strip.arrangement.shown(self.strip.could_show)) > 1
        self.strip.in_rows(1 if two else 2)

    def open_panels_menu(self) -> None:
        """Opens the menu that brings closed panels back."""
        if self.head.panels_button.isVisible():
            self.head.panels_button.showMenu()

    def _legend_changed(self, hidden: frozenset[int]) -> None:
        if self.seen is not None:
            self.strip.show_seen(self.seen, hidden)

    def _picked(self, step: float) -> None:
        self.show_step(round(step))

    def _ask_log(self, uid: str) -> None:
        self.reader.ask(
            lambda library: tail(library.log_file(uid), LOG_LINES), self.failure.show_log, self._refused, key=("live log", id(self))
        )

    def save_panel(self, id: str, kind: str, path: str | Path) -> None:
        """Saves a panel's data (csv) or the panel as a figure (svg, pdf, png); the file is written away from the window's thread."""
        if self.seen is not None and id in self.strip.panels:
            self.saving.save(self.seen, self.legend.shown(), id, kind, path)

    def _copy(self, id: str, kind: str) -> None:
        if self.seen is not None:
            self.saving.copy(self.seen, self.legend.shown(), id, kind)

    def _choose_file(self, id: str, kind: str) -> None:
        if self.seen is not None:
            self.saving.choose_file(self.seen, self.legend.shown(), id, kind)


def _mark_lost(library: Library) -> object:
    return library.mark_lost()


def _import_plots(library: object) -> object:
    return importlib.import_module(_PLOTS)


def _ignore(_: object) -> None:
    """For answers that say themselves by a change of the library."""
