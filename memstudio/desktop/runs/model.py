"""The table's model: it knows every run that a query finds, by its uid, and holds the rows that are looked at; the reader brings them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from memstudio.desktop.reader import Reader
from memstudio.desktop.runs.columns import Column, Value
from memstudio.desktop.runs.grouped import group_text, group_tip
from memstudio.desktop.runs.questions import Listing, Query, Rows, listing, rows

if TYPE_CHECKING:
    from memstudio.library import RunRow
    from memstudio.library.grouping import GroupRow

Index = QModelIndex | QPersistentModelIndex

#: what delegates ask for besides the text
ROW = Qt.ItemDataRole.UserRole
COLUMN = Qt.ItemDataRole.UserRole + 1
#: rows that are fetched above and below those on the screen
AROUND = 60
#: rows that are held; more are let go of when others come
HELD = 3000
#: so many runs of lines may come or go before the whole model is made anew
PIECES = 24
_END = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_BEGIN = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class RunsModel(QAbstractTableModel):
    """The lines of the table: runs, or groups with their runs below them where they are unfolded.

    counted(int, int): how many runs the query finds, in how many groups; refused(str): the filter was not understood;
    arrived(): rows came or changed.
    """

    counted = Signal(int, int)
    refused = Signal(str)
    arrived = Signal()

    def __init__(self, reader: Reader, columns: Sequence[Column], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reader = reader
        self._columns = list(columns)
        self._query = Query()
        self._count = 0
        #: what the groups that are shown were made of; the query may ask for others already
        self.by: tuple[str, ...] = ()
        self._lines: tuple[str | GroupRow, ...] = ()
        self._groups: tuple[GroupRow, ...] = ()
        self._unfolded: set[tuple[Value, ...]] = set()
        self._places: dict[str | tuple[Value, ...], int] | None = None
        self._rows: dict[str, RunRow] = {}
        self._values: dict[str, Mapping[str, Value]] = {}
        self._found: Mapping[str, str] = {}
        self._looked_at = (0, AROUND)
        self._missing = QTimer(self, singleShot=True, interval=0)
        self._missing.timeout.connect(self._ask_missing)

    # ------------------------------------------------------------------------------------------ what is asked

    @property
    def query(self) -> Query:
        """Which runs are shown, in which order."""
        return self._query

    @property
    def columns(self) -> list[Column]:
        """The columns that are shown."""
        return list(self._columns)

    @property
    def runs(self) -> int:
        """How many runs the query finds."""
        return self._count

    @property
    def groups(self) -> tuple[GroupRow, ...]:
        """The groups that are shown, in order; none where runs are not grouped."""
        return self._groups

    @property
    def listed(self) -> list[str]:
        """Every run that is listed, in order, those of folded groups with them."""
        return self.uids(range(len(self._lines)))

    @property
    def measures(self) -> list[str]:
        """The measures that are shown: what groups average."""
        return [column.id for column in self._columns if column.asks and column.kind == "number"]

    def column(self, place: int) -> Column | None:
        """The column in a place, or None."""
        return self._columns[place] if 0 <= place < len(self._columns) else None

    def look_again(self) -> None:
        """Asks, soon, for the rows on the screen that are not here."""
        self._missing.start()

    def show_columns(self, columns: Sequence[Column]) -> None:
        """Shows other columns."""
        self.beginResetModel()
        self._columns = list(columns)
        self._values = {}
        self.endResetModel()
        self.refresh()

    def show_query(self, query: Query) -> None:
        """Shows other runs, or the same in another order."""
        if query != self._query:
            self._query = query
            self.refresh()

    def look_at(self, first: int, last: int) -> None:
        """These lines are on the screen."""
        self._looked_at = (max(0, first), max(0, last))
        self._missing.start()

    def refresh(self) -> None:
        """Asks anew: which runs there are, in which order, and the rows on the screen."""
        query, names, measures = self._query, self._asked_names(), self.measures
        first, last = self._span()

        def answered(found: Listing) -> None:
            if query == self._query:
                self._take(found)

        def refused(sentence: str) -> None:
            if query == self._query:
                self.refused.emit(sentence)

        self._reader.ask(lambda library: listing(library, query, first, last, names, measures), answered, refused, ("runs", id(self)))

    def _span(self) -> tuple[int, int]:
        return max(0, self._looked_at[0] - AROUND), self._looked_at[1] + AROUND

    def _asked_names(self) -> list[str]:
        return [column.id for column in self._columns if column.asks]

    def _ask_missing(self) -> None:
        first, last = self._looked_at
        if all(uid in self._rows for uid in self._uids(first, last)):
            return
        self._ask_rows(self._uids(*self._span()))

    def _ask_rows(self, uids: Sequence[str]) -> None:
        wanted = [uid for uid in uids if uid not in self._rows]
        names, query = self._asked_names(), self._query

        def answered(found: Rows) -> None:
            if query == self._query:
                self._keep(found)
                self._tell(*self._span())

        self._reader.ask(lambda library: rows(library, wanted, names), answered, key=("rows", id(self)))

    def _uids(self, first: int, last: int) -> list[str]:
        return [line for line in self._lines[first : last + 1] if isinstance(line, str)]

    # ------------------------------------------------------------------------------------------ what is answered

    def _take(self, found: Listing) -> None:
        self._found = found.found
        self._keep(found.rows)
        self._groups, self.by = found.groups, self._query.group
        self._show_lines(self._unfolded_lines() if self._query.group else found.order)
        if self._query.group:
            self._ask_again()
        self._count = sum(group.n for group in found.groups) if self._query.group else len(found.order)
        self.counted.emit(self._count, len(found.groups))
        self._tell(*self._span())

    def _keep(self, found: Rows) -> None:
        if len(self._rows) > HELD:
            near = set(self._uids(*self._span()))
            self._rows = {uid: row for uid, row in self._rows.items() if uid in near}
            self._values = {uid: values for uid, values in self._values.items() if uid in near}
        self._rows.update(found.rows)
        self._values.update(found.values)

    def _ask_again(self) -> None:
        """The runs of unfolded groups that are on the screen, as they are by now."""
        uids = self._uids(*self._span())
        if uids:
            names, query = self._asked_names(), self._query

            def answered(found: Rows) -> None:
                if query == self._query:
                    self._keep(found)
                    self._tell(*self._span())

            self._reader.ask(lambda library: rows(library, uids, names), answered, key=("rows", id(self)))

    def _tell(self, first: int, last: int) -> None:
        if self._lines and self._columns:
            bottom = min(len(self._lines), last + 1) - 1
            self.dataChanged.emit(self.index(min(first, bottom), 0), self.index(bottom, len(self._columns) - 1))
        self.arrived.emit()

    def _show_lines(self, lines: tuple[str | GroupRow, ...]) -> None:
        """Other lines, or the same in another order: what is selected goes with its run.

        Where little changes each change is told; where much does the model is made anew, and the table keeps what was selected.
        """
        before, after = [_key(line) for line in self._lines], [_key(line) for line in lines]
        if before == after:
            self._lines = lines
            return
        had, have = set(before), set(after)
        gone = together([place for place, key in enumerate(before) if key not in have])
        new = together([place for place, key in enumerate(after) if key not in had])
        if len(gone) + len(new) > PIECES:
            self.beginResetModel()
            self._keep_lines(lines)
            self.endResetModel()
            return
        for first, last in reversed(gone):
            self.beginRemoveRows(QModelIndex(), first, last)
            self._keep_lines(self._lines[:first] + self._lines[last + 1 :])
            self.endRemoveRows()
        self._permute(tuple(line for line in lines if _key(line) in had))
        for first, last in new:
            self.beginInsertRows(QModelIndex(), first, last)
            self._keep_lines(self._lines[:first] + lines[first : last + 1] + self._lines[first:])
            self.endInsertRows()

    def _permute(self, lines: tuple[str | GroupRow, ...]) -> None:
        """The same lines in another order."""
        keys = [_key(line) for line in self._lines]
        if keys == [_key(line) for line in lines]:
            self._keep_lines(lines)
            return
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        self._keep_lines(lines)
        places = {_key(line): place for place, line in enumerate(lines)}
        self.changePersistentIndexList(old, [self.index(places[keys[index.row()]], index.column()) for index in old])
        self.layoutChanged.emit()

    def _keep_lines(self, lines: tuple[str | GroupRow, ...]) -> None:
        self._lines, self._places = lines, None

    # ------------------------------------------------------------------------------------------ folding

    def _unfolded_lines(self) -> tuple[str | GroupRow, ...]:
        lines: list[str | GroupRow] = []
        for group in self._groups:
            lines.append(group)
            if group.labels in self._unfolded:
                lines += group.uids
        return tuple(lines)

    def fold(self, line: int, is_open: bool | None = None) -> None:
        """Folds or unfolds the group of a line (is_open: None turns it round)."""
        group = self.group_of(line)
        if group is None or is_open is (group.labels in self._unfolded):
            return
        self._unfolded ^= {group.labels}
        self._show_lines(self._unfolded_lines())
        self._missing.start()
        self._tell(*self._span())

    def fold_all(self, is_open: bool) -> None:
        """Folds or unfolds every group."""
        self._unfolded = {group.labels for group in self._groups} if is_open else set()
        self._show_lines(self._unfolded_lines())
        self._missing.start()
        self._tell(*self._span())

    def is_open(self, line: int) -> bool:
        """Whether the group in a line is unfolded."""
        group = self.line(line)
        return not isinstance(group, str) and group is not None and group.labels in self._unfolded

    def group_of(self, line: int) -> GroupRow | None:
        """The group in a line, or the one that its run stands in."""
        for place in range(min(line, len(self._lines) - 1), -1, -1):
            found = self._lines[place]
            if not isinstance(found, str):
                return found
        return None

    # ------------------------------------------------------------------------------------------ lines

    def line(self, line: int) -> str | GroupRow | None:
        """What stands in a line: a run's uid or a group."""
        return self._lines[line] if 0 <= line < len(self._lines) else None

    def run(self, line: int) -> RunRow | None:
        """The run in a line, where its row is here."""
        found = self.line(line)
        return self._rows.get(found) if isinstance(found, str) else None

    def uids(self, lines: Iterable[int]) -> list[str]:
        """The runs of these lines, those of groups with them, each once."""
        found: dict[str, None] = {}
        for number in lines:
            line = self.line(number)
            found.update(dict.fromkeys([line] if isinstance(line, str) else line.uids if line is not None else ()))
        return list(found)

    def rows_of(self, uids: Iterable[str]) -> list[RunRow]:
        """Those of these runs whose rows are here."""
        return [self._rows[uid] for uid in uids if uid in self._rows]

    def row_of(self, uid: str) -> int | None:
        """The line of a run."""
        if self._places is None:
            self._places = {_key(line): place for place, line in enumerate(self._lines)}
        return self._places.get(uid)

    # ------------------------------------------------------------------------------------------ Qt's questions

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 Qt's own signature
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 Qt's own signature
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line = self.line(index.row()) if index.isValid() else None
        if line is None:
            return None
        column = self._columns[index.column()]
        if role == COLUMN:
            return column
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_END if column.kind == "number" else _BEGIN)
        return self._of_run(line, column, role) if isinstance(line, str) else self._of_group(line, column, role)

    def _of_run(self, uid: str, column: Column, role: int) -> Any:
        row = self._rows.get(uid)
        if row is None:
            return None
        if role == ROW:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.text(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._found.get(uid) or row.failure or self.text(row, column) or None
        return None

    def text(self, row: RunRow, column: Column) -> str:
        """What a column says of a run whose row is here."""
        return column.say(row, self._values.get(row.uid, {}))

    def _of_group(self, group: GroupRow, column: Column, role: int) -> Any:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return group_text(group, column, self.by)
        if role == Qt.ItemDataRole.ToolTipRole:
            return group_tip(group, column) or group_text(group, column, self.by) or None
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or section >= len(self._columns):
            return None
        column = self._columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_END if column.kind == "number" else _BEGIN)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return column.tip or column.title
        return None


def _key(line: str | GroupRow) -> str | tuple[Value, ...]:
    """What a line is known by while its place and its numbers change."""
    return line if isinstance(line, str) else line.labels


def together(places: Sequence[int]) -> list[tuple[int, int]]:
    """Rising places as (first, last) of those that follow each other."""
    found: list[tuple[int, int]] = []
    for place in places:
        if found and found[-1][1] == place - 1:
            found[-1] = (found[-1][0], place)
        else:
            found.append((place, place))
    return found
