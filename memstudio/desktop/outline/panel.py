"""The outline: the experiment as a tree that can be gone through, connected, renamed and changed by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from memstudio.desktop import theme
from memstudio.desktop.canvas import doing
from memstudio.desktop.canvas.ink import ink
from memstudio.desktop.labels import button, label
from memstudio.desktop.outline.rows import Row, every, outline
from memstudio.desktop.session import Facts, Session
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import count, tr
from memstudio.experiment import edits, list_edits
from memstudio.experiment.document import Document

_KEY = Qt.ItemDataRole.UserRole
_TITLE, _ID = 0, 1
_ID_WIDTH = 76


class Outline(QFrame):
    """The tree in its panel. go(id): a thing is to be shown; edit(id): its form; connect(node); closed: the close button."""

    go = Signal(str)
    edit = Signal(str)
    connect_asked = Signal(str)
    closed = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setProperty("kind", "panel")
        self.setAccessibleName(tr("Outline"))
        self.tree = Tree(self)
        self.empty = label("Nothing is here yet. Add a task first.", "dim", wrap=True)
        self.empty.setContentsMargins(14, 4, 14, 4)
        self.close_button = button("Close", self.closed.emit, "quiet", "Close the outline", "Close the outline")
        head = QHBoxLayout()
        head.setContentsMargins(14, 6, 8, 0)
        head.addWidget(label("Outline", "strong"), 1)
        head.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addWidget(self.empty)
        layout.addWidget(self.tree, 1)
        self.rows: tuple[Row, ...] = ()
        session.document_changed.connect(self._follow)
        session.facts_changed.connect(self._follow)
        session.catalogue_changed.connect(self._follow)
        session.selection_changed.connect(self._show_selection)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def _follow(self, _: object) -> None:
        if self.isVisible():
            self.refresh()

    def refresh(self) -> None:
        """Shows the document as it is now; the line the keyboard was on stays, and what was closed stays closed."""
        facts: Facts = self.session.facts
        rows = outline(self.session.document, self.session.catalogue, facts.problems if self.session.settled else ())
        if not self.session.settled:
            # Problems come with the facts, a moment after the edit; until then the lines keep the marks they had.
            rows = _with_old_marks(rows, self.rows)
        if rows != self.rows or not self.tree.topLevelItemCount():
            self.rows = rows
            self.tree.show_rows(rows)
            self.empty.setVisible(not rows)
        self._show_selection(self.session.selected)

    def _show_selection(self, selected: object) -> None:
        if self.isVisible():
            self.tree.mark(set(self.session.selected))

    def focus_first(self) -> None:
        """Takes the keyboard to the line of what is selected, else to the first."""
        selected = self.session.selected
        item = self.tree.item_of(selected[-1]) if selected else None
        if item is None and self.tree.currentItem() is None:
            item = self.tree.topLevelItem(0)
        if item is not None:
            self.tree.setCurrentItem(item)
        self.tree.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # ------------------------------------------------------------------------------------------ what a line can do

    def deeds(self, row: Row) -> list[tuple[str, Callable[[], object]]]:
        """What can be done with a row: words and the deed; "" is a line between."""
        if row.kind == "heading":
            return []
        found: list[tuple[str, Callable[[], object]]] = [("Select and show", partial(self.go.emit, row.thing))]
        found.append(("Edit…", partial(self._edit, row)))
        if row.kind == "node":
            found.append(("Connect to…", partial(self.connect_asked.emit, row.thing)))
            found += [("Rename", self.tree.name_current), ("Change its id", self.tree.id_current)]
            found += self._places(row)
        elif row.kind == "group":
            found += [("Rename", self.tree.name_current), ("Fold or unfold", partial(self._with, row, doing.fold))]
        elif self._in_list(row):
            found += [("Move up", partial(self.shift, row, -1)), ("Move down", partial(self.shift, row, 1))]
        if row.kind != "inside" or self._in_list(row):
            found.append(("Ungroup" if row.kind == "group" else "Delete", partial(self.delete, row)))
        return found

    def _places(self, row: Row) -> list[tuple[str, Callable[[], object]]]:
        """Where a node could go: inside another, into a group, out of its group."""
        session, known = self.session, self.session.catalogue
        node = session.document.by_id.get(row.thing)
        found: list[tuple[str, Callable[[], object]]] = []
        if node is not None and node.component in known:
            entry = known.entry(node.component)
            holders = [n for n in session.document.nodes if n.component in known and known.entry(n.component).list_for(entry) is not None]
            found += [(f"Move inside {one.id}", partial(self._move_inside, row.thing, one.id)) for one in holders]
        for group in session.document.groups:
            if row.thing in group.nodes:
                found.append((f"Take out of {group.title or group.id}", partial(self._with, row, doing.ungroup)))
            else:
                found.append((f"Put into {group.title or group.id}", partial(doing.into_group, session, group.id, [row.thing])))
        return found

    def _in_list(self, row: Row) -> bool:
        return row.kind == "inside" and row.key.rpartition(".")[2].isdigit()

    def _edit(self, row: Row) -> None:
        self.edit.emit(row.thing)

    def _with(self, row: Row, deed: Callable[[Session], object]) -> None:
        """Does to this row's thing what the canvas does to what is selected."""
        self.session.select([row.thing])
        deed(self.session)

    def _move_inside(self, id: str, into: str) -> None:
        catalogue = self.session.catalogue
        if self.session.edit("Move inside", lambda document: edits.move_inside(document, id, into, catalogue)):
            self.session.select([into])

    def shift(self, row: Row, by: int) -> None:
        """Moves a component of a list up or down in it; the keyboard goes along."""
        at, _, index = row.key.rpartition(".")
        catalogue = self.session.catalogue
        if self.session.edit("Move inside", lambda document: list_edits.shift_inside(document, row.key, by, catalogue)):
            item = self.tree.item_of(f"{at}.{int(index) + by}")
            if item is not None:
                self.tree.setCurrentItem(item)

    def delete(self, row: Row) -> None:
        """Removes what a line stands for; of a list inside a node that one component."""
        catalogue = self.session.catalogue
        if row.kind == "inside":
            self.session.edit("Delete", lambda document: list_edits.remove_inside(document, row.key, catalogue))
        elif row.kind != "heading":
            self._with(row, doing.delete)

    def rename(self, row: Row, column: int, text: str) -> None:
        """Another title (or, in the second column, another id) for a node, another title for a group."""
        catalogue = self.session.catalogue

        def change(document: Document) -> Document:
            if row.kind == "group":
                return edits.set_group_title(document, row.thing, text)
            if column == _ID:
                return edits.rename(document, row.thing, text, catalogue)
            return edits.set_node_title(document, row.thing, text)

        if not self.session.edit("Rename", change):
            self.tree.show_rows(self.rows)


class Tree(QTreeWidget):
    """The tree itself. Arrows walk and open; Enter selects and shows, Space adds to what is selected, Alt+Enter edits, F2 renames,
    C connects, Delete removes, Alt with arrows moves inside a list."""

    #: (row, column, text): told once the field is gone, since a rename fills the tree anew
    typed = Signal(object)

    def __init__(self, panel: Outline) -> None:
        super().__init__()
        self.typed.connect(self._rename, Qt.ConnectionType.QueuedConnection)
        self.panel = panel
        self._by_key: dict[str, tuple[Row, QTreeWidgetItem]] = {}
        self._closed: set[str] = set()
        self._filling = False
        self._marked: frozenset[str] = frozenset()
        theme.themed.connect(self.retint)
        self.setAccessibleName(tr("Components in the order of the experiment"))
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setIndentation(12)
        self.setAllColumnsShowFocus(True)
        # One line is one thing: its two columns are marked as one.
        self.setStyleSheet("QTreeView::item { border-radius: 0; padding: 4px 2px; }")
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setExpandsOnDoubleClick(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.header().setStretchLastSection(False)
        self.header().setMinimumSectionSize(40)
        self.header().setSectionResizeMode(_TITLE, QHeaderView.ResizeMode.Stretch)
        self.header().setSectionResizeMode(_ID, QHeaderView.ResizeMode.Fixed)
        self.header().resizeSection(_ID, _ID_WIDTH)
        self.customContextMenuRequested.connect(self._menu)
        self.itemChanged.connect(self._changed)
        self.itemCollapsed.connect(self._collapsed)
        self.itemExpanded.connect(self._expanded)
        self.itemClicked.connect(self._clicked)

    # ------------------------------------------------------------------------------------------ showing

    def show_rows(self, rows: Iterable[Row]) -> None:
        """Shows these rows in place of those there were."""
        current = self.currentItem()
        key = current.data(_TITLE, _KEY) if current is not None else None
        beside = [row.key for row in (self.row_of(self.itemBelow(current)), self.row_of(self.itemAbove(current))) if row] if current else []
        self._filling = True
        self.clear()
        self._by_key = {}
        for row in rows:
            self._add(row, self.invisibleRootItem())
        for at, (_, item) in self._by_key.items():
            item.setExpanded(at not in self._closed)
        self._filling = False
        for again in (key, *beside):
            if again in self._by_key:
                self.setCurrentItem(self._by_key[again][1])
                break

    def _add(self, row: Row, above: QTreeWidgetItem) -> None:
        item = QTreeWidgetItem(above)
        item.setText(_TITLE, row.title)
        item.setText(_ID, count(row.problems, "problem") if row.problems else row.beside)
        item.setData(_TITLE, _KEY, row.key)
        for column in (_TITLE, _ID):
            item.setData(column, Qt.ItemDataRole.AccessibleTextRole, row.spoken)
            item.setToolTip(column, row.spoken)
        self._colour(row, item)
        if row.kind == "heading":
            item.setFont(_TITLE, ink().section)
            item.setFirstColumnSpanned(True)
        if row.kind in ("node", "group"):
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        self._by_key[row.key] = (row, item)
        for child in row.children:
            self._add(child, item)

    def _colour(self, row: Row, item: QTreeWidgetItem) -> None:
        now = ink()
        item.setForeground(_ID, now.bad if row.problems else now.dim)
        item.setForeground(_TITLE, now.accent if row.thing in self._marked and row.kind != "inside" else now.text)

    def retint(self, tokens: Tokens) -> None:
        """Writes every line in the colours of another theme."""
        was, self._filling = self._filling, True
        for row, item in self._by_key.values():
            self._colour(row, item)
        self._filling = was

    def mark(self, things: set[str]) -> None:
        """Shows which lines are of what is selected; without the keyboard the current line is one of them."""
        was, self._filling = self._filling, True
        self._marked = frozenset(things)
        for row, item in self._by_key.values():
            chosen = row.thing in things and row.kind != "inside"
            self._colour(row, item)
            item.setData(_TITLE, Qt.ItemDataRole.AccessibleTextRole, f"{row.spoken}, selected" if chosen else row.spoken)
        self._filling = was
        if things and not self.hasFocus() and not self.isAncestorOf(self.window().focusWidget() or self.window()):
            found = next((item for row, item in self._by_key.values() if row.thing in things and row.kind != "inside"), None)
            if found is not None:
                self.setCurrentItem(found)

    def item_of(self, key: str) -> QTreeWidgetItem | None:
        """The line of an address or id."""
        return self._by_key[key][1] if key in self._by_key else None

    def row_of(self, item: QTreeWidgetItem | None) -> Row | None:
        """The row that a line shows."""
        key = item.data(_TITLE, _KEY) if item is not None else None
        return self._by_key[key][0] if key in self._by_key else None

    def _collapsed(self, item: QTreeWidgetItem) -> None:
        if not self._filling:
            self._closed.add(item.data(_TITLE, _KEY))

    def _expanded(self, item: QTreeWidgetItem) -> None:
        if not self._filling:
            self._closed.discard(item.data(_TITLE, _KEY))

    # ------------------------------------------------------------------------------------------ acting

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.row_of(self.currentItem())
        if row is None or not self._act(row, event.key(), event.modifiers()):
            super().keyPressEvent(event)

    def _act(self, row: Row, key: int, keys: Qt.KeyboardModifier) -> bool:
        alt = bool(keys & Qt.KeyboardModifier.AltModifier)
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and row.thing:
            (self.panel.edit if alt else self.panel.go).emit(row.thing)
        elif key == Qt.Key.Key_Space and row.thing:
            selected = self.panel.session.selected
            less = [id for id in selected if id != row.thing]
            self.panel.session.select(less if row.thing in selected else [*selected, row.thing])
        elif key == Qt.Key.Key_F2 and row.kind in ("node", "group"):
            if keys & Qt.KeyboardModifier.ShiftModifier:
                self.id_current()
            else:
                self.name_current()
        elif key == Qt.Key.Key_C and not keys and row.kind == "node":
            self.panel.connect_asked.emit(row.thing)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.panel.delete(row)
        elif alt and key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and row.kind == "inside":
            self.panel.shift(row, -1 if key == Qt.Key.Key_Up else 1)
        elif key == Qt.Key.Key_Menu:
            self._menu(self.visualItemRect(self.currentItem()).bottomLeft())
        elif key == Qt.Key.Key_Escape:
            self.panel.closed.emit()
        else:
            return False
        return True

    def name_current(self) -> None:
        """Lets the title of the current line be typed."""
        self.editItem(self.currentItem(), _TITLE)

    def id_current(self) -> None:
        """Lets the id of the current line be typed."""
        row = self.row_of(self.currentItem())
        if row is not None and row.kind == "node":
            self._filling = True
            self.currentItem().setText(_ID, row.beside)
            self._filling = False
            self.editItem(self.currentItem(), _ID)

    def _changed(self, item: QTreeWidgetItem, column: int) -> None:
        row = self.row_of(item)
        if self._filling or row is None:
            return
        text = item.text(column).strip()
        was = row.title if column == _TITLE else row.beside
        if text != was:
            self.typed.emit((row, column, text))

    def _rename(self, typed: tuple[Row, int, str]) -> None:
        self.panel.rename(*typed)

    def _clicked(self, item: QTreeWidgetItem) -> None:
        row = self.row_of(item)
        if row is not None and row.thing:
            self.panel.go.emit(row.thing)

    def _menu(self, at: QPoint) -> None:
        row = self.row_of(self.itemAt(at) or self.currentItem())
        deeds = self.panel.deeds(row) if row is not None else []
        if row is None or not deeds:
            return
        self.setCurrentItem(self._by_key[row.key][1])
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for words, deed in deeds:
            menu.addAction(words.replace("&", "&&")).triggered.connect(partial(_call, deed))
        menu.popup(self.viewport().mapToGlobal(at))


def _call(deed: Callable[[], object], checked: bool = False) -> None:
    deed()


def _with_old_marks(rows: tuple[Row, ...], before: tuple[Row, ...]) -> tuple[Row, ...]:
    marks = {row.key: row.problems for row in every(before)}

    def marked(row: Row) -> Row:
        return Row(row.key, row.kind, row.thing, row.title, row.beside, row.spoken, marks.get(row.key, 0), tuple(map(marked, row.children)))

    return tuple(map(marked, rows))
