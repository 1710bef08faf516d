"""The theme's colours and fonts as Qt paints with them, made once a theme."""

from __future__ import annotations

from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPen

from memstudio.desktop import lengths, theme
from memstudio.desktop import tokens as looks
from memstudio.desktop.colours import blend
from memstudio.desktop.fonts import sans, semibold
from memstudio.desktop.tokens import Tokens


class Ink:
    """Colours of one theme as QColor, pens and fonts."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.canvas, self.dots = QColor(tokens.canvas), QColor(tokens.dots)
        self.card, self.line, self.text, self.dim = QColor(tokens.raised), QColor(tokens.line), QColor(tokens.text), QColor(tokens.dim)
        self.accent, self.tint = QColor(tokens.accent), QColor(tokens.accent_background)
        self.bad, self.careful, self.panel = QColor(tokens.bad), QColor(tokens.careful), QColor(tokens.panel)
        self.on_bad = QColor(tokens.panel)
        self.border = QPen(self.line, 1.0)
        self.chosen = QPen(self.accent, 2.0)
        self.hover = QColor(tokens.hover)
        self.body, self.title, self.section = sans(), semibold(), semibold(looks.TYPE_SMALL)
        self.small, self.tiny = sans(looks.TYPE_SMALL), sans(looks.TYPE_AXIS)
        self.chip = QColor(tokens.chip_background)
        # What is drawn on the paper has the size of the drawing: larger type makes the paper come nearer (Paper.fit), cards and all.
        self.card_title, self.card_mark = _drawn(semibold(), looks.TYPE_BODY), _drawn(semibold(), looks.TYPE_SMALL)
        self.card_text, self.card_line, self.card_chip = (
            _drawn(sans(), size) for size in (looks.TYPE_BODY, looks.TYPE_SMALL, looks.TYPE_AXIS)
        )
        # measured once: asking a font for its metrics at every card costs more than drawing it
        drawn = (self.card_title, self.card_line, self.card_chip)
        self.title_width, self.line_width, self.chip_width = (QFontMetricsF(one) for one in drawn)
        self._families: dict[str, QColor] = {}
        self._kinds: dict[str, QColor] = {}
        self._soft: dict[str, QColor] = {}
        self._bands: dict[str, QColor] = {}

    def family(self, family: str) -> QColor:
        """The colour of a family."""
        if family not in self._families:
            self._families[family] = QColor(self.tokens.family(family))
        return self._families[family]

    def soft(self, family: str) -> QColor:
        """The colour of a family, mixed into the ground of cards."""
        if family not in self._soft:
            self._soft[family] = blend(self.card, self.family(family), 0.3)
        return self._soft[family]

    def band(self, family: str) -> QColor:
        """The ground of a stage's lane: a breath of the family's colour, through which the dots are seen."""
        if family not in self._bands:
            self._bands[family] = QColor(self.family(family))
            self._bands[family].setAlphaF(0.08)
        return self._bands[family]

    def kind(self, kind: str) -> QColor:
        """The colour of a wire's kind."""
        if kind not in self._kinds:
            self._kinds[kind] = QColor(self.tokens.kind(kind))
        return self._kinds[kind]


def _drawn(font: QFont, pixels: int) -> QFont:
    """A font at a size of the drawing, however large type is chosen to be."""
    font.setPixelSize(pixels)
    return font


_by_name: dict[str, tuple[float, Ink]] = {}


def ink() -> Ink:
    """The ink of the theme, and the size of type, that are shown now."""
    tokens = theme.current()
    scale, found = _by_name.get(tokens.name, (0.0, None))
    if found is None or found.tokens is not tokens or scale != lengths.scale():
        found = Ink(tokens)
        _by_name[tokens.name] = (lengths.scale(), found)
    return found
