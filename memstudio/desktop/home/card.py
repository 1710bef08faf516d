"""One study of the gallery as a card: its picture, what it shows, how long it takes and whether its claim was shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from memstudio.desktop import lengths, theme
from memstudio.desktop.chart import Chart, draw
from memstudio.desktop.home.picture import picture
from memstudio.desktop.labels import Elided, label, line
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import VERDICTS, count

if TYPE_CHECKING:
    from memstudio.experiment.document import Document
    from memstudio.experiment.gallery import GalleryItem

HEIGHT = 322
PICTURE = 186
NARROWEST, WIDEST = 296, 460


class Picture(QWidget):
    """The study's own result; before it was run, the outline of its experiment."""

    def __init__(self, chart: Chart | None, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chart = chart
        self._document = document
        lengths.fix(self, height=PICTURE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.themed.connect(self._themed)

    def _themed(self, tokens: Tokens) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        area = QRectF(self.rect()).adjusted(16, 8, -12, -4)
        if self.chart is not None:
            draw(painter, area, self.chart, theme.current())
        else:
            draw_outline(painter, area, self._document, theme.current())


def draw_outline(painter: QPainter, area: QRectF, document: Document, t: Tokens) -> None:
    """The experiment seen from far away: a small box for each node in its family's colour, and its wires."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    columns = _columns(document)
    wide = min(40.0, (area.width() - 20) / max(1, len(columns)) - 14)
    places: dict[str, QRectF] = {}
    for x, column in enumerate(columns):
        for y, id in enumerate(column):
            middle = QPointF(area.left() + (x + 0.5) * area.width() / len(columns), area.center().y() + (y - (len(column) - 1) / 2) * 30)
            places[id] = QRectF(middle.x() - wide / 2, middle.y() - 8, wide, 16)
    painter.setPen(QPen(QColor(t.dots), 1.4))
    for wire in document.wires:
        if wire.start_node in places and wire.end_node in places:
            start, end = places[wire.start_node], places[wire.end_node]
            path = QPainterPath(QPointF(start.right(), start.center().y()))
            bend = (end.left() - start.right()) / 2
            path.cubicTo(start.right() + bend, start.center().y(), end.left() - bend, end.center().y(), end.left(), end.center().y())
            painter.drawPath(path)
    painter.setPen(Qt.PenStyle.NoPen)
    for node in document.nodes:
        if node.id in places:
            painter.setBrush(QColor(t.family(node.component.split(".", 1)[0])))
            painter.drawRoundedRect(places[node.id], 4, 4)


def _columns(document: Document) -> list[list[str]]:
    """The nodes in columns from left to right: each right of everything that leads to it."""
    depth = {node.id: 0 for node in document.nodes}
    for _ in document.nodes:
        for wire in document.wires:
            if wire.start_node in depth and wire.end_node in depth:
                depth[wire.end_node] = min(len(depth), max(depth[wire.end_node], depth[wire.start_node] + 1))
    return [column for at in range(max(depth.values(), default=0) + 1) if (column := [id for id, d in depth.items() if d == at])]


class Card(QFrame):
    """A gallery study. A click, Enter or Space opens it."""

    def __init__(self, item: GalleryItem, opened: Callable[[GalleryItem], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.item = item
        self._opened = opened
        document, claim = item.document, item.document.claim
        said, chip = VERDICTS.get(item.verdict, VERDICTS["not_run"])
        seeds = len((item.seen or {}).get("seeds") or ()) or document.run.replicates
        takes = f"{item.minutes:.0f} min" if item.minutes >= 0.95 else "under 1 min"
        self.setProperty("kind", "card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        lengths.fix(self, height=HEIGHT)
        self.setAccessibleName(f"Open {document.title}: {said}, {takes}, {count(seeds, 'seed')}")
        self.picture = Picture(picture(item.seen, claim.picture if claim else ""), document, self)
        self.setAccessibleDescription(self.picture.chart.words if self.picture.chart else document.about)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 4, 1, 12)
        column.setSpacing(0)
        column.addWidget(self.picture)
        column.addWidget(line())
        inside = QVBoxLayout()
        inside.setContentsMargins(15, 11, 15, 0)
        inside.setSpacing(3)
        inside.addWidget(Elided(document.title, "strong"))
        inside.addWidget(Elided(document.about or (claim.says if claim else ""), "dim", lines=2))
        inside.addStretch(1)
        chips = QHBoxLayout()
        chips.setSpacing(6)
        chips.addWidget(label(said, chip))
        chips.addWidget(label(f"{takes} · {count(seeds, 'seed')}", "chip"))
        source = ", ".join(document.cites[:1])
        chips.addWidget(Elided(source, "axis") if source else QWidget(), 1)
        inside.addLayout(chips)
        column.addLayout(inside, 1)

    def sizeHint(self) -> QSize:
        return QSize(NARROWEST, lengths.px(HEIGHT))

    def matches(self, words: str) -> bool:
        """Whether every word occurs somewhere in the study: title, text, claim, sources, components."""
        document = self.item.document
        claim = f"{document.claim.says} {' '.join(document.claim.systems)}" if document.claim else ""
        text = " ".join(
            [self.item.id, document.title, document.about, claim, *document.cites, *(n.component for n in document.nodes)]
        ).lower()
        return all(word in text for word in words.lower().split())

    def open(self) -> None:
        """Opens the study."""
        self._opened(self.item)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.open()
        else:
            super().keyPressEvent(event)
