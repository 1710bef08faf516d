"""The table of runs: columns with their widths, what is selected by uid, folding by key; nothing jumps while the library changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from memstudio.desktop import lengths, theme
from memstudio.desktop.runs.columns import BY_ID, Column
from memstudio.desktop.runs.delegate import HEIGHT, RunsDelegate
from memstudio.desktop.runs.model import RunsModel, together
from memstudio.desktop.words import tr

if TYPE_CHECKING:
    from memstudio.library import RunRow

#: what a column with means and intervals of groups needs at least
GROUPED = 128


class RunsTable(QTableView):
    """The view. chosen_changed(): what is selected changed; opened(): a run was asked for by double click or Enter;
    asked_menu(QPoint): a menu at that place of the screen; sorted_by(str): a click on a head; ordered(list of ids): columns were moved.
    """

    chosen_changed = Signal()
    opened = Signal()
    asked_menu = Signal(QPoint)
    sorted_by = Signal(str)
    ordered = Signal(object)

    def __init__(self, model: RunsModel, widths: dict[str, int], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.runs = model
        #: widths that were chosen by hand, by the column's id
        self.widths = widths
        self._spreading = False
        self._held: str | None = None
        self._chosen: list[str] = []
        self._current: object = None
        self._look_settings()
        self.setModel(model)
        self.setItemDelegate(RunsDelegate(model, self.label_span, self))
        self._connect()
        self.show_widths()

    def _look_settings(self) -> None:
        self.setAccessibleName(tr("Runs"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        theme.themed.connect(self._themed)
        self._themed(theme.current())
        head = self.horizontalHeader()
        head.setSectionsMovable(True)
        head.setHighlightSections(False)
        head.setSortIndicatorShown(True)
        head.setSectionsClickable(True)
        head.setSortIndicatorClearable(False)
        lengths.at_least(head, height=32)

    def _connect(self) -> None:
        model, head = self.runs, self.horizontalHeader()
        for signal in (model.layoutAboutToBeChanged, model.rowsAboutToBeInserted, model.rowsAboutToBeRemoved):
            signal.connect(self._hold)
        for signal in (model.layoutChanged, model.rowsInserted, model.rowsRemoved):
            signal.connect(self._let_go)
        model.modelAboutToBeReset.connect(self._hold_all)
        model.modelReset.connect(self._let_all_go)
        model.arrived.connect(self._look)
        self.verticalScrollBar().valueChanged.connect(self._look)
        self.selectionModel().selectionChanged.connect(self._selected)
        self.customContextMenuRequested.connect(lambda at: self.asked_menu.emit(self.viewport().mapToGlobal(at)))
        self.doubleClicked.connect(self._double_clicked)
        head.sectionClicked.connect(self._sorted)
        head.sectionMoved.connect(self._moved)
        head.sectionResized.connect(self._resized)

    # ------------------------------------------------------------------------------------------ what is looked at

    def _look(self, _: object = None) -> None:
        top, bottom = self.rowAt(0), self.rowAt(self.viewport().height() - 1)
        self.runs.look_at(max(0, top), bottom if bottom >= 0 else max(0, self.runs.rowCount() - 1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._spread()
        self._look()

    def _hold(self, *_: object) -> None:
        """The first run on the screen stays where it is, unless the list is at its very top, where the newest are wanted."""
        top = self.rowAt(0)
        line = self.runs.line(top)
        self._held = line if top > 0 and isinstance(line, str) else None

    def _let_go(self, *_: object) -> None:
        if self._held is not None and (place := self.runs.row_of(self._held)) is not None and place != self.rowAt(0):
            self.verticalScrollBar().setValue(place)
        self._held = None

    def _hold_all(self) -> None:
        self._hold()
        self._chosen = [line for at in self.chosen_lines() if isinstance(line := self.runs.line(at), str)]
        self._current = self.runs.line(self.currentIndex().row())

    def _let_all_go(self) -> None:
        self.choose(self._chosen)
        if isinstance(self._current, str) and (place := self.runs.row_of(self._current)) is not None:
            self.selectionModel().setCurrentIndex(self.runs.index(place, 0), QItemSelectionModel.SelectionFlag.NoUpdate)
        self._chosen, self._current = [], None
        self._let_go()
        self._look()

    # ------------------------------------------------------------------------------------------ columns

    def _themed(self, tokens: object) -> None:
        if self.verticalHeader().defaultSectionSize() != lengths.px(HEIGHT):
            self.verticalHeader().setDefaultSectionSize(lengths.px(HEIGHT))
            self.show_widths()

    def show_widths(self) -> None:
        """Every column as wide as it was made by hand, else as it likes."""
        self._spreading = True
        for at, column in enumerate(self.runs.columns):
            self.setColumnWidth(at, int(self.widths.get(column.id, self._usual(column))))
        self._spreading = False
        self._spread()

    def _usual(self, column: Column) -> int:
        wide = max(column.width, GROUPED) if self.runs.query.group and column.asks and column.kind == "number" else column.width
        return lengths.px(wide)

    def _spread(self) -> None:
        """What is left of the table's width goes to the experiment's name, unless its width was chosen by hand."""
        ids = [column.id for column in self.runs.columns]
        if "title" not in ids or "title" in self.widths:
            return
        at = ids.index("title")
        others = sum(self.columnWidth(i) for i in range(len(ids)) if i != at)
        self._spreading = True
        self.setColumnWidth(at, max(BY_ID["title"].width, self.viewport().width() - others))
        self._spreading = False

    def _resized(self, section: int, before: int, after: int) -> None:
        if not self._spreading and section < len(self.runs.columns):
            self.widths[self.runs.columns[section].id] = after
            self._spread()

    def _sorted(self, section: int) -> None:
        if section < len(self.runs.columns) and self.runs.columns[section].sort:
            self.sorted_by.emit(self.runs.columns[section].sort)
        self.mark_sort()

    def mark_sort(self) -> None:
        """The arrow at the head of the column that the runs are sorted by."""
        query = self.runs.query
        at = next((i for i, column in enumerate(self.runs.columns) if column.sort and column.sort == query.sort), -1)
        self.horizontalHeader().setSortIndicator(at, Qt.SortOrder.DescendingOrder if query.descending else Qt.SortOrder.AscendingOrder)

    def _moved(self, logical: int, old: int, new: int) -> None:
        head = self.horizontalHeader()
        self.ordered.emit([self.runs.columns[head.logicalIndex(at)].id for at in range(head.count())])

    def show_columns(self, columns: list[Column]) -> None:
        """Shows other columns; what is selected stays so."""
        if [column.id for column in columns] == [column.id for column in self.runs.columns]:
            return
        head = self.horizontalHeader()
        head.blockSignals(True)
        for place in range(head.count()):
            head.moveSection(head.visualIndex(place), place)
        head.blockSignals(False)
        self.runs.show_columns(columns)
        self.show_widths()
        self.mark_sort()

    def label_span(self) -> tuple[int, int]:
        """Where the name of a group is written (left, width): from the experiment's column as far as columns say nothing of groups."""
        head, columns = self.horizontalHeader(), self.runs.columns
        order = [head.logicalIndex(place) for place in range(head.count())]
        begin = next(
            (place for place, at in enumerate(order) if columns[at].id == "title"),
            next((place for place, at in enumerate(order) if columns[at].kind != "star"), 0),
        )
        end = begin + 1
        while end < len(order) and not (columns[order[end]].asks and columns[order[end]].kind == "number"):
            end += 1
        left = head.sectionViewportPosition(order[begin])
        return left, sum(head.sectionSize(at) for at in order[begin:end])

    # ------------------------------------------------------------------------------------------ what is chosen

    def chosen_lines(self) -> list[int]:
        """The selected lines, from top to bottom."""
        selection = self.selectionModel().selection()
        ranges = [selection.at(i) for i in range(selection.size())]
        return sorted({line for one in ranges for line in range(one.top(), one.bottom() + 1)})

    def chosen_uids(self) -> list[str]:
        """The selected runs, from top to bottom; those of selected groups with them."""
        return self.runs.uids(self.chosen_lines())

    def chosen(self) -> list[RunRow]:
        """The selected runs whose rows are here, from top to bottom."""
        return self.runs.rows_of(self.chosen_uids())

    def choose(self, uids: Iterable[str]) -> None:
        """Selects these runs, and nothing else."""
        lines = sorted(line for uid in uids if (line := self.runs.row_of(uid)) is not None)
        selection, last = QItemSelection(), self.runs.columnCount() - 1
        for first, end in together(lines):
            selection.select(self.runs.index(first, 0), self.runs.index(end, last))
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if lines:
            self.selectionModel().setCurrentIndex(self.runs.index(lines[0], 0), QItemSelectionModel.SelectionFlag.NoUpdate)

    def choose_one(self, uid: str) -> bool:
        """Selects one run and shows it; False where it is not among them."""
        line = self.runs.row_of(uid)
        if line is None:
            return False
        self.setCurrentIndex(self.runs.index(line, 0))
        self.selectRow(line)
        self.scrollTo(self.runs.index(line, 0))
        return True

    def _selected(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        self.chosen_changed.emit()

    # ------------------------------------------------------------------------------------------ folding, opening

    def _double_clicked(self, index: QModelIndex) -> None:
        if isinstance(self.runs.line(index.row()), str):
            self.opened.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        on_group = index.isValid() and not isinstance(self.runs.line(index.row()), str)
        if on_group and event.button() == Qt.MouseButton.LeftButton and index.column() <= 1:
            self.runs.fold(index.row())
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        deed = self._key(event)
        if deed is None:
            super().keyPressEvent(event)
        else:
            deed()

    def _key(self, event: QKeyEvent) -> Callable[[], object] | None:
        line, plain = self.currentIndex().row(), event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        on_group = line >= 0 and not isinstance(self.runs.line(line), str)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain:
            return (lambda: self.runs.fold(line)) if on_group else self.opened.emit
        if on_group and plain and event.key() in (Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Space):
            wanted = {Qt.Key.Key_Right: True, Qt.Key.Key_Left: False}.get(Qt.Key(event.key()))
            return lambda: self.runs.fold(line, wanted)
        if event.key() == Qt.Key.Key_Menu:
            rect = self.visualRect(self.currentIndex())
            return lambda: self.asked_menu.emit(self.viewport().mapToGlobal(rect.bottomLeft()))
        return None
