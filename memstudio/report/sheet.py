"""A sheet of a printed figure: sizes of journals, type, lines, legend; and the file it becomes, the same bytes every time."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from memstudio import __version__
from memstudio.experiment.parameters import Refusal
from memstudio.ground.paths import resources
from memstudio.report.colours import LIGHT_CURVES, PRINT, look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

#: widths in millimetres: a single column, one and a half, both columns
WIDTHS: Final = (85, 120, 175)
#: what a figure can be written as
FIGURES: Final = ("svg", "pdf", "png")
#: dots an inch of a PNG: for most journals, for line art
DPI: Final = (300, 600)
_INCH = 25.4
#: a letter of 7 points is so wide on the average, millimetres
_LETTER = 1.28
#: what never prints, what would break lines or XML, and what would turn the letters after it round
_CONTROL = dict.fromkeys(
    (*range(0x20), *range(0x7F, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)), " "
)
#: lines of a legend at most; the data beside the figure name every group
MOST_NAMED = 24
#: rows of a legend before names are cut to make columns
TALLEST = 8

_LOOK: Mapping[str, Any] = {
    "font.family": ["Inter", "DejaVu Sans"],
    "font.size": 7.0,
    "axes.labelsize": 7.0,
    "axes.titlesize": 7.0,
    "axes.titleweight": "normal",
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "text.color": PRINT.text,
    "axes.labelcolor": PRINT.text,
    "axes.titlecolor": PRINT.text,
    "xtick.color": PRINT.axis,
    "ytick.color": PRINT.axis,
    "xtick.labelcolor": PRINT.text,
    "ytick.labelcolor": PRINT.text,
    "axes.edgecolor": PRINT.axis,
    "axes.facecolor": "none",
    "figure.facecolor": PRINT.ground,
    "axes.linewidth": 0.5,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "xtick.major.size": 2.2,
    "ytick.major.size": 2.2,
    "xtick.major.pad": 2.0,
    "ytick.major.pad": 2.0,
    "axes.labelpad": 3.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": PRINT.grid,
    "grid.linewidth": 0.4,
    "lines.linewidth": 1.0,
    "lines.markersize": 2.6,
    "lines.solid_capstyle": "butt",
    "lines.dash_capstyle": "butt",
    "legend.frameon": False,
    "legend.borderpad": 0.0,
    "legend.borderaxespad": 0.35,
    "legend.labelspacing": 0.35,
    "legend.handlelength": 2.4,
    "legend.handletextpad": 0.6,
    "legend.columnspacing": 1.2,
    "axes.unicode_minus": True,
    # a label is text, whatever signs it has
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "memstudio",
    # journals take no Type 3 fonts
    "pdf.fonttype": 42,
    "pdf.compression": 6,
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.w_pad": 0.03,
    "figure.constrained_layout.hspace": 0.06,
    "figure.constrained_layout.wspace": 0.04,
}


@contextmanager
def printing() -> Iterator[None]:
    """Inside it matplotlib draws as we print, whatever a matplotlibrc says."""
    import matplotlib

    _load_fonts()
    bare: dict[Any, Any] = {key: value for key, value in matplotlib.rcParamsDefault.items() if not key.startswith("backend")}
    with warnings.catch_warnings():
        # a sign that no font has is drawn as a box; that is all a person can do about it
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        warnings.filterwarnings("ignore", message="constrained_layout not applied")
        bare.update(_LOOK)
        with matplotlib.rc_context(bare):
            yield


@cache
def _load_fonts() -> None:
    """Makes the bundled Inter the only one there is: another one installed here would print differently."""
    from matplotlib import font_manager

    fonts = [resources() / "fonts" / f"Inter-{weight}.ttf" for weight in ("Regular", "SemiBold")]
    if all(font.is_file() for font in fonts):
        manager = font_manager.fontManager
        manager.ttflist[:] = [one for one in manager.ttflist if not one.name.startswith("Inter")]
        for font in fonts:
            manager.addfont(font)


def blank(width: float, height: float) -> Figure:
    """An empty sheet. width, height: millimetres. Used inside `printing`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    made = Figure(figsize=(width / _INCH, height / _INCH), layout="constrained")
    FigureCanvasAgg(made)
    return made


def written(figure: Figure, kind: str, title: str = "", dpi: int = 300) -> bytes:
    """The file of a figure. kind: svg (text as text), pdf (fonts embedded) or png; the same figure always gives the same bytes.

    Raises Refusal for another kind.
    """
    if kind not in FIGURES:
        raise Refusal(f"A figure cannot be written as {kind!r}; choose svg, pdf or png.")
    maker = f"MemStudio {__version__}"
    said: Mapping[str, Mapping[str, Any]] = {
        "svg": {"Date": None, "Creator": maker, "Title": plain(title) or None},
        "pdf": {"CreationDate": None, "Creator": maker, "Producer": None, "Title": plain(title)},
        "png": {"Software": maker, "Title": plain(title)},
    }
    out = io.BytesIO()
    figure.savefig(out, format=kind, dpi=dpi, metadata=dict(said[kind]))
    return out.getvalue()


def plain(text: str, most: int = 0) -> str:
    """A text on one line, without signs that cannot be printed; most: letters it may have."""
    words = " ".join(str(text).translate(_CONTROL).split())
    return f"{words[: most - 1].rstrip()}…" if most and len(words) > most else words


# ---------------------------------------------------------------------------------------------- axes


def number(value: float) -> str:
    """A number beside an axis: `1,500`, `0.25`, `−3`, `1e−05`."""
    if not math.isfinite(value):
        return ""
    text = f"{value:,.10g}" if value == 0 or 1e-4 <= abs(value) < 1e7 else f"{value:.3g}"
    return text.replace("-", "\N{MINUS SIGN}")


def number_axis(axis: Any, *, log: bool = False, ticks: Sequence[float] = (), most: int = 6) -> None:
    """Gives an axis plain numbers; ticks: those that were measured, where they are few."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

    if log:
        # the axis is told its scale by its axes: `set_scale` is no public name of an Axis
        getattr(axis.axes, f"set_{axis.axis_name}scale")("log")
        axis.set_major_locator(LogLocator(numticks=most))
        axis.set_minor_locator(NullLocator())
    else:
        axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]))
    if 0 < len(ticks) <= 8:
        axis.set_major_locator(FixedLocator(list(ticks)))
        axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))


def share_axis(axes: Axes) -> None:
    """The vertical axis of a share: 0 to 1, with a little air."""
    axes.set_ylim(-0.02, 1.02)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])


def rules(axes: Axes, which: Any = "y") -> None:
    """Faint rules behind what is drawn."""
    axes.grid(True, axis=which)
    axes.set_axisbelow(True)


# ---------------------------------------------------------------------------------------------- legend


def style(index: int) -> dict[str, Any]:
    """How the line of group number `index` is drawn: colour and dash as in the window."""
    curve = look(LIGHT_CURVES, index)
    return {"color": curve.colour, "linestyle": (0, curve.dash) if curve.dash else "solid"}


def name_lines(figure: Figure, groups: Sequence[tuple[int, str]], extra: Sequence[tuple[Any, str]] = ()) -> None:
    """A legend above everything, in as many columns as there is room for; the sheet grows by its height.

    groups: (number, label) of each line; extra: (handle, label) of what else is drawn.
    """
    from matplotlib.lines import Line2D

    entries: list[tuple[Any, str]] = [(Line2D([], [], **style(number)), label) for number, label in groups[:MOST_NAMED]]
    if len(groups) > MOST_NAMED:
        entries.append((Line2D([], [], linewidth=0), f"and {len(groups) - MOST_NAMED:,} more"))
    legend_of(figure, [*entries, *extra])


def legend_of(figure: Figure, entries: Sequence[tuple[Any, str]]) -> None:
    """The same for any handles."""
    if not entries:
        return
    whole = [plain(label) or "–" for _, label in entries]
    most = 64
    labels = [in_the_middle(label, most) for label in whole]
    columns = _fitting(figure, entries, labels)
    # names are cut so that a long legend stands in several columns, while they can be told apart
    while math.ceil(len(entries) / columns) > TALLEST or (columns == 1 and most > 40):
        most = most * 4 // 5
        shorter = [in_the_middle(label, most) for label in whole]
        if most < 20 or len(set(shorter)) < len(set(whole)):
            break
        labels, columns = shorter, _fitting(figure, entries, shorter)
    legend = _legend(figure, entries, labels, columns)
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + _extent(figure, legend).height / figure.dpi + 0.05)


def panel_title(label: str, width: float) -> str:
    """The name above a panel of that width in millimetres: as much of it as there is room for."""
    return in_the_middle(plain(label), max(8, int(width / _LETTER)))


def in_the_middle(text: str, most: int) -> str:
    """A text of at most so many letters, cut in its middle: names of one kind often differ in their ends."""
    if len(text) <= most:
        return text
    end = (most - 1) // 2
    return f"{text[: most - 1 - end].rstrip()}…{text[len(text) - end :].lstrip()}"


def _fitting(figure: Figure, entries: Sequence[tuple[Any, str]], labels: Sequence[str]) -> int:
    """In how many columns these entries fit onto the sheet; 1 where not even one does."""
    for columns in range(min(len(entries), 6), 1, -1):
        legend = _legend(figure, entries, labels, columns)
        width = _extent(figure, legend).width
        legend.remove()
        if width <= figure.bbox.width - 4:
            return columns
    return 1


def _legend(figure: Figure, entries: Sequence[tuple[Any, str]], labels: Sequence[str], columns: int) -> Legend:
    order = _across(len(entries), columns)
    return figure.legend([entries[i][0] for i in order], [labels[i] for i in order], loc="outside upper left", ncols=columns)


def _extent(figure: Figure, legend: Legend) -> Any:
    """The place that a legend takes, in the pixels of the sheet."""
    return legend.get_window_extent(figure.canvas.get_renderer())  # type: ignore[attr-defined]


def _across(entries: int, columns: int) -> list[int]:
    """The order in which a legend that fills column after column is read row after row."""
    rows = math.ceil(entries / columns)
    # as matplotlib does: the first columns have one entry more
    tall = entries - (rows - 1) * columns
    lengths = [rows if column < tall else rows - 1 for column in range(columns)]
    return [row * columns + column for column, length in enumerate(lengths) for row in range(length)]
