"""The card beside a component of the palette: what it is, its ports, its equation, its sources, and why it cannot follow."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QListView, QVBoxLayout, QWidget

from memstudio.desktop import icons, lengths, theme
from memstudio.desktop.canvas.ink import ink
from memstudio.desktop.labels import label
from memstudio.desktop.palette.entries import ENTRY_ROLE, EntryList
from memstudio.desktop.palette.saying import port_words, source_words, sources_of, spoken, systems_of
from memstudio.experiment.declarations import Port
from memstudio.experiment.entries import Entry

WIDTH = 336
#: milliseconds that the pointer rests before the first card comes; once one is there the next comes at once
REST = 350
_SOURCES, _SYSTEMS = 3, 8


class _Dot(QWidget):
    """A dot in the colour of a kind, or a square in that of a family."""

    def __init__(self, kind: str = "", family: str = "") -> None:
        super().__init__()
        self._kind, self._family = kind, family
        self.setFixedSize(QSize(10, 18))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        box = QRectF(1, self.height() / 2 - 4, 8, 8)
        painter.setBrush(ink().kind(self._kind) if self._kind else ink().family(self._family))
        if self._kind:
            painter.drawEllipse(box)
        else:
            painter.drawRoundedRect(box, 2, 2)


class EntryCard(QFrame):
    """The card itself; it never takes the pointer or the keyboard. `show_entry` fills and places it."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self.over = over
        self.entry: Entry | None = None
        self.setProperty("kind", "popup")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._inside: QWidget | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        lengths.fix(self, width=WIDTH)
        self.hide()

    def show_entry(self, entry: Entry, why_not: str | None, beside: QPoint, left_of: int | None = None) -> None:
        """Shows an entry with its upper left corner at a point of the parent, or, where there is no room, left of `left_of`."""
        self.entry = entry
        layout = self.layout()
        assert layout is not None
        if self._inside is not None:
            layout.removeWidget(self._inside)
            self._inside.hide()
            self._inside.deleteLater()
        self._inside = _content(entry, why_not)
        layout.addWidget(self._inside)
        self.setAccessibleName(entry.title)
        self.setAccessibleDescription(spoken(entry, why_not))
        self._inside.ensurePolished()
        height = self._inside.heightForWidth(WIDTH) if self._inside.hasHeightForWidth() else self._inside.sizeHint().height()
        room = self.over.rect()
        x = beside.x()
        if x + WIDTH > room.width() - 8 and left_of is not None:
            x = left_of - WIDTH
        self.setFixedHeight(min(height, room.height() - 16))
        self.move(max(8, x), max(8, min(beside.y(), room.height() - self.height() - 8)))
        self.show()
        self.raise_()


def _content(entry: Entry, why_not: str | None) -> QWidget:
    made = QWidget()
    made.setProperty("kind", "clear")
    column = QVBoxLayout(made)
    column.setContentsMargins(16, 12, 16, 14)
    column.setSpacing(6)
    head = QHBoxLayout()
    head.setSpacing(8)
    head.addWidget(_Dot(family=entry.family.id))
    head.addWidget(label(entry.title, "strong", wrap=True), 1)
    head.addWidget(label(entry.family.title.lower(), "chip"))
    column.addLayout(head)
    column.addWidget(label(entry.summary, wrap=True))
    if why_not:
        column.addWidget(_Reason(why_not))
    column.addSpacing(4)
    for word, ports in (("Takes", entry.component.takes), ("Gives", entry.component.gives)):
        column.addLayout(_ports(word, ports))
    if entry.component.equations:
        column.addSpacing(4)
        column.addWidget(label(entry.component.equations[0].text, "equation", wrap=True))
    for words in _source_lines(entry):
        column.addWidget(label(words, "small", wrap=True))
    return made


class _Reason(QFrame):
    """Why it cannot follow what is selected, with a mark."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.setProperty("kind", "field")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 6, 8, 6)
        row.setSpacing(8)
        mark = label()
        mark.setPixmap(icons.pixmap("warning", theme.current().careful, 16, self.devicePixelRatioF()))
        row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(label(words, wrap=True), 1)


def _ports(word: str, ports: Sequence[Port]) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    named = label(word, "dim")
    lengths.fix(named, width=44)
    row.addWidget(named, 0, Qt.AlignmentFlag.AlignTop)
    listed = QVBoxLayout()
    listed.setSpacing(0)
    for port in ports:
        one = QHBoxLayout()
        one.setSpacing(7)
        one.addWidget(_Dot(kind=str(port.kind)), 0, Qt.AlignmentFlag.AlignTop)
        one.addWidget(label(port_words(port), wrap=True), 1)
        listed.addLayout(one)
    if not ports:
        listed.addWidget(label("nothing", "dim"))
    row.addLayout(listed, 1)
    return row


def _source_lines(entry: Entry) -> list[str]:
    lines = []
    sources = sources_of(entry)
    if sources:
        more = f" and {len(sources) - _SOURCES} more" if len(sources) > _SOURCES else ""
        lines.append("; ".join(dict.fromkeys(source_words(source) for source in sources[:_SOURCES])) + more)
    systems = systems_of(entry)
    if systems:
        lines.append(f"Systems {', '.join(systems[:_SYSTEMS])}{' …' if len(systems) > _SYSTEMS else ''}")
    return lines


class Cards(QObject):
    """Shows the card of the row that the pointer rests on, or of the current row once the keyboard asked for it.

    beside(): the widget whose edges the card stands against; it lies over that widget's window.
    """

    def __init__(self, view: QListView, rows: EntryList, beside: QWidget) -> None:
        super().__init__(view)
        self._view, self._rows, self._beside = view, rows, beside
        self._card: EntryCard | None = None
        self._by_key = False
        self._index = QModelIndex()
        self._rest = QTimer(self, singleShot=True, interval=REST)
        self._rest.timeout.connect(self._rested)
        view.entered.connect(self._entered)
        view.viewport().installEventFilter(self)
        view.selectionModel().currentChanged.connect(self._current)
        rows.modelAboutToBeReset.connect(self._reset)
        rows.modelReset.connect(self._again)
        beside.installEventFilter(self)

    @property
    def card(self) -> EntryCard | None:
        """The card while it is shown."""
        return self._card if self._card is not None and self._card.isVisible() else None

    def toggle(self) -> None:
        """From the keyboard: shows the card of the current row, which then goes along with it; or takes it away."""
        if self.card is not None and self._by_key:
            self.hide()
        else:
            self._by_key = True
            self._show(self._view.currentIndex())

    def hide(self) -> None:
        """Takes the card away."""
        self._rest.stop()
        self._by_key = False
        if self._card is not None:
            self._card.hide()

    def _entered(self, index: QModelIndex) -> None:
        self._index = index
        if self.card is not None and not self._by_key:
            self._show(index)
        elif not self._by_key:
            self._rest.start()

    def _rested(self) -> None:
        if self._view.viewport().underMouse():
            self._show(self._index)

    def _current(self, index: QModelIndex) -> None:
        if self._by_key:
            self._show(index)

    def _reset(self) -> None:
        self._index = QModelIndex()
        if not self._by_key:
            self.hide()

    def _again(self) -> None:
        if self._by_key and not self._rows.rows:
            self.hide()

    def _show(self, index: QModelIndex) -> None:
        entry = index.data(ENTRY_ROLE) if index.isValid() else None
        if not isinstance(entry, Entry):
            if self._card is not None:
                self._card.hide()
            return
        over = self._beside.window()
        if self._card is None or self._card.over is not over:
            self._card = EntryCard(over)
        top = self._view.viewport().mapTo(over, self._view.visualRect(index).topLeft()).y()
        left = self._beside.mapTo(over, QPoint(0, 0)).x()
        self._card.show_entry(entry, self._rows.why_not(entry), QPoint(left + self._beside.width() + 8, top - 8), left - 8)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The pointer left, a button was pressed, the wheel turned, or the list is no longer seen: no card."""
        kind = event.type()
        if watched is self._beside:
            if kind == QEvent.Type.Hide:
                self.hide()
        elif kind in (QEvent.Type.Leave, QEvent.Type.Wheel, QEvent.Type.MouseButtonPress) and not (
            self._by_key and kind == QEvent.Type.Leave
        ):
            self.hide()
        return False
