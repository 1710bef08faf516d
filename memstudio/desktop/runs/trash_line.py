"""What stands above the table while it shows the trash: restore, or delete for good, which is asked about in the line itself."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from memstudio.desktop.labels import Elided, button, set_kind
from memstudio.desktop.words import count, size


class TrashLine(QFrame):
    """The line. restored(uids), deleted(uids): what was asked for, None for all; weighing(uids): how much would be freed is to be said."""

    restored = Signal(object)
    deleted = Signal(object)
    weighing = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "bar")
        self.setFixedHeight(46)
        self.setAccessibleName("The trash")
        self._all, self._chosen = 0, tuple[str, ...]()
        self._asking = False
        self._freed: int | None = None
        self._writable = True
        self.words = Elided("")
        self.restore_button = button("Restore", self._restore, "", "Take them out of the trash")
        self.delete_button = button("Delete for good…", self.ask, "danger", "Delete them with all they measured and made")
        self.yes_button = button("Delete", self._delete, "danger", "Delete them; this cannot be undone")
        self.no_button = button("Keep them", self._keep, "", "Delete nothing (Esc)")
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 0, 16, 0)
        row.setSpacing(8)
        row.addWidget(self.words, 1)
        for one in (self.restore_button, self.delete_button, self.yes_button, self.no_button):
            row.addWidget(one)
        self.hide()

    def show_trash(self, n: int, chosen: Sequence[str], writable: bool) -> None:
        """How many runs are in the trash, and which of them are chosen."""
        changed = (n, tuple(chosen)) != (self._all, self._chosen)
        self._all, self._chosen, self._writable = n, tuple(chosen), writable
        if changed:
            self._asking, self._freed = False, None
        self._show()

    def show_freed(self, uids: Sequence[str] | None, bytes_: int) -> None:
        """How much deleting these (None: all) would free."""
        if uids == self._these():
            self._freed = bytes_
            self._show()

    def _these(self) -> tuple[str, ...] | None:
        """What the buttons are about: the chosen runs, None for all of them."""
        return self._chosen if 0 < len(self._chosen) < self._all else None

    def _n(self) -> int:
        these = self._these()
        return self._all if these is None else len(these)

    def _show(self) -> None:
        n = self._n()
        freed = "" if self._freed is None else f" {size(self._freed)} are freed."
        all_ = "" if self._these() is not None or n < 2 else "all "
        if self._asking:
            self.words.say(f"Delete {all_}{count(n, 'run')} for good? What they measured and made is gone.{freed}")
        else:
            self.words.say(f"{count(self._all, 'run')} in the trash." if self._all else "The trash is empty.")
        set_kind(self.words, "error" if self._asking else "")
        self.restore_button.setText(f"Restore {all_}{n:,}" if n else "Restore")
        self.yes_button.setText(f"Delete {count(n, 'run')}")
        self.yes_button.setAccessibleName(f"Delete {count(n, 'run')} for good")
        for one in (self.restore_button, self.delete_button):
            one.setVisible(not self._asking)
            one.setEnabled(n > 0 and self._writable)
        for one in (self.yes_button, self.no_button):
            one.setVisible(self._asking)

    def _restore(self) -> None:
        self.restored.emit(self._these())

    def ask(self) -> None:
        """Asks, in the line, whether the chosen runs (or all) are to be deleted for good."""
        if not self._n() or not self._writable:
            return
        self._asking, self._freed = True, None
        self._show()
        self.no_button.setFocus(Qt.FocusReason.OtherFocusReason)
        self.weighing.emit(self._these())

    def _delete(self) -> None:
        these = self._these()
        self._asking = False
        self._show()
        self.deleted.emit(these)

    def _keep(self) -> None:
        self._asking = False
        self._show()
        self.delete_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._asking:
            self._keep()
        else:
            super().keyPressEvent(event)
