"""Every text that a window shows, also what is painted by hand, with its ink and the ground it stands on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QPoint, QRect
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QTransform
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from memstudio.desktop import theme
from memstudio.desktop.colours import blend, contrast

RATIO = 1
_SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Word:
    """One text as it was painted: what it says, where, in which ink, on which ground, in which widget."""

    text: str
    area: QRect
    ink: str
    ground: str
    enabled: bool
    where: str

    @property
    def contrast(self) -> float:
        return contrast(QColor(self.ink), QColor(self.ground))


def picture(widget: QWidget, ratio: float = RATIO) -> QImage:
    """The widget as it is painted, with `ratio` pixels a point."""
    image = QImage(widget.size() * ratio, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor(theme.current().background))
    widget.render(image)
    return image


def pixels(image: QImage) -> NDArray[np.uint32]:
    """Its pixels as 0xRRGGBB: (height, width)."""
    flat = np.frombuffer(image.constBits(), dtype=np.uint32).reshape(image.height(), image.bytesPerLine() // 4)
    return flat[:, : image.width()] & 0xFFFFFF


def words(widget: QWidget) -> list[Word]:
    """Every text that is seen in a widget. It is painted twice: as SVG, which says texts and inks, and as pixels, for the grounds."""
    image = pixels(picture(widget))
    return [word for text, area, ink in _texts(widget) if (word := _word(widget, image, text, area, ink)) is not None]


def _texts(widget: QWidget) -> list[tuple[str, QRect, QColor]]:
    kept = QBuffer()
    kept.open(QBuffer.OpenModeFlag.WriteOnly)
    paper = QSvgGenerator()
    paper.setOutputDevice(kept)
    paper.setSize(widget.size())
    paper.setViewBox(QRect(QPoint(), widget.size()))
    paper.setResolution(96)
    widget.render(paper)
    # the generator writes & and control characters of texts as they are, and a title that no text needs
    read = bytes(kept.data().data()).decode("utf-8", "replace")
    found: list[tuple[str, QRect, QColor]] = []
    for group in ElementTree.fromstring(read).iter(f"{_SVG}g"):
        place = _transform(group.get("transform", ""))
        for each in group.findall(f"{_SVG}text"):
            said = "".join(each.itertext()).strip()
            if said:
                found.append((said, _area(each, place, said), _ink(each)))
    return found


def _transform(written: str) -> QTransform:
    numbers = [float(n) for n in re.findall(r"-?[\d.]+(?:e-?\d+)?", written)]
    return QTransform(*numbers) if len(numbers) == 6 else QTransform()


def _area(text: ElementTree.Element, place: QTransform, said: str) -> QRect:
    font = QFont(text.get("font-family", "Inter"))
    font.setPixelSize(max(1, round(float(text.get("font-size", "13").removesuffix("px")))))
    font.setWeight(QFont.Weight(min(1000, max(1, int(text.get("font-weight", "400"))))))
    box = QFontMetricsF(font).boundingRect(said)
    box.translate(float(text.get("x", "0")), float(text.get("y", "0")))
    return place.mapRect(box).toAlignedRect()


def _ink(text: ElementTree.Element) -> QColor:
    ink = QColor(text.get("fill", "#000000"))
    ink.setAlphaF(float(text.get("fill-opacity", "1")))
    return ink


def _word(widget: QWidget, image: NDArray[np.uint32], text: str, area: QRect, ink: QColor) -> Word | None:
    inside = area.intersected(widget.rect())
    if inside.width() < 2 or inside.height() < 4:
        return None
    part = image[inside.top() * RATIO : (inside.bottom() + 1) * RATIO, inside.left() * RATIO : (inside.right() + 1) * RATIO]
    colours, counts = np.unique(part, return_counts=True)
    ground = QColor(f"#{int(colours[counts.argmax()]):06x}")
    seen = blend(ground, ink, ink.alphaF()) if ink.alphaF() < 1 else ink
    # a text that is covered, or scrolled out of sight, has left no ink
    channels = np.stack([(colours >> shift) & 255 for shift in (16, 8, 0)]).astype(int)
    near = np.abs(channels - np.array([[seen.red()], [seen.green()], [seen.blue()]])).sum(axis=0) < 120
    if counts[near].sum() < 2 and contrast(seen, ground) > 1.3:
        return None
    at = widget.childAt(inside.center())
    holder = at or widget
    name = f"{type(holder).__name__} {holder.property('kind') or ''} {holder.accessibleName()}".strip()
    return Word(text, inside, seen.name(), ground.name(), holder.isEnabled(), name)
