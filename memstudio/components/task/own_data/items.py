"""The items of a file as arrays: raw numbers, labels, the experience and place in order of each, before anything is fitted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from memstudio.experiment.data.finding import find
from memstudio.experiment.data.loading import Values, load
from memstudio.experiment.data.plans import SPLIT_OF, Plan, is_arrays, name_of
from memstudio.experiment.parameters import Refusal


@dataclass(frozen=True)
class Items:
    """Items of a file. inputs: (items, ...) with NaN where missing; labels: (items,) or (items, time) float64, NaN where there is none;
    names: of the classes, where labels are numbers of classes; there: (items, time), False before a sequence begins.
    """

    inputs: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]
    words: dict[str, tuple[str, ...]]
    experience: np.ndarray | None = None
    experience_names: tuple[str, ...] = ()
    split: np.ndarray | None = None
    order: np.ndarray | None = None
    there: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def pick(self, index: np.ndarray) -> Items:
        """The items at these indices, or where a mask is True."""
        picked = {key: value[index] for key in ("experience", "split", "order", "there") if (value := getattr(self, key)) is not None}
        return replace(self, inputs=self.inputs[index], labels=self.labels[index], **picked)


def read_items(plan: Plan) -> Items:
    """The items that a plan takes from its file, those without a target left out. Raises Refusal."""
    loaded = load(find(plan.file), plan.seen, [column.name for column in plan.used])
    lengths = {len(values.numbers) for values in loaded.values()}
    if len(loaded) != len(plan.used) or len(lengths) != 1:
        raise Refusal(f"{name_of(plan.file)} is not as it was looked over; choose it again.")
    found = _of_steps(plan, loaded) if plan.id is not None else _of_rows(plan, loaded)
    known = np.isfinite(found.labels)
    keep = known if known.ndim == 1 else known.any(axis=1)
    if plan.missing == "drop" and found.inputs.dtype.kind == "f":
        gone = np.isnan(found.inputs)
        if found.there is not None:
            gone &= found.there.reshape(*found.there.shape, *[1] * (gone.ndim - 2))
        keep = keep & ~gone.reshape(len(found), -1).any(axis=1)
    if not keep.any():
        raise Refusal(f"{name_of(plan.file)} has no items left once those with missing values are dropped; fill them instead.")
    return found if keep.all() else found.pick(keep)


def _of_rows(plan: Plan, loaded: dict[str, Values]) -> Items:
    if is_arrays(plan.file) and (len(plan.inputs) == 1 and plan.inputs[0].shape):
        inputs = loaded[plan.inputs[0].name].numbers
    else:
        inputs = np.stack([loaded[column.name].numbers.astype(np.float64) for column in plan.inputs], axis=-1)
    labels, names = _labels(plan, loaded)
    found = Items(inputs, labels, names, {column.name: loaded[column.name].names for column in plan.inputs})
    if plan.asked == "position" and plan.target.low is not None and plan.target.low < 0:
        raw = loaded[plan.target.name].numbers.astype(np.float64)
        found = replace(found, labels=np.where(raw < 0, np.nan, raw), names=tuple(str(n) for n in range(plan.classes)))
    return _placed(plan, loaded, found, np.arange(len(labels)))


def _labels(plan: Plan, loaded: dict[str, Values]) -> tuple[np.ndarray, tuple[str, ...]]:
    values = loaded[plan.target.name]
    if plan.bins:
        return values.numbers.astype(np.float64), ()
    if values.numbers.dtype.kind in "biu":
        values = Values(values.numbers.astype(np.float64), values.names)
    values = values.classes()
    return values.numbers, values.names


def _placed(plan: Plan, loaded: dict[str, Values], found: Items, rows: np.ndarray) -> Items:
    """The items with what splits, orders and groups them; rows: (items,) at which row of the columns each item stands."""
    order = np.arange(len(rows), dtype=np.float64)
    split = None
    if plan.by is not None:
        by = loaded[plan.by.name]
        if plan.split == "column":
            by = by.classes()
            place = {"train": 0, "validation": 1, "test": 2}
            split = np.array([place[SPLIT_OF[name.lower()]] for name in by.names])[by.numbers[rows].astype(np.int64)]
        else:
            order = by.numbers[rows]
    if plan.experience is None:
        return replace(found, split=split, order=order)
    values = loaded[plan.experience.name].classes()
    experience = values.numbers[rows].astype(np.int64)
    return replace(found, split=split, order=order, experience=experience, experience_names=values.names)


def _of_steps(plan: Plan, loaded: dict[str, Values]) -> Items:
    """Rows of steps, gathered to sequences that end together."""
    assert plan.id is not None
    ids = loaded[plan.id.name].classes()
    number = ids.numbers.astype(np.int64)
    keys = (loaded[plan.order.name].numbers, number) if plan.order is not None else (np.arange(len(number)), number)
    rows = np.lexsort(keys)
    number = number[rows]
    n, longest = len(ids.names), plan.time
    starts = np.searchsorted(number, np.arange(n))
    ends = np.searchsorted(number, np.arange(n), side="right")
    at = longest - (ends[number] - np.arange(len(number)))
    there = np.zeros((n, longest), dtype=bool)
    there[number, at] = True
    given = [loaded[column.name].numbers.astype(np.float64) for column in plan.inputs]
    if plan.vocabulary:
        given = [loaded[plan.inputs[0].name].classes().numbers]
    inputs = np.full((n, longest, len(given)), np.nan)
    for place, values in enumerate(given):
        inputs[number, at, place] = values[rows]
    labels, names = _labels(plan, loaded)
    first = rows[starts]
    if plan.asked == "position":
        laid = np.full((n, longest), np.nan)
        laid[number, at] = labels[rows]
    else:
        laid = labels[first]
        changed = (labels[rows] != laid[number]) & ~(np.isnan(labels[rows]) & np.isnan(laid[number]))
        if changed.any():
            which = ids.names[int(number[np.flatnonzero(changed)[0]])]
            raise Refusal(f"The target {plan.target.name} changes within the sequence {which}; ask at each position, or mend the file.")
    words = {column.name: loaded[column.name].classes().names if plan.vocabulary else () for column in plan.inputs}
    found = Items(inputs[..., 0] if plan.vocabulary else inputs, laid, names, words, there=there)
    return _placed(plan, loaded, found, first)
