"""SVG as matplotlib writes it, made to stand alone (its type embedded) or inside a page (its colours the page's)."""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from memstudio.ground.paths import resources
from memstudio.report.colours import DARK, DARK_CURVES, DARK_RAMP, LEVELS, LIGHT_CURVES, LIGHT_RAMP, PRINT, ink, ink_on
from memstudio.report.sheet import plain

#: how much larger than in print a figure may stand on a page
_LARGER = 1.36
_TEXT = re.compile(r">([^<]+)</(?:text|tspan)>")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
_STYLED = re.compile(r'style="([^"]*)"')
_IDS = re.compile(r'(\bid="|url\(#|xlink:href="#)')


def standalone(svg: bytes) -> bytes:
    """The file with the letters it uses embedded, so that it looks the same everywhere and its text stays text."""
    text = svg.decode("utf-8")
    letters = {html.unescape(found) for found in _TEXT.findall(text)}
    faces = font_faces({400: "".join(sorted(letters))})
    return text.replace("<defs>", f"<defs>\n  <style>{faces}</style>", 1).encode("utf-8") if faces else svg


def font_faces(letters: Mapping[int, Iterable[str]]) -> str:
    """CSS that embeds the bundled Inter with only these letters. letters: of each weight (400, 600); "" where the fonts are missing."""
    found = []
    for weight, used in letters.items():
        file = resources() / "fonts" / ("Inter-SemiBold.ttf" if weight >= 600 else "Inter-Regular.ttf")
        if file.is_file():
            face = _embedded(str(file), "".join(sorted({*"".join(used), " "})))
            found.append(f"@font-face{{font-family:Inter;font-weight:{weight};src:url(data:font/woff;base64,{face}) format('woff')}}")
    return "".join(found)


@cache
def _embedded(file: str, letters: str) -> str:
    from fontTools import subset
    from fontTools.ttLib import TTFont

    options = subset.Options()
    options.layout_features = ["kern", "mark", "ccmp"]
    options.name_IDs = []
    options.notdef_outline = True
    font: Any = TTFont(file, recalcTimestamp=False)
    kept = subset.Subsetter(options)
    kept.populate(text=letters)
    kept.subset(font)
    font.flavor = "woff"
    out = io.BytesIO()
    font.save(out)
    return base64.b64encode(out.getvalue()).decode("ascii")


# ---------------------------------------------------------------------------------------------- inside a page


def inline(svg: bytes, key: str, title: str) -> str:
    """The `<svg>` element alone: ids of its own, as wide as its place, colours by the names of `variables`.

    key: letters that begin every id; title: what a screen reader says.
    """
    text = svg.decode("utf-8")
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    # it holds for the whole page where it stands inside one; the page says it for figures only
    text = re.sub(r"<style[^>]*>.*?</style>", "", text, flags=re.DOTALL)
    text = _IDS.sub(lambda found: f"{found.group(1)}{key}-", text)
    text = _STYLED.sub(lambda found: f'style="{_COLOUR.sub(_variable, found.group(1))}"', text)
    box = re.search(r'viewBox="([^"]*)"', text)
    width = float(box.group(1).split()[2]) if box else 0.0
    size = box.group(1) if box else ""
    label = html.escape(plain(title))
    head = f'<svg class="figure" role="img" aria-label="{label}" viewBox="{size}" style="max-width:{_LARGER * width:.0f}pt">'
    return head + text[text.index(">") + 1 :]


def _variable(found: re.Match[str]) -> str:
    name = _NAMES.get(found.group(0).upper())
    return f"var(--{name})" if name else found.group(0)


def _named() -> dict[str, tuple[str, str, str]]:
    """Every colour a figure has: its value in print -> (name, on light ground, on dark ground)."""
    found = {
        getattr(PRINT, name): (f"ink-{name}", getattr(PRINT, name), getattr(DARK, name))
        for name in ("text", "dim", "axis", "grid", "ground")
    }
    for i, (light, dark) in enumerate(zip(LIGHT_CURVES, DARK_CURVES, strict=True)):
        found[light.colour] = (f"curve-{i}", light.colour, dark.colour)
    for level in range(LEVELS):
        found[LIGHT_RAMP[level]] = (f"share-{level}", LIGHT_RAMP[level], DARK_RAMP[level])
        found[ink(level, ink_on(LIGHT_RAMP[level]))] = (f"on-{level}", ink_on(LIGHT_RAMP[level]), ink_on(DARK_RAMP[level]))
    return found


_ALL = _named()
_NAMES = {value.upper(): name for value, (name, _, _) in _ALL.items()}


def variables(dark: bool = False) -> str:
    """The colours of figures as CSS variables, for a light or a dark page."""
    return "".join(f"--{name}:{on_dark if dark else on_light};" for name, on_light, on_dark in _ALL.values())
