"""The rows of live panels: splitters that a person drags, and the places where a panel that is carried can be let go."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QSplitter, QSplitterHandle, QVBoxLayout, QWidget

from memstudio.desktop import theme

#: a panel is never narrower or lower; where they do not fit they are scrolled
NARROWEST, LOWEST = 200, 148
#: the room between two panels, which is also what can be taken hold of
GAP = 9
#: what is this near to the lower edge of the only row makes a second one, as a share of its height
BELOW = 0.28


@dataclass(frozen=True)
class Place:
    """Where a panel would go: a row, and the panel it would stand before (None: at the end). mark: where that is shown, in pixels."""

    row: int
    before: str | None
    mark: QRect


class _Handle(QSplitterHandle):
    """An edge between panels, seen where the mouse is over it; a double click makes them alike again."""

    def paintEvent(self, event: object) -> None:
        if self.underMouse():
            middle, t = QRectF(self.rect()).center(), theme.current()
            across = self.orientation() == Qt.Orientation.Vertical
            line = QRectF(0, middle.y() - 1, self.width(), 2) if across else QRectF(middle.x() - 1, 0, 2, self.height())
            QPainter(self).fillRect(line, QColor(t.line))

    def enterEvent(self, event: object) -> None:
        self.update()

    def leaveEvent(self, event: object) -> None:
        self.update()

    def mouseDoubleClickEvent(self, event: object) -> None:
        splitter = self.splitter()
        splitter.setSizes([10_000] * splitter.count())
        splitter.splitterMoved.emit(0, 0)


class _Splitter(QSplitter):
    def createHandle(self) -> QSplitterHandle:
        return _Handle(self.orientation(), self)


class _Mark(QWidget):
    """Where a panel that is carried would go."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def paintEvent(self, event: object) -> None:
        QPainter(self).fillRect(self.rect(), QColor(theme.current().accent))


class PanelRows(QWidget):
    """Shows frames in one or two rows. resized(): a person drew an edge elsewhere."""

    resized = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "clear")
        self._shown: tuple[tuple[str, ...], ...] = ()
        self._frames: dict[str, QWidget] = {}
        self._upright = self._splitter(Qt.Orientation.Vertical)
        self._rows = [self._splitter(Qt.Orientation.Horizontal) for _ in range(2)]
        for row in self._rows:
            self._upright.addWidget(row)
            row.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 8, 0)
        column.addWidget(self._upright)
        self._mark = _Mark(self)

    def _splitter(self, way: Qt.Orientation) -> QSplitter:
        made = _Splitter(way)
        made.setChildrenCollapsible(False)
        made.setHandleWidth(GAP)
        made.setProperty("kind", "panels")
        made.splitterMoved.connect(self._moved)
        return made

    def arrange(
        self,
        rows: Sequence[Sequence[str]],
        frames: Mapping[str, QWidget],
        wide: Mapping[str, float],
        upper: float,
        usual: Mapping[str, float],
    ) -> None:
        """Puts these frames into rows, as wide as `wide` says (times what is usual); all other frames are hidden."""
        shown = tuple(tuple(row) for row in rows)
        self._frames = dict(frames)
        for id, frame in frames.items():
            if not any(id in row for row in shown):
                frame.hide()
        for splitter, ids in zip(self._rows, (*shown, (), ())[:2], strict=True):
            for place, id in enumerate(ids):
                if splitter.widget(place) is not frames[id]:
                    splitter.insertWidget(place, frames[id])
                frames[id].show()
            splitter.setVisible(bool(ids))
            # what is hidden keeps its place at the end and takes no room
            if ids:
                self._set_sizes(splitter, [wide.get(id, 1.0) * usual.get(id, 1.0) for id in ids])
        if len(shown) == 2:
            self._upright.setSizes([round(10_000 * upper), round(10_000 * (1 - upper))])
        self._shown = shown
        most = max((len(row) for row in shown), default=1)
        self.setMinimumWidth(most * (NARROWEST + GAP) + 8)
        self.setMinimumHeight(LOWEST * len(shown) + GAP if len(shown) > 1 else 0)

    def _set_sizes(self, splitter: QSplitter, shares: Sequence[float]) -> None:
        total = sum(shares) or 1.0
        # the splitter divides by these shares whatever its width is now
        sizes = [max(1, round(20_000 * share / total)) for share in shares]
        splitter.setSizes(sizes + [0] * (splitter.count() - len(sizes)))
        for place, size in enumerate(sizes):
            splitter.setStretchFactor(place, size)

    def widths(self, usual: Mapping[str, float]) -> dict[str, float]:
        """How wide each panel is, as a multiple of what is usual in its row."""
        found: dict[str, float] = {}
        for splitter, ids in zip(self._rows, self._shown, strict=False):
            sizes: list[int] = splitter.sizes()[: len(ids)]
            room, base = math.fsum(sizes), math.fsum(usual.get(id, 1.0) for id in ids)
            for id, size in zip(ids, sizes, strict=True):
                found[id] = size / room * base / usual.get(id, 1.0) if room else 1.0
        return found

    @property
    def upper(self) -> float | None:
        """The share of the height that the upper of two rows has; None with one row."""
        sizes = self._upright.sizes()
        whole = math.fsum(sizes)
        return sizes[0] / whole if len(self._shown) > 1 and whole > 0 else None

    def _moved(self, *_: object) -> None:
        self.resized.emit()

    # ------------------------------------------------------------------------------------------ a panel that is carried

    def place_at(self, where: QPoint) -> Place | None:
        """Where a panel would go that is let go at a point of this widget; None outside."""
        if not self.rect().contains(where) or not self._shown:
            return None
        areas = [QRect(row.mapTo(self, QPoint(0, 0)), row.size()) for row in self._rows[: len(self._shown)]]
        if len(areas) == 1 and where.y() > areas[0].bottom() - BELOW * areas[0].height():
            return Place(1, None, QRect(areas[0].left(), areas[0].bottom() - 3, areas[0].width(), 4))
        row = 0 if len(areas) == 1 or where.y() < areas[1].top() else 1
        left = areas[row].left()
        for id in self._shown[row]:
            frame = self._frames[id]
            area = QRect(frame.mapTo(self, QPoint(0, 0)), frame.size())
            if where.x() < area.center().x():
                return Place(row, id, QRect(max(0, area.left() - GAP // 2 - 2), areas[row].top(), 4, areas[row].height()))
            left = area.right() + 1
        return Place(row, None, QRect(min(left, self.width() - 4), areas[row].top(), 4, areas[row].height()))

    def mark(self, place: Place | None) -> None:
        """Shows where a panel would go, or nothing."""
        self._mark.setVisible(place is not None)
        if place is not None:
            self._mark.setGeometry(place.mark)
            self._mark.raise_()
