"""How the curve of a cell looks: its colour and dash, the same in every panel, and pens made of them."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

from memstudio.desktop.live.seen import Style, Track
from memstudio.desktop.tokens import Tokens
from memstudio.report import colours
from memstudio.report.colours import Curve

#: pen widths in pixels: what matters most, what stands beside it, what is faint behind
MAIN, THIN, FAINT = 1.6, 1.0, 1.0
#: how strongly the faint line of every single step, and an interval's area, are drawn
FAINT_ALPHA, BAND_ALPHA = 0.28, 0.13
#: how strongly lines are drawn that step back behind one that is pointed at in the legend
BACK = 0.16
#: the diameter of a mark in pixels: on a line, alone, where little stands behind it, and what was trained
MARK, DOT, SMALL, LARGE = 4.8, 3.6, 2.6, 8.0
#: a line of more points than this is thinned to the pixels there are (highest and lowest of each), and drawn one pixel wide
LONG = 1_000
#: a plot whose lines have more points than this together, or that has more lines than this, draws them one pixel wide: 50 lines of
#: 240 points take 2 ms so, 110 ms else
CROWDED, MANY = 1_500, 12
#: styles that are marks without a line
ALONE: frozenset[Style] = frozenset({"dots", "small", "large"})
#: what is drawn over what
ORDER: Mapping[Style, int] = {"faint": 0, "thin": 1, "main": 2, "dots": 3, "small": 3, "large": 3}


def look(t: Tokens, index: int) -> Curve:
    """The look of cell number `index`: six colours, then the same colours with other dashes, 36 in all before any returns."""
    return colours.look(t.curves, index)


def pen(curve: Curve, width: float = MAIN, alpha: float = 1.0, dashed: bool = True, cosmetic: bool = False) -> QPen:
    """A pen of this look. cosmetic: its width and dash are pixels of the screen, whatever the scale of what is drawn."""
    colour = QColor(curve.colour)
    colour.setAlphaF(alpha)
    made = QPen(colour, width)
    made.setCosmetic(cosmetic)
    made.setCapStyle(Qt.PenCapStyle.FlatCap)
    made.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if dashed and curve.dash:
        made.setDashPattern(list(curve.dash))
    return made


def line_pen(track: Track, t: Tokens, cosmetic: bool = False, crowded: bool = False) -> QPen:
    """The pen of a track's line. crowded: so much is drawn beside it that its line must be one pixel wide, which is far quicker."""
    faint = track.style == "faint"
    width = MAIN if track.style == "main" and len(track.x) <= LONG and not crowded else FAINT if faint else THIN
    return pen(look(t, track.cell), width, FAINT_ALPHA if faint else 1.0, dashed=not faint, cosmetic=cosmetic)


def mark_size(track: Track) -> float:
    """The diameter of a track's marks, 0 where it has none."""
    alone = {"small": SMALL, "dots": DOT, "large": LARGE}
    return alone.get(track.style, MARK if track.marked else 0.0)
