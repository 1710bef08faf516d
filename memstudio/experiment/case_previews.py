"""What each case of an axis becomes, before anything is applied: values that carry over or do not, widths that are found, what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from memstudio.experiment import addresses, axis_edits, matching, swapping
from memstudio.experiment.addresses import COMPONENT
from memstudio.experiment.cells import cell_cases, in_order, match_key
from memstudio.experiment.declarations import Cost
from memstudio.experiment.document import Case, Document, Solved
from memstudio.experiment.entries import Catalogue, Entry
from memstudio.experiment.parameters import Refusal


@dataclass(frozen=True)
class CasePreview:
    """One case. kept: titles of values that another component takes over; lost: of those that it has no place for;
    solved: width -> what was found for each cell it stands in; cost: of the model with it (None: not known); refused: why it cannot be.
    """

    label: str
    kept: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    solved: tuple[Solved, ...] = ()
    cost: Cost | None = None
    refused: str = ""


@dataclass(frozen=True)
class Preview:
    """All cases of an axis. width: the address that is found by matching; refused: why nothing can be matched."""

    cases: tuple[CasePreview, ...]
    width: str = ""
    what: str = ""
    refused: str = ""
    measured_later: bool = False


def preview(document: Document, name: str, catalogue: Catalogue) -> Preview:
    """What the axis of that name comes to. Takes as long as matching does, so not on a window's thread. Raises Refusal as `axis` does."""
    axis = axis_edits.axis(document, name)
    solved, refused = document, ""
    later = axis.match is not None and axis.match.what == "step_time" and axis.match.key != match_key(document)
    if axis.match is not None and not later:
        try:
            solved = matching.solve(document, catalogue)
        except Refusal as refusal:
            refused = str(refusal)
    found = _solutions(solved, name)
    width = axis.match.width if axis.match is not None else ""
    cases = tuple(_case(document, case, width, found.get(case.label, ()), catalogue) for case in axis.all_cases())
    return Preview(cases, width, axis.match.what if axis.match is not None else "", refused, later)


def _solutions(document: Document, name: str) -> dict[str, tuple[Solved, ...]]:
    """Of each case what was found in the cells it stands in, each different solution once."""
    found: dict[str, list[Solved]] = {}
    try:
        cells = cell_cases(document)
    except Refusal:
        return {}
    for cell in cells:
        for axis, solved in cell.matched:
            if axis == name:
                of = found.setdefault(dict(cell.cases)[name], [])
                if solved not in of:
                    of.append(solved)
    return {label: tuple(solutions) for label, solutions in found.items()}


def _case(document: Document, case: Case, width: str, solved: tuple[Solved, ...], catalogue: Catalogue) -> CasePreview:
    bare = axis_edits.with_axes(document, ())
    kept: list[str] = []
    lost: list[str] = []
    for address, value in case.set.items():
        if address.endswith(f".{COMPONENT}") and isinstance(value, str):
            one, other = carried(bare, address, value, catalogue)
            # what the case sets itself is neither kept nor lost
            kept += [title for title, place in one if place not in case.set]
            lost += other
    made = bare
    try:
        for address in in_order(case.set):
            made = addresses.put(made, address, case.set[address], catalogue)[0]
        if solved and width:
            made = addresses.put(made, width, solved[0].value, catalogue)[0]
    except Refusal as refusal:
        return CasePreview(case.label, tuple(kept), tuple(lost), solved, None, str(refusal))
    try:
        cost: Cost | None = matching.cost_of(made, catalogue)
        refused = ""
    except (Refusal, IndexError):
        cost, refused = None, ""
    return CasePreview(case.label, tuple(kept), tuple(lost), solved, cost, refused)


def carried(document: Document, address: str, component: str, catalogue: Catalogue) -> tuple[list[tuple[str, str]], list[str]]:
    """Of the values that were set at a component: (title, address) of those that another one takes over, titles of those it does not."""
    try:
        found, new = addresses.find(document, address, catalogue), catalogue.entry(component)
        prefix = address.removesuffix(f".{COMPONENT}")
        values = _values(document, prefix, catalogue)
    except Refusal:
        return [], []
    old = found.entry
    if old is None or old.id == new.id:
        return [], []
    kept, lost = [], []
    for name, value in _changed(old, values, found.nested).items():
        taken = swapping.carry(old, {name: value}, new, found.nested)
        if taken:
            (target,) = taken
            kept.append((new.parameter(target, found.nested).title, f"{prefix}.{target}"))
        else:
            lost.append(old.parameter(name, found.nested).title)
    return kept, lost


def _values(document: Document, prefix: str, catalogue: Catalogue) -> Mapping[str, Any]:
    """The values of the component at `mem1`, `mem1.inner` or `learn.strategies.0`."""
    node, _, inside = prefix.partition(".")
    if not inside:
        return document.by_id[node].values
    first, _, place = prefix.rpartition(".")
    here = (
        addresses.find(document, first, catalogue).value[int(place)]
        if place.isdecimal()
        else addresses.find(document, prefix, catalogue).value
    )
    values: Mapping[str, Any] = here.get("values", {})
    return values


def _changed(entry: Entry, values: Mapping[str, Any], nested: bool) -> dict[str, Any]:
    """Values that differ from the default: the others are no loss."""
    known = {one.name for one in entry.parameters(nested)}
    defaults = entry.defaults(nested)
    return {name: value for name, value in values.items() if name in known and not _same(value, defaults[name])}


def _same(one: Any, other: Any) -> bool:
    return list(one) == list(other) if isinstance(one, list | tuple) and isinstance(other, list | tuple) else bool(one == other)
