"""The tables of the preview: the columns with what is in each, and the first rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from memstudio.desktop.words import number
from memstudio.experiment.data.records import Column

Index = QModelIndex | QPersistentModelIndex
_TYPES = {"whole": "whole numbers", "number": "numbers", "date": "dates", "category": "words"}
_NOWHERE = QModelIndex()


def range_text(column: Column) -> str:
    """From where to where a column goes, or its first values."""
    if column.low is not None and column.high is not None and column.type != "date":
        return f"{number(column.low)} to {number(column.high)}"
    if column.type == "date" and column.low is not None and column.high is not None:
        from datetime import date, timedelta

        first = date(1970, 1, 1)
        try:
            return f"{first + timedelta(days=int(column.low))} to {first + timedelta(days=int(column.high))}"
        except OverflowError:
            return ""
    return ", ".join(name for name, _ in column.counts[:4]) + (" …" if len(column.counts) > 4 else "")


class ColumnsModel(QAbstractTableModel):
    """One row for each column of the file; the box before its name says whether it is an input. toggled(name, on)."""

    toggled = Signal(str, bool)
    HEADS = ("Column", "Type", "Range", "Missing", "Different")

    def __init__(self) -> None:
        super().__init__()
        self.columns: Sequence[Column] = ()
        self.inputs: frozenset[str] = frozenset()
        self.choosable = False

    def show_columns(self, columns: Sequence[Column], inputs: frozenset[str], choosable: bool) -> None:
        """Shows these; choosable: whether inputs are chosen here."""
        self.beginResetModel()
        self.columns, self.inputs, self.choosable = columns, inputs, choosable
        self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self.HEADS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and orientation == Qt.Orientation.Horizontal and section >= 3:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        column = self.columns[index.row()]
        if role == Qt.ItemDataRole.CheckStateRole and index.column() == 0 and self.choosable:
            return Qt.CheckState.Checked if column.name in self.inputs else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() >= 3:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        shape = " × ".join(f"{n:,}" for n in column.shape)
        return (
            column.name,
            f"{shape} {_TYPES[column.type]}" if shape else _TYPES[column.type],
            range_text(column),
            f"{column.missing:,}" if column.missing else "–",
            "very many" if column.different is None and not column.shape else "" if column.different is None else f"{column.different:,}",
        )[index.column()]

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.column() == 0 and self.choosable else flags

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or not self.choosable:
            return False
        self.toggled.emit(self.columns[index.row()].name, value in (Qt.CheckState.Checked, Qt.CheckState.Checked.value))
        return True


class RowsModel(QAbstractTableModel):
    """The first rows of a file, as they stand in it."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: Mapping[str, Sequence[str]] = {}
        self._names: list[str] = []

    def show_rows(self, rows: Mapping[str, Sequence[str]]) -> None:
        """Shows these columns."""
        self.beginResetModel()
        self._rows, self._names = rows, list(rows)
        self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() or not self._names else len(self._rows[self._names[0]])

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._names)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return self._names[section] if orientation == Qt.Orientation.Horizontal else f"{section + 1}"

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._rows[self._names[index.column()]][index.row()][:200]
        return None


#: pixels of a row, and of the heads
ROW, HEAD = 28, 36


def table(model: QAbstractTableModel, name: str) -> QTableView:
    """A calm table of rows to look at, reached and left by Tab."""
    made = QTableView()
    made.setModel(model)
    made.setAccessibleName(name)
    made.setShowGrid(False)
    made.setTabKeyNavigation(False)
    made.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    made.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    made.setWordWrap(False)
    made.verticalHeader().hide()
    made.verticalHeader().setDefaultSectionSize(ROW)
    head = made.horizontalHeader()
    head.setHighlightSections(False)
    head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
    return made


def share_out(view: QTableView, stretched: Sequence[int], widths: Mapping[int, int]) -> None:
    """Columns of a fixed width, and those that share what is left."""
    head = view.horizontalHeader()
    for place in stretched:
        head.setSectionResizeMode(place, QHeaderView.ResizeMode.Stretch)
    for place, width in widths.items():
        head.setSectionResizeMode(place, QHeaderView.ResizeMode.Fixed)
        view.setColumnWidth(place, width)
