"""Cells that are given up early: worse than the best one, beyond doubt over seeds, on validation."""

from __future__ import annotations

import math
from collections.abc import Mapping

from memstudio.experiment.document import Hopeless
from memstudio.experiment.tuning import refuse_test
from memstudio.measures.intervals import mean_interval

#: differences closer together than this share of the values are the same number, written with rounding
NO_SCATTER = 1e-12


def hopeless_cells(rule: Hopeless, values: Mapping[str, Mapping[int, float]]) -> dict[str, str]:
    """The cells to give up, each with the reason in words.

    values: of each cell the measure by replicate, of its finished runs. A cell is given up once it and the best cell have
    `after` replicates in common, over which it is worse by more than `margin` on average and the whole 95 % interval of the
    paired difference lies on the wrong side. Differences that are all the same give an interval without width, which says nothing:
    the cell gets its next seed. The best cell is the one with the best mean of those with so many replicates.
    Raises Refusal where the measure is one of test.
    """
    refuse_test(rule.measure, "Hopeless cells are found by")
    sign = 1 if rule.better == "lowest" else -1
    finite = {cell: {r: v for r, v in by.items() if math.isfinite(v)} for cell, by in values.items()}
    ready = {cell: by for cell, by in finite.items() if len(by) >= rule.after}
    if len(ready) < 2:
        return {}
    best = min(ready, key=lambda cell: (sign * sum(ready[cell].values()) / len(ready[cell]), list(ready).index(cell)))
    found = {}
    for cell, by in ready.items():
        common = sorted(by.keys() & ready[best].keys())
        if cell == best or len(common) < rule.after:
            continue
        differences = [sign * (by[r] - ready[best][r]) for r in common]
        if max(differences) - min(differences) <= NO_SCATTER * max(abs(value) for value in by.values()):
            continue
        worse = mean_interval(differences)
        if worse.low is not None and worse.low > 0 and worse.mean > rule.margin:
            found[cell] = (
                f"Given up after {len(common):,} seeds: {rule.measure} is {worse.mean:.3g} worse than with {best!r}"
                f" (95 % interval {worse.low:.3g} to {worse.high:.3g})."
            )
    return found
