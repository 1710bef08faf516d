"""A plot as a figure in vectors: its ground, then every track painted by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPolygonF

from memstudio.desktop.live import ground
from memstudio.desktop.live.ground import Ground
from memstudio.desktop.live.looks import ALONE, ORDER, line_pen, look, mark_size
from memstudio.desktop.live.seen import Track
from memstudio.desktop.tokens import Tokens

Places = tuple[np.ndarray, np.ndarray]


def draw(painter: QPainter, whole: QRectF, under: Ground, tracks: Sequence[Track], line: Callable[[Track], Places], t: Tokens) -> None:
    """Paints a plot that fills `whole`. line: the places (x, y) a track's line goes through, thinned to what can be seen.

    Painted by hand, because pens that keep their width on the screen would be hairlines on paper.
    """
    ground.draw_inside(painter, under, t)
    painter.save()
    painter.setClipRect(under.area.adjusted(-3, -3, 3, 3))
    for track in sorted(tracks, key=lambda track: ORDER[track.style]):
        through = line(track) if track.style not in ALONE else None
        _draw_track(painter, under, track, through, (under.x_scale.places(track.x), under.y_scale.places(track.y)), t)
    painter.restore()
    # an SVG knows no clipping: what reaches beyond the edges is covered before the names are written there
    for edge in _around(whole, under.area.adjusted(-3, -3, 3, 3)):
        painter.fillRect(edge, QColor(t.panel))
    ground.draw_outside(painter, under, t)


def _draw_track(painter: QPainter, under: Ground, track: Track, line: Places | None, points: Places, t: Tokens) -> None:
    """Paints one track of a figure. line, points: the places (x, y) its line goes through, and those of its marks."""
    if line is not None:
        painter.setPen(line_pen(track, t))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        x, y = under.across(line[0]), under.up(line[1])
        there = np.isfinite(x) & np.isfinite(y)
        for piece in np.split(np.arange(len(x)), np.flatnonzero(~there)):
            kept = piece[there[piece]]
            if len(kept) > 1:
                painter.drawPolyline(QPolygonF([QPointF(px, py) for px, py in zip(x[kept].tolist(), y[kept].tolist(), strict=True)]))
    radius = mark_size(track) / 2
    if radius:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look(t, track.cell).colour))
        for px, py in zip(under.across(points[0]).tolist(), under.up(points[1]).tolist(), strict=True):
            if math.isfinite(px) and math.isfinite(py):
                painter.drawEllipse(QPointF(px, py), radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)


def _around(whole: QRectF, hole: QRectF) -> list[QRectF]:
    """The four strips of a rectangle around a hole in it."""
    return [
        QRectF(whole.left(), whole.top(), whole.width(), hole.top() - whole.top()),
        QRectF(whole.left(), hole.bottom(), whole.width(), whole.bottom() - hole.bottom()),
        QRectF(whole.left(), hole.top(), hole.left() - whole.left(), hole.height()),
        QRectF(hole.right(), hole.top(), whole.right() - hole.right(), hole.height()),
    ]
