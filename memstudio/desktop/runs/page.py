"""Runs: every run of the library in a table, found, sorted, grouped, watched; details beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QSplitter, QVBoxLayout, QWidget

from memstudio.desktop import lengths
from memstudio.desktop.actions import Actions
from memstudio.desktop.reader import Reader
from memstudio.desktop.running import Running
from memstudio.desktop.runs import columns as known
from memstudio.desktop.runs.bar import RunsBar
from memstudio.desktop.runs.beside import Beside
from memstudio.desktop.runs.carrying import Carrying
from memstudio.desktop.runs.chips import Chips
from memstudio.desktop.runs.choosers import COLUMNS, GROUP, Choosers
from memstudio.desktop.runs.commands import Commands
from memstudio.desktop.runs.details import DetailsView
from memstudio.desktop.runs.doing import Doing
from memstudio.desktop.runs.empty import Empty
from memstudio.desktop.runs.exporting import SETTING, Exporter, ExportForm
from memstudio.desktop.runs.exporting_many import ExportMany
from memstudio.desktop.runs.foot import Foot
from memstudio.desktop.runs.model import RunsModel
from memstudio.desktop.runs.questions import Query, freed, typed
from memstudio.desktop.runs.selection_bar import SelectionBar
from memstudio.desktop.runs.table import RunsTable
from memstudio.desktop.runs.trash_line import TrashLine
from memstudio.ground.settings import Settings

if TYPE_CHECKING:
    from memstudio.library import RunRow

#: the table follows the library at most this often, milliseconds
FOLLOW = 300
WIDTHS = "runs.widths"


class RunsPage(QWidget):
    """The page. open_document(Document): a run's experiment is to be opened in Build; compare(studies, runs): uids to compare.

    show_curves(study, runs): what a study (or, where that is None, these runs) measured is to be shown in Build's live panels;
    report_asked(kind, What): a report is to be written; said(text, level, offer): a sentence for the message line;
    keep(name, value): keeps a setting, away from the window's thread.
    """

    open_document = Signal(object)
    show_curves = Signal(object, object)
    compare = Signal(object, object)
    report_asked = Signal(object, object)
    said = Signal(str, str, object)

    def __init__(
        self,
        reader: Reader,
        running: Running,
        actions: Actions,
        settings: Settings,
        keep: Callable[[str, object], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("kind", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._reader, self._running, self._settings, self._actions, self._keep = reader, running, settings, actions, keep
        self._wanted: str | None = None
        #: other runs were asked for and have not come yet
        self._asked_others = False
        self._shown = False
        chosen = settings.get(COLUMNS)
        self.model = RunsModel(reader, known.shown(chosen, {}), self)
        self.table = RunsTable(self.model, dict(settings.get(WIDTHS) or {}))
        self.bar = RunsBar(reader)
        self.chips = Chips()
        self.trash_line = TrashLine()
        self.empty = Empty()
        self.selection = SelectionBar()
        self.details = DetailsView()
        self.carrying = Carrying(reader.path, self)
        self._exporter = Exporter(reader.path, self)
        self.exporting = ExportMany(self._exporter, self)
        self.foot = Foot(self.carrying, self.exporting)
        self.doing = Doing(reader, running, self)
        self.choosers = Choosers(self.bar, self.table, reader, self.carrying, chosen, keep)
        self.export_form = ExportForm(self._exporter, settings.get(SETTING), partial(keep, SETTING))
        self.details.under_buttons.addWidget(self.export_form)
        self.beside = Beside(self.details, self.export_form, reader, self.doing, self)
        self.beside.shown.connect(self._enable)
        self.commands = Commands(self, self.table, actions, reader, self.doing, self.carrying, self.exporting, lambda: self.beside.run)
        self._lay_out()
        self._follow = QTimer(self, singleShot=True, interval=FOLLOW)
        self._follow.timeout.connect(self._refresh)
        self._connect()
        self._connect_details()
        self._bind()
        kept = settings.get(GROUP)
        if kept:
            self.choosers.show_group(Query(group=tuple(kept)))

    @property
    def search(self) -> QWidget:
        """The field that finds runs."""
        return self.bar.field

    # ------------------------------------------------------------------------------------------ making

    def _lay_out(self) -> None:
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addWidget(self.bar)
        page.addWidget(self.chips)
        page.addWidget(self.trash_line)
        left = QFrame()
        left.setProperty("kind", "panel")
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget, stretch in ((self.empty, 1), (self.table, 1), (self.selection, 0)):
            column.addWidget(widget, stretch)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.details)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setStretchFactor(0, 1)
        lengths.at_least(self.details, width=320)
        self.splitter.setSizes([870, 342])
        page.addWidget(self.splitter, 1)
        page.addWidget(self.foot)

    def _connect(self) -> None:
        commands, model, table = self.commands, self.model, self.table
        self._reader.changed.connect(self._changed)
        self.bar.field.typed.connect(self._typed)
        self.bar.compare.connect(commands.compare_chosen)
        self.bar.more.connect(self._open_more)
        self.chips.state.connect(self.show_state)
        self.chips.all_studies.connect(self._all_studies)
        self.chips.trash.connect(self.show_trash)
        self.choosers.applied.connect(self._apply)
        self.empty.clear.connect(self.clear_filter)
        self.empty.example.connect(self._example)
        model.counted.connect(self._count)
        model.refused.connect(self._refused)
        model.arrived.connect(self._arrived)
        table.chosen_changed.connect(self._selected)
        table.opened.connect(commands.open)
        table.asked_menu.connect(commands.open_menu)
        table.sorted_by.connect(self.choosers.sort)
        self.selection.asked.connect(lambda id: self._actions[id].trigger())
        self.selection.more.connect(lambda: commands.open_menu(_above(self.selection.more_button)))
        self.trash_line.restored.connect(self.doing.restore)
        self.trash_line.deleted.connect(self.carrying.purge)
        self.trash_line.weighing.connect(self._weigh)
        commands.open_document.connect(self.open_document)
        commands.show_curves.connect(self.show_curves)
        commands.compare.connect(self.compare)
        commands.report_asked.connect(self.report_asked)
        commands.trash_wanted.connect(lambda: self.show_trash(not self.model.query.trashed))
        commands.deleting.connect(self.trash_line.ask)
        self.doing.said.connect(self.said)
        for long in (self.carrying, self.exporting):
            long.ended.connect(lambda words, level: self.said.emit(words, level, None))

    def _connect_details(self) -> None:
        view, commands = self.details, self.commands
        for signal, id in (
            (view.pause, "runs.pause"),
            (view.resume, "runs.resume"),
            (view.stop, "runs.stop"),
            (view.curves, "runs.curves"),
            (view.study_curves, "runs.study_curves"),
        ):
            signal.connect(lambda id=id: self._actions[id].trigger())
        view.open_document.connect(commands.open)
        view.more.connect(lambda: commands.open_menu(view.more_button.mapToGlobal(QPoint(0, view.more_button.height() + 4))))
        self.export_form.message.connect(lambda words, level: self.said.emit(words, level, None))

    def _bind(self) -> None:
        bind = self._actions.bind
        bind("runs.columns", self.choosers.open_columns, self)
        bind("runs.group", self.choosers.open_groups, self.table)
        bind("runs.views", self.choosers.open_views, self.table)
        bind("runs.sort", self.choosers.open_sort, self.table)
        bind("runs.complete", self._complete, self)
        self._enable()

    # ------------------------------------------------------------------------------------------ following

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()
        if not self._shown:
            self._shown = True
            self.choosers.begin()
            self.carrying.measure()

    def _changed(self) -> None:
        if self.isVisible() and not self._follow.isActive():
            self._follow.start()

    def _refresh(self) -> None:
        if self.isVisible():
            self.model.refresh()
            self.choosers.changed()
            self.carrying.measure_soon()
            self.beside.ask_again()

    def _count(self, runs: int, groups: int) -> None:
        self.bar.show_count(runs, groups)
        query, empty = self.model.query, runs == 0
        if empty and self.table.hasFocus():
            self.bar.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self.empty.setVisible(empty)
        self.table.setVisible(not empty)
        self.trash_line.setVisible(query.trashed and runs > 0)
        self._show_trash_line()
        if empty:
            self.empty.show_why(query)
            self.beside.show_nothing("")

    def _refused(self, sentence: str) -> None:
        self.bar.counted.setText("")
        self.empty.show_refusal(sentence)
        self.empty.show()
        self.table.hide()

    def _show_trash_line(self) -> None:
        if self.model.query.trashed:
            self.trash_line.show_trash(self.model.runs, self.table.chosen_uids(), not self._reader.readonly)

    # ------------------------------------------------------------------------------------------ which runs

    def _show(self, query: Query) -> None:
        self.choosers.unmark()
        self._asked_others = query != self.model.query
        self.model.show_query(query)
        self.table.mark_sort()

    def show_state(self, state: str) -> None:
        """Shows only runs in a state ("" = all)."""
        self.chips.show_state(state)
        self._show(self.model.query.but(state=state))

    def show_study(self, study: str, title: str) -> None:
        """Shows only the runs of a study."""
        self.chips.show_study(title)
        self.bar.field.show_text("")
        self.chips.show_state("")
        self.chips.show_trash(False)
        self._show(Query(study=study, sort=self.model.query.sort, descending=self.model.query.descending))
        self.bar.show_group(())

    def show_run(self, uid: str) -> None:
        """Shows all runs and chooses one."""
        self._wanted = uid
        self.chips.show_trash(False)
        self.clear_filter()
        self.choosers.show_group(self.model.query.but(group=(), trashed=False))
        self.beside.ask(uid)
        self._arrived()

    def show_trash(self, trashed: bool) -> None:
        """Shows what is in the trash, or what is not."""
        self.chips.show_trash(trashed)
        self.beside.show_nothing()
        self._show(self.model.query.but(trashed=trashed, group=()))
        self.bar.show_group(())
        self._enable()

    def clear_filter(self) -> None:
        """Shows every run again: no words, no filter, no state, no study."""
        self.bar.field.show_text("")
        self.chips.show_state("")
        self.chips.show_study("")
        self._show(self.model.query.but(where="", text="", state="", study=""))

    def _all_studies(self) -> None:
        self.chips.show_study("")
        self._show(self.model.query.but(study=""))

    def _typed(self, text: str) -> None:
        self._show(typed(self.model.query, text))

    def _example(self, text: str) -> None:
        self.bar.field.setText(text)
        self.bar.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _complete(self) -> None:
        self.bar.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.bar.field.complete()

    def _apply(self, query: Query, study_title: str) -> None:
        """A saved view."""
        self.bar.field.show_text(query.where or query.text)
        self.chips.show_state(query.state)
        self.chips.show_study(study_title if query.study else "")
        self.chips.show_trash(False)
        self.choosers.show_group(query)

    # ------------------------------------------------------------------------------------------ what is chosen

    def chosen(self) -> list[RunRow]:
        """The selected runs whose rows are here, from top to bottom."""
        return self.table.chosen()

    def _arrived(self) -> None:
        if self._wanted is not None and self.table.choose_one(self._wanted):
            self._wanted = None
        elif self._shows_another() and isinstance(self.model.line(0), str):
            self.table.setCurrentIndex(self.model.index(0, 0))
            self.table.selectRow(0)
        self._asked_others = False
        self._enable()

    def _shows_another(self) -> bool:
        """Whether the run beside the table is none of those that are listed now; one that left while it was watched stays."""
        about = self.beside.about
        if self.table.selectionModel().hasSelection():
            return False
        return about is None or (self._asked_others and self.model.row_of(about) is None)

    def _selected(self) -> None:
        self._enable()
        lines = self.table.chosen_lines()
        uids = self.model.uids(lines)
        groups = sum(1 for line in lines if not isinstance(self.model.line(line), str))
        self.selection.show_selected(len(uids), groups)
        self._show_trash_line()
        if not lines:
            return
        first = self.model.line(lines[0])
        if first is not None and not isinstance(first, str):
            self.beside.show_group(first, self.model.by)
        elif isinstance(first, str) and self.beside.about not in uids:
            self.beside.ask(first)

    def _enable(self) -> None:
        self.commands.enable()
        self.details.set_writable(not self._reader.readonly)
        self.bar.compare_button.setEnabled(self._actions["runs.compare"].isEnabled())

    # ------------------------------------------------------------------------------------------ trash, other libraries

    def _weigh(self, uids: Sequence[str] | None) -> None:
        self._reader.ask(
            lambda library: freed(library, uids),
            lambda bytes_: self.trash_line.show_freed(uids, bytes_),
            key=("freed", id(self)),
        )

    def merge(self, path: Path) -> None:
        """Takes the runs of another library or a bundle into this one."""
        self.carrying.merge(path)

    def _open_more(self) -> None:
        button = self.bar.more_button
        menu = self.commands.more_menu()
        menu.popup(button.mapToGlobal(QPoint(button.width() - menu.sizeHint().width(), button.height() + 4)))

    def areas(self) -> list[QWidget]:
        """The parts that F6 goes through."""
        return [self.bar.field, self.chips, self.table, *([self.selection] if self.selection.isVisible() else []), self.details]

    def close_page(self) -> None:
        """The window closes: what the person set up is kept."""
        self._follow.stop()
        self.details.note.keep()
        self.choosers.close()
        self._exporter.close()
        self.carrying.close()
        self._keep(WIDTHS, self.table.widths)


def _above(widget: QWidget) -> QPoint:
    return widget.mapToGlobal(QPoint(0, 0))
