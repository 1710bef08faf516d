"""How the runs are shown: which columns, in which groups, under which saved view; kept between windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QMenu

from memstudio.desktop.reader import Reader
from memstudio.desktop.runs import columns as known_columns
from memstudio.desktop.runs.bar import RunsBar
from memstudio.desktop.runs.carrying import Carrying
from memstudio.desktop.runs.choices import columns_to_choose, names_to_group
from memstudio.desktop.runs.column_chooser import ColumnChooser
from memstudio.desktop.runs.group_chooser import GroupChooser
from memstudio.desktop.runs.questions import Query
from memstudio.desktop.runs.table import RunsTable
from memstudio.desktop.runs.views_panel import ViewsPanel

if TYPE_CHECKING:
    from memstudio.library import Library
    from memstudio.library.columns import Column
    from memstudio.library.views import View

COLUMNS, GROUP = "runs.columns", "runs.group"
#: whether there are other measures is looked at again at most this often, milliseconds
ASK_AGAIN = 4000


class Choosers(QObject):
    """The panels behind Views, Group and Columns. applied(Query, name): a view is to be shown."""

    applied = Signal(object, str)

    def __init__(
        self,
        bar: RunsBar,
        table: RunsTable,
        reader: Reader,
        carrying: Carrying,
        chosen: Sequence[str] | None,
        keep: Callable[[str, object], object],
    ) -> None:
        super().__init__(table)
        self._bar, self._table, self._reader, self._carrying, self._keep = bar, table, reader, carrying, keep
        self._chosen = list(chosen) if chosen else None
        self._known: dict[str, Column] = {}
        self._views: Mapping[str, View] = {}
        self.view = ""
        self._again = QTimer(self, singleShot=True, interval=ASK_AGAIN)
        self._again.timeout.connect(self._ask_measures)
        bar.views.connect(self.open_views)
        bar.groups.connect(self.open_groups)
        bar.columns.connect(self.open_columns)
        table.ordered.connect(self._keep_columns)

    # ------------------------------------------------------------------------------------------ what there is

    def ask(self) -> None:
        """Asks for every column that there is: parameters, measures and versions of the runs that are shown."""
        study = self._table.runs.query.study or None
        self._carrying.ask(lambda library: library.columns(study=study), self._take)

    def begin(self) -> None:
        """Asks what is needed to show the first columns: what was chosen may be anything, the usual ones are measures."""
        if self._chosen and any(name not in known_columns.BY_ID and name not in self._known for name in self._chosen):
            self.ask()
        elif not self._chosen:
            self._ask_measures()

    def _ask_measures(self) -> None:
        def measures(library: Library) -> list[Column]:
            from memstudio.library.columns import Column

            return [Column(name, "measure", "number", True) for name in library.measure_names()]

        self._reader.ask(measures, self._take_measures, lambda sentence: None, ("columns", id(self)))

    def _take_measures(self, measures: Sequence[Column]) -> None:
        self._known |= {one.name: one for one in measures if one.name not in self._known}
        self.show_columns()

    def changed(self) -> None:
        """The library changed: there may be other measures soon."""
        if not self._chosen and not self._again.isActive():
            self._again.start()

    def _take(self, known: Sequence[Column]) -> None:
        self._known = {column.name: column for column in known}
        self.show_columns()
        for panel in ("column_chooser", "group_chooser"):
            if panel in self.__dict__ and self.__dict__[panel].isVisible():
                self._fill()

    # ------------------------------------------------------------------------------------------ columns

    @cached_property
    def column_chooser(self) -> ColumnChooser:
        """The panel behind Columns."""
        made = ColumnChooser(self._bar.columns_button)
        made.chosen.connect(self._choose_columns)
        return made

    def open_columns(self) -> None:
        """Opens the chooser of columns, or closes it."""
        self.ask()
        self._fill_columns()
        self.column_chooser.toggle(self.column_chooser.all.field)

    def show_columns(self) -> None:
        """Shows the chosen columns, or the usual ones that there are."""
        self._table.show_columns(known_columns.shown(self._chosen, self._known))

    def choose_columns(self, ids: Sequence[str] | None) -> None:
        """Shows these columns from now on; None: the usual ones."""
        self._keep_columns(None if ids is None else list(ids))
        self.show_columns()
        self.begin()

    def _choose_columns(self, ids: Sequence[str] | None) -> None:
        self.choose_columns(ids)
        self._fill_columns()

    def _keep_columns(self, ids: list[str] | None) -> None:
        self._chosen = ids
        self._keep(COLUMNS, ids)

    def ids(self) -> list[str]:
        """The columns that are shown, in order."""
        return list(self._chosen) if self._chosen else [column.id for column in self._table.runs.columns]

    def _fill(self) -> None:
        self._fill_columns()
        self._fill_groups()

    def _fill_columns(self) -> None:
        self.column_chooser.show_columns(columns_to_choose(self._known.values()), self.ids())

    # ------------------------------------------------------------------------------------------ order

    def sort(self, name: str, _: bool = False) -> None:
        """Sorts by what the library calls so; by the same once more turns the order round."""
        model = self._table.runs
        query, column = model.query, next(column for column in model.columns if column.sort == name)
        down = not query.descending if query.sort == name else column.kind in ("number", "star", "time")
        # groups have an order of their own: by what they are grouped by, or by the mean of a measure
        if not query.group or name in (*query.group, *model.measures):
            self._show_sorted(query.but(sort=name, descending=down))
        self._table.mark_sort()

    def _show_sorted(self, query: Query) -> None:
        self._mark("")
        self._table.runs.show_query(query)
        self._table.mark_sort()

    def sort_menu(self) -> QMenu:
        """The columns that the runs can be sorted by; the one they are sorted by turns the order round."""
        query, menu = self._table.runs.query, QMenu(self._table)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for column in self._table.runs.columns:
            if column.sort:
                _entry(menu, column.title or "Star", column.sort == query.sort, partial(self.sort, column.sort))
        menu.addSeparator()
        newest = query.but(sort="", descending=False)
        _entry(menu, "Newest first", not query.sort, lambda _: self._show_sorted(newest))
        return menu

    def open_sort(self) -> None:
        """Opens that menu at the head of the table."""
        self.sort_menu().popup(self._table.viewport().mapToGlobal(QPoint(40, 0)))

    # ------------------------------------------------------------------------------------------ groups

    @cached_property
    def group_chooser(self) -> GroupChooser:
        """The panel behind Group."""
        made = GroupChooser(self._bar.group_button)
        made.chosen.connect(self.group)
        made.folded.connect(self._table.runs.fold_all)
        return made

    def open_groups(self) -> None:
        """Opens the chooser of groups, or closes it."""
        self.ask()
        self._fill_groups()
        self.group_chooser.toggle(self.group_chooser.names.field)

    def group(self, by: Sequence[str]) -> None:
        """Groups the runs by these names; () shows every run by itself."""
        query = self._table.runs.query
        measures = self._table.runs.measures
        names = tuple(by)
        sort = query.sort if not names or query.sort in (*names, *measures) else ""
        self.show_group(query.but(group=names, sort=sort))
        self._keep(GROUP, list(names))
        self._fill_groups()

    def show_group(self, query: Query) -> None:
        """Shows a query, with groups or without."""
        self._table.runs.show_query(query)
        self._bar.show_group(query.group)
        self._table.show_widths()
        self._table.mark_sort()

    def _fill_groups(self) -> None:
        self.group_chooser.show_names(names_to_group(self._known.values()), self._table.runs.query.group)

    # ------------------------------------------------------------------------------------------ views

    @cached_property
    def views_panel(self) -> ViewsPanel:
        """The panel behind Views."""
        made = ViewsPanel(self._bar.views_button)
        made.applied.connect(self.apply)
        made.saved.connect(self.save)
        made.renamed.connect(self._rename)
        made.removed.connect(self._remove)
        return made

    def open_views(self) -> None:
        """Opens the saved views, or closes them."""

        def answered(views: Mapping[str, View]) -> None:
            self._show_views(views)
            self.views_panel.open_views()

        self._reader.ask(lambda library: library.views(), answered, key=("views", id(self)))

    def _show_views(self, views: Mapping[str, View]) -> None:
        self._views = views
        if self.view not in views:
            self._mark("")
        self.views_panel.show_views(list(views), self.view)

    def _mark(self, name: str) -> None:
        self.view = name
        self._bar.show_view(name)

    def apply(self, name: str) -> None:
        """Shows a saved view."""
        view = self._views[name]
        more = dict(view.more)
        sort, down = view.sort.removeprefix("-"), view.sort.startswith("-")
        query = Query(
            where=view.where,
            text=view.text,
            state=str(more.get("state", "")),
            study=str(more.get("study", "")),
            sort=sort,
            descending=down,
            group=tuple(view.group),
        )
        if view.columns:
            self.choose_columns(view.columns)
        self._mark(name)
        self.applied.emit(query, str(more.get("study_title", "")))

    def save(self, name: str, study_title: str = "") -> None:
        """Keeps how the runs are shown now under a name."""
        query, columns, measures = self._table.runs.query, self.ids(), self._table.runs.measures
        title = self._bar.property("study") or study_title

        def save(library: Library) -> Mapping[str, View]:
            from memstudio.library.views import View

            more = {"state": query.state, "study": query.study, "study_title": title}
            view = View(query.where, query.text, query.order or "", tuple(columns), query.group, tuple(measures), more)
            library.set_view(name, view)
            return library.views()

        self._mark(name)
        self._reader.tell(save, self._show_views)

    def _rename(self, before: str, name: str) -> None:
        def rename(library: Library) -> Mapping[str, View]:
            library.set_view(name, library.views()[before])
            library.remove_view(before)
            return library.views()

        if self.view == before:
            self._mark(name)
        self._reader.tell(rename, self._show_views)

    def _remove(self, name: str) -> None:
        def remove(library: Library) -> Mapping[str, View]:
            library.remove_view(name)
            return library.views()

        self._reader.tell(remove, self._show_views)

    def unmark(self) -> None:
        """What is shown is no longer the view that was applied."""
        self._mark("")

    def close(self) -> None:
        """Asks no more."""
        self._again.stop()


def _entry(menu: QMenu, text: str, checked: bool, call: Callable[[bool], None]) -> None:
    action = menu.addAction(text)
    action.setCheckable(True)
    action.setChecked(checked)
    action.triggered.connect(call)
