"""Our own line icons (resources/icons/NAME.svg), drawn in any colour of the theme."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QDir, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from memstudio.desktop.colours import blend
from memstudio.desktop.lengths import scale
from memstudio.desktop.tokens import Tokens
from memstudio.ground.paths import resources

#: points an icon is wide unless its button says otherwise
SIZE = 16


def register_icons() -> None:
    """Lets the style sheet name icon files as `memstudio:NAME.svg`."""
    QDir.setSearchPaths("memstudio", [str(resources() / "icons")])


@cache
def _drawing(name: str) -> str:
    return (resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")


def read_all() -> None:
    """Reads every icon, so that none is read later, when it is drawn. On any thread."""
    for file in (resources() / "icons").glob("*.svg"):
        _drawing(file.stem)


@cache
def _pixmap(name: str, colour: str, pixels: int) -> QPixmap:
    made = QPixmap(QSize(pixels, pixels))
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    QSvgRenderer(QByteArray(_drawing(name).replace("currentColor", colour).encode())).render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    return made


def pixmap(name: str, colour: str, size: int, ratio: float = 1.0) -> QPixmap:
    """One icon in one colour, `size` points wide, sharp on a screen of `ratio` pixels a point."""
    made = QPixmap(_pixmap(name, colour, round(size * ratio)))
    made.setDevicePixelRatio(ratio)
    return made


def _ratios() -> set[float]:
    return {1.0, 2.0, *(screen.devicePixelRatio() for screen in QGuiApplication.screens())}


def _between(ink: str, ground: str) -> str:
    """What an icon that does nothing now is drawn in: seen, and seen to stand back."""
    return blend(QColor(ground), QColor(ink), 0.55).name()


def icon(name: str, tokens: Tokens, colour: str | None = None, checked: str | None = None, size: int = SIZE) -> QIcon:
    """An icon in the theme's dim text colour (or another), in `checked` while its button is checked.

    Make it anew when the theme or the size of type changes. It is drawn apart for each screen's ratio of pixels to points, so that none
    has to stretch it.
    """
    made = QIcon()
    faint = _between(colour or tokens.dim, tokens.panel)
    for pixels in sorted({round(factor * ratio * size) for ratio in _ratios() for factor in (1.0, scale())}):
        made.addPixmap(_pixmap(name, faint, pixels), QIcon.Mode.Disabled, QIcon.State.Off)
        made.addPixmap(_pixmap(name, colour or tokens.dim, pixels), QIcon.Mode.Normal, QIcon.State.Off)
        if checked is not None:
            made.addPixmap(_pixmap(name, checked, pixels), QIcon.Mode.Normal, QIcon.State.On)
    return made
