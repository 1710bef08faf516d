"""The columns of the table of measures: what each says of a row, how a row is said in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from memstudio.desktop.compare.seen import Row, Seen
from memstudio.desktop.words import count, number, size
from memstudio.library.against import Difference

_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Column:
    """One column: its head, what it says of a row (at so many decimals), what it is sorted by (None: a row has nothing), its help."""

    id: str
    title: str
    say: Callable[[Row, int], str]
    order: Callable[[Row], float | None]
    tip: str = ""


def places_of(rows: Sequence[Row]) -> int:
    """How many decimals a measure is shown with in all rows: three figures of the largest mean, more where intervals are narrow."""
    means = [abs(row.interval.mean) for row in rows if row.interval is not None and math.isfinite(row.interval.mean)]
    if not means or all(mean.is_integer() and mean > 1 for mean in means):
        return 0
    usual = 2 - math.floor(math.log10(max(means))) if max(means) > 0 else 3
    halves = [half for row in rows if (half := _half(row)) is not None and math.isfinite(half) and half > 0]
    narrow = -math.floor(math.log10(min(halves))) if halves else usual
    return min(max(0, usual, min(narrow, usual + 2)), 9)


def _fixed(value: float, places: int) -> str:
    return f"{value:,.{places}f}" if math.isfinite(value) else "not finite"


def mean_words(row: Row, places: int) -> str:
    """The mean; a dash where there is none."""
    if row.interval is None:
        return "–"
    text = _fixed(row.interval.mean, places)
    # what rounds to nothing has no sign
    return text.replace("-", _MINUS if text.strip("-0.,") else "")


def half_words(row: Row, places: int) -> str:
    """`± 0.012`, or nothing where there is no interval."""
    half = _half(row)
    return f"± {_fixed(half, places)}" if half else ""


def difference_words(row: Row, places: int) -> str:
    """`baseline`, `−0.039 ± 0.012`, or nothing."""
    if row.is_baseline:
        return "baseline"
    if row.difference is None:
        return ""
    interval = row.difference.interval
    half = None if row.difference.exact else interval.half_width
    text = _fixed(abs(interval.mean), places)
    sign = "" if not text.strip("0.,") else "+" if interval.mean > 0 else _MINUS
    return f"{sign}{text}{f' ± {_fixed(half, places)}' if half else ''}"


def p_words(row: Row) -> str:
    """The test's p after Holm's correction, or nothing."""
    p = row.p
    return "" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"


def told(row: Row, measure: str, places: int) -> str:
    """A row in words, for a tip and for those who hear it."""
    parts = [f"{row.label}: {measure} {mean_words(row, places)} {half_words(row, places)}".strip()]
    if row.finished < row.of:
        parts.append(f"{row.finished} of {row.of} runs finished")
    if row.bad:
        parts.append(f"the value of {count(row.bad, 'seed')} is not finite and left out")
    if row.difference is not None and row.difference.left_out:
        parts.append(f"{count(row.difference.left_out, 'seed')} without a partner")
    if row.is_baseline:
        return "\n".join([*parts, "baseline"])
    if row.difference is not None:
        parts.append(f"difference to the baseline {difference_words(row, places)}")
        parts += _tests(row)
    return "\n".join([*parts, "Press to make it the baseline." if row.finished else "None of its runs has finished."])


def _tests(row: Row) -> list[str]:
    one = row.difference
    if one is None or one.exact or one.p is None:
        return []
    holm = f" after Holm's correction for {one.family}" if one.family else ""
    lines = [f"{'paired' if one.paired else 'Welch'} t test, p = {one.p:.2g}{holm}"]
    if one.p_permutation is not None and one.permutation is not None:
        over = f"{one.permutation.n} seeds" if one.paired else f"{one.permutation.n} runs that do not pair"
        lines.append(f"exact permutation test over {over}, p = {one.p_permutation:.2g}{holm}")
    return [*lines, *_effect(one)]


def _effect(one: Difference) -> list[str]:
    """The size of a difference in standard deviations over seeds."""
    if one.effect is None:
        return []
    words = f"Hedges' g {one.effect.g:.2f} ({one.effect.low:.2f} to {one.effect.high:.2f})".replace("-", _MINUS)
    return [f"{words}, in standard deviations of {'the paired differences' if one.paired else 'the values'}"]


def columns_of(seen: Seen) -> list[Column]:
    """The columns that have something to say."""
    rows = [row for section in seen.sections for row in section.rows]
    found = [
        Column("group", "Group", lambda row, _: row.label, lambda row: float(row.number), "Press a head to sort"),
        Column("mean", "Mean", mean_words, _mean, "Over the seeds that finished"),
    ]
    if any(_half(row) for row in rows):
        found.append(Column("half", "95 %", half_words, _half, "Half the width of the 95 % interval over seeds"))
    if len(seen.rows) > 1:
        tip = "To the baseline, with half the width of its 95 % interval over common seeds"
        found.append(Column("difference", "Difference", difference_words, _difference, tip))
    if any(p_words(row) for row in rows):
        named = "exact permutation test" if seen.wish.test == "permutation" else "paired t test"
        tip = f"Of the {named}, corrected for the number of {'groups and measures' if seen.wish.over_all else 'groups'} after Holm"
        found.append(Column("p", "p", lambda row, _: p_words(row), _p, tip))
    if any(row.state is not None for row in rows):
        found.append(Column("state", "State", _state_words, lambda row: row.state, "Bytes of memory state"))
    if len({row.parameters for row in rows if row.parameters is not None}) > 1:
        found.append(
            Column(
                "parameters",
                "Parameters",
                lambda row, _: "" if row.parameters is None else number(row.parameters),
                lambda row: row.parameters,
                "Trained parameters",
            )
        )
    return found


def _state_words(row: Row, places: int) -> str:
    return "" if row.state is None else size(row.state)


def _mean(row: Row) -> float | None:
    return row.interval.mean if row.interval is not None else None


def _half(row: Row) -> float | None:
    return row.interval.half_width if row.interval is not None else None


def _difference(row: Row) -> float | None:
    return 0.0 if row.is_baseline else row.difference.interval.mean if row.difference is not None else None


def _p(row: Row) -> float | None:
    return row.p
