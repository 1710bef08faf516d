"""Colours between two, and ink that is read on any of them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor


def blend(ground: QColor, ink: QColor, share: float) -> QColor:
    """A colour between two: 0 the ground, 1 the ink."""

    def between(first: int, second: int) -> int:
        return round(first + (second - first) * share)

    return QColor(between(ground.red(), ink.red()), between(ground.green(), ink.green()), between(ground.blue(), ink.blue()))


def ink_on(ground: QColor) -> QColor:
    """Black or white, whichever is read better on a ground: at least 4.5:1 on any."""
    return max((QColor(Qt.GlobalColor.black), QColor(Qt.GlobalColor.white)), key=lambda ink: contrast(ink, ground))


def contrast(one: QColor, other: QColor) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: QColor) -> float:
    """The relative luminance of a colour, 0 to 1 (WCAG 2)."""
    parts = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (colour.redF(), colour.greenF(), colour.blueF())]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
