"""A panel as a figure: its title, the legend and what it shows, as PNG, SVG or PDF bytes. Always light, as paper is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QLineF, QMarginsF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QImageWriter, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from memstudio.desktop import fonts
from memstudio.desktop import tokens as looks
from memstudio.desktop.live.looks import look, pen
from memstudio.desktop.tokens import LIGHT, Tokens
from memstudio.desktop.words import tr

MARGIN = 12
TITLE, ROW = 24, 18
NARROWEST = 260
#: pixels of a PNG to one of the screen
SHARP = 3

#: paints a panel's body from the painter's origin in the colours of a theme
Draw = Callable[[QPainter, Tokens], None]
#: cell number and label of each line of the legend
Legend = Sequence[tuple[int, str]]


def figure(kind: str, title: str, legend: Legend, draw: Draw, body: QSize) -> bytes:
    """The bytes of a figure. kind: png, svg or pdf; body: the size of what `draw` paints. ValueError for another kind."""
    measure = QFontMetricsF(fonts.semibold(looks.TYPE_BODY))
    wide = max(body.width(), NARROWEST, math.ceil(measure.horizontalAdvance(title)) + 2)
    rows = _legend_rows(legend, wide)
    top = MARGIN + TITLE + ROW * len(rows)
    size = QSize(wide + 2 * MARGIN, body.height() + top + MARGIN)
    writers = {"png": _png, "svg": _svg, "pdf": _pdf}
    if kind not in writers:
        raise ValueError(f"A figure is png, svg or pdf, not {kind}.")

    def paint(painter: QPainter) -> None:
        whole, paper = QRectF(0, 0, size.width(), size.height()), QColor(LIGHT.panel)
        painter.fillRect(whole, paper)
        painter.translate(MARGIN, top)
        draw(painter, LIGHT)
        painter.translate(-MARGIN, -top)
        # zoomed curves may reach beyond the body where nothing clips them (SVG): the margins are covered, then written on
        painter.fillRect(QRectF(0, 0, whole.width(), top), paper)
        painter.fillRect(QRectF(0, whole.height() - MARGIN, whole.width(), MARGIN), paper)
        _paint_heads(painter, title, rows, wide)

    return writers[kind](size, title, paint)


def _legend_rows(legend: Legend, width: int) -> list[list[tuple[float, int, str]]]:
    """Where each entry stands: rows of (left, cell, text)."""
    measure = QFontMetricsF(fonts.sans(looks.TYPE_SMALL))
    rows: list[list[tuple[float, int, str]]] = []
    left = 0.0
    for cell, label in legend:
        text = measure.elidedText(label, Qt.TextElideMode.ElideRight, max(60.0, width - 30.0))
        wide = 24 + measure.horizontalAdvance(text) + 14
        if not rows or left + wide - 14 > width:
            rows.append([])
            left = 0.0
        rows[-1].append((left, cell, text))
        left += wide
    return rows


def _paint_heads(painter: QPainter, title: str, rows: Sequence[Sequence[tuple[float, int, str]]], width: int) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(fonts.semibold(looks.TYPE_BODY))
    painter.setPen(QColor(LIGHT.text))
    left = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    painter.drawText(QRectF(MARGIN, MARGIN, width, 18), left, title)
    painter.setFont(fonts.sans(looks.TYPE_SMALL))
    for place, row in enumerate(rows):
        top = MARGIN + TITLE + ROW * place
        for at, cell, text in row:
            painter.setPen(pen(look(LIGHT, cell), 1.8))
            painter.drawLine(QLineF(MARGIN + at, top + 8, MARGIN + at + 18, top + 8))
            painter.setPen(QColor(LIGHT.text))
            painter.drawText(QRectF(MARGIN + at + 24, top, width, 16), left, text)


Paint = Callable[[QPainter], None]


def _png(size: QSize, title: str, paint: Paint) -> bytes:
    image = QImage(size * SHARP, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(SHARP)
    image.setText(tr("Title"), title)
    painter = QPainter(image)
    paint(painter)
    painter.end()
    return _bytes(partial(_save_png, image))


def _save_png(image: QImage, buffer: QBuffer) -> None:
    QImageWriter(buffer, QByteArray(b"png")).write(image)


def _svg(size: QSize, title: str, paint: Paint) -> bytes:
    def write(buffer: QBuffer) -> None:
        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        generator.setSize(size)
        generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
        generator.setResolution(96)
        generator.setTitle(title)
        painter = QPainter(generator)
        paint(painter)
        painter.end()

    return _bytes(write)


def _pdf(size: QSize, title: str, paint: Paint) -> bytes:
    def write(buffer: QBuffer) -> None:
        writer = QPdfWriter(buffer)
        # 96 pixels an inch, so that a pixel of ours is one of the page; a point is 1/72 of an inch
        writer.setResolution(96)
        writer.setPageSize(
            QPageSize(
                QSizeF(size.width() * 0.75, size.height() * 0.75), QPageSize.Unit.Point, "figure", QPageSize.SizeMatchPolicy.ExactMatch
            )
        )
        writer.setPageMargins(QMarginsF(0, 0, 0, 0))
        writer.setTitle(title)
        painter = QPainter(writer)
        paint(painter)
        painter.end()

    return _bytes(write)


def _bytes(write: Callable[[QBuffer], object]) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    write(buffer)
    buffer.close()
    return bytes(buffer.data().data())
