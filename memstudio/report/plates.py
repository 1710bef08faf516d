"""Which figures there are of what was asked about, and each of them by its name."""

from __future__ import annotations

from collections.abc import Iterator

from memstudio.experiment.entries import Catalogue, nearest
from memstudio.experiment.parameters import Refusal
from memstudio.library.library import Library
from memstudio.library.overlays import LAST, Overlaid, curve_overlay, matrices, overlaid, reliability, series_overlay
from memstudio.library.study_figure import figure_of
from memstudio.report.asked import Asked
from memstudio.report.cells import study_plate
from memstudio.report.diagrams import reliability_plate
from memstudio.report.lines import BINS, overlay_plate
from memstudio.report.matrices import forgetting_plate, matrix_plate
from memstudio.report.plate import Plate
from memstudio.report.words import bare

#: the figure of the study itself
STUDY = "study"
#: curves that say most, in this order
_FIRST = ("recall_by_load", "recall_by_stored", "average_accuracy_by_task", "accuracy_by_severity", "recall_by_noise", "recall_by_distance")
#: series that stand in every report, the first of them that there is
_LEARNING = ("loss[split=train]", "loss[split=train,stage=learn]", "loss")
#: figures of one kind in a report at most
_MOST = 4


def names(there: Overlaid) -> list[str]:
    """What a figure can be asked for by: `study`, curves, diagrams, matrices, `forgetting`, series."""
    forgetting = [_forgetting(name) for name in there.matrices if _is_of_tasks(name)]
    return [STUDY, *there.curves, *there.reliability, *there.matrices, *forgetting, *there.series]


def _is_of_tasks(matrix: str) -> bool:
    """Whether a matrix is of tasks after tasks: others (recall by depth and length) have nothing that is forgotten."""
    return bare(matrix) == "accuracy_matrix"


def _forgetting(matrix: str) -> str:
    """`forgetting` of `accuracy_matrix`, with its labels."""
    return f"forgetting_curves{matrix[len(bare(matrix)) :]}"


def plate(
    library: Library,
    asked: Asked,
    name: str = STUDY,
    measure: str | None = None,
    kind: str = "",
    known: Catalogue | None = None,
    step: int | None = None,
) -> Plate:
    """The figure of that name; a measure's name stands for the study's figure of it. Raises Refusal: unknown.

    measure, kind: of the study's figure (lines, dots or heat); step: curves as stored at this step or before, None: the newest.
    """
    groups, labels = asked.comparison.groups, asked.comparison.labels
    at = LAST if step is None else step
    if name == STUDY:
        return study_plate(figure_of(library, asked.gathered, measure, known=known), kind)
    there = overlaid(library, groups)
    matrix = next((one for one in there.matrices if _is_of_tasks(one) and _forgetting(one) == name), None)
    if name in there.curves:
        return overlay_plate(curve_overlay(library, groups, name, at), labels, f"curve:{name}")
    if name in there.reliability:
        return reliability_plate(reliability(library, groups, name, at), labels, f"curve:{name}")
    if name in there.matrices:
        return matrix_plate(matrices(library, groups, name, at), labels, f"curve:{name}")
    if matrix is not None:
        return forgetting_plate(matrices(library, groups, matrix, at), labels, f"forgetting:{matrix}")
    if name in there.series:
        return overlay_plate(series_overlay(library, groups, name, BINS), labels, f"series:{name}")
    if name in asked.comparison.measures:
        return study_plate(figure_of(library, asked.gathered, name, known=known), kind)
    every = names(there)
    listed = ", ".join(every[:10]) + (" ..." if len(every) > 10 else "")
    raise Refusal(f"There is no figure {name!r}{nearest(name, every)}; of these runs there are {listed}.")


def worth_showing(library: Library, asked: Asked, known: Catalogue | None = None) -> Iterator[Plate]:
    """The figures of a report: the study's own, curves, what is forgotten, calibration, learning."""
    groups, labels = asked.comparison.groups, asked.comparison.labels
    if len(groups) > 1:
        yield study_plate(figure_of(library, asked.gathered, known=known))
    there = overlaid(library, groups)
    last = [name for name in there.curves if "stage=" not in name]
    curves = sorted(last, key=lambda name: (_FIRST.index(bare(name)) if bare(name) in _FIRST else len(_FIRST), len(name), name))
    for name in curves[:_MOST]:
        yield overlay_plate(curve_overlay(library, groups, name), labels, f"curve:{name}")
    for name in there.matrices[:1]:
        found = matrices(library, groups, name)
        yield matrix_plate(found, labels, f"curve:{name}")
        if _is_of_tasks(name):
            yield forgetting_plate(found, labels, f"forgetting:{name}")
    for name in [one for one in there.reliability if "stage=" not in one][:1]:
        yield reliability_plate(reliability(library, groups, name), labels, f"curve:{name}")
    learning = next((name for name in _LEARNING if name in there.series), None)
    if learning is not None:
        yield overlay_plate(series_overlay(library, groups, learning, BINS), labels, f"series:{learning}")
