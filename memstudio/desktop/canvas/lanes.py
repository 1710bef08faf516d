"""Lanes: quiet bands behind the nodes of each stage, named, where an experiment has more than one stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from memstudio.desktop.canvas.ink import ink
from memstudio.experiment.document import Document
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.stages import Stage

#: room around the cards of a stage, and above them for its name
_MARGIN, _HEAD = 26.0, 24.0
#: smaller than this the name cannot be read
_READABLE = 0.42
#: with more nodes than this, bands are not fitted around those of other stages: it would take too long
_MANY = 160

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Lane:
    """A stage as it is drawn: its name, the family of what does it, and the nodes that belong to it and to none before."""

    title: str
    family: str
    nodes: tuple[str, ...]


def lanes_of(stages: Sequence[Stage], document: Document, catalogue: Catalogue) -> tuple[Lane, ...]:
    """The lanes of stages; none where there is but one stage."""
    if len(stages) < 2:
        return ()
    by_id, taken, found = document.by_id, set[str](), []
    for number, stage in enumerate(stages, 1):
        mine = [id for id in (stage.stream, *stage.value_nodes, *stage.ensembles, stage.node, *stage.probes) if id in by_id]
        nodes = tuple(id for id in dict.fromkeys(mine) if id not in taken)
        taken.update(nodes)
        component = by_id[stage.node].component if stage.node in by_id else ""
        family = catalogue.entry(component).family.id if component in catalogue else ""
        found.append(Lane(f"{number}  {stage.name}", family, nodes))
    return tuple(found)


def bands(lanes: Sequence[Lane], boxes: Mapping[str, QRectF]) -> list[list[QRectF]]:
    """The rectangles of each lane: one where no node of another stage lies in it, else as few as keep clear of those."""
    inside = [[_box(boxes[id]) for id in lane.nodes if id in boxes] for lane in lanes]
    found = []
    for number, mine in enumerate(inside):
        others = [_grown(box, 6.0) for place, theirs in enumerate(inside) if place != number for box in theirs]
        found.append([_rectangle(_with_room(box)) for box in _joined(mine, others)])
    return found


def _joined(mine: list[Box], others: list[Box]) -> list[Box]:
    """Boxes put together, in reading order, as long as none of the others comes to lie between them."""
    if not mine:
        return []
    whole = _around(mine)
    if len(mine) + len(others) > _MANY or not _hits(_with_room(whole), others):
        return [whole]
    found: list[Box] = []
    for box in sorted(mine, key=lambda one: (one[1], one[0])):
        for place, there in enumerate(found):
            both = _around((there, box))
            if not _hits(_with_room(both), others):
                found[place] = both
                break
        else:
            found.append(box)
    return found


def _hits(box: Box, others: Iterable[Box]) -> bool:
    left, top, right, bottom = box
    return any(left < o[2] and right > o[0] and top < o[3] and bottom > o[1] for o in others)


def _around(boxes: Iterable[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _with_room(box: Box) -> Box:
    return box[0] - _MARGIN, box[1] - _HEAD - 4, box[2] + _MARGIN, box[3] + _MARGIN


def _grown(box: Box, by: float) -> Box:
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def _box(one: QRectF) -> Box:
    return one.left(), one.top(), one.right(), one.bottom()


def _rectangle(box: Box) -> QRectF:
    return QRectF(box[0], box[1], box[2] - box[0], box[3] - box[1])


class LaneItem(QGraphicsItem):
    """The ground of one stage. It takes no mouse: what lies on it does."""

    def __init__(self, lane: Lane) -> None:
        super().__init__()
        self.lane = lane
        self.bands: list[QRectF] = []
        self._bounds = QRectF()
        self._shape = QPainterPath()
        self.setZValue(-1)

    def show_lane(self, lane: Lane, bands: list[QRectF]) -> None:
        """Shows this stage on these grounds."""
        if (lane, bands) == (self.lane, self.bands):
            return
        self.prepareGeometryChange()
        self.lane, self.bands = lane, bands
        self._bounds = QRectF()
        # one shape, so that nothing shows where two of its grounds lie over each other
        self._shape = QPainterPath()
        self._shape.setFillRule(Qt.FillRule.WindingFill)
        for band in bands:
            self._bounds = self._bounds.united(band)
            self._shape.addRoundedRect(band, 10, 10)
        self.update()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        now, scale = ink(), painter.worldTransform().m11()
        painter.fillPath(self._shape, now.band(self.lane.family))
        for band in self.bands[:1]:
            painter.fillRect(QRectF(band.left() + 14, band.top() + 10, 8, 8), now.family(self.lane.family))
            if scale >= _READABLE:
                painter.setPen(now.dim)
                painter.setFont(now.card_line)
                words = now.line_width.elidedText(self.lane.title, Qt.TextElideMode.ElideRight, band.width() - 44)
                painter.drawText(QRectF(band.left() + 28, band.top() + 2, band.width() - 40, _HEAD), Qt.AlignmentFlag.AlignVCenter, words)
