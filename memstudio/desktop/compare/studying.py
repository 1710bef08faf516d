"""The figure of what was varied and what parameters matter, as the page shows them: made on the reader's thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from memstudio.desktop.compare.overlaying import SHARES, bare, capital, measure_option, y_name
from memstudio.desktop.compare.seen import ParametersSeen, StudySeen
from memstudio.desktop.live.seen import Option, PlotSeen, Track
from memstudio.desktop.words import count
from memstudio.library.importance import SEED, Importance, Scatter
from memstudio.measures.spacing import grows_by_factors

if TYPE_CHECKING:
    from memstudio.library.study_figure import FigureLine, StudyFigure

#: pairs of axes that are offered at most
MOST_PAIRS = 6


def axes_to_show(names: Sequence[str]) -> list[tuple[str, ...]]:
    """The axes that a figure can show: the only one, or two of them."""
    if len(names) < 3:
        return [tuple(names)]
    pairs: list[tuple[str, ...]] = list(combinations(names, 2))
    return pairs[:MOST_PAIRS]


def study_seen(make: Callable[[str | None, Sequence[str]], StudyFigure], measure: str, form: str) -> StudySeen:
    """The figure in the form that was asked for ("" = the best), or in the best where that cannot be.

    make: (measure, axes to show) -> figure; form: `kind:along:axis|axis`, as its options have it.
    """
    kind, _, rest = form.partition(":")
    along, _, axes = rest.partition(":")
    show = [name for name in axes.split("|") if name]
    figure = make(measure or None, show)
    forms = _forms(figure)
    wanted = next((one for one in forms if one.id == f"{kind}:{along}:{axes}"), None)
    if wanted is None:
        figure = make(measure or None, []) if show else figure
        wanted, kind, along = _best(figure, forms)
    number = int(along)
    plot = _lines_seen(figure, number) if kind == "lines" else None
    return StudySeen(figure, kind, number, tuple(map(measure_option, figure.measures)), forms, wanted.id, plot)  # type: ignore[arg-type]


def _forms(figure: StudyFigure) -> tuple[Option, ...]:
    """Every form of every pair of axes."""
    pairs = axes_to_show([axis.name for axis in figure.every])
    by_name = {axis.name: axis for axis in figure.every}
    found = []
    for pair in pairs:
        among = f" ({' and '.join(pair)})" if len(pairs) > 1 else ""
        axes = [by_name[name] for name in pair]
        key = "|".join(pair) if len(pairs) > 1 else ""
        found += [Option(f"lines:{i}:{key}", f"Lines over {axis.name}{among}") for i, axis in enumerate(axes) if axis.numbers is not None]
        found.append(Option(f"dots:0:{key}", f"Dots{among}"))
        if len(axes) == 2:
            along = next((i for i, axis in enumerate(axes) if axis.numbers is not None), 1)
            found.append(Option(f"heat:{along}:{key}", f"Heat map{among}"))
    return tuple(found)


def _best(figure: StudyFigure, forms: Sequence[Option]) -> tuple[Option, str, str]:
    key = "|".join(axis.name for axis in figure.axes) if len(figure.every) > 2 else ""
    best = figure.kinds[0]
    along = figure.along if best == "lines" else 0
    found = next((one for one in forms if one.id.startswith(f"{best}:") and one.id.endswith(f":{key}") and best != "lines"), None)
    found = found or next((one for one in forms if one.id == f"{best}:{along}:{key}"), forms[0])
    kind, number, _ = found.id.split(":", 2)
    return found, kind, number


def _lines_seen(figure: StudyFigure, along: int) -> PlotSeen:
    lines = figure.lines(along)
    numbers = {case: i for i, case in enumerate(figure.axes[1 - along].cases)} if len(figure.axes) > 1 else {}
    tracks = [track for line in lines for track in _tracks(line, numbers.get(line.label, 0))]
    axis = figure.axes[along]
    return PlotSeen(
        title=capital(figure.caption),
        x_name=axis.name,
        y_name=y_name(bare(figure.measure)),
        chosen=f"study:{figure.measure}:{along}:{axis.name}",
        options=(),
        tracks=tuple(tracks),
        # lines that stay low are seen better when the axis ends above them
        share=bare(figure.measure) in SHARES and max((float(np.nanmax(line.mean)) for line in lines), default=1.0) > 0.5,
        log_x=axis.log,
    )


def _tracks(line: FigureLine, number: int) -> list[Track]:
    """A line with its marks; points of fewer seeds have small marks, and are named as such."""
    name = line.label or "mean"
    bands = bool(np.isfinite(line.low).any())
    low, high = (line.low, line.high) if bands else (None, None)
    made = [Track(("study", line.label), number, name, line.x, line.mean, "main", low, high, not line.few.any())]
    if line.few.any():
        for few, style, words in ((~line.few, "dots", ""), (line.few, "small", f"{name}, fewer seeds")):
            if few.any():
                made.append(Track(("study", line.label, style), number, words, line.x[few], line.mean[few], style))  # type: ignore[arg-type]
    return made


# ---------------------------------------------------------------------------------------------- parameters


def parameter_titles(addresses: Iterable[str]) -> dict[str, str]:
    """`heads`, `rate`, `seed`; with the node where several have one of that name; a component by its node alone: `mem1`."""
    those = list(addresses)
    names = Counter(address.rpartition(".")[2] for address in those)
    found = {}
    for address in those:
        node, _, name = address.rpartition(".")
        words = node if name == "component" else name.replace("_", " ")
        found[address] = "seed" if address == SEED else words if name == "component" or names[name] == 1 else f"{words} ({node})"
    return found


def parameters_seen(found: Importance, scattered: Scatter, columns: Sequence[str], labels: Sequence[str]) -> ParametersSeen:
    """The importance of the parameters, and one of them against the measure."""
    titles = parameter_titles(columns)
    options = tuple(Option(address, capital(titles[address])) for address in columns)
    return ParametersSeen(found, options, _scatter_seen(scattered, labels, titles.get(scattered.address, "")))


def _scatter_seen(found: Scatter, labels: Sequence[str], title: str) -> PlotSeen:
    """A mark a run, in the colour of its group; runs of categories stand a little apart, so that each is seen."""
    spread = _apart(found) if found.names else np.zeros(len(found.x))
    tracks = []
    for number in dict.fromkeys(found.group.tolist()):
        mine = found.group == number
        tracks.append(Track(("scatter", number), int(number), labels[number], found.x[mine] + spread[mine], found.y[mine], "dots"))
    xs = found.x.tolist()
    return PlotSeen(
        title=f"{capital(title)} against {y_name(bare(found.measure))}",
        x_name=title,
        y_name=y_name(bare(found.measure)),
        chosen=found.address,
        options=(),
        tracks=tuple(tracks),
        share=bare(found.measure) in SHARES,
        log_x=not found.names and grows_by_factors(xs),
        x_names=found.names,
        note=count(len(found.x), "run"),
    )


def _apart(found: Scatter) -> np.ndarray:
    """How far beside its category each run stands, the same for the same runs: evenly, in the order of their values."""
    beside = np.zeros(len(found.x))
    for value in np.unique(found.x):
        mine = np.flatnonzero(found.x == value)
        order = mine[np.argsort(found.y[mine], kind="stable")]
        # by the golden ratio neighbours in value never stand above each other
        beside[order] = ((np.arange(len(order)) * 0.618034) % 1.0 - 0.5) * 0.5
    return beside


def chosen_parameter(wanted: str, found: Importance, columns: Mapping[str, object]) -> str:
    """What is set against the measure: what was wanted where it is there, else the most important, else the first."""
    if wanted in columns:
        return wanted
    ranked = [one.address for one in found.rows if one.address != SEED]
    return next(iter(ranked), next((address for address in columns if address != SEED), next(iter(columns), "")))
