"""What the page shows while nothing is compared: what to do, and the studies that can be compared at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from memstudio.desktop import lengths
from memstudio.desktop.compare.seen import Offered
from memstudio.desktop.labels import Elided, button, label
from memstudio.desktop.words import tr

WIDE, HIGH = 560, 30
_WHAT = "Choose a study here, or two runs or more on the Runs page: their curves are laid over each other, with what differs between them."
_NONE = "No study has a finished run yet. Run one, or choose two runs or more on the Runs page."


class StudyButton(QPushButton):
    """One study: its name at the left, how much it is at the right."""

    def __init__(self, one: Offered, call: Callable[[], object]) -> None:
        super().__init__()
        self.setAccessibleName(f"Compare {one.title}, {one.words}")
        self.setToolTip(f"Compare {one.title}")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        lengths.fix(self, width=WIDE)
        self.setMinimumHeight(HIGH)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 14, 0)
        row.setSpacing(16)
        for made, stretch in ((Elided(one.title), 1), (label(one.words, "small"), 0)):
            made.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            row.addWidget(made, stretch)
        self.clicked.connect(partial(_call, call))


def _call(call: Callable[[], object], checked: bool = False) -> None:
    call()


class StartView(QWidget):
    """chosen(str): a study's uid; runs_asked(): the Runs page is wanted."""

    chosen = Signal(str)
    runs_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = label("Nothing is compared yet", "heading")
        self.words = label(_WHAT, "dim", wrap=True)
        self.runs_button = button("Choose runs", self.runs_asked.emit, tip="Select two runs or more there, then press Compare")
        self.studies: list[StudyButton] = []
        self._offered: tuple[Offered, ...] = ()
        self._list = QVBoxLayout()
        self._list.setSpacing(6)
        middle = QWidget()
        lengths.fix(middle, width=WIDE)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 40, 0, 32)
        column.setSpacing(10)
        column.addWidget(self.title)
        column.addWidget(self.words)
        column.addSpacing(6)
        column.addLayout(self._list)
        column.addSpacing(6)
        column.addWidget(self.runs_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        inside = QWidget()
        inside.setProperty("kind", "clear")
        around = QHBoxLayout(inside)
        around.addStretch(1)
        around.addWidget(middle)
        around.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setAccessibleName(tr("Studies to compare"))
        scroll.setWidget(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)

    def say(self, sentence: str = "") -> None:
        """Says why nothing is shown (what was asked for cannot be compared), or what to do."""
        self.title.setText(tr("This cannot be compared" if sentence else "Nothing is compared yet"))
        self.words.setText(sentence or (_WHAT if self._offered else _NONE))

    def show_studies(self, offered: Sequence[Offered]) -> None:
        """Offers these studies."""
        if tuple(offered) == self._offered:
            return
        self._offered = tuple(offered)
        for old in self.studies:
            old.hide()
            old.deleteLater()
        self.studies = [StudyButton(one, partial(self.chosen.emit, one.uid)) for one in offered]
        for made in self.studies:
            self._list.addWidget(made)
        if self.words.text() in (_WHAT, _NONE):
            self.say()
