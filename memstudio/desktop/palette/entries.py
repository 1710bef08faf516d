"""Entries as a list: groups as headings with counts, components under them; shared by the palette and the add box."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QPersistentModelIndex, Qt

from memstudio.desktop.palette.saying import spoken
from memstudio.experiment.entries import Entry

#: what a dragged component is called on the clipboard of a drag
MIME = "application/x-memstudio-component"
ENTRY_ROLE = Qt.ItemDataRole.UserRole + 1
STAR_ROLE, FITS_ROLE = ENTRY_ROLE + 1, ENTRY_ROLE + 2
#: groups that are no families
FAVOURITES, RECENT = "favourites", "recent"
Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


@dataclass(frozen=True)
class Heading:
    """A group's line: what it is called, how many entries it has, and whether they are shown."""

    id: str
    title: str
    summary: str
    count: int
    open: bool


Row = Heading | Entry


class EntryList(QAbstractListModel):
    """Headings and entries in one list; `set_entries` decides what is shown, `set_marks` how."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self._starred: frozenset[str] = frozenset()
        self._unfit: frozenset[str] = frozenset()
        self._why: Callable[[Entry], str | None] = lambda entry: None

    def set_entries(
        self,
        entries: Sequence[Entry],
        grouped: bool = True,
        folded: Collection[str] = (),
        favourites: Sequence[Entry] = (),
        recent: Sequence[Entry] = (),
    ) -> None:
        """Shows these entries; grouped: favourites, what was used last, then families (in the catalogue's order), else as they come."""
        self.beginResetModel()
        if grouped:
            self.rows = [
                *_group(FAVOURITES, "Favourites", "What you have starred", favourites, folded),
                *_group(RECENT, "Used last", "What was added last, the newest first", recent, folded),
                *_under_families(entries, folded),
            ]
        else:
            self.rows = list(entries)
        self.endResetModel()

    def set_marks(self, starred: Collection[str], unfit: Collection[str], why: Callable[[Entry], str | None]) -> None:
        """Which entries are favourites, which cannot follow the selected node, and what says why."""
        before = self._starred, self._unfit
        self._starred, self._unfit, self._why = frozenset(starred), frozenset(unfit), why
        if self.rows and before != (self._starred, self._unfit):
            self.dataChanged.emit(self.index(0), self.index(len(self.rows) - 1), [STAR_ROLE, FITS_ROLE])

    def why_not(self, entry: Entry) -> str | None:
        """Why an entry cannot follow the selected node, or None."""
        return self._why(entry) if entry.id in self._unfit else None

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == ENTRY_ROLE:
            return row
        if isinstance(row, Heading):
            return _of_heading(row, role)
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        if role == STAR_ROLE:
            return row.id in self._starred
        if role == FITS_ROLE:
            return row.id not in self._unfit
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return spoken(row, self.why_not(row), row.id in self._starred)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        plain = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if not index.isValid() or isinstance(self.rows[index.row()], Heading):
            return plain
        return plain | Qt.ItemFlag.ItemIsDragEnabled

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        carried = QMimeData()
        for index in indexes:
            row = self.rows[index.row()]
            if not isinstance(row, Heading):
                carried.setData(MIME, row.id.encode())
                carried.setText(row.id)
        return carried


def _group(id: str, title: str, summary: str, entries: Sequence[Entry], folded: Collection[str]) -> list[Row]:
    """A heading and, unless it is folded, its entries; nothing where there are none."""
    if not entries:
        return []
    heading = Heading(id, title, summary, len(entries), id not in folded)
    return [heading, *(entries if heading.open else ())]


def _under_families(entries: Sequence[Entry], folded: Collection[str]) -> list[Row]:
    families: dict[str, list[Entry]] = {}
    for entry in entries:
        families.setdefault(entry.family.id, []).append(entry)
    rows: list[Row] = []
    for members in sorted(families.values(), key=lambda m: m[0].family.order):
        family = members[0].family
        rows += _group(family.id, family.title, family.summary, members, folded)
    return rows


def _of_heading(row: Heading, role: int) -> Any:
    if role == Qt.ItemDataRole.DisplayRole:
        return row.title
    if role == Qt.ItemDataRole.ToolTipRole:
        return row.summary
    if role == Qt.ItemDataRole.AccessibleDescriptionRole:
        return f"{row.count} components, {'shown' if row.open else 'folded'}"
    return None
