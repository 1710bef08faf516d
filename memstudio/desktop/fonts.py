"""The bundled type: Inter for everything, JetBrains Mono for equations and keys, the system's own where they are missing."""

from __future__ import annotations

from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import QApplication

from memstudio.desktop import tokens as looks
from memstudio.desktop.lengths import px
from memstudio.ground.paths import resources

_FILES = ("Inter-Regular.otf", "Inter-SemiBold.otf", "JetBrainsMono-Regular.ttf")


def load_fonts(application: QApplication) -> None:
    """Registers the bundled files and makes Inter, 13 px with figures of equal width, the window's font."""
    for name in _FILES:
        QFontDatabase.addApplicationFont(str(resources() / "fonts" / name))
    application.setFont(sans())


def sans(pixels: int = looks.TYPE_BODY, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Inter at a size of the drawing (lengths.scale() makes it larger), with tabular figures, for what is painted by hand."""
    font = QFont(looks.SANS)
    font.setPixelSize(px(pixels))
    font.setWeight(weight)
    font.setFeature(QFont.Tag("tnum"), 1)
    font.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting)
    return font


def semibold(pixels: int = looks.TYPE_BODY) -> QFont:
    """Inter semibold: for titles only."""
    return sans(pixels, QFont.Weight.DemiBold)


def mono(pixels: float = looks.TYPE_MONO) -> QFont:
    """JetBrains Mono for equations and keys."""
    font = QFont(looks.MONO)
    font.setPixelSize(px(pixels))
    font.setStyleHint(QFont.StyleHint.Monospace)
    # no ligatures: what is to be typed as >= looks like that
    font.setFeature(QFont.Tag("calt"), 0)
    return font
