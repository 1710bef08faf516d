"""Groups against a baseline: differences over common seeds with their interval, tests, and Holm's correction over the groups."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from memstudio.experiment.wording import counted
from memstudio.library.groups import Seed
from memstudio.measures.effects import Effect, paired_effect, pooled_effect
from memstudio.measures.intervals import Interval, mean_interval, t_quantile
from memstudio.measures.tests import MOST_PAIRS, Significance, holm, paired_permutation, paired_t, unpaired_permutation, welch_t

#: the p below which a difference is called significant
LEVEL = 0.05
#: which test is spoken of: Student's (Welch's where seeds do not pair), or the exact permutation test
Test = Literal["t", "permutation"]
#: the value of a measure in each seed that has finished
Values = Mapping[Seed, float]


@dataclass(frozen=True)
class Difference:
    """A group less the baseline in one measure. interval: its 95 % interval, over the common seeds where they pair; without one where
    all pairs differ by the same.

    paired: whether the seeds pair (else Welch's interval and test); exact: nothing here depends on the seed, so there is nothing to test;
    t, permutation: the tests; p, p_permutation: theirs after Holm's correction over `compared` tests, which are of `measures` measures;
    left_out: seeds that only one side has, where others pair; not_finite: seeds left out because a value is NaN or infinite;
    sides: the values compared, in pairs where they pair.
    """

    interval: Interval
    paired: bool
    exact: bool = False
    t: Significance | None = None
    permutation: Significance | None = None
    p: float | None = None
    p_permutation: float | None = None
    compared: int = 1
    measures: int = 1
    left_out: int = 0
    not_finite: int = 0
    sides: tuple[tuple[float, ...], tuple[float, ...]] = field(default=((), ()), repr=False)

    @property
    def even(self) -> bool:
        """Whether all pairs, two or more, differ by the same though their values scatter: nothing to judge an interval or t by."""
        return self.paired and self.interval.low is None and self.interval.n > 1

    @property
    def told_apart(self) -> bool:
        """Whether the whole interval lies on one side of 0, or the difference is exact and not 0."""
        if self.exact:
            return self.interval.mean != 0
        low, high = self.interval.low, self.interval.high
        return low is not None and high is not None and (low > 0 or high < 0)

    @cached_property
    def effect(self) -> Effect | None:
        """The difference in standard deviations over seeds (Hedges' g); None where there are too few values, or none scatters."""
        if self.exact or self.even or not self.sides[0]:
            return None
        return (paired_effect if self.paired else pooled_effect)(*self.sides)

    def corrected(self, test: Test = "t") -> float | None:
        """The p of a test after Holm's correction; None where it was not made."""
        return self.p if test == "t" else self.p_permutation

    @property
    def family(self) -> str:
        """What Holm's rule corrected for: `3 groups`, `12 tests of 4 measures`; empty where one test stands alone."""
        if self.compared < 2:
            return ""
        return f"{self.compared:,} tests of {self.measures:,} measures" if self.measures > 1 else counted(self.compared, "group")


def difference(first: Values, second: Values) -> Difference | None:
    """first − second: paired over the seeds both have, else between two sets of seeds.

    Seeds with a value that is not finite are left out and counted. None where that leaves a side without a value.
    """
    common = [seed for seed in first if seed in second]
    if common:
        kept = [seed for seed in common if math.isfinite(first[seed]) and math.isfinite(second[seed])]
        if not kept:
            return None
        made = _paired(tuple(first[seed] for seed in kept), tuple(second[seed] for seed in kept))
        left_out = len(first) + len(second) - 2 * len(common)
        return replace(made, left_out=left_out, not_finite=len(common) - len(kept))
    a, b = (tuple(value for value in side.values() if math.isfinite(value)) for side in (first, second))
    return replace(_apart(a, b), not_finite=len(first) + len(second) - len(a) - len(b)) if a and b else None


def _paired(a: tuple[float, ...], b: tuple[float, ...]) -> Difference:
    interval = mean_interval(x - y for x, y in zip(a, b, strict=True))
    if len(a) == 1 or _constant(a, b):
        return Difference(interval, True, len(a) > 1, sides=(a, b))
    permutation = paired_permutation(a, b) if len(a) <= MOST_PAIRS else None
    if _even(a, b):
        # Two seeds of a measure that counts items often differ by the same number of items: no scatter was seen, which is no certainty.
        bare = Interval(interval.mean, None, None, len(a))
        return Difference(bare, True, False, Significance(None, math.nan, len(a)), permutation, sides=(a, b))
    return Difference(interval, True, False, paired_t(a, b), permutation, sides=(a, b))


def _apart(a: tuple[float, ...], b: tuple[float, ...]) -> Difference:
    if min(len(a), len(b)) == 1:
        return Difference(Interval(_mean(a) - _mean(b), None, None, 1), False, _constant(a, b), sides=(a, b))
    if _constant(a, b):
        return Difference(welch_interval(a, b), False, True, sides=(a, b))
    exact = unpaired_permutation(a, b) if len(a) + len(b) <= MOST_PAIRS else None
    return Difference(welch_interval(a, b), False, False, welch_t(a, b), exact, sides=(a, b))


def _constant(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether no value depends on the seed: the number of parameters, the bytes of a state."""
    return min(len(a), len(b)) > 1 and len(set(a)) == 1 and len(set(b)) == 1


def _even(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether all pairs differ by the same, to the rounding of their values: a t test would divide by 0."""
    apart = [x - y for x, y in zip(a, b, strict=True)]
    return max(apart) - min(apart) <= 1e-12 * max(map(abs, (*a, *b)))


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def welch_interval(first: Sequence[float], second: Sequence[float], level: float = 0.95) -> Interval:
    """The difference of two means with Welch's interval, for seeds that do not pair; n is that of the smaller side, which has 2 or more.

    Source: Welch (1947).
    """
    parts = []
    for values in (first, second):
        mean = _mean(values)
        parts.append((mean, math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values), len(values)))
    (a, va, na), (b, vb, nb) = parts
    error = math.sqrt(va + vb)
    degrees = (va + vb) ** 2 / (va**2 / (na - 1) + vb**2 / (nb - 1)) if error else na + nb - 2
    half = t_quantile((1 + level) / 2, degrees) * error
    return Interval(a - b, a - b - half, a - b + half, min(na, nb))


def differences(groups: Sequence[Values], baseline: int) -> tuple[Difference | None, ...]:
    """Every group less the baseline (None for the baseline itself), corrected for how many are tested."""
    return corrected_together([_against(groups, baseline)])[0]


def differences_of_all(measures: Sequence[Sequence[Values]], baseline: int) -> list[tuple[Difference | None, ...]]:
    """The same for several measures, with the tests of all of them corrected together: one family."""
    return corrected_together([_against(groups, baseline) for groups in measures])


def _against(groups: Sequence[Values], baseline: int) -> list[Difference | None]:
    return [None if i == baseline else difference(values, groups[baseline]) for i, values in enumerate(groups)]


def corrected_together(found: Sequence[Sequence[Difference | None]]) -> list[tuple[Difference | None, ...]]:
    """Differences of one measure or several (a row each) after Holm's correction over all their tests."""
    flat = [one for row in found for one in row]
    for_t, m = _corrected([one.t if one is not None else None for one in flat])
    for_permutation, k = _corrected([one.permutation if one is not None else None for one in flat])
    tested = sum(any(one is not None and (one.t or one.permutation) for one in row) for row in found)
    ready = iter(
        None if one is None else replace(one, p=p, p_permutation=q, compared=max(1, m, k), measures=max(1, tested))
        for one, p, q in zip(flat, for_t, for_permutation, strict=True)
    )
    return [tuple(next(ready) for _ in row) for row in found]


def _corrected(tests: Sequence[Significance | None]) -> tuple[list[float | None], int]:
    at = [i for i, test in enumerate(tests) if test is not None and test.p is not None]
    ps = holm([p for i in at if (test := tests[i]) is not None and (p := test.p) is not None])
    corrected: list[float | None] = [None] * len(tests)
    for i, p in zip(at, ps, strict=True):
        corrected[i] = p
    return corrected, len(at)


def seeds_needed(compared: int, level: float = LEVEL) -> int:
    """The fewest paired seeds with which an exact permutation test can come below the level after Holm's correction."""
    return next(n for n in range(2, 64) if compared * 2.0 ** (1 - n) <= level)


def too_few_seeds(found: Iterable[Difference | None]) -> str:
    """The honest sentence where so few seeds cannot reach significance by a test that assumes nothing; else empty."""
    there = [one for one in found if one is not None and not one.exact]
    if there and all(one.t is None for one in there):
        which = "One common seed" if any(one.paired for one in there) else "One run a group"
        return f"{which} gives neither an interval nor a test; run three seeds or more."
    exact = [one for one in there if one.permutation is not None]
    if not exact:
        return ""
    best = min(exact, key=lambda one: one.permutation.least_p if one.permutation is not None else 1.0)
    assert best.permutation is not None
    m = max(one.compared for one in exact)
    m = m if m > 1 else len(exact)
    least = min(1.0, m * best.permutation.least_p)
    if least <= LEVEL:
        return ""
    family = replace(best, compared=m).family
    corrected = f" after Holm's correction for {family}" if family else ""
    those = f"{best.permutation.n:,} seeds" if best.paired else f"{best.permutation.n:,} runs that do not pair"
    could = f"{seeds_needed(m):,} seeds could" if best.paired else f"{seeds_needed(m):,} common seeds could"
    return (
        f"With {those} the exact permutation test cannot go below p = {least:.3g}{corrected}, however large a difference is; "
        f"{could}. The t test trusts that differences scatter normally."
    )
