"""Axes of the study as the form makes them: of one parameter (values), or of the component at a place (cases). No widget here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from memstudio.experiment import edits
from memstudio.experiment.document import Axis, Case, Document
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.parameters import Choice, Flag, Parameter


def axis_of(document: Document, address: str) -> Axis | None:
    """The axis that sets this address, in all or some of its cases, or None."""
    for axis in document.run.vary:
        if axis.set == address or any(address in case.set for case in axis.cases or ()):
            return axis
    return None


def values_of(axis: Axis, address: str) -> list[Any]:
    """What the cases of an axis set at an address, in order."""
    return [case.set[address] for case in axis.all_cases() if address in case.set]


def free_name(document: Document, wanted: str, address: str) -> str:
    """A name for a new axis: the wanted one, with the node where another axis has it."""
    taken = {axis.name for axis in document.run.vary}
    if wanted not in taken:
        return wanted
    of_node = f"{wanted} of {address.partition('.')[0]}"
    number, name = 2, of_node
    while name in taken:
        name = f"{of_node} {number}"
        number += 1
    return name


def with_values(document: Document, parameter: Parameter, address: str, values: Sequence[Any], catalogue: Catalogue) -> Document:
    """The document with an axis over these values of a parameter; each is checked first. Raises Refusal."""
    for value in values:
        edits.set_value(document, address, value, catalogue)
    old = axis_of(document, address)
    if old is not None and old.cases is not None:
        return edits.set_axis(document, old.model_copy(update={"cases": _cases(old, parameter, address, values)}))
    # an axis that was there keeps how it is matched or tuned
    axis = old or Axis(name=free_name(document, parameter.title[:1].lower() + parameter.title[1:], address))
    if isinstance(parameter, Choice | Flag):
        cases = [Case(label=_label(parameter, value), set={address: value}) for value in values]
        return edits.set_axis(document, axis.model_copy(update={"cases": cases, "set": None, "values": None, "range": None}))
    return edits.set_axis(document, axis.model_copy(update={"set": address, "values": list(values), "range": None}))


def is_shared(axis: Axis) -> bool:
    """Whether the cases of an axis set more than one thing, so that it is not of one parameter alone."""
    return any(len(case.set) > 1 for case in axis.cases or ())


def with_case_values(document: Document, axis: Axis, address: str, values: Mapping[str, Any]) -> Document:
    """The document with what each case (by its label) of a shared axis sets at an address."""
    cases = [
        case.model_copy(update={"set": {**case.set, address: values[case.label]}}) if case.label in values else case
        for case in axis.cases or ()
    ]
    return edits.set_axis(document, axis.model_copy(update={"cases": cases}))


def without_address(document: Document, axis: Axis, address: str) -> Document:
    """The document whose axis no longer sets an address; an axis that set nothing else is gone."""
    if not is_shared(axis):
        return edits.remove_axis(document, axis.name)
    cases = [case.model_copy(update={"set": {at: value for at, value in case.set.items() if at != address}}) for case in axis.cases or ()]
    return edits.set_axis(document, axis.model_copy(update={"cases": cases}))


def _cases(old: Axis, parameter: Parameter, address: str, values: Sequence[Any]) -> list[Case]:
    """Cases that are kept keep all they set; new ones set this address alone."""
    kept = [case for case in old.cases or () if case.set.get(address) in values]
    have = [case.set.get(address) for case in kept]
    return kept + [Case(label=_label(parameter, value), set={address: value}) for value in values if value not in have]


def _label(parameter: Parameter, value: Any) -> str:
    name = parameter.title[:1].lower() + parameter.title[1:]
    if isinstance(parameter, Choice):
        return parameter.options.get(value, str(value))
    if isinstance(parameter, Flag):
        return name if value else f"no {name}"
    return f"{name} {value}"


def with_components(document: Document, address: str, components: Sequence[str], catalogue: Catalogue, name: str) -> Document:
    """The document with an axis over the component at `mem1.component`; cases that stay keep whatever else they set."""
    old = axis_of(document, address)
    kept = [case for case in (old.cases or () if old is not None else ()) if case.set.get(address) in components]
    have = [case.set[address] for case in kept]
    new = [Case(label=catalogue.entry(id).title, set={address: id}) for id in components if id not in have]
    cases = sorted([*kept, *new], key=lambda case: list(components).index(case.set[address]))
    if old is not None:
        return edits.set_axis(document, old.model_copy(update={"cases": cases}))
    return edits.set_axis(document, Axis(name=free_name(document, name, address), cases=cases))
