"""What the pointer of a plot says: where it stands and the value of every line there, beside it."""

from __future__ import annotations

import html
import re

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget

from memstudio.desktop import theme
from memstudio.desktop.live.looks import look
from memstudio.desktop.live.ranges import Range
from memstudio.desktop.live.scales import Scale
from memstudio.desktop.live.seen import PlotSeen, Pointed, Track
from memstudio.desktop.words import number

#: the pointer says at most so many lines beside itself; the legend says them all
MOST_SAID = 12
#: letters of a line's name at most
LONGEST = 44


class Readout(QLabel):
    """Words beside the pointer of a plot."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("kind", "pointer")
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def say(self, lines: list[str], over: QWidget, at: QPoint) -> None:
        """Shows these lines beside a point of a widget, at the side where there is room: in the window, as a narrow plot has none."""
        window = over.window()
        if self.parentWidget() is not window:
            self.setParent(window)
        self.setText("<br>".join(lines))
        self.setAccessibleName(plain("; ".join(lines)))
        self.adjustSize()
        point, wide = over.mapTo(window, at), self.width()
        left = point.x() + 10 if point.x() + 14 + wide < window.width() else point.x() - 10 - wide
        top = min(point.y(), window.height() - self.height() - 4)
        self.move(max(0, left), max(0, top))
        self.show()
        self.raise_()


def there(tracks: list[Track], place: float, scale: Scale, shown: Range) -> list[tuple[Track, int]]:
    """The named lines that have a point near a place of the x axis, each with the number of that point."""
    step, found = (shown[1] - shown[0]) * 0.02, []
    for track in tracks:
        if track.style == "faint" or not len(track.x) or not track.name:
            continue
        gaps = np.abs(scale.places(track.x) - place)
        if not np.isfinite(gaps).any():
            continue
        at = int(np.nanargmin(gaps))
        if gaps[at] <= max(step, 1e-9) and np.isfinite(track.y[at]):
            found.append((track, at))
    return found


def lines(seen: PlotSeen, found: list[tuple[Track, int]], place: float, scale: Scale) -> list[str]:
    """What is said at a place, in rich text: where, then each line with a sample of its colour, then what else lies there."""
    more = [f"and {len(found) - MOST_SAID} more"] if len(found) > MOST_SAID else []
    bars = _bar_said(seen, scale.value(place))
    said = [_line_said(track, at) for track, at in found[:MOST_SAID]]
    return [html.escape(where(seen, place, scale)), *said, *more, *_references_said(seen, scale.value(place)), *bars]


def pointed(seen: PlotSeen, found: list[tuple[Track, int]], place: float, scale: Scale) -> Pointed:
    """The same for the legend: a value a cell, of its mean where it has one."""
    values: dict[int, str] = {}
    order = {"thin": 0, "small": 1, "dots": 2, "main": 3}
    for track, at in sorted(found, key=lambda one: order.get(one[0].style, 0)):
        values[track.cell] = number(float(f"{track.y[at]:.3g}"))
    return Pointed(where(seen, place, scale), tuple(values.items()) if seen.of_cells else ())


def where(seen: PlotSeen, place: float, scale: Scale) -> str:
    """A place of the x axis in words: `step 120`."""
    value = scale.value(place)
    # a point of a long run stands for a few steps around it
    value = round(value) if seen.x_name == "step" else float(f"{value:.6g}")
    names = seen.x_names
    named = names[min(max(round(value), 0), len(names) - 1)] if names else number(value)
    return f"{seen.x_name.partition(',')[0]} {named}"


def _line_said(track: Track, at: int) -> str:
    text = number(float(f"{track.y[at]:.4g}"))
    if track.low is not None and track.high is not None and np.isfinite(track.low[at]):
        text += f" ± {number(float(f'{(track.high[at] - track.low[at]) / 2:.2g}'))}"
    colour = look(theme.current(), track.cell).colour
    name = track.name if len(track.name) <= LONGEST else f"{track.name[: LONGEST - 1]}…"
    return f'<span style="color:{colour}">■</span>&nbsp;{html.escape(name)}&nbsp;&nbsp;<b>{text}</b>'


def _references_said(seen: PlotSeen, x: float) -> list[str]:
    """The lines that are held against, where they have a point at this value."""
    said = []
    for name, xs, ys in (*((seen.reference,) if seen.reference is not None else ()), *seen.references):
        at = np.flatnonzero(np.isclose(xs, x))
        if len(at) and np.isfinite(ys[at[0]]):
            said.append(f"{html.escape(name)}&nbsp;&nbsp;<b>{number(float(f'{ys[at[0]]:.4g}'))}</b>")
    return said


def _bar_said(seen: PlotSeen, x: float) -> list[str]:
    """The bar of a histogram at this value: the share of answers in it."""
    if seen.bars is None:
        return []
    edges, shares = seen.bars
    at = int(np.searchsorted(edges, x, side="right")) - 1
    return [f"{100 * shares[at]:.3g} % of answers here"] if 0 <= at < len(shares) else []


def plain(text: str) -> str:
    """Rich text as it is read out."""
    return html.unescape(re.sub("<[^>]*>", "", text)).replace("■", "").replace("\N{NO-BREAK SPACE}", " ").strip()
