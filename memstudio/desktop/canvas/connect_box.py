"""Connect to…: every port that fits a node, best first, and of the others why they do not; found by typing, taken by Enter."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from memstudio.desktop.canvas.ink import ink
from memstudio.desktop.session import Message, Session
from memstudio.desktop.words import tr
from memstudio.experiment import edits
from memstudio.experiment.joining import Join, joins
from memstudio.experiment.wiring import Wiring

_WIDTH, _HEIGHT = 420, 320
_INSET, _FIRST = 26, 28
_LINE = Qt.ItemDataRole.UserRole
_WRAPPED = Qt.TextFlag.TextWordWrap.value | Qt.AlignmentFlag.AlignLeft.value | Qt.AlignmentFlag.AlignTop.value


@dataclass(frozen=True)
class Line:
    """One line of the list: its words, the second line (why not, or what goes), the join it stands for, the kind of the wire."""

    words: str
    beside: str
    join: Join
    kind: str = ""


def lines(session: Session, id: str) -> list[Line]:
    """Every connection of a node in words, the best first."""
    wiring = Wiring(session.document, session.catalogue)
    return [_line(wiring, id, one) for one in joins(session.document, session.catalogue, id)]


def _line(wiring: Wiring, id: str, one: Join) -> Line:
    gives = one.start.rpartition(".")[0] == id
    mine, other = (one.start, one.end) if gives else (one.end, one.start)
    own = _port(wiring, mine, not gives)
    there, port = wiring.titles[other.rpartition(".")[0]], _port(wiring, other, gives)
    own = own[:1].upper() + own[1:]
    words = f"{own} to {there}, {port}" if gives else f"{own} from {there}, {port}"
    given = wiring.gives(*one.start.rpartition(".")[::2])
    beside = one.reason or ("Takes the place of the wire that is there." if one.replaces else "")
    return Line(words, beside, one, str(given.kind) if given is not None else "")


def _port(wiring: Wiring, address: str, takes: bool) -> str:
    node, _, name = address.rpartition(".")
    port = wiring.takes(node, name) if takes else wiring.gives(node, name)
    return (port.title or port.name).lower() if port is not None else name


class LineDelegate(QStyledItemDelegate):
    """What would be joined, and below it in dim letters why not; a mark before what fits."""

    def _box(self, option: QStyleOptionViewItem, words: str) -> QRect:
        room = QRect(0, 0, max(80, self._list.viewport().width() - _INSET - 8), 400)
        return QFontMetrics(ink().small).boundingRect(room, _WRAPPED, words)

    def __init__(self, over: QListWidget) -> None:
        super().__init__(over)
        self._list = over

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        beside = index.data(_LINE).beside
        return QSize(80, _FIRST + (self._box(option, beside).height() + 6 if beside else 0))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        now, one = ink(), index.data(_LINE)
        box = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setBrush(now.tint)
            painter.drawRoundedRect(box, 7, 7)
        fits, mends = one.join.reason is None, one.join.mend is not None
        if fits or mends:
            painter.setBrush(now.kind(one.kind) if fits else Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(now.kind(one.kind), 1.5))
            painter.drawEllipse(QPointF(box.left() + 12, box.top() + _FIRST / 2), 4, 4)
        painter.setFont(now.body)
        painter.setPen(now.text if fits or mends else now.dim)
        first = QRectF(box.left() + _INSET, box.top(), box.width() - _INSET - 8, _FIRST)
        words = painter.fontMetrics().elidedText(one.words, Qt.TextElideMode.ElideRight, int(first.width()))
        painter.drawText(first, Qt.AlignmentFlag.AlignVCenter, words)
        painter.setFont(now.small)
        painter.setPen(now.dim)
        painter.drawText(QRectF(first.left(), first.bottom() - 2, first.width(), box.height() - _FIRST), _WRAPPED, one.beside)
        painter.restore()


class ConnectBox(QFrame):
    """A field over the list. `ask` shows it for a node; Enter connects, or mends where that makes it fit. Escape closes it."""

    closed = Signal()

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.session, self.over = session, parent
        self.setProperty("kind", "popup")
        self.setAccessibleName(tr("Connect to"))
        self.field = QLineEdit()
        self.field.setPlaceholderText(tr("Type to find a component"))
        self.field.setAccessibleName(tr("Type to find a component to connect to"))
        self.heading = QLabel()
        self.heading.setTextFormat(Qt.TextFormat.PlainText)
        self.heading.setProperty("kind", "small")
        self.list = QListWidget()
        self.list.setAccessibleName(tr("What can be connected"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setItemDelegate(LineDelegate(self.list))
        self.list.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        for widget in (self.field, self.heading, self.list):
            layout.addWidget(widget)
        self._lines: list[Line] = []
        self._from: QWidget | None = None
        self.shown: list[Line] = []
        self.field.textChanged.connect(self._find)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(self._clicked)
        self.hide()

    def ask(self, id: str, at: QPoint, back: QWidget | None = None) -> None:
        """Shows the box for a node at a point of its parent; back: where the keyboard goes afterwards."""
        self._lines, self._from = lines(self.session, id), back
        fitting = sum(one.join.reason is None for one in self._lines)
        self.heading.setText(f"Connect {self._title(id)}: {fitting} of {len(self._lines)} fit" if self._lines else "Nothing to connect to")
        self.field.clear()
        self._find("")
        room = self.over.rect()
        width, height = min(_WIDTH, room.width() - 8), min(_HEIGHT, room.height() - 8)
        self.setGeometry(max(4, min(at.x(), room.width() - width - 4)), max(4, min(at.y(), room.height() - height - 4)), width, height)
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def _title(self, id: str) -> str:
        return Wiring(self.session.document, self.session.catalogue).titles.get(id, id)

    def _find(self, text: str) -> None:
        wanted = text.casefold().split()
        self.shown = [one for one in self._lines if all(word in f"{one.words} {one.beside}".casefold() for word in wanted)]
        self.list.clear()
        for one in self.shown:
            item = QListWidgetItem(one.words)
            item.setData(_LINE, one)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, _spoken(one))
            self.list.addItem(item)
        if self.shown:
            self.list.setCurrentRow(0)

    def _clicked(self, item: QListWidgetItem) -> None:
        self._take(self.list.row(item))

    def _take(self, row: int) -> None:
        if not 0 <= row < len(self.shown):
            return
        one = self.shown[row].join
        if one.mend is not None:
            self.dismiss()
            self.session.edit(one.mend.title, one.mend.edit)
        elif one.reason is not None:
            self.session.message.emit(Message(one.reason, "careful"))
        else:
            self.dismiss()
            self.session.edit("Connect", lambda document: edits.connect(document, one.start, one.end, self.session.catalogue))

    def dismiss(self) -> None:
        """Closes the box without connecting anything."""
        if self.isVisible():
            self.hide()
            if self._from is not None:
                self._from.setFocus(Qt.FocusReason.PopupFocusReason)
            self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The field keeps the keyboard: arrows walk the list, Enter takes, Escape and Tab close."""
        if watched is self.field and event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.dismiss()
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(event.key()) or super().eventFilter(watched, event)
        return super().eventFilter(watched, event)

    def _key(self, key: int) -> bool:
        row = self.list.currentRow()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.list.setCurrentRow(max(0, min(len(self.shown) - 1, row + (1 if key == Qt.Key.Key_Down else -1))))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take(row)
        elif key in (Qt.Key.Key_Escape, Qt.Key.Key_Tab):
            self.dismiss()
        else:
            return False
        return True


def _spoken(one: Line) -> str:
    if one.join.reason is None:
        return f"{one.words}, fits"
    return f"{one.words}, does not fit: {one.join.reason}"
