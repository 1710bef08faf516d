"""What stands above the table while it shows the trash: restore, or delete for good, which is asked about in the line itself."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from memstudio.desktop import lengths
from memstudio.desktop.labels import Elided, button, set_kind
from memstudio.desktop.words import count, size, tr


class TrashLine(QFrame):
    """The line. restored(uids), deleted(uids): what was asked for, None for all; weighing(uids): how much would be freed is to be said."""

    restored = Signal(object)
    deleted = Signal(object)
    weighing = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "bar")
        lengths.fix(self, height=46)
        self.setAccessibleName(tr("The trash"))
        self._all, self._chosen = 0, tuple[str, ...]()
        self._writable = True
        #: what is asked about: some runs, or (None) all of them
        self._asked: tuple[str, ...] | None = None
        self._asking = False
        self._freed: int | None = None
        self.words = Elided("")
        self.restore_button = button("Restore", self._restore, "", "Take the selected runs out of the trash")
        self.delete_button = button("Delete for good…", self.ask, "danger", "Delete the selected runs with all they measured and made")
        self.empty_button = button("Empty the trash…", self._ask_all, "danger", "Delete everything that is in the trash")
        self.yes_button = button("Delete", self._delete, "danger", "Delete them; this cannot be undone")
        self.no_button = button("Keep", self._keep, "", "Delete nothing (Esc)")
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 0, 16, 0)
        row.setSpacing(8)
        row.addWidget(self.words, 1)
        for one in (self.restore_button, self.delete_button, self.empty_button, self.yes_button, self.no_button):
            row.addWidget(one)
        self.hide()

    def show_trash(self, n: int, chosen: Sequence[str], writable: bool) -> None:
        """How many runs are in the trash, and which of them are chosen."""
        changed = (n, tuple(chosen)) != (self._all, self._chosen)
        self._all, self._chosen, self._writable = n, tuple(chosen), writable
        if changed:
            self._asking = False
        self._show()

    def show_freed(self, uids: Sequence[str] | None, bytes_: int) -> None:
        """How much deleting these (None: all) would free."""
        if uids == self._asked:
            self._freed = bytes_
            self._show()

    def _show(self) -> None:
        n, chosen = self._all, len(self._chosen)
        if self._asking:
            asked = n if self._asked is None else len(self._asked)
            which = f"{'all ' if self._asked is None and n > 1 else ''}{count(asked, 'run')}"
            freed = f" About {size(self._freed)} are freed." if self._freed else ""
            self.words.say(f"Delete {which} for good? What {'they' if asked > 1 else 'it'} measured and made is gone.{freed}")
            self.yes_button.setText(f"Delete {count(asked, 'run')}")
            self.yes_button.setAccessibleName(f"Delete {count(asked, 'run')} for good")
        else:
            self.words.say(f"{count(n, 'run')} in the trash." if n else "The trash is empty.")
        set_kind(self.words, "error" if self._asking else "")
        self.restore_button.setText(f"Restore {chosen:,}")
        self.delete_button.setText(f"Delete {chosen:,} for good…")
        for one in (self.restore_button, self.delete_button):
            one.setVisible(not self._asking and chosen > 0)
            one.setEnabled(self._writable)
        self.empty_button.setVisible(not self._asking and n > 0)
        self.empty_button.setEnabled(self._writable)
        for one in (self.yes_button, self.no_button):
            one.setVisible(self._asking)

    def _restore(self) -> None:
        self.restored.emit(self._chosen)

    def ask(self) -> None:
        """Asks, in the line, whether the chosen runs (all, where none is) are to be deleted for good."""
        self._ask(self._chosen or None)

    def _ask_all(self) -> None:
        self._ask(None)

    def _ask(self, uids: tuple[str, ...] | None) -> None:
        if not self._all or not self._writable:
            return
        self._asking, self._asked, self._freed = True, uids, None
        self._show()
        self.no_button.setFocus(Qt.FocusReason.OtherFocusReason)
        self.weighing.emit(uids)

    def _delete(self) -> None:
        self._asking = False
        self._show()
        self.deleted.emit(self._asked)

    def _keep(self) -> None:
        self._asking = False
        self._show()
        self.empty_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._asking:
            self._keep()
        else:
            super().keyPressEvent(event)
