"""The panels side by side: which there are, what each shows, one alone or all of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedWidget, QWidget

from memstudio.desktop.live.forgetting import CELL
from memstudio.desktop.live.frame import PanelFrame
from memstudio.desktop.live.matrix_picture import MatrixPicture
from memstudio.desktop.live.seen import PLOTS, Option, PictureSeen, PlotSeen, Seen
from memstudio.desktop.live.state_picture import StatePicture
from memstudio.desktop.words import tr

if TYPE_CHECKING:
    from memstudio.desktop.live.plot import Plot

#: a panel is never narrower; where they do not fit side by side they are scrolled
NARROWEST = 200
PICTURE = "picture"
FORGETTING = "forgetting"
#: panels whose lines go over steps: they have the line of the time slider, and a click into them goes to a step
OVER_STEPS = ("learning", FORGETTING)
#: panels in the order they stand in
ORDER = (*PLOTS, PICTURE)
_TITLES = {
    "learning": "Learning",
    FORGETTING: "Forgetting",
    "recall": "Recall",
    "calibration": "Calibration",
    "other": "Curves",
    PICTURE: "Memory state",
}


class Strip(QScrollArea):
    """Shows what a Seen holds, a panel for each kind of measure there is.

    chosen(panel, what): its chooser was used; pictured(cell): the memory of another cell is wanted; picked(step): a click into
    a panel over steps; save_wanted(panel, kind); grown(): a panel was made, after which the order of the keyboard is to be put right.
    """

    chosen = Signal(str, str)
    pictured = Signal(str)
    picked = Signal(float)
    save_wanted = Signal(str, str)
    grown = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.panels: dict[str, PanelFrame] = {}
        self.plots: dict[str, Plot] = {}
        self.picture = StatePicture(self)
        self.picture.hide()
        self.matrix = MatrixPicture(self)
        self.matrix.hide()
        self._seen: Seen | None = None
        self._hidden: frozenset[int] = frozenset()
        self._time: float | None = None
        self._alone: str | None = None
        self._logs: dict[tuple[str, str], tuple[bool, bool]] = {}
        self._rest = QTimer(self, singleShot=True, interval=0)
        self._rest.timeout.connect(self._show_again)
        self.setWidgetResizable(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(tr("Panels"))
        self._inside = QWidget()
        self._inside.setProperty("kind", "clear")
        self._row = QHBoxLayout(self._inside)
        self._row.setContentsMargins(8, 0, 8, 0)
        self._row.setSpacing(8)
        self.setWidget(self._inside)

    @property
    def settled(self) -> bool:
        """Whether every panel that is needed has been made."""
        return not self._rest.isActive()

    def forget(self) -> None:
        """Shows all panels again when something else is followed."""
        self._alone, self._seen = None, None
        self._rest.stop()

    def show_seen(self, seen: Seen, hidden: frozenset[int]) -> None:
        """Shows an answer, without the cells that the legend hides."""
        self._seen, self._hidden = seen, hidden
        there = [id for id in PLOTS if id in seen.plots] + ([PICTURE] if seen.picture is not None else [])
        if self._alone not in there:
            self._alone = None
        missing = [id for id in there if id not in self.panels]
        if missing:
            # one at a time: making all of them at once would hold the window up for longer than a person overlooks
            self._add(missing[0])
            if missing[1:]:
                self._rest.start()
        shown = [id for id in there if id in self.panels and self._alone in (None, id)]
        for id, frame in self.panels.items():
            frame.setVisible(id in shown)
            frame.show_alone(id == self._alone)
        self._inside.setMinimumWidth(len(shown) * (NARROWEST + self._row.spacing()) + 8)
        for id in shown:
            if id == PICTURE:
                assert seen.picture is not None
                self._show_picture(seen.picture)
            else:
                self._show_plot(id, seen.plots[id])

    def show_time(self, step: float | None) -> None:
        """The line in the panels over steps at the step that is shown; None: no line."""
        self._time = step
        for id in OVER_STEPS:
            if id in self.plots:
                self.plots[id].show_time(step)

    def controls(self) -> list[QWidget]:
        """Every control as one reads them."""
        return [widget for id in ORDER if id in self.panels for widget in (*self.panels[id].buttons(), *self._bodies(id))]

    def _bodies(self, id: str) -> list[QWidget]:
        return [self.plots[id], self.matrix] if id == FORGETTING else [self.panels[id].body]

    def drawn(self, id: str) -> Plot | StatePicture | MatrixPicture:
        """What paints a panel's body now."""
        if id == PICTURE:
            return self.picture
        return self.matrix if self._shows_matrix(id) else self.plots[id]

    def _shows_matrix(self, id: str) -> bool:
        return self._seen is not None and id in self._seen.plots and self._seen.plots[id].matrix is not None

    # ------------------------------------------------------------------------------------------ one panel

    def _show_plot(self, id: str, seen: PlotSeen) -> None:
        frame = self.panels[id]
        frame.set_title(seen.title)
        frame.chooser.show_options(seen.options, seen.chosen)
        frame.set_note(self._step_note(seen.step))
        log_x, log_y = self._logs.get((id, seen.chosen), (seen.log_x, False))
        frame.set_log("x", log_x)
        frame.set_log("y", log_y)
        if id == FORGETTING:
            self._show_forgetting(frame, seen)
        # the legend's cells are not what the lines of tasks are
        self.plots[id].show_seen(seen, frozenset() if seen.by_task else self._hidden, log_x, log_y)

    def _show_forgetting(self, frame: PanelFrame, seen: PlotSeen) -> None:
        """The cell it is of, and the matrix in place of the lines."""
        if len(seen.cells) > 1 or frame.second.now:
            frame.show_second([Option(one, one or "run") for one in seen.cells], seen.of)
        for action in frame.log.values():
            action.setEnabled(seen.matrix is None)
        stack = frame.body
        assert isinstance(stack, QStackedWidget)
        if seen.matrix is not None:
            self.matrix.show_seen(seen.matrix)
        wanted = self.matrix if seen.matrix is not None else self.plots[FORGETTING]
        if stack.currentWidget() is not wanted:
            had = stack.currentWidget().hasFocus()
            stack.setCurrentWidget(wanted)
            stack.setFocusProxy(wanted)
            if had:
                wanted.setFocus()

    def _show_picture(self, seen: PictureSeen) -> None:
        frame = self.panels[PICTURE]
        frame.chooser.show_options(seen.options, seen.chosen)
        frame.show_second([Option(one, one or "run") for one in seen.cells], seen.cell)
        frame.set_note(self._step_note(seen.step))
        self.picture.show_seen(seen)

    def _step_note(self, step: int | None) -> str:
        """A panel that shows another stored step than the slider says, says so itself."""
        at = self._seen.at if self._seen is not None else None
        return f"step {step:,}" if None not in (step, at) and step != at else ""

    def _add(self, id: str) -> None:
        frame = PanelFrame(id, _TITLES[id], self._body(id), () if id == PICTURE else ("x", "y"))
        frame.chosen.connect(partial(self.chosen.emit, id))
        frame.save_wanted.connect(partial(self.save_wanted.emit, id))
        frame.alone_wanted.connect(partial(self._show_alone, id))
        frame.axes_changed.connect(partial(self._axes_changed, id))
        frame.whole_wanted.connect(partial(self._show_whole, id))
        if id == PICTURE:
            frame.second.chosen.connect(self.pictured)
            self.picture.show()
        if id == FORGETTING:
            frame.second.chosen.connect(partial(self.chosen.emit, CELL))
            for body in (self.plots[id], self.matrix):
                body.setAccessibleName(_TITLES[id])
        self.panels[id] = frame
        place = sum(ORDER.index(other) < ORDER.index(id) for other in self.panels if other != id)
        self._row.insertWidget(place, frame, 4 if id == PICTURE else 5)
        self.grown.emit()

    def _body(self, id: str) -> QWidget:
        if id == PICTURE:
            return self.picture
        # pyqtgraph takes 0.4 s to import: only once there are curves, and by then it has been done in the background
        from memstudio.desktop.live.plot import Plot

        made = self.plots[id] = Plot()
        made.zoomed.connect(partial(self._zoomed, id))
        if id in OVER_STEPS:
            made.picked.connect(self.picked)
            made.show_time(self._time)
        if id == FORGETTING:
            stack = QStackedWidget()
            stack.addWidget(made)
            stack.addWidget(self.matrix)
            stack.setFocusProxy(made)
            return stack
        return made

    def _show_again(self) -> None:
        if self._seen is not None:
            self.show_seen(self._seen, self._hidden)

    # ------------------------------------------------------------------------------------------ what a person does

    def _axes_changed(self, id: str) -> None:
        if self._seen is not None and id in self._seen.plots:
            seen = self._seen.plots[id]
            self._logs[(id, seen.chosen)] = self.panels[id].log_axes
            self._show_plot(id, seen)
            self.show_time(self._time)

    def _show_alone(self, id: str, alone: bool) -> None:
        self._alone = id if alone else None
        self._show_again()

    def _show_whole(self, id: str) -> None:
        self.plots[id].show_all()

    def _zoomed(self, id: str, zoomed: bool) -> None:
        if id in self.panels:
            self.panels[id].set_zoomed(zoomed)
