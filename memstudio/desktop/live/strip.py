"""The panels: which there are, where they stand, what each shows, one alone or all of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from memstudio.desktop.labels import label
from memstudio.desktop.live.arrangement import PICTURE, STEP, Arrangement
from memstudio.desktop.live.forgetting import CELL
from memstudio.desktop.live.frame import PanelFrame
from memstudio.desktop.live.heat_picture import HeatPicture
from memstudio.desktop.live.look import SMOOTHING
from memstudio.desktop.live.matrix_picture import MatrixPicture
from memstudio.desktop.live.over_training import MAP, OF_MAP, OF_TABLES, TABLES
from memstudio.desktop.live.rows import PanelRows
from memstudio.desktop.live.seen import PLOTS, Option, PictureSeen, PlotSeen, Seen
from memstudio.desktop.live.state_picture import StatePicture
from memstudio.desktop.words import tr

if TYPE_CHECKING:
    from memstudio.desktop.live.plot import Plot

FORGETTING = "forgetting"
#: panels whose lines go over steps: they have the line of the time slider, and a click into them goes to a step
OVER_STEPS = ("learning", FORGETTING)
TITLES = {
    "learning": "Learning",
    FORGETTING: "Forgetting",
    "recall": "Recall",
    MAP: "Over training",
    TABLES: "Tables",
    "calibration": "Calibration",
    "other": "Curves",
    PICTURE: "Memory state",
}
#: under which name a panel's second chooser is in a wish
_SECOND = {FORGETTING: CELL, MAP: OF_MAP, TABLES: OF_TABLES}
#: how wide panels are at first beside each other
_USUAL = {PICTURE: 0.8}
_ALL_CLOSED = "Every panel is closed; Panels, above, brings them back."


class Strip(QScrollArea):
    """Shows what a Seen holds, a panel for each kind of measure there is.

    chosen(panel, what): its chooser was used; pictured(cell): the memory of another cell is wanted; picked(step): a click into
    a panel over steps; save_wanted(panel, kind), copy_wanted(panel, kind); grown(): a panel was made or moved, after which the order of
    the keyboard is to be put right; arranged(Arrangement): a person arranged the panels; pointed_at(Pointed or None): a pointer moved.
    """

    chosen = Signal(str, str)
    pictured = Signal(str)
    picked = Signal(float)
    save_wanted = Signal(str, str)
    copy_wanted = Signal(str, str)
    grown = Signal()
    arranged = Signal(object)
    pointed_at = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.arrangement = Arrangement()
        self.panels: dict[str, PanelFrame] = {}
        self.plots: dict[str, Plot] = {}
        self.picture = StatePicture(self)
        self.matrix = MatrixPicture(self)
        self.table = MatrixPicture(self)
        self.heat = HeatPicture(self)
        for body in (self.picture, self.matrix, self.table, self.heat):
            body.hide()
        self._seen: Seen | None = None
        self._hidden: frozenset[int] = frozenset()
        self._lit: int | None = None
        self._time: float | None = None
        self._alone: str | None = None
        self._applied: tuple[object, ...] = ()
        self._logs: dict[tuple[str, str], tuple[bool, bool]] = {}
        self._rest = QTimer(self, singleShot=True, interval=0)
        self._rest.timeout.connect(self._show_again)
        self._lay_out()

    def _lay_out(self) -> None:
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(tr("Panels"))
        self._inside = QWidget()
        self._inside.setProperty("kind", "clear")
        self.rows = PanelRows()
        self.rows.resized.connect(self._resized)
        self.hint = label("", "small", wrap=True)
        self.hint.setContentsMargins(16, 0, 16, 2)
        self.hint.hide()
        column = QVBoxLayout(self._inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.rows, 1)
        column.addWidget(self.hint)
        self.setWidget(self._inside)

    @property
    def settled(self) -> bool:
        """Whether every panel that is needed has been made."""
        return not self._rest.isActive()

    def forget(self) -> None:
        """Shows all panels again when something else is followed."""
        self._alone, self._seen = None, None
        self._rest.stop()

    # ------------------------------------------------------------------------------------------ showing

    def show_seen(self, seen: Seen, hidden: frozenset[int]) -> None:
        """Shows an answer, without the cells that the legend hides."""
        self._seen, self._hidden = seen, hidden
        there = self._there(seen)
        if self._alone not in there:
            self._alone = None
        rows = self.arrangement.shown(there) if self._alone is None else ((self._alone,),)
        missing = [id for row in rows for id in row if id not in self.panels]
        if missing:
            # one at a time: making all of them at once would hold the window up for longer than a person overlooks
            self._add(missing[0])
            if missing[1:]:
                self._rest.start()
        rows = tuple(row for ids in rows if (row := tuple(id for id in ids if id in self.panels)))
        self._arrange(rows)
        self._say_hint(seen, bool(rows))
        for id in (id for row in rows for id in row):
            if id == PICTURE:
                assert seen.picture is not None
                self._show_picture(seen.picture)
            else:
                self._show_plot(id, seen.plots[id])

    def _there(self, seen: Seen) -> list[str]:
        return [id for id in PLOTS if id in seen.plots] + ([PICTURE] if seen.picture is not None else [])

    def _arrange(self, rows: tuple[tuple[str, ...], ...]) -> None:
        now = (rows, self.arrangement, self._alone, len(self.panels))
        if now == self._applied:
            return
        self._applied = now
        self.rows.arrange(rows, self.panels, self.arrangement.wide, self.arrangement.upper, _USUAL)
        for id, frame in self.panels.items():
            frame.show_alone(id == self._alone)
        self.grown.emit()

    def _say_hint(self, seen: Seen, any_shown: bool) -> None:
        said = seen.hint if any_shown else _ALL_CLOSED
        self.hint.setText(said)
        self.hint.setAccessibleName(said)
        self.hint.setVisible(bool(said))

    def show_time(self, step: float | None) -> None:
        """The line in the panels over steps at the step that is shown; None: no line."""
        self._time = step
        self.heat.show_time(step)
        for id in OVER_STEPS:
            if id in self.plots:
                self.plots[id].show_time(step)

    def light(self, cell: int | None) -> None:
        """Lets one cell stand out in every panel; None: all are alike."""
        self._lit = cell
        for plot in self.plots.values():
            plot.light(cell)

    def controls(self) -> list[QWidget]:
        """Every control as one reads them: row by row, from the left."""
        placed = [id for row in self.arrangement.rows for id in row if id in self.panels]
        return [widget for id in placed for widget in (*self.panels[id].buttons(), *self._bodies(id))]

    def _bodies(self, id: str) -> list[QWidget]:
        return [self.plots[id], self.matrix] if id == FORGETTING else [self.panels[id].body]

    def drawn(self, id: str) -> Plot | StatePicture | MatrixPicture | HeatPicture:
        """What paints a panel's body now."""
        fixed: dict[str, StatePicture | MatrixPicture | HeatPicture] = {PICTURE: self.picture, TABLES: self.table, MAP: self.heat}
        if id in fixed:
            return fixed[id]
        return self.matrix if self._shows_matrix(id) else self.plots[id]

    def _shows_matrix(self, id: str) -> bool:
        return self._seen is not None and id in self._seen.plots and self._seen.plots[id].matrix is not None

    # ------------------------------------------------------------------------------------------ one panel

    def _show_plot(self, id: str, seen: PlotSeen) -> None:
        frame = self.panels[id]
        frame.set_title(seen.title)
        frame.chooser.show_options(seen.options, seen.chosen)
        frame.set_note(*self._step_note(seen.step))
        if id == MAP:
            self._show_second(frame, seen)
            self.heat.show_seen(seen.map, seen.empty)
            return
        if id == TABLES:
            self._show_second(frame, seen)
            self.table.show_seen(seen.matrix, seen.empty)
            return
        log_x, log_y = self._logs.get((id, seen.chosen), (seen.log_x, False))
        frame.set_log("x", log_x)
        frame.set_log("y", log_y)
        if id == FORGETTING:
            self._show_forgetting(frame, seen)
        # the legend's cells are not what the lines of tasks are
        self.plots[id].show_seen(seen, self._hidden if seen.of_cells else frozenset(), log_x, log_y)

    def _show_second(self, frame: PanelFrame, seen: PlotSeen) -> None:
        if len(seen.cells) > 1 or frame.second.now:
            frame.show_second([Option(one, one or "run") for one in seen.cells], seen.of)

    def _show_forgetting(self, frame: PanelFrame, seen: PlotSeen) -> None:
        """The cell it is of, and the matrix in place of the lines."""
        self._show_second(frame, seen)
        for action in frame.log.values():
            action.setEnabled(seen.matrix is None)
        stack = frame.body
        assert isinstance(stack, QStackedWidget)
        if seen.matrix is not None:
            self.matrix.show_seen(seen.matrix)
        # what is retained goes over tasks, not steps
        self.plots[FORGETTING].show_time(self._time if seen.x_name == "step" else None)
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
        frame.set_note(*self._step_note(seen.step))
        self.picture.show_seen(seen)

    def _step_note(self, step: int | None) -> tuple[str, str]:
        """A panel that shows another stored step than the slider says, or has none stored by then, says so itself."""
        seen = self._seen
        if seen is None or step is None:
            return "", ""
        asked = seen.wish.step
        if asked is not None and step > asked:
            return f"nothing by step {asked:,}; first is {step:,}", f"first is {step:,}"
        other = f"step {step:,}" if seen.at is not None and step != seen.at else ""
        return other, other

    def _add(self, id: str) -> None:
        plotted = id not in (PICTURE, MAP, TABLES)
        frame = PanelFrame(
            id,
            TITLES[id],
            self._body(id),
            ("x", "y") if plotted else (),
            docked=True,
            zooms=id == PICTURE,
            smooths=id == "learning",
            maps=id in ("recall", "other"),
        )
        frame.chosen.connect(partial(self.chosen.emit, id))
        frame.save_wanted.connect(partial(self.save_wanted.emit, id))
        frame.copy_wanted.connect(partial(self.copy_wanted.emit, id))
        frame.smoothing.connect(partial(self.chosen.emit, SMOOTHING))
        frame.alone_wanted.connect(partial(self._show_alone, id))
        frame.axes_changed.connect(partial(self._axes_changed, id))
        frame.whole_wanted.connect(partial(self._show_whole, id))
        frame.map_wanted.connect(partial(self._open_map, id))
        frame.deed.connect(partial(self.do, id))
        frame.carried.connect(self._carried)
        frame.dropped.connect(partial(self._dropped, id))
        if id == PICTURE:
            frame.second.chosen.connect(self.pictured)
            self.picture.zoomed.connect(frame.set_zoomed)
        if id in _SECOND:
            frame.second.chosen.connect(partial(self.chosen.emit, _SECOND[id]))
        if id == FORGETTING:
            for body in (self.plots[id], self.matrix):
                body.setAccessibleName(TITLES[id])
        self.panels[id] = frame

    def _body(self, id: str) -> QWidget:
        fixed: dict[str, QWidget] = {PICTURE: self.picture, TABLES: self.table, MAP: self.heat}
        if id in fixed:
            fixed[id].show()
            if id == MAP:
                self.heat.picked.connect(self.picked)
            return fixed[id]
        # pyqtgraph takes 0.4 s to import: only once there are curves, and by then it has been done in the background
        from memstudio.desktop.live.plot import Plot

        made = self.plots[id] = Plot()
        made.zoomed.connect(partial(self._zoomed, id))
        made.pointed_at.connect(self.pointed_at)
        made.light(self._lit)
        if id in OVER_STEPS:
            made.picked.connect(partial(self._picked, id))
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

    def _picked(self, id: str, at: float) -> None:
        if self._seen is not None and id in self._seen.plots and self._seen.plots[id].x_name == "step":
            self.picked.emit(at)

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
        if id == PICTURE:
            self.picture.show_all()
        else:
            self.plots[id].show_all()

    def _zoomed(self, id: str, zoomed: bool) -> None:
        if id in self.panels:
            self.panels[id].set_zoomed(zoomed)

    # ------------------------------------------------------------------------------------------ arranging

    def set_arrangement(self, arrangement: Arrangement, tell: bool = True) -> None:
        """Arranges the panels. tell: as a person's doing, which is remembered."""
        if arrangement == self.arrangement:
            return
        self.arrangement = arrangement
        self._show_again()
        self.grown.emit()
        if tell:
            self.arranged.emit(arrangement)

    @property
    def could_show(self) -> tuple[str, ...]:
        """The panels for which there is something to show, closed ones too."""
        return self._seen.there if self._seen is not None else ()

    def in_rows(self, number: int) -> None:
        """All panels in one row, or half of them in a second one."""
        self.set_arrangement(self.arrangement.in_rows(number, self.could_show))

    def do(self, id: str, deed: str) -> None:
        """Moves, resizes or closes a panel: one of frame.DEEDS."""
        there = self._there(self._seen) if self._seen is not None else []
        now, alone = self.arrangement, self._alone
        moves = {"left": (now.beside, -1), "right": (now.beside, 1), "up": (now.to_row, -1), "down": (now.to_row, 1)}
        if alone is not None and deed in ("close", *moves):
            self._alone = None
        had = self._focused(id)
        if deed in moves:
            move, by = moves[deed]
            self.set_arrangement(move(id, by, there))
        elif deed in ("wider", "narrower"):
            self.set_arrangement(now.widened(id, STEP if deed == "wider" else 1 / STEP))
        elif deed == "close":
            self.set_arrangement(now.without(id))
            return
        if had is not None:
            # a panel that was taken to another splitter has lost it
            had.setFocus(Qt.FocusReason.OtherFocusReason)

    def _focused(self, id: str) -> QWidget | None:
        now = QApplication.focusWidget()
        return now if now is not None and id in self.panels and self.panels[id].isAncestorOf(now) else None

    @property
    def current(self) -> str | None:
        """The panel that has the keyboard, or None."""
        return next((id for id in self.panels if self._focused(id) is not None), None)

    def _open_map(self, id: str) -> None:
        """The heat map beside the curve it is of."""
        if self._seen is not None and id in self._seen.plots:
            self.chosen.emit(MAP, self._seen.plots[id].chosen)
        self.set_arrangement(self.arrangement.with_(MAP))

    def _resized(self) -> None:
        if self._alone is None:
            wide = {**self.arrangement.wide, **self.rows.widths(_USUAL)}
            upper = self.rows.upper
            now = Arrangement(self.arrangement.rows, self.arrangement.closed, wide, self.arrangement.upper if upper is None else upper)
            # it stands as it was drawn already
            self.arrangement = now
            self._applied = (*self._applied[:1], now, *self._applied[2:])
            self.arranged.emit(now)

    def _carried(self, where: QPoint) -> None:
        if self._alone is None:
            self.rows.mark(self.rows.place_at(self.rows.mapFromGlobal(where)))

    def _dropped(self, id: str, where: QPoint) -> None:
        self.rows.mark(None)
        place = self.rows.place_at(self.rows.mapFromGlobal(where)) if self._alone is None else None
        if place is None or self._seen is None:
            return
        shown = self.arrangement.shown(self._there(self._seen))
        if place.row >= len(shown):
            self.set_arrangement(self.arrangement.to_row(id, 1, self._there(self._seen)))
            return
        row = self.arrangement.place(next(each for each in shown[place.row]))[0]
        self.set_arrangement(self.arrangement.moved(id, row, place.before))
