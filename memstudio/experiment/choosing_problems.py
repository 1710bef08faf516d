"""What can be wrong with what a study decides by itself: matched budgets, tuned axes, hopeless cells, the budget of minutes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from memstudio.experiment import edits, matching, tuning
from memstudio.experiment.cells import cell_cases, count, match_key, reported_axes, tuned_axes
from memstudio.experiment.document import Axis, Document, Match, Solved, Tuned
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.problems import Mend, Problem
from memstudio.measures.names import measure_name, split_name

#: What every run measures on validation.
VALIDATED = ("loss", "accuracy")
#: So many cells are looked at one by one; beyond, those of the first cases.
MOST_CELLS = 24
#: Solutions of the latest experiments (or why there is none), with the catalogue they are of.
_known: dict[tuple[object, ...], tuple[Catalogue, Mapping[str, Solved] | str]] = {}
_KEPT = 16


def choosing_problems(document: Document) -> Iterator[Problem]:
    """Problems that show without any cost: axes matched or tuned in a way that cannot be, choices that would see test."""
    matched = [axis for axis in document.run.vary if axis.match is not None]
    for axis in matched[1:]:
        both = f"Axes {matched[0].name!r} and {axis.name!r} both match a budget"
        yield _vary(f"{both}; only one axis of a study may.", _change(axis, "Remove match from", match=None))
    for axis in matched[:1]:
        yield from _match(document, axis)
    for axis in document.run.vary:
        if axis.range is not None and axis.tuned is None:
            mends = (_change(axis, "Tune", tuned=Tuned()), _remove(axis))
            yield Problem(None, None, "vary", f"Axis {axis.name!r} has a range, out of which only a tuned axis can choose; tune it.", mends)
        elif axis.range is not None and (axis.cases is not None or axis.values is not None):
            yield _vary(
                f"Axis {axis.name!r} has both cases and a range; keep one of the two.", _change(axis, "Remove the range of", range=None)
            )
    yield from _tuned(document)
    yield from _hopeless(document)
    if document.run.minutes is not None and count(document).all == 1:
        reason = "A budget of minutes is for a study; one run alone is not cut short by it."
        yield Problem(None, None, "minutes", reason, (Mend("Remove the budget", partial(edits.set_run, minutes=None)),), "warning")


def solution(document: Document, catalogue: Catalogue) -> tuple[Document, Problem | None]:
    """The document with matched widths solved, as far as that needs no measuring, and the problem where it cannot be."""
    matched = [axis for axis in reported_axes(document) if axis.match is not None]
    if len(matched) != 1 or any(True for _ in _match(document, matched[0])):
        return document, None
    axis = matched[0]
    if axis.match is None or axis.match.what == "step_time":
        return document, None
    found = _solved(_fewer(document), catalogue)
    if isinstance(found, str):
        return document, _vary(found, _change(axis, "Remove match from", match=None))
    return found, None


def _solved(document: Document, catalogue: Catalogue) -> Document | str:
    """The solved document, or why it cannot be; kept while the experiment is the same, for a check follows every edit."""
    tuned = [axis.model_dump_json() for axis in tuned_axes(document)]
    key = (id(catalogue), match_key(document), *tuned)
    if key not in _known:
        try:
            now: Mapping[str, Solved] | str = _match_of(matching.solve(document, catalogue)).solved
        except Refusal as refusal:
            now = str(refusal)
        while len(_known) >= _KEPT:
            _known.pop(next(iter(_known)), None)
        _known[key] = (catalogue, now)
    _, now = _known[key]
    if isinstance(now, str):
        return now
    match = _match_of(document).model_copy(update={"solved": dict(now), "key": match_key(document)})
    vary = [axis if axis.match is None else axis.model_copy(update={"match": match}) for axis in document.run.vary]
    return document.model_copy(update={"run": document.run.model_copy(update={"vary": vary})})


def _match_of(document: Document) -> Match:
    return next(axis.match for axis in document.run.vary if axis.match is not None)


def range_problems(document: Document, catalogue: Catalogue) -> Iterator[Problem]:
    """Ranges of tuned axes that lead nowhere, or out of what a parameter takes, in some cell."""
    told: set[str] = set()
    if not any(axis.range is not None for axis in tuned_axes(document)):
        return
    try:
        cells = cell_cases(document)[:MOST_CELLS]
    except Refusal:
        return
    for axis in (one for one in tuned_axes(document) if one.range is not None):
        for cell in cells:
            try:
                tuning.dimension(document, catalogue, cell, axis)
            except Refusal as refusal:
                if str(refusal) not in told and not str(refusal).startswith("Cell "):
                    told.add(str(refusal))
                    yield _vary(str(refusal), *_narrower(document, catalogue, axis), _remove(axis))


def _narrower(document: Document, catalogue: Catalogue, axis: Axis) -> tuple[Mend, ...]:
    """The range cut to what the parameter takes, where that leaves one."""
    now = tuning.within(document, catalogue, axis)
    if now is None or axis.range is None or now == axis.range:
        return ()
    return (_change(axis, f"Take {now.low:g} to {now.high:g} for", range=now),)


def _fewer(document: Document) -> Document:
    """The study with the first cases of the axes beside the matched one, where it has too many cells to look at each."""
    if count(document).cells <= MOST_CELLS:
        return document
    vary = [axis if axis.match is not None else _first(axis) for axis in document.run.vary]
    return document.model_copy(update={"run": document.run.model_copy(update={"vary": vary})})


def _first(axis: Axis) -> Axis:
    if axis.cases is not None:
        return axis.model_copy(update={"cases": axis.cases[:1]})
    return axis if axis.values is None else axis.model_copy(update={"values": axis.values[:1]})


def _match(document: Document, axis: Axis) -> Iterator[Problem]:
    try:
        matching.refuse_match(document, axis)
    except Refusal as refusal:
        mends = []
        labels = [case.label for case in axis.all_cases()]
        if axis.match is not None and axis.match.to not in labels and labels:
            mends.append(_change(axis, f"Match to {labels[0]} in", match=axis.match.model_copy(update={"to": labels[0]})))
        yield _vary(str(refusal), *mends, _change(axis, "Remove match from", match=None))


def _tuned(document: Document) -> Iterator[Problem]:
    axes = tuned_axes(document)
    if not axes:
        return
    first = axes[0]
    for axis in axes[1:]:
        if axis.tuned != first.tuned:
            reason = f"Axes {first.name!r} and {axis.name!r} are tuned together, so both need the same `tuned`; make them alike."
            yield _vary(reason, _change(axis, f"Tune as {first.name}:", tuned=first.tuned))
    for axis in axes:
        if axis.tuned is None:
            continue
        for sentence, by in _unseen(axis.tuned.by, f"Axis {axis.name!r} chooses by"):
            mends = () if by is None else (_change(axis, f"Choose by {by} in", tuned=axis.tuned.model_copy(update={"by": by})),)
            yield Problem(None, None, "vary", sentence, mends, "error" if by is not None else "warning")
        missing = tuning.missing_method(axis.tuned)
        if missing is not None:
            yield _vary(missing, _change(axis, "Take random for", tuned=axis.tuned.model_copy(update={"method": "random"})))


def _unseen(measure: str, what: str) -> Iterator[tuple[str, str | None]]:
    """A sentence where a measure is one of test (with what to take instead), or where not every run has it (None)."""
    try:
        tuning.refuse_test(measure, what)
    except Refusal as refusal:
        yield str(refusal), _on_validation(measure)
        return
    name, _ = split_name(measure)
    if name not in VALIDATED:
        yield (
            f"{what} {measure}, but of runs only {' and '.join(VALIDATED)} are sure to be measured on validation; nothing may be chosen.",
            None,
        )


def _on_validation(measure: str) -> str:
    try:
        name, labels = split_name(measure)
    except ValueError:
        name, labels = "loss", {}
    kept: Mapping[str, Any] = {key: value for key, value in labels.items() if key == "stage"}
    return measure_name(name if name in VALIDATED else "loss", {**kept, "split": "validation"})


def _hopeless(document: Document) -> Iterator[Problem]:
    rule = document.run.hopeless
    if rule is None:
        return
    for sentence, measure in _unseen(rule.measure, "Hopeless cells are found by"):
        now = None if measure is None else rule.model_copy(update={"measure": measure})
        mends = () if now is None else (Mend(f"Take {measure}", partial(edits.set_run, hopeless=now)),)
        yield Problem(None, None, "hopeless", sentence, mends, "error" if now is not None else "warning")
    remove = Mend("Remove the rule", partial(edits.set_run, hopeless=None))
    if count(document).cells < 2:
        yield Problem(None, None, "hopeless", "There is only one cell, so none can fall behind another.", (remove,), "warning")
    elif rule.after >= document.run.replicates:
        has = f"a cell has only {document.run.replicates:,}"
        reason = f"Hopeless cells are looked for after {rule.after:,} seeds, but {has}; nothing would be saved."
        yield Problem(None, None, "hopeless", reason, (remove,), "warning")


# ---------------------------------------------------------------------------------------------- mends


def _vary(reason: str, *mends: Mend) -> Problem:
    return Problem(None, None, "vary", reason, mends)


def _change(axis: Axis, title: str, **changes: Any) -> Mend:
    return Mend(f"{title} {axis.name}", partial(_changed, name=axis.name, changes=changes))


def _changed(document: Document, name: str, changes: Mapping[str, Any]) -> Document:
    vary = [axis.model_copy(update=changes) if axis.name == name else axis for axis in document.run.vary]
    return document.model_copy(update={"run": document.run.model_copy(update={"vary": vary})})


def _remove(axis: Axis) -> Mend:
    return Mend(f"Remove axis {axis.name}", partial(edits.remove_axis, name=axis.name))
