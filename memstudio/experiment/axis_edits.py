"""Edits of what a study varies: its axes, their cases, what a case sets. Document -> Document, checked, like those of `edits`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from memstudio.experiment import addresses
from memstudio.experiment.addresses import Found
from memstudio.experiment.document import Axis, Case, Document, Match, Range, Tuned
from memstudio.experiment.entries import Catalogue, nearest
from memstudio.experiment.parameters import Refusal, Whole
from memstudio.experiment.studies import in_order


def axis(document: Document, name: str) -> Axis:
    """The axis of that name. Raises Refusal with the nearest name."""
    for one in document.run.vary:
        if one.name == name:
            return one
    raise Refusal(f"There is no axis {name!r}{nearest(name, [one.name for one in document.run.vary])}.")


def with_axes(document: Document, axes: Sequence[Axis]) -> Document:
    """The document that varies exactly these axes."""
    return document.model_copy(update={"run": document.run.model_copy(update={"vary": list(axes)})})


def change(document: Document, name: str, /, **changes: Any) -> Document:
    """The axis with some of its fields changed (match, tuned, cases ...)."""
    old = axis(document, name)
    return with_axes(document, [one.model_copy(update=changes) if one is old else one for one in document.run.vary])


def rename(document: Document, name: str, new: str) -> Document:
    """The axis under another name. Raises Refusal for an empty name and one that another axis has."""
    old, wanted = axis(document, name), new.strip()
    if not wanted:
        raise Refusal("An axis needs a name, such as memory or load.")
    if any(one.name == wanted for one in document.run.vary if one is not old):
        raise Refusal(f"Another axis is called {wanted!r}; give this one its own name.")
    return change(document, name, name=wanted)


def move(document: Document, name: str, by: int) -> Document:
    """The axis some places later (earlier, where `by` is negative); at the ends it stays. The first axis varies slowest."""
    axes = list(document.run.vary)
    at = axes.index(axis(document, name))
    axes.insert(min(len(axes) - 1, max(0, at + by)), axes.pop(at))
    return with_axes(document, axes)


def set_match(document: Document, name: str, match: Match | None) -> Document:
    """The axis with a budget that its cases share, or without one. The width that is to be found is set by no case but `to`."""
    old = axis(document, name)
    if match is None or old.cases is None:
        return change(document, name, match=match)
    cases = [case if case.label == match.to else _without(case, match.width) for case in old.cases]
    return change(document, name, match=match, cases=cases)


def _without(case: Case, address: str) -> Case:
    return case.model_copy(update={"set": {at: value for at, value in case.set.items() if at != address}})


def set_tuned(document: Document, name: str, tuned: Tuned | None, catalogue: Catalogue) -> Document:
    """The axis chosen on validation, or reported as it is. All tuned axes are chosen together, so they get the same settings.

    An axis that is tuned no longer has its range written out as values.
    """
    old = axis(document, name)
    changes: dict[str, Any] = {"tuned": tuned}
    if tuned is not None:
        changes["match"] = None
    elif old.range is not None and old.set is not None:
        whole = isinstance(addresses.find(document, old.set, catalogue).parameter, Whole)
        changes |= {"range": None, "values": spread(old.range, whole)}
    made = change(document, name, **changes)
    if tuned is None:
        return made
    return with_axes(made, [one if one.tuned is None else one.model_copy(update={"tuned": tuned}) for one in made.run.vary])


def set_range(document: Document, name: str, wanted: Range, catalogue: Catalogue) -> Document:
    """A tuned axis over a range; its ends are checked first. Raises Refusal for an axis that is not tuned."""
    old = axis(document, name)
    if old.tuned is None or old.set is None:
        raise Refusal(f"Axis {name!r} is not tuned, so it needs values; a range alone says none.")
    for value in (wanted.low, wanted.high):
        _checked(document, {}, old.set, value, catalogue)
    return change(document, name, range=wanted, values=None)


def spread(wanted: Range, whole: bool = False) -> list[float] | list[int]:
    """The values of a range: evenly, or by equal factors where it is logarithmic; whole numbers each once."""
    shares = [place / (wanted.points - 1) for place in range(wanted.points)]
    if wanted.log:
        found = [wanted.low * (wanted.high / wanted.low) ** share for share in shares]
    else:
        found = [wanted.low + (wanted.high - wanted.low) * share for share in shares]
    if whole:
        return list(dict.fromkeys(round(value) for value in found))
    return [wanted.low, *(float(f"{value:.4g}") for value in found[1:-1]), wanted.high]


# ---------------------------------------------------------------------------------------------- values and cases


def set_values(document: Document, name: str, values: Sequence[Any], catalogue: Catalogue) -> Document:
    """A short axis (`set` + `values`) with other values, each checked first. Raises Refusal."""
    old = axis(document, name)
    if old.set is None:
        raise Refusal(f"Axis {name!r} has cases of its own; change what they set.")
    return change(document, name, values=[_checked(document, {}, old.set, value, catalogue) for value in values], range=None)


def to_cases(document: Document, name: str) -> Document:
    """A short axis written out as cases, which can then have labels and set more than one thing."""
    return change(document, name, cases=axis(document, name).all_cases(), set=None, values=None)


def add_case(document: Document, name: str, case: Case, at: int | None = None) -> Document:
    """The axis with one more case, at a place or at the end, under a label that is free."""
    cases = axis(document, name).all_cases()
    labelled = case.model_copy(update={"label": free_label([one.label for one in cases], case.label)})
    cases.insert(len(cases) if at is None else at, labelled)
    return change(document, name, cases=cases, set=None, values=None)


def remove_case(document: Document, name: str, at: int) -> Document:
    """The axis without a case; an axis that had no other goes too."""
    cases = _cases(document, name, at)
    if len(cases) == 1:
        return with_axes(document, [one for one in document.run.vary if one.name != name])
    return change(document, name, cases=[*cases[:at], *cases[at + 1 :]], **_matched(axis(document, name), cases[at].label, None))


def move_case(document: Document, name: str, at: int, by: int) -> Document:
    """The axis with a case some places later or earlier; at the ends it stays."""
    cases = _cases(document, name, at)
    cases.insert(min(len(cases) - 1, max(0, at + by)), cases.pop(at))
    return change(document, name, cases=cases)


def label_case(document: Document, name: str, at: int, label: str) -> Document:
    """A case under another label, which a matched budget follows. Raises Refusal for an empty one and one that is taken."""
    cases, wanted = _cases(document, name, at), label.strip()
    if not wanted:
        raise Refusal("A case needs a label; it is what figures and tables call it.")
    if any(case.label == wanted for place, case in enumerate(cases) if place != at):
        raise Refusal(f"Another case is called {wanted!r}; give this one its own label.")
    old = cases[at].label
    cases[at] = cases[at].model_copy(update={"label": wanted})
    return change(document, name, cases=cases, **_matched(axis(document, name), old, wanted))


def set_in_case(document: Document, name: str, at: int, address: str, value: Any, catalogue: Catalogue) -> Document:
    """A case that sets this value too (or another one), checked in the case's own document. Raises Refusal."""
    cases = _cases(document, name, at)
    others = {where: set_ for where, set_ in cases[at].set.items() if where != address}
    checked = _checked(document, others, address, value, catalogue)
    cases[at] = cases[at].model_copy(update={"set": {**cases[at].set, address: checked}})
    return change(document, name, cases=cases)


def leave_out(document: Document, name: str, at: int, address: str) -> Document:
    """A case that sets everything but this address. Raises Refusal where it sets nothing else."""
    cases = _cases(document, name, at)
    kept = {where: value for where, value in cases[at].set.items() if where != address}
    if not kept:
        raise Refusal(f"Case {cases[at].label!r} would set nothing; remove the case instead.")
    cases[at] = cases[at].model_copy(update={"set": kept})
    return change(document, name, cases=cases)


def in_case(document: Document, case: Case | Mapping[str, Any], catalogue: Catalogue) -> Document:
    """The document as a case makes it, as far as its values can be set: to look parameters up in."""
    sets = case.set if isinstance(case, Case) else case
    made = with_axes(document, ())
    for address in in_order(sets):
        try:
            made = addresses.put(made, address, sets[address], catalogue)[0]
        except Refusal:
            continue  # said by checking; the rest of the case is still looked at
    return made


def found_in_case(document: Document, case: Case, address: str, catalogue: Catalogue) -> Found | None:
    """What an address leads to in a case's own document, or None where it leads nowhere there."""
    try:
        return addresses.find(in_case(document, case, catalogue), address, catalogue)
    except Refusal:
        return None


def free_label(taken: Sequence[str], wanted: str) -> str:
    """The label, or with a number where it is taken: `attention 2`."""
    number, label = 2, wanted
    while label in taken:
        label = f"{wanted} {number}"
        number += 1
    return label


def _cases(document: Document, name: str, at: int) -> list[Case]:
    cases = axis(document, name).all_cases()
    if not 0 <= at < len(cases):
        raise Refusal(f"Axis {name!r} has {len(cases)} cases; there is none at place {at + 1}.")
    if axis(document, name).cases is None:
        raise Refusal(f"Axis {name!r} is written as values; change the values, or write them out as cases first.")
    return cases


def _matched(old: Axis, label: str, now: str | None) -> dict[str, Any]:
    """What becomes of a matched budget whose case is called differently now, or is gone (None)."""
    if old.match is None or old.match.to != label:
        return {}
    return {"match": None if now is None else old.match.model_copy(update={"to": now})}


def _checked(document: Document, others: Mapping[str, Any], address: str, value: Any, catalogue: Catalogue) -> Any:
    """The value as the document keeps it. Raises Refusal."""
    made = addresses.put(in_case(document, others, catalogue), address, value, catalogue)[0]
    return addresses.find(made, address, catalogue).value
