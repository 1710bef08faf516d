"""Tables of a comparison: a row a group, a column a measure, mean ± half the 95 % interval; as CSV, Markdown and LaTeX."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from memstudio.library.against import Difference, Test
from memstudio.library.comparison import MAIN, TABLE, Comparison, heading, table_rows
from memstudio.library.sentences import amount, p_words
from memstudio.measures.intervals import Interval
from memstudio.report.plate import comma_separated
from memstudio.report.sheet import plain
from memstudio.report.words import measure_title

#: columns of a table at most; a page is not wider
MOST_MEASURES = 8
_MINUS = "\N{MINUS SIGN}"
#: how a number in a cell begins, or nothing
_NUMBER = re.compile(rf"(?:[{_MINUS}+-]?\d|< ?\d|–?$|not finite$)")


@dataclass(frozen=True)
class Table:
    """A table in words. heads: of its columns, the first of the groups; rows: a cell a column; notes: sentences below it."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def main_measures(comparison: Comparison, also: Iterable[str] = (), most: int = MOST_MEASURES) -> tuple[str, ...]:
    """The measures worth a column: the one that says most, then bare ones in reading order; what says the same twice only once.

    also: measures that a claim speaks of; they come after the first, as far as they were measured.
    """
    wanted = [comparison.headline, *(name for name in (*also, *MAIN) if name in comparison.measures)]
    found: list[str] = []
    for name in dict.fromkeys(wanted):
        if name and not any(_same(comparison, name, other) for other in found):
            found.append(name)
    return tuple(found[:most])


def _same(comparison: Comparison, one: str, other: str) -> bool:
    """Whether two measures have the same mean in every group (recall and accuracy), or are the same."""
    pairs = zip(comparison.intervals(one), comparison.intervals(other), strict=True)
    return all(
        (a is None and b is None) or (a is not None and b is not None and math.isclose(a.mean, b.mean, rel_tol=1e-3, abs_tol=1e-12))
        for a, b in pairs
    )


def of_measures(comparison: Comparison, measures: Sequence[str] = ()) -> Table:
    """Groups by measures, each cell mean ± half the interval."""
    names = tuple(measures) or main_measures(comparison)
    intervals = {name: comparison.intervals(name) for name in names}
    rows = tuple(
        (label, str(len(one.by_seed)), *(interval_words(intervals[name][i]) for name in names))
        for i, (label, one) in enumerate(zip(comparison.labels, comparison.groups, strict=True))
    )
    several = any(len(one.by_seed) > 1 for one in comparison.groups)
    note = "Mean ± half the 95 % interval over seeds (Student's t)." if several else "One run each, so no intervals."
    title = heading(comparison)
    return Table(f"{title[:1].upper()}{title[1:]}", ("Group", "Seeds", *map(measure_title, names)), rows, (note, *comparison.notes))


def of_differences(comparison: Comparison, measures: Sequence[str] = (), together: bool = False) -> Table | None:
    """What each group has more or less than the baseline, with interval and tests; None where there is nothing to compare.

    together: whether Holm's rule corrects over all these measures, else over the groups of each.
    """
    names = tuple(measures) or main_measures(comparison)
    family = names if together else ()
    rows: list[tuple[str, ...]] = []
    for name in names:
        # the measure stands in the first of its rows only
        first = measure_title(name)
        for label, one in zip(comparison.labels, comparison.differences(name, family), strict=True):
            # what is the same whatever the seed is no difference worth a line
            if one is not None and not (one.exact and one.interval.mean == 0):
                rows.append((first, label, *_difference_cells(one)))
                first = ""
    if not rows:
        return None
    heads = ("Measure", "Group", "Difference", "95 % interval", "Seeds", "t test", "Permutation test", "Hedges' g")
    kept = [i for i, _ in enumerate(heads) if i < 3 or any(row[i] for row in rows)]
    baseline = comparison.labels[comparison.baseline]
    over = "all differences of this table" if together else "the groups compared in a measure"
    notes = (f"p values after Holm's correction for {over}.",) if _tested(rows) else ()
    return Table(f"Differences to {baseline}", tuple(heads[i] for i in kept), tuple(tuple(row[i] for i in kept) for row in rows), notes)


def _tested(rows: Sequence[Sequence[str]]) -> bool:
    return any(row[5] or row[6] for row in rows)


def _difference_cells(one: Difference) -> tuple[str, ...]:
    interval = one.interval
    sign = "+" if interval.mean > 0 else ""
    seeds = "" if one.exact else f"{interval.n}{'' if one.paired else ', not paired'}"
    between = "" if one.exact else between_words(interval)
    effect = getattr(one, "effect", None)
    size = (
        amount(effect.g, (effect.high - effect.low) / 2 if effect.low is not None and effect.high is not None else None) if effect else ""
    )
    said = two_figures(interval.mean, None if one.exact else interval.half_width)
    return (f"{sign}{said}", between, seeds, _p(one.p), _p(one.p_permutation), size)


def _p(p: float | None) -> str:
    return "" if p is None else p_words(p).removeprefix("p = ").removeprefix("p ")


def interval_words(interval: Interval | None) -> str:
    """`0.91 ± 0.02`, `37,376`, `–` where nothing was measured."""
    if interval is None:
        return "–"
    half = interval.half_width
    scatters = half is not None and half >= 1e-13 * abs(interval.mean) and half > 0
    return two_figures(interval.mean, half) + (f" ± {two_figures(half, half)}" if half and scatters else "")


def two_figures(value: float, half: float | None) -> str:
    """A number to the second figure of half its interval, as tables in print give it: `0.67` of 0.6654 ± 0.23."""
    if not math.isfinite(value):
        return "not finite"
    # what scatters less than numbers are exact does not scatter
    if not half or not math.isfinite(half) or half < 1e-13 * abs(value):
        whole = float(value).is_integer() and abs(value) < 1e15
        return (f"{value:,.0f}" if whole else f"{value:,.4g}").replace("-", _MINUS)
    places = max(0, 1 - math.floor(math.log10(half)))
    text = f"{value:,.{min(places, 12)}f}"
    return (text.removeprefix("-") if float(text.replace(",", "")) == 0 else text).replace("-", _MINUS)


def between_words(interval: Interval) -> str:
    """`0.05 to 0.11`; empty where there is no interval."""
    if interval.low is None or interval.high is None:
        return ""
    half = interval.half_width
    return f"{two_figures(interval.low, half)} to {two_figures(interval.high, half)}"


# ---------------------------------------------------------------------------------------------- as files


def written(comparison: Comparison, kind: str, measures: Sequence[str] = (), test: Test = "t", together: bool = False) -> str:
    """The tables as a text. kind: csv (every measure of every group, a row each), md or tex.

    test: which the sentences speak of; together: whether Holm's rule corrects over all measures that are listed.
    """
    if kind == "csv":
        listed = tuple(measures) or comparison.measures
        return comma_separated(TABLE, table_rows(comparison, listed, listed if together else ()))
    names = tuple(measures) or main_measures(comparison)
    tables = [one for one in (of_measures(comparison, names), of_differences(comparison, names, together)) if one is not None]
    named = tuple(measures) or names[:1]
    said = [sentence.text for name in named for sentence in comparison.sentences(name, names if together else (), test)]
    return _WRITERS[kind](tables, said)


def markdown(tables: Sequence[Table], said: Sequence[str] = ()) -> str:
    """Tables one below the other, sentences last; every sign that Markdown or HTML would read as its own is escaped."""
    parts = []
    for table in tables:
        right = ["---:" if numbers(column) else "---" for column in zip(*table.rows, strict=True)]
        lines = [_md_row(table.heads), f"| {' | '.join(right)} |", *map(_md_row, table.rows)]
        parts.append("\n".join([f"**{_md(table.title)}**", "", *lines, *(f"\n{_md(note)}" for note in table.notes)]))
    return "\n\n".join([*parts, *map(_md, said)]) + "\n"


def _md_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_md, cells))} |"


def _md(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]|~#$])", r"\\\1", plain(text)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def latex(tables: Sequence[Table], said: Sequence[str] = ()) -> str:
    """Tables for the booktabs package, one below the other, sentences as comments; every special sign is escaped."""
    parts = ["% needs \\usepackage{booktabs}"]
    for number, table in enumerate(tables, 1):
        columns = "".join("r" if numbers(column) else "l" for column in zip(*table.rows, strict=True))
        notes = " ".join(map(_tex, table.notes))
        parts.append(
            "\n".join(
                [
                    "\\begin{table}",
                    "  \\centering",
                    f"  \\caption{{{_tex(table.title)}.{f' {notes}' if notes else ''}}}",
                    f"  \\label{{tab:memstudio-{number}}}",
                    f"  \\begin{{tabular}}{{{columns}}}",
                    "    \\toprule",
                    f"    {_tex_row(table.heads)}",
                    "    \\midrule",
                    *(f"    {_tex_row(row)}" for row in table.rows),
                    "    \\bottomrule",
                    "  \\end{tabular}",
                    "\\end{table}",
                ]
            )
        )
    return "\n\n".join([*parts, *(f"% {plain(sentence)}" for sentence in said)]) + "\n"


_WRITERS: dict[str, Callable[[Sequence[Table], Sequence[str]], str]] = {"md": markdown, "tex": latex}


def numbers(column: Sequence[str]) -> bool:
    """Whether a column holds numbers only, or nothing."""
    return all(_NUMBER.match(cell) for cell in column)


def _tex_row(cells: Sequence[str]) -> str:
    return f"{' & '.join(map(_tex, cells))} \\\\"


_TEX = {
    "\\": "\\textbackslash{}",
    "{": "\\{",
    "}": "\\}",
    "$": "\\$",
    "&": "\\&",
    "#": "\\#",
    "%": "\\%",
    "_": "\\_",
    "^": "\\textasciicircum{}",
    "~": "\\textasciitilde{}",
    "<": "\\textless{}",
    ">": "\\textgreater{}",
    "|": "\\textbar{}",
    '"': "\\textquotedbl{}",
    "±": "$\\pm$",
    "×": "$\\times$",
    "→": "$\\to$",
    "≤": "$\\leq$",
    "≥": "$\\geq$",
    "∞": "$\\infty$",
    _MINUS: "$-$",
    "–": "--",
    "“": "``",
    "”": "''",
    "…": "\\dots{}",
}
_TEX |= {
    letter: f"$\\{name}$"
    for letter, name in zip(
        "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ",
        (
            *("alpha", "beta", "gamma", "delta", "varepsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi", "pi"),
            *("rho", "sigma", "tau", "upsilon", "varphi", "chi", "psi", "omega"),
            *("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega"),
        ),
        strict=True,
    )
}


def _tex(text: str) -> str:
    return "".join(_TEX.get(sign, sign) for sign in plain(text))
