"""The Build page: palette, canvas, inspector, problems, and the place for the live panel below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QMenu, QSplitter, QVBoxLayout, QWidget

from memstudio.desktop import lengths
from memstudio.desktop.areas import first_focusable
from memstudio.desktop.build.estimate import Estimate
from memstudio.desktop.build.failures import Failures
from memstudio.desktop.build.run_card import RunCard
from memstudio.desktop.build.top_bar import TopBar, refused_text
from memstudio.desktop.build.undo_list import UndoList
from memstudio.desktop.canvas import doing
from memstudio.desktop.canvas.canvas import Canvas
from memstudio.desktop.canvas.card_curves import CardCurves
from memstudio.desktop.canvas.deeds import canvas_deeds, menu_rows
from memstudio.desktop.going import Going
from memstudio.desktop.inspector.asking import Inspecting
from memstudio.desktop.inspector.inspector import Inspector
from memstudio.desktop.inspector.row import Row
from memstudio.desktop.outline.panel import Outline
from memstudio.desktop.palette.palette import Palette
from memstudio.desktop.problems.panel import ProblemsPanel
from memstudio.desktop.reader import Reader
from memstudio.desktop.running import Asked, Running
from memstudio.desktop.session import Message, Session
from memstudio.desktop.words import tr
from memstudio.experiment import checking
from memstudio.experiment.problems import Problem
from memstudio.ground.paths import library_folder

if TYPE_CHECKING:
    from memstudio.desktop.actions import Actions
    from memstudio.library import Submitted

_PALETTE, _INSPECTOR, _PROBLEMS = 232, 296, 168


class BuildPage(QWidget):
    """Build. started(Submitted): runs were queued. `live_place`: an empty widget below, hidden until something is put there.

    running: what starts runs (the window's; without one the page makes its own); inspecting: the inspector process, or
    None for no samples.
    """

    started = Signal(object)

    def __init__(
        self,
        session: Session,
        reader: Reader | None,
        running: Running | None = None,
        inspecting: Inspecting | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.session, self.reader = session, reader
        self.setProperty("kind", "page")
        self.failures = Failures(session, reader, self.go_to, self) if reader is not None else None
        self._own_running = running is None and reader is not None
        self.running = running if running is not None or reader is None else Running(reader, reader.path or library_folder(), self)
        self.inspecting = inspecting
        self.estimate = Estimate(session, reader, self)
        session.reader = reader
        session.guess = self.estimate.words_of
        self.bar = TopBar(session, self.estimate)
        self.palette_ = Palette(session.catalogue)
        self.outline = Outline(session)
        self.outline.hide()
        self.canvas = Canvas(session)
        self.curves = None if reader is None else CardCurves(session, self.canvas.view.items_of, reader, self)
        self.inspector = Inspector(session, inspecting)
        self.problems = ProblemsPanel(session)
        self.problems.hide()
        self.live_place = QWidget()
        self.live_place.setAccessibleName(tr("Live"))
        place = QVBoxLayout(self.live_place)
        place.setContentsMargins(0, 0, 0, 0)
        self.live_place.hide()
        self._lay_out()
        self.card = RunCard(self, self.bar.run, session, self.estimate)
        self.card.opener = self.bar.more
        self.card.limit = self._limit
        self.undo_list = UndoList(self, self.bar.undo_more, session)
        self.undo_list.opener = self.bar.undo_more
        self._connect()

    def _lay_out(self) -> None:
        self.across = QSplitter(Qt.Orientation.Horizontal)
        self.down = QSplitter(Qt.Orientation.Vertical)
        self.inner = QSplitter(Qt.Orientation.Horizontal)
        self.left = QSplitter(Qt.Orientation.Vertical)
        for splitter, widgets in (
            (self.left, (self.palette_, self.outline)),
            (self.inner, (self.left, self.canvas)),
            (self.down, (self.inner, self.problems, self.live_place)),
            (self.across, (self.down, self.inspector)),
        ):
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(1)
            for widget in widgets:
                splitter.addWidget(widget)
        lengths.at_least(self.palette_, width=160)
        self.canvas.setMinimumSize(240, 160)
        lengths.at_least(self.inspector, width=220)
        self.setFocusProxy(self.canvas.view)
        self.problems.setMinimumHeight(90)
        self.inner.setStretchFactor(1, 1)
        self.across.setStretchFactor(0, 1)
        self.down.setStretchFactor(0, 1)
        self.inner.setSizes([_PALETTE, 2000])
        self.across.setSizes([2000, _INSPECTOR])
        self.down.setSizes([2000, _PROBLEMS, 320])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.bar)
        layout.addWidget(self.across, 1)

    def _connect(self) -> None:
        view = self.canvas.view
        self.palette_.chosen.connect(self._add)
        self.palette_.follow(self.session)
        self.session.catalogue_changed.connect(self.palette_.show_catalogue)
        view.edit_wanted.connect(self._edit)
        view.part_wanted.connect(self._go_to_part)
        view.leave.connect(self.next_area)
        view.menu_wanted.connect(self._canvas_menu)
        self.outline.go.connect(self.go_to)
        self.outline.edit.connect(self._edit)
        self.outline.connect_asked.connect(self._connect_from_outline)
        self.outline.closed.connect(self.toggle_outline)
        self.problems.go.connect(self.go_to)
        self.problems.go_study.connect(self.show_study)
        self.problems.go_field.connect(self._to_field)
        self.problems.closed.connect(self._close_problems)
        self.bar.problems_wanted.connect(self.show_problems)
        self.bar.run_wanted.connect(self.run)
        self.bar.card_wanted.connect(self.card.open_card)
        self.bar.edits_wanted.connect(self.undo_list.toggle)
        self.card.run_asked.connect(self.run)
        self.card.study_asked.connect(self.show_study)
        self.estimate.changed.connect(self._guessed)
        self.session.facts_changed.connect(self._guessed)
        if self._own_running and self.running is not None:
            self.running.message.connect(self._say)
        if self.reader is not None:
            self.reader.opened.connect(self._opened)
            self.reader.unusable.connect(self.bar.refuse)
            self._opened(self.reader.readonly)
        self._actions: Actions | None = None

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.canvas.view.fit_on_resize:
            self.canvas.view.fit()

    # ------------------------------------------------------------------------------------------ adding and going

    def _add(self, component: str) -> None:
        self.canvas.view.add(component)

    def _edit(self, id: str) -> None:
        self.session.select([id])
        self.inspector.focus_first()

    def _go_to_part(self, address: str) -> None:
        self.session.select([address.partition(".")[0]])
        self.inspector.go_to_part(address)

    def go_to(self, node: str) -> None:
        """Selects a node and shows it; "" shows the document's own settings."""
        self.session.select([node] if node else [])
        if node:
            self.canvas.view.reveal(node)

    def _to_field(self, address: str) -> None:
        """Takes the keyboard to the field of an address, where the inspector shows it."""
        row = next((row for row in self.inspector.findChildren(Row) if row.address == address), None)
        if row is not None:
            self.inspector.area.ensureWidgetVisible(row, 0, 24)
            (first_focusable(row.field) or row.field).setFocus(Qt.FocusReason.OtherFocusReason)

    def show_study(self) -> None:
        """Shows what the study varies, and takes the keyboard there."""
        self.inspector.show_study()

    def _limit(self) -> int | None:
        return None if self.running is None else self.running.limits.workers

    def _opened(self, readonly: bool) -> None:
        self.bar.refuse("The library's folder is read-only: runs can be read, not started." if readonly else "")

    def show_going(self, going: Sequence[Going]) -> None:
        """Shows how far what runs is, and what it takes."""
        self.bar.show_going(going)

    def _guessed(self, _: object = None) -> None:
        self.inspector.show_estimate(self.estimate.guess().sentence if self.session.document.nodes else "")

    def next_problem(self) -> None:
        """Goes to the next problem after the selected node, around again at the end; opens the list."""
        self.show_problems(True)
        nodes = list(dict.fromkeys(problem.node for problem in self.session.facts.problems if problem.node))
        if nodes:
            now = self.session.selected[-1] if self.session.selected else ""
            self.go_to(nodes[(nodes.index(now) + 1) % len(nodes)] if now in nodes else nodes[0])

    def show_problems(self, shown: bool) -> None:
        """Opens or closes the list of problems."""
        self.problems.setVisible(shown)
        self.bar.problems.setChecked(shown)

    def toggle_outline(self) -> None:
        """Opens the outline and takes the keyboard there; from there, closes it."""
        shown = self.outline.isVisibleTo(self)
        here = self.outline.isAncestorOf(self.focusWidget() or self)
        self.outline.setVisible(not shown or not here)
        if self.outline.isVisibleTo(self):
            self.outline.focus_first()
        else:
            self.canvas.view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _connect_from_outline(self, node: str) -> None:
        self.canvas.view.offer_connections(node, self.outline.tree)

    def _close_problems(self) -> None:
        self.show_problems(False)
        self.bar.problems.setFocus(Qt.FocusReason.OtherFocusReason)

    def focus_search(self) -> None:
        """Takes the keyboard to the palette's search field."""
        self.palette_.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.palette_.field.selectAll()

    def next_area(self, forward: bool = True) -> None:
        """Takes the keyboard to the next part of the page: top bar, palette, canvas, inspector, problems."""
        areas: list[tuple[QWidget, Callable[[], None]]] = [
            (
                self.bar,
                partial(self.bar.undo.setFocus if self.bar.undo.isEnabled() else self.bar.problems.setFocus, Qt.FocusReason.TabFocusReason),
            ),
            (self.palette_, self.focus_search),
            (self.outline, self.outline.focus_first),
            (self.canvas, partial(self.canvas.view.setFocus, Qt.FocusReason.TabFocusReason)),
            (self.inspector, self.inspector.focus_first),
            (self.problems, partial(self.problems.close_button.setFocus, Qt.FocusReason.TabFocusReason)),
            (self.live_place, partial(self.live_place.setFocus, Qt.FocusReason.TabFocusReason)),
        ]
        seen = [(widget, go) for widget, go in areas if widget.isVisibleTo(self)]
        focus = self.focusWidget()
        here = next((i for i, (widget, _) in enumerate(seen) if focus is not None and (widget is focus or widget.isAncestorOf(focus))), -1)
        seen[(here + (1 if forward else -1)) % len(seen)][1]()

    # ------------------------------------------------------------------------------------------ running

    def run(self, first_only: bool = False) -> None:
        """Checks the document, queues its runs and starts workers; errors open the list of problems instead.

        first_only: of a study only the first cell with the first seed, as a run of its own.
        """
        if self.running is None or not self.session.document.nodes:
            if self.running is not None:
                self._say("There is nothing to run yet. Add components, or open a study of the gallery.", "info")
            return
        if self.bar.refusal:
            self._say(self.bar.refusal, "bad")
            return
        self.bar.set_starting(True)
        document, catalogue = self.session.document, self.session.catalogue
        checked = partial(self._checked, first_only)
        self.session.background.do(lambda: checking.errors(document, catalogue), checked, self._not_started)

    def _checked(self, first_only: bool, errors: list[Problem]) -> None:
        if errors:
            self.bar.set_starting(False)
            self.show_problems(True)
            first = errors[0]
            go = (f"Go to {first.node}", partial(self.go_to, first.node)) if first.node else None
            words = refused_text(self.session.document, errors, self.session.catalogue)
            self.session.message.emit(Message(words, "careful", go))
            return
        assert self.running is not None
        asked = Asked(self.card.workers, first_only)
        self.running.start(self.session.document, self.session.catalogue, self._started, self._refused, asked)

    def _started(self, submitted: Submitted) -> None:
        self.bar.set_starting(False)
        if self.failures is not None:
            self.failures.watch(submitted)
        self.started.emit(submitted)

    def _refused(self, sentence: str) -> None:
        """The window hears the reason from `running` itself."""
        self.bar.set_starting(False)

    def _not_started(self, sentence: str) -> None:
        self.bar.set_starting(False)
        self._say(sentence, "bad")

    def _say(self, sentence: str, level: str) -> None:
        self.session.message.emit(Message(sentence, level))

    # ------------------------------------------------------------------------------------------ actions

    def deeds(self) -> dict[str, tuple[Callable[[], Any], QWidget | None]]:
        """What the page's actions do, by their id in the action table, and where their keys work (None: on the whole page)."""
        session, view = self.session, self.canvas.view
        return {
            "edit.undo": (session.undo, self),
            "edit.redo": (session.redo, self),
            "edit.history": (self.undo_list.toggle, self),
            "edit.cut": (partial(doing.cut, session), view),
            "edit.copy": (partial(doing.copy, session), view),
            "edit.paste": (view.paste, view),
            "edit.duplicate": (partial(doing.duplicate, session), view),
            "edit.delete": (partial(doing.delete, session), view),
            "edit.select_all": (partial(doing.select_all, session), view),
            "canvas.add": (view.add_by_typing, view),
            "canvas.wires": (view.offer_wires, view),
            "canvas.fit": (view.fit, view),
            "canvas.zoom_in": (partial(view.zoom, 1), self),
            "canvas.zoom_out": (partial(view.zoom, -1), self),
            "canvas.actual": (view.actual_size, self),
            "canvas.align": (partial(doing.tidy, session), self),
            "canvas.group": (view.group, view),
            "canvas.ungroup": (partial(doing.ungroup, session), view),
            "canvas.note": (view.add_note, view),
            **canvas_deeds(session, view),
            "canvas.outline": (self.toggle_outline, self),
            "run.start": (self.run, self),
            "run.card": (self.card.open_card, self),
            "run.study": (self.show_study, self),
            "run.check": (self.next_problem, self),
        }

    def bind(self, actions: Actions) -> None:
        """Binds the page's actions in the window's table."""
        self._actions = actions
        for id, (call, where) in self.deeds().items():
            actions.bind(id, call, where)
        self.session.file_changed.connect(self._name_edits)
        self._name_edits()

    def _name_edits(self, _: object = None) -> None:
        """Undo and Redo say in every menu what they do."""
        history, actions = self.session.history, self._actions
        if actions is not None:
            for id, word, name in (("edit.undo", "Undo", history.undo_name), ("edit.redo", "Redo", history.redo_name)):
                actions[id].setText(f"{word}: {name}" if name else word)
                actions[id].setEnabled(bool(name))

    def _canvas_menu(self, where: QPoint) -> None:
        """The canvas's menu: what makes sense for what is selected."""
        if self._actions is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for id in menu_rows(self.session):
            if id:
                menu.addAction(self._actions[id])
            elif not menu.isEmpty():
                menu.addSeparator()
        menu.popup(where)

    def close_page(self) -> None:
        """Ends what the page started: its own running and the inspector process."""
        if self._own_running and self.running is not None:
            self.running.close()
        if self.inspecting is not None:
            self.inspecting.close()
