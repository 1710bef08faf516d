"""What a file of data is likely to be, found by looking; each suggestion with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from memstudio.experiment.data.plans import (
    PLANS,
    SPLIT_NAMES,
    SPLIT_OF,
    TARGET_NAMES,
    Plan,
    image_shape,
    is_arrays,
    likely_id,
    likely_target,
)
from memstudio.experiment.data.records import Column, Seen
from memstudio.experiment.parameters import Refusal

KINDS = {"rows": "Rows", "images": "Images", "sequences": "Sequences of tokens", "series": "Sequences of numbers"}
#: what all kinds are told, as the declarations have it
COMMON: Mapping[str, Any] = {
    "target": "",
    "split": "shares",
    "split_by": "",
    "held_out": 20,
    "experiences": "",
    "scenario": "class-incremental",
}
OWN: Mapping[str, Mapping[str, Any]] = {
    "rows": {"inputs": "", "bins": 0, "missing": "refuse"},
    "images": {"images": ""},
    "sequences": {"tokens": "", "asked": "item", "id": "", "order": ""},
    "series": {"inputs": "", "asked": "item", "id": "", "order": "", "missing": "refuse"},
}
#: a number that is asked after is cut into so many classes unless a person says otherwise
_BINS = 4


@dataclass(frozen=True)
class Suggestion:
    """A kind of data, the values it would have, and why, by name of the value ("kind" for the kind itself)."""

    kind: str
    values: Mapping[str, Any]
    reasons: Mapping[str, str] = field(default_factory=dict)


def suggest(file: Mapping[str, Any], seen: Seen, kind: str = "") -> Suggestion:
    """The likeliest kind of a file, or a given one, with values and reasons."""
    likely, why = _kind(file, seen)
    kind = kind or likely
    values: dict[str, Any] = {**COMMON, **OWN[kind]}
    reasons = {"kind": why} if kind == likely else {}
    split = next((c for c in seen.columns if c.name.lower() in SPLIT_NAMES and c.counts), None)
    if split is not None and {name.lower() for name, _ in split.counts} <= set(SPLIT_OF) and len(split.counts) >= 3:
        values |= {"split": "column", "split_by": split.name}
        reasons["split"] = f"{split.name} says {', '.join(name for name, _ in split.counts)}."
    taken = {values["split_by"]}
    if not is_arrays(file) and kind in ("sequences", "series"):
        id = likely_id(seen)
        if id is not None:
            values["id"] = id.name
            taken.add(id.name)
            reasons["id"] = f"{id.name} has {id.different:,} different values, at most {id.most:,} rows each."
    target = _target(seen, kind, file, taken)
    if target is not None:
        values["target"] = target.name
        reasons["target"] = _why(target, seen)
        if kind == "rows" and target.type == "number" and (target.different is None or target.different > seen.rows / 4):
            values["bins"] = _BINS
            reasons["bins"] = f"{target.name} is a number; it is cut into {_BINS} classes of equal count."
        if is_arrays(file) and len(target.shape) == 1 and kind in ("sequences", "series"):
            values["asked"] = "position"
            reasons["asked"] = f"{target.name} has {target.shape[0]:,} labels an item."
    if kind in ("rows", "series"):
        gone = sum(column.missing for column in seen.columns if not column.shape and column is not target)
        if gone:
            values["missing"] = "fill"
            reasons["missing"] = f"{gone:,} values are missing."
    return Suggestion(kind, values, reasons)


def _target(seen: Seen, kind: str, file: Mapping[str, Any], taken: set[str]) -> Column | None:
    if is_arrays(file) and kind in ("sequences", "series"):
        inputs = next((c for c in seen.columns if len(c.shape) == (2 if kind == "series" else 1)), None)
        labels = [c for c in seen.columns if inputs is not None and c is not inputs and c.shape == inputs.shape[:1]]
        single = likely_target(seen, taken | {f"{inputs.name} {n + 1}" for n in range(64)} if inputs is not None else taken)
        named = [c for c in labels if c.name.lower() in TARGET_NAMES]
        return (named or ([single] if single is not None else []) or labels or [None])[0]  # type: ignore[list-item]
    found = likely_target(seen, taken)
    if found is not None or kind != "rows":
        return found
    return next((c for c in reversed(seen.columns) if not c.shape and c.name not in taken and c.type in ("number", "whole")), None)


def _why(column: Column, seen: Seen) -> str:
    name = "is called so" if column.name.lower() in TARGET_NAMES else ""
    many = f"has {column.different:,} different values" if column.different else "is a number"
    return f"“{column.name}” {f'{name} and ' if name else ''}{many}."


def _kind(file: Mapping[str, Any], seen: Seen) -> tuple[str, str]:
    if not is_arrays(file):
        id = likely_id(seen)
        order = next((c for c in seen.columns if c.name.lower() in ("step", "time", "t", "position", "order")), None)
        if id is None or order is None or id is order:
            return "rows", "Each row is an item: no column names a sequence with steps."
        words = [c for c in seen.columns if c.type == "category" and c not in (id, order) and c.different]
        kind = "sequences" if len(words) > 1 else "series"
        return kind, f"{order.name} orders the rows of each {id.name}, so rows are steps of sequences."
    for column in seen.columns:
        if image_shape(column) is None or min(column.shape[:2], default=0) < 4:
            continue
        shape = " × ".join(str(n) for n in column.shape)
        grey = column.type == "whole" and (column.low or 0) >= 0 and (column.high or 0) <= 255
        if len(column.shape) == 3 or grey or column.name.lower().startswith(("image", "picture", "pixel")):
            return "images", f"Each item of {column.name} is {shape}{f', from {column.low:.0f} to {column.high:.0f}' if grey else ''}."
    deep = next((c for c in seen.columns if len(c.shape) == 2), None)
    if deep is not None:
        return "series", f"Each item of {deep.name} is {deep.shape[0]:,} steps of {deep.shape[1]:,} numbers."
    flat = next((c for c in seen.columns if len(c.shape) == 1 and c.name.lower() not in TARGET_NAMES), None)
    if flat is not None and flat.type == "whole" and (flat.low or 0) >= 0 and flat.name.lower().startswith(("token", "seq", "text", "ids")):
        return "sequences", f"Each item of {flat.name} is {flat.shape[0]:,} whole numbers."
    if flat is not None and flat.shape[0] > 64:
        return "series", f"Each item of {flat.name} is {flat.shape[0]:,} numbers in a row."
    return "rows", "Each item is a row of numbers."


def planned(kind: str, values: Mapping[str, Any], file: Mapping[str, Any]) -> Plan | str:
    """The plan of these values with a file, or the sentence that says why there is none."""
    try:
        return PLANS[kind]({**values, "file": dict(file)})
    except Refusal as refusal:
        return str(refusal)


def said(plan: Plan) -> str:
    """What a task would be, in a line: `6 features, 3 classes; guessing is right 33 % of the time.`"""
    classes = f"{plan.classes:,} classes"
    if plan.image[0]:
        given = f"images of {plan.image[1]:,} × {plan.image[2]:,}{f' in {plan.image[0]} channels' if plan.image[0] > 1 else ''}"
    elif plan.vocabulary:
        given = f"sequences of {plan.time:,} tokens out of {plan.vocabulary:,}"
    elif plan.time:
        given = f"sequences of {plan.time:,} steps, {plan.width:,} {'number' if plan.width == 1 else 'numbers'} each"
    else:
        given = f"{plan.width:,} {'feature' if plan.width == 1 else 'features'} from {len(plan.inputs):,} columns"
    steps = f", {plan.experiences:,} experiences" if plan.experience is not None else ""
    guess = f"; guessing is right {plan.chance:.0%} of the time".replace("%", " %") if plan.chance is not None else ""
    return f"{given[0].upper()}{given[1:]}, {classes}{steps}{guess}."
