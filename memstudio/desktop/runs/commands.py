"""What can be done on the Runs page, each bound to its action: menus, keys, buttons and the command palette all come here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from memstudio.desktop.actions import Actions
from memstudio.desktop.reader import Reader
from memstudio.desktop.reporting import What
from memstudio.desktop.running import MAY_PAUSE, MAY_RESUME, MAY_STOP
from memstudio.desktop.runs.carrying import BUNDLE, Carrying
from memstudio.desktop.runs.doing import MAY_RETRY, Doing
from memstudio.desktop.runs.exporting_many import ExportMany
from memstudio.desktop.runs.model import RunsModel
from memstudio.desktop.runs.questions import own_document
from memstudio.desktop.runs.saving import TableSaving
from memstudio.desktop.runs.selection_bar import fill
from memstudio.desktop.runs.table import RunsTable
from memstudio.desktop.runs.table_text import KINDS
from memstudio.desktop.runs.tags import TagPanel
from memstudio.desktop.words import tr

if TYPE_CHECKING:
    from memstudio.library import Library, RunRow

#: what the menu of runs offers, in order; None: a line between
_MENU = (
    "runs.open",
    "runs.curves",
    "runs.study_curves",
    "runs.compare",
    None,
    "runs.pause",
    "runs.resume",
    "runs.retry",
    "runs.stop",
    None,
    "runs.star",
    "runs.baseline",
    "runs.tags",
    None,
    "runs.report",
    "runs.export",
    "runs.bundle",
    "runs.bundle_small",
    *(f"runs.save_{kind}" for kind in KINDS),
    None,
    "runs.trash",
    "runs.restore",
    "runs.delete",
)
#: what the button at the end of the bar offers besides
_MORE = (
    "runs.merge",
    None,
    "runs.report",
    "runs.bundle",
    "runs.bundle_small",
    None,
    *(f"runs.save_{kind}" for kind in KINDS),
    None,
    "runs.sort",
    "runs.show_trash",
)


class Commands(QObject):
    """Binds the actions and does what they say with the runs that are chosen.

    open_document(Document), show_curves(study, runs), compare(studies, runs): something is to be shown on another page;
    report_asked(kind, What): a report is to be written; changed_trash(bool): the trash is wanted, or not; deleting(): deleting for
    good is to be asked about.
    """

    open_document = Signal(object)
    show_curves = Signal(object, object)
    compare = Signal(object, object)
    report_asked = Signal(object, object)
    trash_wanted = Signal()
    deleting = Signal()

    def __init__(
        self,
        page: QWidget,
        table: RunsTable,
        actions: Actions,
        reader: Reader,
        doing: Doing,
        carrying: Carrying,
        exporting: ExportMany,
        shown: Callable[[], RunRow | None],
    ) -> None:
        super().__init__(page)
        self._page, self._table, self._actions = page, table, actions
        self._reader, self._doing, self._carrying, self._exporting, self._shown = reader, doing, carrying, exporting, shown
        self._saving = TableSaving(reader, table, doing.said.emit, page)
        self._bind()

    @property
    def _model(self) -> RunsModel:
        return self._table.runs

    def _bind(self) -> None:
        page, table, doing = self._page, self._table, self._doing
        everywhere: Mapping[str, Callable[[], object]] = {
            "runs.pause": lambda: doing.pause(self.uids()),
            "runs.resume": lambda: doing.resume(self.uids(), self._threads()),
            "runs.retry": lambda: doing.retry(self.uids(), self._threads()),
            "runs.stop": lambda: doing.stop(self.uids()),
            "runs.open": self.open,
            "runs.curves": self.curves,
            "runs.study_curves": self.study_curves,
            "runs.report": self.report,
            "runs.bundle": partial(self.bundle, True),
            "runs.bundle_small": partial(self.bundle, False),
            "runs.merge": self.choose_library,
            "runs.export": self.choose_export_folder,
            "runs.show_trash": self.trash_wanted.emit,
            **{f"runs.save_{kind}": partial(self._saving.choose_file, kind, self.several) for kind in KINDS},
        }
        in_table: Mapping[str, Callable[[], object]] = {
            "runs.star": self.other_star,
            "runs.baseline": self.other_baseline,
            "runs.compare": self.compare_chosen,
            "runs.tags": self.open_tags,
            "runs.trash": self.trash,
            "runs.restore": lambda: doing.restore(self.uids()),
            "runs.delete": self.deleting.emit,
        }
        for commands, where in ((everywhere, page), (in_table, table)):
            for id, call in commands.items():
                self._actions.bind(id, call, where)

    # ------------------------------------------------------------------------------------------ which runs

    def uids(self) -> list[str]:
        """What commands are about: the selected runs, else the one whose details are shown."""
        shown = self._shown()
        return self._table.chosen_uids() or ([shown.uid] if shown else [])

    def rows(self) -> list[RunRow]:
        """Those of them whose rows are here."""
        shown = self._shown()
        uids = self._table.chosen_uids()
        return self._model.rows_of(uids) if uids else [shown] if shown else []

    def several(self) -> list[str] | None:
        """More than one selected run; None: all that are listed are meant."""
        uids = self._table.chosen_uids()
        return uids if len(uids) > 1 else None

    def _threads(self) -> int:
        return max((run.threads or 1 for run in self.rows()), default=1)

    def comparable(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What Compare is about, (studies, runs): two selected runs or more, else the study that is shown or that of the one run."""
        uids = self.uids()
        if len(uids) > 1:
            return (), tuple(uids)
        rows = self.rows()
        study = self._model.query.study or (rows[0].study if rows else None)
        return ((study,) if study else ()), ()

    def enable(self) -> None:
        """Lets be done what fits the chosen runs. Of thousands only those on the screen are known: the rest is found out when asked."""
        uids, rows, writable = self.uids(), self.rows(), not self._reader.readonly
        known = len(rows) == len(uids)
        trashed = self._model.query.trashed
        states = {run.state for run in rows}
        for id, may in (
            ("runs.pause", MAY_PAUSE),
            ("runs.resume", MAY_RESUME),
            ("runs.retry", MAY_RETRY),
            ("runs.stop", MAY_STOP),
        ):
            self._actions[id].setEnabled(writable and not trashed and bool(uids) and (not known or bool(states & may)))
        there = bool(uids)
        can: dict[str, bool] = {
            "runs.open": there,
            "runs.curves": there,
            "runs.study_curves": bool(rows) and rows[0].study is not None,
            "runs.star": there and writable,
            "runs.tags": there and writable,
            "runs.baseline": len(uids) == 1 and writable and not trashed,
            "runs.trash": there and writable and not trashed,
            "runs.restore": there and writable and trashed,
            "runs.delete": there and writable and trashed,
            "runs.bundle": there or bool(self._model.rowCount()),
            "runs.bundle_small": there or bool(self._model.rowCount()),
            "runs.merge": writable,
            "runs.export": len(uids) > 1 and not self._exporting.busy,
            "runs.compare": any(self.comparable()),
            "runs.report": there or any(self.comparable()),
            **{f"runs.save_{kind}": self._model.rowCount() > 0 for kind in KINDS},
        }
        for id, enabled in can.items():
            self._actions[id].setEnabled(enabled)
        self._name(rows)

    def _name(self, rows: Sequence[RunRow]) -> None:
        """Actions say what they would do now."""
        self._actions["runs.star"].setText(tr("Take the star away" if rows and all(run.starred for run in rows) else "Star"))
        self._actions["runs.baseline"].setText(
            tr("No longer the baseline" if len(rows) == 1 and rows[0].baseline else "Make it the baseline")
        )

    # ------------------------------------------------------------------------------------------ menus

    def menu(self) -> QMenu:
        """The menu of the chosen runs."""
        return self._filled(_MENU)

    def more_menu(self) -> QMenu:
        """The menu at the end of the bar."""
        return self._filled(_MORE)

    def _filled(self, ids: Sequence[str | None]) -> QMenu:
        menu = QMenu(self._page)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        actions: list[QAction | None] = [self._actions[id] if id is not None else None for id in ids]
        fill(menu, actions)
        return menu

    def open_menu(self, at: QPoint) -> None:
        """Opens the menu of the chosen runs at a place of the screen."""
        menu = self.menu()
        if not menu.isEmpty():
            menu.popup(at)

    # ------------------------------------------------------------------------------------------ showing elsewhere

    def open(self) -> None:
        """Opens the run's experiment in Build as an unsaved copy."""
        uids = self.uids()
        if uids:
            uid = uids[0]
            self._reader.ask(lambda library: own_document(library, uid), self.open_document.emit, key=("open", id(self)))

    def curves(self) -> None:
        """Shows what the runs measured in Build's live panels."""
        uids = self.uids()
        if uids:
            self.show_curves.emit(None, tuple(uids))

    def study_curves(self) -> None:
        """Shows what the run's study measured in Build's live panels."""
        rows = self.rows()
        if rows and rows[0].study is not None:
            self.show_curves.emit(rows[0].study, ())

    def compare_chosen(self) -> None:
        """Compares the chosen runs, or the study."""
        studies, runs = self.comparable()
        if studies or runs:
            self.compare.emit(studies, runs)

    def report(self) -> None:
        """Asks where to write a report about the chosen runs, the study that is listed, or that of the one chosen run."""
        studies, runs = self.comparable()
        rows = self.rows()
        names = (*studies, *runs) or tuple(self.uids())
        if names:
            title = (rows[0].study_title or rows[0].title) if rows else "runs"
            self.report_asked.emit("report", What(names, title))

    # ------------------------------------------------------------------------------------------ marks

    def star(self, on: bool) -> None:
        """Gives the chosen runs a star, or takes it."""
        self._doing.star(self.uids(), on)

    def other_star(self) -> None:
        """The star is given, or taken where all have it."""
        rows = self.rows()
        if rows:
            self.star(not all(run.starred for run in rows))

    def baseline(self, on: bool) -> None:
        """Makes the run the baseline, or no longer."""
        uids = self.uids()
        if uids:
            self._doing.baseline(uids[0] if on else None)

    def other_baseline(self) -> None:
        """The baseline mark is given or taken."""
        rows = self.rows()
        if len(rows) == 1:
            self.baseline(not rows[0].baseline)

    @cached_property
    def tag_panel(self) -> TagPanel:
        """The tags of the selected runs."""
        made = TagPanel(self._table)
        made.turned.connect(self._turn_tag)
        return made

    def open_tags(self) -> None:
        """Opens the tags of the chosen runs."""
        self.show_tags()
        self.tag_panel.open(self.tag_panel.field)

    def show_tags(self) -> None:
        """Which tags the chosen runs have by now."""
        uids = self.uids()

        def asked(library: Library) -> tuple[Mapping[str, int], Mapping[str, int]]:
            have: dict[str, int] = {}
            for row in library.rows(uids):
                for tag in row.tags:
                    have[tag] = have.get(tag, 0) + 1
            return library.all_tags(), have

        self._reader.ask(asked, lambda found: self.tag_panel.show_tags(len(uids), *found), key=("tags", id(self)))

    def _turn_tag(self, tag: str, on: bool) -> None:
        self._doing.tag(self.uids(), tag, on)
        self.show_tags()

    # ------------------------------------------------------------------------------------------ trash, other libraries

    def trash(self) -> None:
        """Puts the chosen runs into the trash."""
        if not self._model.query.trashed:
            self._doing.trash(self.uids())

    def bundle(self, files: bool) -> None:
        """Asks for a file, with the system's own dialog, and writes the chosen runs (or all that are listed) into it."""
        names = self.several() or ([self._model.query.study] if self._model.query.study else None) or self.uids()
        rows = self.rows()
        title = rows[0].study_title or rows[0].title if rows else "runs"
        name = "-".join("".join(c if c.isalnum() else " " for c in title.lower()).split())[:60] or "runs"
        dialog = QFileDialog(self._page, "Bundle to send", f"{name}{BUNDLE}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(BUNDLE[1:])
        dialog.setNameFilters([f"MemStudio bundles (*{BUNDLE})"])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self._carrying.bundle(names, Path(path), files))
        dialog.open()

    def choose_export_folder(self) -> None:
        """Asks for a folder, with the system's own dialog, and exports the models of the chosen runs into it."""
        uids = self.uids()

        def chosen(folder: str) -> None:
            self._reader.ask(lambda library: library.rows(uids), lambda rows: self._exporting.export(rows, Path(folder)))

        dialog = QFileDialog(self._page, "Put the exported models into", str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(chosen)
        dialog.open()

    def choose_library(self) -> None:
        """Asks for another library or a bundle, with the system's own dialog, and takes its runs in."""
        dialog = QFileDialog(self._page, "Take in the runs of a bundle or of another library", str(Path.home()))
        dialog.setNameFilters([f"Bundles and libraries (*{BUNDLE} library.db)", "All files (*)"])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self._carrying.merge(Path(path)))
        dialog.open()
