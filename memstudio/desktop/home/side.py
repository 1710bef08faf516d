"""The right of Home: what is still running, and what was open lately."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QProgressBar, QVBoxLayout, QWidget

from memstudio.desktop.going import Going
from memstudio.desktop.home.recent import Recent
from memstudio.desktop.home.unsaved_box import UnsavedBox
from memstudio.desktop.labels import Elided, label, line
from memstudio.desktop.words import moment

#: the bundled files of data, and what each is
_SAMPLES = (
    ("plants.csv", "a table of leaves, three plants"),
    ("digits.npz", "400 handwritten digits"),
    ("walks.csv", "120 sequences of letters and heights"),
)


class Row(QFrame):
    """A row of a list that can be opened: two lines of text, by mouse, Enter or Space."""

    def __init__(self, title: str, below: str, call: Callable[[], object], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._call = call
        self.setProperty("kind", "row")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(name)
        self.title, self.below = Elided(title), Elided(below, "small")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(13, 8, 13, 9)
        self.column.setSpacing(2)
        self.column.addWidget(self.title)
        self.column.addWidget(self.below)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self._call()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._call()
        else:
            super().keyPressEvent(event)


class GoingRow(Row):
    """A study or run on its way, with its bar."""

    def __init__(self, going: Going, call: Callable[[], object], parent: QWidget | None = None) -> None:
        super().__init__(going.title, going.text, call, f"Show the runs of {going.title}", parent)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.column.addSpacing(4)
        self.column.addWidget(self.bar)
        self.update_from(going)

    def update_from(self, going: Going) -> None:
        """Shows how far it is now."""
        self.title.say(going.title)
        self.below.say(going.text)
        self.bar.setValue(round(1000 * going.share))
        self.bar.setAccessibleName(f"{going.title}: {going.text}")


class Box(QFrame):
    """A card with rows, one line between each two."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(1, 1, 1, 1)
        self._column.setSpacing(0)

    def fill(self, rows: Sequence[QWidget]) -> None:
        """Shows these rows instead of those before."""
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for place, row in enumerate(rows):
            if place:
                self._column.addWidget(line())
            self._column.addWidget(row)


class Side(QWidget):
    """Still running and recent; each says so where it is empty."""

    open_file = Signal(object)
    show_sample = Signal(str)
    show_runs = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "clear")
        self._keys: tuple[tuple[str | None, str], ...] | None = None
        self._rows: list[GoingRow] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.unsaved = UnsavedBox()
        column.addWidget(self.unsaved)
        self.going_box, self.recent_box = Box(), Box()
        self.no_going = label("Nothing is running. Open a study, or build one, and press Run.", "dim", wrap=True)
        self.no_recent = label("Experiments that you save or open stand here.", "dim", wrap=True)
        for title, box, none in (("Still running", self.going_box, self.no_going), ("Recent", self.recent_box, self.no_recent)):
            column.addWidget(label(title, "strong"))
            column.addSpacing(8)
            column.addWidget(box)
            column.addWidget(none)
            column.addSpacing(24)
        self.samples_box = Box()
        self.samples_box.fill(
            [Row(name, below, partial(self.show_sample.emit, name), f"Try with the sample file {name}") for name, below in _SAMPLES]
        )
        column.addWidget(label("Try with a sample file", "strong"))
        column.addSpacing(8)
        column.addWidget(self.samples_box)
        column.addStretch(1)
        self.show_going(())
        self.show_recent(())

    def show_going(self, going: Sequence[Going]) -> None:
        """Shows what is on its way; the same studies keep their rows, so that the keyboard's place stays."""
        keys = tuple((g.study, g.run if g.study is None else "") for g in going[:6])
        if keys == self._keys:
            for row, one in zip(self._rows, going, strict=False):
                row.update_from(one)
            return
        self._keys = keys
        self._rows = [GoingRow(g, partial(self.show_runs.emit, g)) for g in going[:6]]
        self.going_box.fill(self._rows)
        self.going_box.setVisible(bool(going))
        self.no_going.setVisible(not going)

    def show_recent(self, recent: Sequence[Recent]) -> None:
        """Shows the files that were open lately, newest first."""
        self.recent_box.fill(
            [
                Row(r.title, f"{r.file.name} · {moment(r.opened)}", partial(self.open_file.emit, r.file), f"Open {r.title}, {r.file.name}")
                for r in recent
            ]
        )
        self.recent_box.setVisible(bool(recent))
        self.no_recent.setVisible(not recent)
