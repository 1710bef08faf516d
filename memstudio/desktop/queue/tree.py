"""The rows of the queue: sections, studies that fold, runs with their progress; dragged or moved by key within what waits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, Qt, Signal
from PySide6.QtGui import QColor, QDropEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QTreeWidget, QTreeWidgetItem

from memstudio.desktop import icons, theme
from memstudio.desktop.queue.rows import BELOW, FAILED, KEY, KIND, MORE, NOW, RUNS, SECTION, SHARE, WAITING, Index, RowPainter
from memstudio.desktop.queue.seen import Group, Item, Seen, group_text
from memstudio.desktop.words import count, tr


class QueueTree(QTreeWidget):
    """moved(uids, before): waiting runs are to stand before another, at the end (None) or before all others ("").

    folded(): other studies are unfolded now.
    """

    moved = Signal(object, object)
    folded = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Queue"))
        self.setHeaderHidden(True)
        self.setColumnCount(1)
        self.setIndentation(18)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(False)
        self.setMouseTracking(True)
        self.setItemDelegate(RowPainter(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.seen = Seen()
        self._keys: tuple[object, ...] = ()
        self._filling = False
        self.itemExpanded.connect(self._turned)
        self.itemCollapsed.connect(self._turned)
        theme.themed.connect(self.viewport().update)

    def drawBranches(self, painter: QPainter, rect: QRect, index: Index) -> None:
        """A chevron before what folds, and nothing else: the row's own ground is the painter's."""
        painter.fillRect(rect, QColor(theme.current().raised))
        row = self.itemFromIndex(index)
        if row.data(0, KIND) in (WAITING, FAILED) and row.childIndicatorPolicy() == QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator:
            picture = icons.pixmap("chevron" if row.isExpanded() else "chevron-right", theme.current().dim, 12, self.devicePixelRatioF())
            painter.drawPixmap(QPointF(rect.right() - 13, rect.center().y() - 6), picture)

    # ------------------------------------------------------------------------------------------ showing

    def show_seen(self, seen: Seen) -> None:
        """Shows the queue as it is now; selection, folding and the place scrolled to stay. Not while a row is dragged."""
        if self.state() == QAbstractItemView.State.DraggingState:
            return
        self.seen = seen
        keys = _keys(seen)
        self._filling = True
        if keys != self._keys:
            self._keys = keys
            self._rebuild(seen)
        else:
            self._update(seen)
        self._filling = False

    def _rebuild(self, seen: Seen) -> None:
        selected, unfolded = set(self.selected_keys()), set(self.unfolded())
        current = self.currentItem()
        here = current.data(0, KEY) if current is not None else None
        scrolled = self.verticalScrollBar().value()
        self.clear()
        if seen.now:
            section = self._section("now", _titled("Now", len(seen.now)))
            for item in seen.now:
                self._run(section, item, NOW)
        for name, title, groups, kind in _sections(seen):
            if groups:
                section = self._section(name, title)
                for group in groups:
                    self._group(section, group, kind)
        self.expandAll()
        for row in self.every():
            if row.data(0, KIND) in (WAITING, FAILED) and row.parent() is not None and row.parent().data(0, KIND) == SECTION:
                row.setExpanded(row.data(0, KEY) in unfolded)
            if row.data(0, KEY) in selected:
                row.setSelected(True)
            if row.data(0, KEY) == here and here is not None:
                self.setCurrentItem(row, 0, self.selectionModel().SelectionFlag.NoUpdate)
        self.verticalScrollBar().setValue(scrolled)

    def _section(self, name: str, title: str) -> QTreeWidgetItem:
        made = QTreeWidgetItem(self, [title])
        made.setData(0, KIND, SECTION)
        made.setData(0, KEY, f"section:{name}")
        made.setFlags(Qt.ItemFlag.ItemIsEnabled | (Qt.ItemFlag.ItemIsDropEnabled if name == "waiting" else Qt.ItemFlag.NoItemFlags))
        return made

    def _run(self, parent: QTreeWidgetItem, item: Item, kind: str) -> None:
        made = QTreeWidgetItem(parent)
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        made.setFlags(flags | Qt.ItemFlag.ItemIsDragEnabled if kind == WAITING else flags)
        made.setData(0, KIND, kind)
        made.setData(0, KEY, f"{kind}:{item.uid}")
        made.setData(0, RUNS, (item.uid,))
        _show_run(made, item, in_group=kind != NOW)

    def _group(self, parent: QTreeWidgetItem, group: Group, kind: str) -> None:
        made = QTreeWidgetItem(parent)
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        made.setFlags(flags | Qt.ItemFlag.ItemIsDragEnabled | Qt.ItemFlag.ItemIsDropEnabled if kind == WAITING else flags)
        made.setData(0, KIND, kind)
        made.setData(0, KEY, group.key)
        made.setData(0, RUNS, group.uids)
        _show_group(made, group, kind)
        if group.is_study:
            for item in group.items:
                self._run(made, item, kind)
            if group.more:
                more = QTreeWidgetItem(made, [f"and {group.more:,} more"])
                more.setData(0, KIND, MORE)
                more.setFlags(Qt.ItemFlag.ItemIsEnabled)
            made.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)

    def _update(self, seen: Seen) -> None:
        runs = {f"{NOW}:{item.uid}": item for item in seen.now}
        groups = {group.key: (group, WAITING) for group in seen.waiting} | {group.key: (group, FAILED) for group in seen.failed}
        titles = {f"section:{name}": text for name, text, _, _ in _sections(seen)} | {"section:now": _titled("Now", len(seen.now))}
        for row in self.every():
            key = row.data(0, KEY)
            if row.data(0, KIND) == SECTION:
                row.setText(0, titles[key])
            elif key in runs:
                _show_run(row, runs[key], in_group=False)
            elif key in groups:
                row.setData(0, RUNS, groups[key][0].uids)
                _show_group(row, *groups[key])

    def every(self) -> Iterator[QTreeWidgetItem]:
        """Every row, from top to bottom."""
        waiting = [self.topLevelItem(at) for at in range(self.topLevelItemCount())]
        while waiting:
            row = waiting.pop(0)
            if row is not None:
                yield row
                waiting[:0] = [row.child(at) for at in range(row.childCount())]

    def unfolded(self) -> list[str]:
        """The keys of the studies whose runs are listed."""
        return [
            str(row.data(0, KEY))
            for row in self.every()
            if row.data(0, KEY) and row.isExpanded() and row.data(0, KIND) in (WAITING, FAILED)
        ]

    def _turned(self, row: QTreeWidgetItem) -> None:
        if not self._filling and row.data(0, KIND) in (WAITING, FAILED):
            self.folded.emit()

    # ------------------------------------------------------------------------------------------ what is chosen

    def selected_keys(self) -> list[str]:
        """The keys of what is selected."""
        return [str(row.data(0, KEY)) for row in self.selectedItems()]

    def chosen(self, *kinds: str) -> list[str]:
        """The runs of what is selected, of some kinds, each once, in the order of the queue."""
        found: dict[str, None] = {}
        for row in self.every():
            if row.isSelected() and (not kinds or row.data(0, KIND) in kinds):
                found |= dict.fromkeys(row.data(0, RUNS) or ())
        return list(found)

    def state_of(self, uid: str) -> str:
        """The state of a run that is at work; "" for others."""
        return next((item.state for item in self.seen.now if item.uid == uid), "")

    # ------------------------------------------------------------------------------------------ order

    def order(self) -> list[str]:
        """Every waiting run, in order, as the groups stand."""
        return [uid for group in self.seen.waiting for uid in group.uids]

    def shift(self, by: int) -> None:
        """Moves what is selected among what waits one place up or down: runs within their study, studies among studies."""
        rows = [row for row in self.selectedItems() if row.data(0, KIND) == WAITING]
        if not rows:
            return
        parent = rows[0].parent()
        if parent is None:
            return
        rows = sorted((row for row in rows if row.parent() is parent), key=parent.indexOfChild)
        places = [parent.indexOfChild(row) for row in rows]
        last = sum(parent.child(at).data(0, KIND) == WAITING for at in range(parent.childCount())) - 1
        if (by < 0 and places[0] == 0) or (by > 0 and places[-1] == last):
            return
        runs = [uid for row in rows for uid in row.data(0, RUNS)]
        target = parent.child(places[0] - 1) if by < 0 else parent.child(places[-1] + 2) if places[-1] + 2 <= last else None
        self.moved.emit(runs, self._before(target, runs))

    def to_front(self) -> None:
        """Moves what is selected before everything else that waits."""
        runs = self.chosen(WAITING)
        if runs:
            self.moved.emit(runs, "")

    def _before(self, target: QTreeWidgetItem | None, runs: Sequence[str]) -> str | None:
        """The run that what is moved will stand before; None: at the end of all."""
        if target is not None:
            return str(target.data(0, RUNS)[0])
        rest = set(runs)
        group = next((at for at, one in enumerate(self.seen.waiting) if rest <= set(one.uids)), None)
        if group is not None and len(rest) < len(self.seen.waiting[group].uids) and group + 1 < len(self.seen.waiting):
            return self.seen.waiting[group + 1].uids[0]
        return None

    def dropEvent(self, event: QDropEvent) -> None:
        """Dropped among what waits: the library moves the runs, and the rows follow what it says."""
        runs = self.chosen(WAITING)
        row = self.itemAt(event.position().toPoint())
        where = self.dropIndicatorPosition()
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()
        if not runs:
            return
        after = where == QAbstractItemView.DropIndicatorPosition.BelowItem
        if row is None:
            self.moved.emit(runs, None)
        elif row.data(0, KIND) == WAITING:
            uids = row.data(0, RUNS)
            order = [uid for uid in self.order() if uid not in set(runs)]
            anchor = uids[-1] if after else uids[0]
            if anchor in order:
                at = order.index(anchor) + after
                self.moved.emit(runs, order[at] if at < len(order) else None)
        elif row.data(0, KEY) == "section:waiting":
            self.to_front()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Alt with up or down moves what is selected."""
        if event.modifiers() & Qt.KeyboardModifier.AltModifier and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.shift(-1 if event.key() == Qt.Key.Key_Up else 1)
        elif event.key() == Qt.Key.Key_Space:
            event.ignore()  # the panel's: it pauses and resumes
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
        ):
            event.accept()
            return True
        return super().event(event)


def _titled(title: str, number: int) -> str:
    return f"{title}  {number:,}"


def _sections(seen: Seen) -> tuple[tuple[str, str, tuple[Group, ...], str], ...]:
    """The sections of studies: name, title, what stands in them, and its kind."""
    failed = sum(len(group.uids) for group in seen.failed)
    return (
        ("waiting", _titled("Waiting", seen.waits), seen.waiting, WAITING),
        ("failed", _titled("Failed lately", failed), seen.failed, FAILED),
    )


def _keys(seen: Seen) -> tuple[object, ...]:
    """What decides which rows there are."""
    groups = [
        (kind, group.key, tuple(item.uid for item in group.items), group.more)
        for kind, some in ((WAITING, seen.waiting), (FAILED, seen.failed))
        for group in some
    ]
    return (tuple(item.uid for item in seen.now), tuple(groups))


def _show_run(row: QTreeWidgetItem, item: Item, in_group: bool) -> None:
    title, below = (item.text, item.why) if in_group else (item.title, item.below)
    row.setText(0, title)
    row.setData(0, BELOW, below)
    row.setData(0, SHARE, item.share if item.state in ("running", "starting", "paused") else None)
    row.setToolTip(0, f"{item.title}\n{item.below}")
    row.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"{item.title}, {item.below}")


def _show_group(row: QTreeWidgetItem, group: Group, kind: str) -> None:
    below = group_text(group, kind)
    if kind == FAILED and not group.is_study and group.items:
        below = group.items[0].why
    row.setText(0, group.title)
    row.setData(0, BELOW, below)
    row.setToolTip(0, f"{group.title}\n{below}")
    row.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"{group.title}, {below}, {count(len(group.uids), 'run')}")
