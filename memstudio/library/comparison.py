"""Runs compared: groups over seeds, their measures with intervals, differences to a baseline, in numbers and in words."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from memstudio.experiment.entries import Catalogue, nearest
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.wording import counted
from memstudio.library.against import Difference, Test, Values, differences, differences_of_all, too_few_seeds
from memstudio.library.baselines import kept_baseline
from memstudio.library.groups import By, Gathered, Group, Reading, Way, advice, gather, group, left_out, over_blocks, ways
from memstudio.library.library import Library
from memstudio.library.sentences import Sentence, difference_sentence
from memstudio.library.what_differs import WhatDiffers, what_differs
from memstudio.measures.intervals import Interval, mean_interval

#: measures that say most, in this order; the others follow by name
MAIN = ("recall", "average_accuracy", "accuracy", "forgetting", "ece", "nll", "brier", "loss", "parameters", "state_bytes", "buffer_bytes")
#: measures of the training itself: last
_TRAINING = ("learning_rate", "gradient_norm", "update_ratio", "seconds_per_step", "probe_share")


def in_reading_order(names: Iterable[str]) -> list[str]:
    """Measures as they are listed: what says most, other bare ones, those in brackets, those of the training."""

    def rank(name: str) -> tuple[int, int, list[tuple[float, str]]]:
        bare, labels = name.partition("[")[::2]
        late = 3 if bare in _TRAINING or "split=train" in labels else 2 if "stage=" in labels else 1 if labels else 0
        parts = [(float(part), "") if re.fullmatch(r"\d+(\.\d+)?", part) else (math.inf, part) for part in re.split(r"(\d+\.?\d*)", name)]
        return late, MAIN.index(bare) if bare in MAIN else len(MAIN), parts

    return sorted(set(names), key=rank)


@dataclass(frozen=True)
class Comparison:
    """Groups beside each other. by: how runs became groups; baseline: the number of the group the others are compared with.

    values: for each group, measure -> (seed of weights, seed of data) -> its last value; notes: sentences about runs that do not count;
    ways: by what else the runs can be put together; advice: what to do where there are too many groups to tell apart.
    """

    title: str
    by: By
    groups: tuple[Group, ...]
    values: tuple[Mapping[str, Values], ...]
    baseline: int
    differs: WhatDiffers
    notes: tuple[str, ...]
    ways: tuple[Way, ...] = ()
    advice: str = ""

    @property
    def runs(self) -> int:
        """How many runs the groups have, those that do not count included."""
        return sum(len(one.runs) for one in self.groups)

    @property
    def labels(self) -> tuple[str, ...]:
        """The groups' labels."""
        return tuple(one.label for one in self.groups)

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """Every measure that a group has, in reading order."""
        return tuple(in_reading_order(name for of_group in self.values for name in of_group))

    @property
    def headline(self) -> str:
        """The measure that says most, of those that most groups have; "" where nothing was measured."""
        return headline(self.values, self.measures)

    def of(self, measure: str) -> tuple[Values, ...]:
        """The values of one measure by seed, a mapping a group."""
        return tuple(of_group.get(measure, {}) for of_group in self.values)

    def intervals(self, measure: str) -> tuple[Interval | None, ...]:
        """Mean and 95 % interval over seeds of each group; None where it was not measured.

        Seeds whose value is not finite are left out (see `missing`), unless all are.
        """
        return tuple(interval_of(values) for values in self.of(measure))

    def differences(self, measure: str, family: Sequence[str] = ()) -> tuple[Difference | None, ...]:
        """Each group less the baseline, tested; None for the baseline and where a value is missing.

        p values are corrected over the groups; with `family`, over the tests of all these measures together.
        """
        if measure not in family:
            return differences(self.of(measure), self.baseline)
        return self._of_family(tuple(family))[measure]

    def _of_family(self, family: tuple[str, ...]) -> Mapping[str, tuple[Difference | None, ...]]:
        if family not in self._families:
            found = differences_of_all([self.of(name) for name in family], self.baseline)
            self._families[family] = dict(zip(family, found, strict=True))
        return self._families[family]

    @cached_property
    def _families(self) -> dict[tuple[str, ...], Mapping[str, tuple[Difference | None, ...]]]:
        return {}

    def sentences(self, measure: str, family: Sequence[str] = (), test: Test = "t") -> tuple[Sentence, ...]:
        """Every group against the baseline in words, as the groups follow each other; then what the seeds cannot show or do not have."""
        found = self.differences(measure, family)
        label = self.groups[self.baseline].label
        said = [
            difference_sentence(measure, self.groups[i].label, label, one, self._costs(i), test)
            for i, one in enumerate(found)
            if one is not None
        ]
        doubts = [doubt for doubt in (too_few_seeds(found), *self.missing(measure)) if doubt]
        return (*said, *(Sentence(((doubt, False),)) for doubt in doubts))

    def missing(self, measure: str) -> tuple[str, ...]:
        """What of the finished runs has no value of a measure, or none that counts, a sentence a group."""
        sentences = []
        for one, values in zip(self.groups, self.of(measure), strict=True):
            seeds = one.of_seeds
            bad = sum(not math.isfinite(value) for value in values.values())
            without = len(seeds) - len(values)
            if bad:
                which = "its value" if len(values) == 1 else f"the value of {bad:,} of {counted(len(values), 'seed')}"
                rest = "" if bad == len(values) else f"; the mean is over {'the others' if len(values) - bad > 1 else 'the other'}"
                sentences.append(f"{one.label}: {which} is not finite{rest}.")
            if without and values:
                sentences.append(f"{one.label}: {without:,} of {counted(len(seeds), 'seed')} did not measure this.")
        return tuple(sentences)

    def _costs(self, at: int) -> dict[str, tuple[float, float]]:
        found = {}
        for cost in ("state_bytes", "parameters"):
            pair = [self.values[i].get(cost, {}) for i in (at, self.baseline)]
            if all(pair):
                mine, theirs = (math.fsum(values.values()) / len(values) for values in pair)
                found[cost] = (mine, theirs)
        return found

    def with_baseline(self, label: str) -> Comparison:
        """The same against another group. Raises Refusal where there is none of that label."""
        if label not in self.labels:
            listed = ", ".join(repr(one) for one in self.labels[:8]) + (" ..." if len(self.groups) > 8 else "")
            raise Refusal(f"There is no group {label!r}{nearest(label, self.labels)}; there are {listed}.")
        return replace(self, baseline=self.labels.index(label))


def compare(
    library: Library, names: Sequence[str], *, by: By | None = None, baseline: str | None = None, known: Catalogue | None = None
) -> Comparison:
    """Compares runs and studies (uids or their beginnings). by: how runs become groups, see `groups.group`.

    baseline: a group's label; None: the one the library keeps, else the first that has a finished run. known: the catalogue, so that
    values left at their defaults count as what they stand for. Raises Refusal where a name or the baseline is unknown.
    """
    return comparison_of(library, gather(library, names), by=by, baseline=baseline, known=known)


def comparison_of(
    library: Library, gathered: Gathered, *, by: By | None = None, baseline: str | None = None, known: Catalogue | None = None
) -> Comparison:
    """The same of runs that were gathered before."""
    groups, taken = group(library, gathered, by, known)
    reading = Reading(library, known)
    there = ways(reading, gathered)
    last = library.measures_of([row.uid for one in groups for row in one.finished])
    made = Comparison(
        title=gathered.title,
        by=taken,
        groups=groups,
        values=values_of(groups, last),
        baseline=_baseline(library, gathered, groups, taken),
        differs=what_differs(library, groups, reading),
        notes=(*over_blocks(groups), *left_out(groups)),
        ways=there,
        advice=advice(groups, there),
    )
    return made if baseline is None else made.with_baseline(baseline)


def _baseline(library: Library, gathered: Gathered, groups: Sequence[Group], by: By) -> int:
    """The number of the baseline: the one that is kept where it has a finished run, else the first that has one."""
    kept = kept_baseline(library, gathered, groups, by)
    if kept is not None and groups[kept].by_seed:
        return kept
    return next((i for i, one in enumerate(groups) if one.by_seed), 0)


def values_of(groups: Sequence[Group], last: Mapping[str, Mapping[str, float]]) -> tuple[dict[str, Values], ...]:
    """The value of every measure for each seed of each group. last: run uid -> measure -> value.

    Where groups have blocks (the settings of other axes), a seed counts with the mean over those that all groups have, if it has them all.
    """
    blocks = [{block for _, block in one.by_place} for one in groups if one.by_place]
    shared = set.intersection(*blocks) if blocks else set()
    return tuple(_values(one, last, shared) for one in groups)


def _values(one: Group, last: Mapping[str, Mapping[str, float]], shared: Collection[str]) -> dict[str, Values]:
    found: dict[str, dict[tuple[int, int], list[float]]] = {}
    for (seed, block), row in one.by_place.items():
        if block in shared:
            for name, value in last[row.uid].items():
                found.setdefault(name, {}).setdefault(seed, []).append(value)
    # a seed without one of the blocks would be a mean of something else
    whole = {name: {seed: parts for seed, parts in seeds.items() if len(parts) == len(shared)} for name, seeds in found.items()}
    return {name: {seed: math.fsum(parts) / len(parts) for seed, parts in seeds.items()} for name, seeds in whole.items() if seeds}


def headline(values: Sequence[Mapping[str, Values]], measures: Sequence[str]) -> str:
    """The first of these measures that as many groups have as any; "" where there is none."""
    most = max((sum(name in of_group for of_group in values) for name in measures), default=0)
    return next((name for name in measures if sum(name in of_group for of_group in values) == most), "")


def interval_of(values: Values) -> Interval | None:
    """Mean and interval over the seeds whose value is finite (over all where none is); None where there is no seed."""
    if not values:
        return None
    finite = [value for value in values.values() if math.isfinite(value)]
    return mean_interval(finite or values.values())


def heading(comparison: Comparison) -> str:
    """`9 runs of “Who remembers under load”`, `4 runs`."""
    runs = counted(comparison.runs, "run")
    return f"{runs} of “{comparison.title}”" if comparison.title else runs


#: the columns of `table_rows`
TABLE = (
    *("measure", "group", "mean", "low", "high", "n"),
    *("difference", "difference_low", "difference_high", "difference_n"),
    *("p", "p_holm", "p_permutation", "p_permutation_holm"),
    *("g", "g_low", "g_high", "seeds_left_out", "not_finite"),
)


def table_rows(comparison: Comparison, measures: Sequence[str] = (), family: Sequence[str] = ()) -> list[tuple[str | float | None, ...]]:
    """A row, as TABLE names it, for each measure (of those given, else of all) of each group that has it; None where there is nothing.

    family: the measures whose tests Holm's rule corrects together.
    """
    rows: list[tuple[str | float | None, ...]] = []
    for name in measures or comparison.measures:
        for label, interval, one in zip(comparison.labels, comparison.intervals(name), comparison.differences(name, family), strict=True):
            if interval is not None:
                rows.append((name, label, interval.mean, interval.low, interval.high, interval.n, *_beside(one)))
    return rows


def _beside(one: Difference | None) -> tuple[float | None, ...]:
    if one is None:
        return (None,) * (len(TABLE) - 6)
    p, q = one.t.p if one.t is not None else None, one.permutation.p if one.permutation is not None else None
    effect = (one.effect.g, one.effect.low, one.effect.high) if one.effect is not None else (None, None, None)
    interval = one.interval
    difference = (interval.mean, interval.low, interval.high, interval.n)
    return (*difference, p, one.p, q, one.p_permutation, *effect, one.left_out, one.not_finite)
