"""The colours and dashes of curves and tables of shares, on the screen and in print: told apart by any eyes, and without colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Curve:
    """How one curve is drawn: its colour and its own dash (lengths in pen widths, empty = solid), so colour is never alone."""

    colour: str
    dash: tuple[float, ...] = ()


DASHES: tuple[tuple[float, ...], ...] = ((), (5.0, 2.5), (1.6, 1.8), (6.0, 2.0, 1.4, 2.0), (3.0, 1.8), (9.0, 3.0))


def curves(*colours: str) -> tuple[Curve, ...]:
    """Six colours, each with its own dash."""
    return tuple(Curve(colour, dash) for colour, dash in zip(colours, DASHES, strict=True))


#: on light ground and in print; on dark ground
LIGHT_CURVES = curves("#0072B2", "#D55E00", "#008F68", "#B8609B", "#A87400", "#2A8FC7")
DARK_CURVES = curves("#4FA3E0", "#FF8A4C", "#3CCB9B", "#E3A0CB", "#F0B63A", "#8CCBF2")


def look(curves: Sequence[Curve], index: int) -> Curve:
    """The look of cell number `index`: six colours, then the same colours with other dashes, 36 in all before any returns."""
    n = len(curves)
    return Curve(curves[index % n].colour, curves[(index + index // n) % n].dash)


@dataclass(frozen=True)
class Ink:
    """What is not data: text, what stands back, the lines of axes and of the grid, the ground."""

    text: str
    dim: str
    axis: str
    grid: str
    ground: str


PRINT = Ink(text="#1A1F29", dim="#596273", axis="#7A8393", grid="#E1E5EB", ground="#FFFFFF")
DARK = Ink(text="#E7EAF0", dim="#A2ABBA", axis="#7D8798", grid="#303743", ground="#1A1E25")

#: steps of the hue of a table of shares: as many as an eye tells apart
LEVELS = 24


def ramp(curves: Sequence[Curve], lowest: str, darker: float) -> tuple[str, ...]:
    """The grounds of a table of shares: from nearly the page's to the hue of the first curve, made darker by a factor."""
    low, high = _parts(lowest), [part / darker for part in _parts(curves[0].colour)]
    return tuple(_hex([a + (b - a) * level / (LEVELS - 1) for a, b in zip(low, high, strict=True)]) for level in range(LEVELS))


def ink_on(ground: str) -> str:
    """Black or white, whichever is read better on a ground (a contrast of 4.5:1 at least)."""
    light = luminance(ground)
    return "#FFFFFF" if 1.05 / (light + 0.05) >= (light + 0.05) / 0.05 else "#000000"


def luminance(colour: str) -> float:
    """The relative luminance of a colour, 0 to 1 (WCAG 2)."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _parts(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _parts(colour: str) -> list[float]:
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def _hex(parts: Sequence[float]) -> str:
    return "#" + "".join(f"{round(min(max(part, 0.0), 1.0) * 255):02X}" for part in parts)


#: as the window shows such a table: on light ground it ends darker than the curve, so that numbers turn white early
LIGHT_RAMP = ramp(LIGHT_CURVES, "#F1F4F8", 1.45)
DARK_RAMP = ramp(DARK_CURVES, "#232A34", 1.0)


def ink(level: int, colour: str) -> str:
    """The ink of a number on a ground: black or white, told apart by level in its last digits so that a dark page can change it."""
    return f"#0000{level:02X}" if colour == "#000000" else f"#FFFF{255 - level:02X}"
