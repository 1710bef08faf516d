"""Which group the others are compared with, as the library keeps it: a study's own cell, else the run that is the baseline."""

from __future__ import annotations

from collections.abc import Sequence

from memstudio.library.groups import By, Gathered, Group
from memstudio.library.library import Library


def kept_baseline(library: Library, gathered: Gathered, groups: Sequence[Group], by: By) -> int | None:
    """The number of the group that is kept as the baseline: the study's cell, else the group of the run that is it; None without one."""
    if by == "cells" and len(gathered.studies) == 1 and (cell := gathered.studies[0].baseline) is not None:
        found = next((i for i, one in enumerate(groups) if one.runs[0].cell == cell and one.runs[0].study == gathered.studies[0].uid), None)
        if found is not None:
            return found
    run = library.baseline()
    return next((i for i, one in enumerate(groups) if any(row.uid == run for row in one.runs)), None) if run is not None else None


def keep_baseline(library: Library, studies: Sequence[str], by: By, one: Group) -> None:
    """Keeps a group as the baseline: as the cell of the one study that is compared, else as its first run. Raises Refusal: read-only."""
    if len(studies) == 1 and by == "cells":
        library.set_baseline_cell(studies[0], one.runs[0].cell)
    elif one.finished:
        library.set_baseline(one.finished[0].uid)
