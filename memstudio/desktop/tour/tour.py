"""The guided tour: walks a person through a first experiment, at their pace, beside the real controls."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from memstudio.desktop.live.panel import LivePanel
from memstudio.desktop.pages import Pages
from memstudio.desktop.shell import Shell
from memstudio.desktop.tour import doing
from memstudio.desktop.tour.card import TourCard
from memstudio.desktop.tour.frame import PointingFrame
from memstudio.desktop.tour.places import Place, place_of
from memstudio.desktop.tour.steps import CHAIN, END, STEPS, TITLE, Seen, Step, current, loose
from memstudio.experiment.document import Document
from memstudio.library import Submitted

#: the setting: begun, done or ended; absent before it was ever offered
SETTING = "tour"
#: milliseconds between two looks at what was done and where things are
LOOK = 150
#: states of a run in which nothing more will come of it
_GONE = ("failed", "lost", "stopped")


class Tour(QObject):
    """The tour of one window. It looks a few times a second at what is there: so it notices what was done, how ever, and what was undone.

    kept(str): its state is another now, for the settings.
    """

    kept = Signal(str)

    def __init__(self, shell: Shell, pages: Pages) -> None:
        super().__init__(shell)
        self._shell, self._pages = shell, pages
        self.card, self.frame = TourCard(shell), PointingFrame(shell)
        self._runs: tuple[str, ...] = ()
        self._points = self._scrubbed = False
        #: the step that is shown, and the furthest that was: what is done before it can be looked at again
        self.at = self.reached = 0
        self._looking_back = False
        self._timer = QTimer(self, interval=LOOK)
        self._timer.timeout.connect(self.look)
        for signal, call in (
            (self.card.do_it, self.do_it),
            (self.card.back, self.back),
            (self.card.onward, self.onward),
            (self.card.end, self.end),
            (self.card.away, self._to_control),
        ):
            signal.connect(call)
        shell.running.started.connect(self._started)

    @property
    def going(self) -> bool:
        """Whether the tour is being taken."""
        return self._timer.isActive()

    @property
    def step(self) -> Step:
        """The step that is shown."""
        return STEPS[self.at] if self.at < len(STEPS) else END

    # ------------------------------------------------------------------------------------------ beginning and ending

    def open(self) -> None:
        """Begins on an empty canvas; while it is going, takes the keyboard to its card."""
        if not self.going:
            self._runs, self._points, self._scrubbed, self._looking_back = (), False, False, False
            self.at = self.reached = 0
            self._shell.show_document(Document(title=TITLE))
            self.kept.emit("begun")
            self._timer.start()
            self.card.show()
            self.look()
        self.card.raise_()
        self.card.first.setFocus(Qt.FocusReason.OtherFocusReason)

    def end(self) -> None:
        """Ends it, done or not; what was built stays."""
        done = self.step is END
        inside = self.card.isAncestorOf(focus) if (focus := QApplication.focusWidget()) is not None else False
        self.close_panel()
        self.kept.emit("done" if done else "ended")
        if inside and self._pages.currentWidget() is not None:
            self._pages.currentWidget().setFocus(Qt.FocusReason.OtherFocusReason)

    def close_panel(self) -> None:
        """Takes it from the window, without a word."""
        self._timer.stop()
        self.card.hide()
        self.frame.hide()

    # ------------------------------------------------------------------------------------------ looking

    def look(self) -> None:
        """Looks at what was done, goes on where something was, goes back where something was undone, and follows the controls."""
        self._look_at_run()
        now = current(self._seen())
        if now != self.reached or not self._looking_back:
            self.at, self._looking_back = now, False
        self.reached = now
        self._show()

    def _seen(self) -> Seen:
        return Seen(self._shell.session.document, bool(self._runs), self._points, self._scrubbed)

    @property
    def _panel(self) -> LivePanel | None:
        """The live panel while it shows the run of the tour."""
        if not self._runs or self._pages.made("build") is None:
            return None
        panel = self._pages.live.panel
        return panel if set(panel.wish.runs) & set(self._runs) else None

    def _look_at_run(self) -> None:
        panel = self._panel
        if panel is None or panel.seen is None:
            return
        if panel.seen.newest > 0:
            self._points = True
        elif panel.seen.head.state in _GONE:
            # nothing will come of it: Run is pressed once more
            self._runs = ()
        if self._points and not panel.following:
            self._scrubbed = True

    def _started(self, submitted: Submitted) -> None:
        if self.going:
            self._runs = tuple(submitted.runs)
            self._points = self._scrubbed = False

    # ------------------------------------------------------------------------------------------ buttons

    def do_it(self) -> None:
        """Does the step for the person; elsewhere than in Build, goes there first."""
        if self._pages.shown != "build":
            self._shell.page_wanted.emit("build")
        else:
            doing.do(self.step, self._pages.build, self._panel)
        self.look()

    def back(self) -> None:
        """Looks at the step before again."""
        self.at, self._looking_back = max(0, self.at - 1), True
        self._show()

    def onward(self) -> None:
        """From a step that was looked at again to the next; at the end, ends the tour."""
        if self.step is END:
            self.end()
            return
        self.at = min(self.at + 1, self.reached)
        self._looking_back = self.at != self.reached
        self._show()

    def _to_control(self) -> None:
        """Escape in the card: the keyboard goes to the control that is meant."""
        if self._pages.shown == "build":
            self._place().take_keyboard().setFocus(Qt.FocusReason.OtherFocusReason)

    # ------------------------------------------------------------------------------------------ showing

    def _place(self) -> Place:
        return place_of(self.step, self._pages.build, self._panel)

    def _show(self) -> None:
        step, number = self.step, f"Step {self.at + 1} of {len(STEPS)}"
        if self._pages.shown != "build":
            self.card.say(number if step is not END else "", "The tour waits in Build", "What was done so far is still there.")
            self.card.offer("Go to Build", False, "")
            self._point(QRect())
            return
        if step is END:
            self.card.say("", step.title, step.words)
            self.card.offer("", True, "Done", "")
            canvas = self._pages.build.canvas
            self._point(QRect(), (), QRect(canvas.mapTo(self._shell, QPoint(0, 0)), canvas.size()))
            return
        back = self.at < self.reached
        self.card.say(number, step.title, self._words(step), "Done already." if back else self._note(step))
        self.card.offer("" if back or step.id in doing.WAITS else "Do it for me", self.at > 0, "Next" if back else "")
        # while Run itself cannot be pressed (the runs are being queued), nothing can be done for anyone
        self.card.do_button.setEnabled(step.id != "run" or self._pages.build.bar.run.isEnabled())
        place = self._place()
        self._point(place.in_window(), place.sides)

    def _words(self, step: Step) -> str:
        if step.place > 0 and loose(self._shell.session.document, step.place) is not None:
            known = self._shell.session.catalogue
            before, this = (known.entry(CHAIN[place][0]).title for place in (step.place - 1, step.place))
            return step.loose.format(before=before, this=this)
        return step.words

    def _note(self, step: Step) -> str:
        if step.id == "run" and self._shell.session.facts.errors:
            return "There is a problem in the way: Problems says where, and mends it with one click."
        return "Shift+F1 brings the keyboard here, Escape takes it to the control." if self.at == 0 else ""

    def _point(self, place: QRect, sides: tuple[str, ...] = (), room: QRect | None = None) -> None:
        self.card.fit()
        self.frame.point_at(place)
        self.card.stand_beside(place, sides, room)
