"""Makes the TrueType fonts of printed figures from the bundled Inter: journals take no Type 3 fonts, PDF no OpenType outlines.

Run by hand when Inter is renewed: `python packaging/print_fonts.py`. Needs fontTools, which comes with matplotlib.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable

FONTS = Path(__file__).resolve().parent.parent / "resources" / "fonts"
#: Latin, Greek, Cyrillic, punctuation, raised and lowered figures, letter-like signs, arrows, operators
RANGES = ((0x20, 0x24F), (0x2B0, 0x52F), (0x1D00, 0x1DBF), (0x1E00, 0x1EFF), (0x2000, 0x23FF), (0x25A0, 0x25FF))
_COUNTS = (
    *("maxZones", "maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs", "maxStackElements", "maxSizeOfInstructions"),
    *("maxComponentElements", "maxPoints", "maxContours", "maxCompositePoints", "maxCompositeContours", "maxComponentDepth"),
)


def printable(source: Path, target: Path) -> None:
    """Writes the TrueType form of an OpenType font, with the characters of RANGES and its kerning."""
    options = subset.Options()
    options.layout_features = ["kern", "ccmp", "mark", "locl"]
    options.hinting = False
    options.name_IDs = ["*"]
    options.notdef_outline = True
    font: Any = TTFont(source, recalcTimestamp=False)
    kept = subset.Subsetter(options)
    kept.populate(unicodes=[code for code in font.getBestCmap() if any(low <= code <= high for low, high in RANGES)])
    kept.subset(font)
    _with_quadratic_outlines(font)
    font.save(target)


def _with_quadratic_outlines(font: Any) -> None:
    order, drawn = font.getGlyphOrder(), font.getGlyphSet()
    glyphs = {}
    for name in order:
        pen = TTGlyphPen(drawn)
        drawn[name].draw(Cu2QuPen(pen, font["head"].unitsPerEm / 1000, reverse_direction=True))
        glyphs[name] = pen.glyph()
    outlines = font["glyf"] = newTable("glyf")
    outlines.glyphOrder, outlines.glyphs = order, glyphs
    font["loca"] = newTable("loca")
    del font["CFF "]
    outlines.compile(font)
    metrics = font["hmtx"].metrics
    for name in order:
        metrics[name] = (metrics[name][0], glyphs[name].xMin if glyphs[name].numberOfContours else 0)
    font["maxp"].tableVersion = 0x10000
    for count in _COUNTS:
        setattr(font["maxp"], count, 1 if count == "maxZones" else 0)
    post = font["post"]
    post.formatType, post.extraNames, post.mapping, post.glyphOrder = 2.0, [], {}, order
    font.sfntVersion = "\x00\x01\x00\x00"


if __name__ == "__main__":
    for weight in ("Regular", "SemiBold"):
        printable(FONTS / f"Inter-{weight}.otf", FONTS / f"Inter-{weight}.ttf")
