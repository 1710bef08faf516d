"""A card's picture: the curves that were seen when the study was run, as a small chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from memstudio.desktop.chart import Chart, Line, finite
from memstudio.measures.names import measure_name, split_name

#: measures that are shares of one
_SHARES = ("accuracy", "recall", "coverage")
#: names along the axes as a person says them
#: points of a line that each get a dot; more would hide the line
FEW = 16
_SAID = {
    "load": "items to remember",
    "distance": "distance",
    "step": "step",
    "confidence": "confidence",
    "severity": "severity of corruption",
    "stored": "patterns stored",
    "noise": "share of the cue that is wrong",
    "task": "tasks learned",
}


def picture(seen: Mapping[str, Any] | None, wanted: str = "") -> Chart | None:
    """The chart of what was seen: the curve the claim asks for, else the first that can be drawn, else measures by a label."""
    if not seen:
        return None
    curves = seen.get("curves") or {}
    names = [wanted, *curves] if wanted in curves else list(curves)
    for name in names:
        chart = of_curve(name, curves[name], of_earlier_stages(name, curves))
        if chart is not None:
            return chart
    return of_measures(seen.get("cells") or (), wanted)


def of_earlier_stages(name: str, curves: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The same curve as stages before the last saw it, by what a line of it is called: "before" where there is one such stage."""
    found: dict[str, Mapping[str, Any]] = {}
    for other, curve in curves.items():
        if "[" not in other:
            continue
        bare, labels = split_name(other)
        stage = labels.pop("stage", None)
        if stage is not None and measure_name(bare, labels) == name:
            found[stage] = curve
    return {"before": next(iter(found.values()))} if len(found) == 1 else found


def of_curve(name: str, curve: Mapping[str, Any], before: Mapping[str, Mapping[str, Any]] | None = None) -> Chart | None:
    """A curve over one axis, one line a cell; a reliability diagram as accuracy over confidence. None where it is neither.

    before: the curve at the end of earlier stages, whose lines are drawn too: `one network, before`.
    """
    axes = curve.get("axes") or []
    values = _numbers(axes[0].get("values", ())) if len(axes) == 1 else None
    if not values:
        return None
    reliability = curve.get("kind") == "reliability"
    lines = _lines(curve, values)
    for stage, earlier in (before or {}).items():
        if _numbers(((earlier.get("axes") or [{}])[0]).get("values", ())) == values:
            lines += [replace(line, label=f"{line.label}, {stage}" if line.label else stage) for line in _lines(earlier, values)]
    if not lines:
        return None
    measure = split_name_or(name).partition("_by_")[0]
    y_low, y_high = (0.0, 1.0) if reliability else y_range(measure, lines)
    y_name = "accuracy" if reliability else measure.replace("_", " ")
    return Chart(
        title="Calibration" if reliability else title_of(measure, str(axes[0].get("name", ""))),
        y_name=y_name,
        x_name="confidence" if reliability else _SAID.get(str(axes[0].get("name", "")), str(axes[0].get("name", ""))),
        lines=tuple(lines),
        log=not reliability and _grows_by_factors(values),
        y_low=y_low,
        y_high=y_high,
        x_low=0.0 if reliability else None,
        x_high=1.0 if reliability else None,
        diagonal=reliability,
        dots=len(values) <= FEW,
    )


def _lines(curve: Mapping[str, Any], values: Sequence[float]) -> list[Line]:
    """A line for each cell that has a value."""
    rows = [str(row) for row in curve.get("rows") or ()]
    place = rows.index("accuracy") if "accuracy" in rows else 0
    lines = []
    for cell, found in (curve.get("cells") or {}).items():
        xs: Sequence[float] = values
        mean, low, high = (_row(found.get(part), rows, place) for part in ("mean", "low", "high"))
        if curve.get("kind") == "reliability" and "confidence" in rows:
            xs = _row(found.get("mean"), rows, rows.index("confidence"))
        pairs = [(x, y, *ends) for x, y, ends in zip(xs, mean, _ends(mean, low, high), strict=False) if x is not None and y is not None]
        if pairs:
            columns = list(zip(*pairs, strict=True))
            lines.append(Line(str(cell), *(tuple(float(v) for v in column) for column in columns)))
    return lines


def of_measures(cells: Sequence[Mapping[str, Any]], wanted: str = "") -> Chart | None:
    """A chart of measures that differ by one number in brackets: `recall[load=4]`, `recall[load=8]` ... one line a cell."""
    found: dict[tuple[str, str], dict[str, dict[float, Mapping[str, Any]]]] = {}
    for cell in cells:
        for name, measure in (cell.get("measures") or {}).items():
            try:
                bare, labels = split_name(name)
                ((label, value),) = labels.items()
                at = float(value)
            except ValueError:
                continue
            found.setdefault((bare, label), {}).setdefault(str(cell.get("cell") or ""), {})[at] = measure
    keys = sorted(found, key=lambda key: (key[0] != split_name_or(wanted), -max(len(by) for by in found[key].values())))
    for bare, label in keys:
        lines = tuple(_line(cell, points) for cell, points in found[bare, label].items() if len(points) > 1)
        if lines:
            xs = sorted({x for line in lines for x in line.x})
            y_low, y_high = y_range(bare, lines)
            return Chart(
                title_of(bare, label),
                bare.replace("_", " "),
                _SAID.get(label, label),
                lines,
                _grows_by_factors(xs),
                y_low,
                y_high,
                dots=True,
            )
    return None


def _line(cell: str, points: Mapping[float, Mapping[str, Any]]) -> Line:
    xs = sorted(points)
    mean = [float(points[x]["mean"]) for x in xs]
    low, high = ([_or(points[x].get(end), points[x]["mean"]) for x in xs] for end in ("low", "high"))
    return Line(cell, tuple(xs), tuple(mean), tuple(low), tuple(high))


def _or(end: Any, mean: Any) -> float:
    return float(mean if end is None else end)


def _row(values: Any, rows: Sequence[str], place: int) -> list[Any]:
    if not isinstance(values, list):
        return []
    return values[place] if rows and values and isinstance(values[0], list) else values


def _ends(mean: Sequence[Any], low: Sequence[Any], high: Sequence[Any]) -> list[tuple[Any, Any]]:
    filled = [(low[i] if i < len(low) else None, high[i] if i < len(high) else None) for i in range(len(mean))]
    return [(m if lo is None else lo, m if hi is None else hi) for m, (lo, hi) in zip(mean, filled, strict=True)]


def _numbers(values: Sequence[Any]) -> list[float] | None:
    try:
        return [float(v) for v in values]
    except (TypeError, ValueError):
        return None


def _grows_by_factors(values: Sequence[float]) -> bool:
    """Whether a log axis spaces these evenly (2, 4, 8, 16) and a straight one does not."""
    rising = sorted(values)
    return len(rising) > 2 and rising[0] > 0 and rising[-1] / rising[0] >= 4 and rising[-1] - rising[-2] > 1.5 * (rising[1] - rising[0])


def y_range(measure: str, lines: Sequence[Line]) -> tuple[float | None, float | None]:
    """What the y axis shows: a share from 0 to 1, else from 0 up where nothing is below, else what there is."""
    if measure in _SHARES:
        return 0.0, 1.0
    return (0.0, None) if all(y >= 0 for line in lines for y in finite(line.y)) else (None, None)


def split_name_or(name: str) -> str:
    """The bare measure of a name, or the name itself where it is none."""
    try:
        return split_name(name)[0]
    except ValueError:
        return name


def title_of(measure: str, axis: str) -> str:
    """`Recall by load`."""
    words = measure.replace("_", " ")
    words = words.upper() if words in ("ece", "nll") else words[:1].upper() + words[1:]
    return f"{words} by {axis}" if axis and axis not in words.lower() else words
