"""A comparison as data, as a table, and as comma-separated values."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from memstudio.cli.printing import number, one_line, table
from memstudio.cli.results import HEADLINES
from memstudio.library.experiments import NOT_THERE
from memstudio.library.sentences import amount

if TYPE_CHECKING:
    from memstudio.library.against import Difference, Test
    from memstudio.library.comparison import Comparison
    from memstudio.library.what_differs import WhatDiffers
    from memstudio.measures.intervals import Interval

#: the values of one address take at most so many letters
_LONGEST = 90


def shown_measures(found: Comparison, measures: Sequence[str]) -> list[str]:
    """The measures that were asked for, else those worth a line; never none where something was measured."""
    return list(measures) or [name for name in found.measures if name in (*HEADLINES, "average_accuracy", "forgetting")] or [found.headline]


def described(found: Comparison, measures: Sequence[str] = (), test: Test = "t", together: bool = False) -> dict[str, Any]:
    """What `compare --json` prints: title, baseline, groups with their measures and differences, what differs, sentences, notes.

    Of the measures only those asked for, else all; sentences: of each measure that was asked for, else of the one that says most.
    test: which the sentences speak of; together: whether Holm's rule corrects over all these measures, else over the groups of each.
    """
    wanted = list(measures) or list(found.measures)
    family = wanted if together else []
    intervals = {name: found.intervals(name) for name in wanted}
    differences = {name: found.differences(name, family) for name in wanted}
    return {
        "title": found.title,
        "by": found.by,
        "test": test,
        "corrected_over": "measures" if together else "groups",
        "baseline": found.groups[found.baseline].label,
        "groups": [
            {
                "group": one.label,
                "set": dict(one.sets),
                "runs": [row.uid for row in one.runs],
                "seeds": [seed for seed, _ in one.by_seed],
                "measures": {
                    name: {**_interval(interval), "difference": _difference(differences[name][i])}
                    for name in wanted
                    if (interval := intervals[name][i]) is not None
                },
            }
            for i, one in enumerate(found.groups)
        ],
        "differs": _differs(found.differs),
        "sentences": [sentence.text for name in (measures or [found.headline]) if name for sentence in found.sentences(name, family, test)],
        "notes": [*found.notes, *([found.advice] if found.advice else [])],
        "ways": [{"by": way.by, "groups": way.groups} for way in found.ways],
    }


def _interval(interval: Interval) -> dict[str, Any]:
    return {"mean": interval.mean, "low": interval.low, "high": interval.high, "n": interval.n}


def _difference(one: Difference | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        **_interval(one.interval),
        "paired": one.paired,
        "exact": one.exact,
        "seeds_left_out": one.left_out,
        "not_finite": one.not_finite,
        "g": None
        if one.effect is None
        else {"g": one.effect.g, "low": one.effect.low, "high": one.effect.high, "paired": one.effect.paired},
        "p": one.t.p if one.t is not None else None,
        "p_holm": one.p,
        "p_permutation": one.permutation.p if one.permutation is not None else None,
        "p_permutation_holm": one.p_permutation,
        "least_p_permutation": one.permutation.least_p if one.permutation is not None else None,
        "compared": one.compared,
    }


def _differs(differs: WhatDiffers) -> dict[str, Any]:
    return {
        "values": {one.address: [None if value is NOT_THERE else value for value in one.values] for one in differs.values},
        "seeds": list(differs.seeds),
        "same_seeds": differs.same_seeds,
        "same": {aspect.name: aspect.same for aspect in differs.aspects},
        "nothing_else": differs.nothing_else,
        "also": list(differs.denials),
        "facts": {fact.name: {"same": fact.same, "values": dict(fact.values)} for fact in differs.facts},
    }


def print_csv(found: Comparison, measures: Sequence[str] = (), together: bool = False) -> None:
    """A line for each measure of each group."""
    from memstudio.library.comparison import TABLE, table_rows

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(TABLE)
    writer.writerows(table_rows(found, measures, (list(measures) or list(found.measures)) if together else ()))
    click.echo(out.getvalue(), nl=False)


def print_comparison(found: Comparison, measures: Sequence[str] = (), test: Test = "t", together: bool = False) -> None:
    """The table for a person, what differs, and the difference that says most in words."""
    wanted = shown_measures(found, measures)
    family = wanted if together else []
    rows = [row for name in wanted for row in _rows(found, name, family, test)]
    heads = ["measure", "group", "seeds", "mean", "95 % interval", "difference", "95 % interval", "p", "g"]
    there = [True] * (len(heads) - 2) + [any(row[at] for row in rows) for at in (-2, -1)]
    table(
        [head for head, kept in zip(heads, there, strict=True) if kept], [[c for c, k in zip(row, there, strict=True) if k] for row in rows]
    )
    click.echo("")
    _print_differs(found.differs)
    click.echo("")
    for sentence in found.sentences(wanted[0], family, test):
        click.echo(one_line(sentence.text, 1000))
    for note in (*found.notes, *([found.advice] if found.advice else [])):
        click.echo(note)


def _rows(found: Comparison, name: str, family: Sequence[str], test: Test) -> list[list[str]]:
    rows = []
    parts = zip(found.labels, found.intervals(name), found.differences(name, family), strict=True)
    for i, (label, interval, difference) in enumerate(parts):
        first = name if i == 0 else ""
        if interval is None:
            rows.append([first, label, "0", "–", "", "", "", "", ""])
            continue
        beside = ["baseline", "", "", ""] if i == found.baseline else _difference_cells(difference, test)
        rows.append([first, label, str(interval.n), _number(interval.mean, interval), _between(interval), *beside])
    return rows


def _difference_cells(one: Difference | None, test: Test) -> list[str]:
    if one is None:
        return ["–", "", "", ""]
    p = one.corrected(test)
    return [
        f"{'+' if one.interval.mean > 0 else ''}{_number(one.interval.mean, one.interval)}",
        "" if one.exact else _between(one.interval),
        "" if p is None else "<0.001" if p < 0.001 else f"{p:.2g}",
        "" if one.effect is None else f"{one.effect.g:.2f}",
    ]


def _between(interval: Interval) -> str:
    if interval.low is None or interval.high is None or interval.low == interval.high:
        return ""
    return f"{_number(interval.low, interval)} to {_number(interval.high, interval)}"


def _number(value: float, interval: Interval) -> str:
    """With as many places as the interval's width deserves, and a hyphen for a minus, as programs read it."""
    half = interval.half_width
    return amount(value, half).replace("\N{MINUS SIGN}", "-") if half and math.isfinite(value) else number(value)


def _print_differs(differs: WhatDiffers) -> None:
    lines = differs.lines
    width = max(len(address) for address, _ in lines)
    click.echo("what differs")
    for address, words in lines:
        click.echo(f"  {address.ljust(width)}  {words if len(words) <= _LONGEST else f'{words[:_LONGEST]} ...'}")
    for name, words in differs.other_lines:
        click.echo(f"  {name}: {words if len(words) <= _LONGEST else f'{words[:_LONGEST]} ...'}")
    for words in (differs.same_words, *differs.doubts):
        if words:
            click.echo(f"  {words}")
