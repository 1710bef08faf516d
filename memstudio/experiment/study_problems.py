"""What can be wrong with the run and the study: settings, axes, cells, and the rule of a claim."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from memstudio.experiment import addresses, edits, studies
from memstudio.experiment.choosing_problems import choosing_problems, range_problems, solution
from memstudio.experiment.document import Axis, Document, Side
from memstudio.experiment.entries import Catalogue, nearest
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.problems import Mend, Problem
from memstudio.measures.names import split_name

_DEVICE = re.compile(r"^(auto|cpu|mps|cuda(:\d+)?)$")
#: Settings of the run that belong to the study as a whole.
SHARED = {
    f"{addresses.RUN}.replicates": "the number of seeds",
    f"{addresses.RUN}.minutes": "the budget of minutes",
    f"{addresses.RUN}.packed": "how seeds share a pass",
}
#: Every case is looked at in at least one cell; whole products beyond this are looked at when the runs are planned.
MOST_CELLS = 24


def run_problems(document: Document) -> Iterator[Problem]:
    """Problems of the run's settings and of each axis by itself."""
    if not _DEVICE.match(document.run.device):
        reason = f"There is no device {document.run.device!r}; choose auto, cpu, cuda, cuda:1 or mps."
        yield Problem(None, None, "device", reason, (Mend("Take auto", partial(edits.set_run, device="auto")),))
    for index, axis in enumerate(document.run.vary):
        yield from _axis(index, axis)
    names = Counter(axis.name for axis in document.run.vary)
    for name, times in names.items():
        if times > 1:
            yield Problem(None, None, "vary", f"{times} axes are called {name!r}; give each its own name.")
    yield from _set_twice(document)
    yield from choosing_problems(document)


def _axis(index: int, axis: Axis) -> Iterator[Problem]:
    remove = Mend(f"Remove axis {axis.name}", partial(_remove_axis, index=index))
    if axis.cases is not None and (axis.set is not None or axis.values is not None):
        yield _wrong(f"Axis {axis.name!r} has both cases and set with values; keep one of the two.", remove)
    elif axis.cases is None and axis.values and not axis.set:
        yield _wrong(f"Axis {axis.name!r} has values but does not say what they set; add set with an address.", remove)
    elif not axis.all_cases() and axis.range is None:
        yield _wrong(f"Axis {axis.name!r} has no case, so nothing would run; add a case or remove the axis.", remove)
    for label, times in Counter(case.label for case in axis.all_cases()).items():
        if times > 1:
            yield _wrong(f"Axis {axis.name!r} has {times} cases called {label!r}; give each its own label.")
        elif not label.strip():
            yield _wrong(f"Axis {axis.name!r} has a case without a label; give it one.")
    for address in dict.fromkeys(address for case in axis.all_cases() for address in case.set):
        what = SHARED.get(address)
        if what is not None:
            yield _wrong(f"Axis {axis.name!r} varies {what}, which all cells share; set {address} once.", remove)


def _wrong(reason: str, *mends: Mend) -> Problem:
    return Problem(None, None, "vary", reason, mends)


def _remove_axis(document: Document, index: int) -> Document:
    vary = [axis for at, axis in enumerate(document.run.vary) if at != index]
    return document.model_copy(update={"run": document.run.model_copy(update={"vary": vary})})


def _set_twice(document: Document) -> Iterator[Problem]:
    setting: dict[str, str] = {}
    for axis in document.run.vary:
        ranged = [axis.set] if axis.range is not None and axis.set else []
        for address in dict.fromkeys([*ranged, *(address for case in axis.all_cases() for address in case.set)]):
            if address in setting:
                yield _wrong(f"Axes {setting[address]!r} and {axis.name!r} both set {address}; only one may.")
            setting.setdefault(address, axis.name)


# ---------------------------------------------------------------------------------------------- cells


def cell_problems(
    document: Document, catalogue: Catalogue, base: Iterable[Problem], look: Callable[[Document], Iterable[Problem]]
) -> Iterator[Problem]:
    """What is wrong in a cell and not in the document as it stands; `look` finds the problems of one document."""
    looked = [axis for axis in document.run.vary if axis.range is None]
    if not document.run.vary or any(not axis.all_cases() or (axis.cases is None and not axis.set) for axis in looked):
        return
    number = studies.count(document).all
    if number > studies.MOST_RUNS:
        reason = f"This study comes to {number:,} runs; at most {studies.MOST_RUNS:,} fit into one, so leave out cases or seeds."
        yield Problem(None, None, "vary", reason)
    labels = Counter(", ".join(case.label for case in row) for row in _rows(looked))
    twice = next((label for label, times in labels.items() if times > 1), None)
    if twice is not None and all(len({case.label for case in axis.all_cases()}) == len(axis.all_cases()) for axis in looked):
        yield _wrong(f"Two cells are called {twice!r}; give their cases other labels.")
    yield from range_problems(document, catalogue)
    found_widths: Mapping[str, Any] = {}
    # what is wrong with the model as it stands would only be told again as a budget that cannot be matched
    if not any(one.severity == "error" for one in base):
        solved, unsolved = solution(document, catalogue)
        found_widths = {cell.plain: cell.sets for cell in studies.cell_cases(solved) if cell.matched}
        if unsolved is not None:
            yield unsolved
    # What is wrong at a place of the document as it stands is told once, and mended there first.
    told = {(one.node, one.port, one.parameter, None if one.node else one.reason) for one in base}
    known: set[tuple[object, ...]] = set()
    bare = document.model_copy(update={"run": document.run.model_copy(update={"vary": []})})
    reported = [place for place, axis in enumerate(looked) if axis.tuned is None]
    for row in _rows(looked):
        label = ", ".join(case.label for case in row)
        sets = {address: value for case in row for address, value in case.set.items()}
        sets |= found_widths.get(", ".join(row[place].label for place in reported), {})
        made, problem = _apply(bare, sets, catalogue, document.run.vary, label)
        found = [problem] if problem else [one for one in look(made) if one.severity == "error"]
        for one in found:
            key = (one.node, one.port, one.parameter, one.reason)
            if key not in known and (*key[:3], None if one.node else one.reason) not in told:
                known.add(key)
                reason = one.reason if problem else f"With {label!r}: {_without_question(one)}"
                yield Problem(one.node, one.port, one.parameter, reason, one.mends if problem else ())


def _without_question(problem: Problem) -> str:
    """The reason without the mend it asks after: a mend of a cell would change the document as it stands."""
    question = f" {problem.mends[0].title}?" if problem.mends else ""
    return problem.reason.removesuffix(question) if question else problem.reason


def _rows(axes: list[Axis]) -> list[tuple[Any, ...]]:
    """The cells to look at: all while they are few, else each case once with the first of the other axes."""
    cases = [axis.all_cases() for axis in axes]
    if math.prod(len(one) for one in cases) <= MOST_CELLS:
        return list(itertools.product(*cases))
    first = [one[0] for one in cases]
    rows = [tuple(first)]
    for at, some in enumerate(cases):
        rows += [(*first[:at], case, *first[at + 1 :]) for case in some[1:]]
    return rows


def _apply(bare: Document, sets: Mapping[str, Any], catalogue: Catalogue, axes: list[Axis], label: str) -> tuple[Document, Problem | None]:
    """The cell's document, or the first thing it sets that cannot be set."""
    made = bare
    for address in studies.in_order(sets):
        try:
            made = addresses.put(made, address, sets[address], catalogue)[0]
        except Refusal as error:
            name = next((axis.name for axis in axes if any(address in case.set for case in axis.all_cases())), "")
            node, _, rest = address.partition(".")
            known = node in {one.id for one in bare.nodes}
            reason = f"Axis {name!r} with {label!r}: {error}"
            mend = Mend(f"Leave out {address}", partial(_leave_out, address=address))
            return made, Problem(node if known else None, None, rest if known else "vary", reason, (mend,))
    return made, None


def _leave_out(document: Document, address: str) -> Document:
    """The study without that address in any case; an axis that sets nothing else goes."""
    vary = []
    for axis in document.run.vary:
        if axis.cases is not None:
            cases = [case.model_copy(update={"set": {at: v for at, v in case.set.items() if at != address}}) for case in axis.cases]
            if any(case.set for case in cases) or not any(case.set for case in axis.cases):
                vary.append(axis.model_copy(update={"cases": cases}))
        elif axis.set != address:
            vary.append(axis)
    return document.model_copy(update={"run": document.run.model_copy(update={"vary": vary})})


# ---------------------------------------------------------------------------------------------- claims


def claim_problems(document: Document) -> Iterator[Problem]:
    """Statements of the rule that speak of cells the study has not, or of no measure's name."""
    if document.claim is None or any(not axis.all_cases() and axis.range is None for axis in document.run.vary):
        return
    try:
        cells = studies.cell_cases(document)
    except Refusal:
        return
    labels = list(dict.fromkeys(label for cell in cells for label in (cell.label, cell.plain)))
    for statement in document.claim.rule:
        for side in (statement.left, statement.right):
            if not isinstance(side, Side):
                continue
            if side.cell is not None and side.cell not in labels:
                yield _claim(f"{statement.says!r} speaks of cell {side.cell!r}, which the study has not{nearest(side.cell, labels)}.")
            elif side.cell is None and len(cells) > 1:
                yield _claim(f"{statement.says!r} does not say which of {len(cells)} cells {side.measure} is of; name the cell.")
            try:
                split_name(side.measure)
            except ValueError as error:
                yield _claim(f"{statement.says!r}: {error}")


def _claim(reason: str) -> Problem:
    """A warning: a copy of a gallery study that someone changes still runs, only its claim can no longer be judged."""
    return Problem(None, None, "claim", reason, (Mend("Leave the claim out", _without_claim),), "warning")


def _without_claim(document: Document) -> Document:
    return document.model_copy(update={"claim": None})
