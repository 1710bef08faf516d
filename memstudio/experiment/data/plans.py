"""What the values of a task of own data stand for: which columns, how many inputs and classes; or why they do not fit the file."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memstudio.experiment.data.records import Column, Seen, read_seen
from memstudio.experiment.kinds import Targets
from memstudio.experiment.parameters import Refusal
from memstudio.ground.paths import resources

#: what stands for each file component while no file is chosen
SAMPLES = {"rows": "plants.csv", "images": "digits.npz", "sequences": "walks.csv", "series": "walks.csv"}
#: a category with more different values than this makes too many inputs to be one by oversight; experiences too
MOST_CATEGORIES, MOST_EXPERIENCES, MOST_CLASSES, MOST_TOKENS = 64, 64, 10_000, 65_536
LONGEST, LARGEST_SIDE = 65_536, 512

TARGET_NAMES = ("target", "label", "labels", "class", "species", "outcome", "diagnosis", "category", "y")
ROW_NAMES = ("id", "index", "row", "nr", "no", "number", "#", "column 1", "unnamed: 0")
SPLIT_NAMES = ("split", "fold", "subset", "partition", "set")
#: what a split column may say, in lower case
SPLITS = {
    "train": ("train", "training", "tr"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing", "holdout"),
}
SPLIT_OF = {word: split for split, words in SPLITS.items() for word in words}


@functools.lru_cache
def samples() -> Mapping[str, Any]:
    """The values of file parameters for the bundled samples, by name of the file."""
    found: Mapping[str, Any] = json.loads((resources() / "samples" / "samples.json").read_text(encoding="utf-8"))
    return found


def sample_value(name: str) -> dict[str, Any]:
    """The value of a file parameter that names a bundled sample where it lies."""
    found = samples()[name]
    return {**found, "path": str(resources() / "samples" / name)}


def file_of(values: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """The file value that a task works on: the chosen one, or that of the sample."""
    chosen: Mapping[str, Any] | None = values.get("file")
    return chosen if chosen is not None else sample_value(SAMPLES[kind])


def name_of(file: Mapping[str, Any]) -> str:
    """The file's name without its folder."""
    return Path(str(file.get("path", "")).replace("\\", "/")).name


@dataclass(frozen=True)
class Plan:
    """What is taken from a file. inputs: columns in order (one for arrays); target; by: the column that splits or orders; id, order:
    of the rows of sequences; flagged: inputs with a flag for what was missing. width, classes, time, image, vocabulary as on the wires.
    """

    file: Mapping[str, Any]
    seen: Seen
    inputs: tuple[Column, ...]
    target: Column
    classes: int
    split: str
    held_out: int
    by: Column | None = None
    experience: Column | None = None
    scenario: str = ""
    id: Column | None = None
    order: Column | None = None
    missing: str = "refuse"
    bins: int = 0
    asked: str = "item"
    width: int = 0
    time: int = 0
    image: tuple[int, int, int] = (0, 0, 0)
    vocabulary: int = 0

    @property
    def experiences(self) -> int:
        """How many are learned one after the other."""
        return 1 if self.experience is None else self.experience.different or 1

    @property
    def used(self) -> tuple[Column, ...]:
        """Every column that is read."""
        found = [*self.inputs, self.target, self.by, self.experience, self.id, self.order]
        return tuple({column.name: column for column in found if column is not None}.values())

    @property
    def flagged(self) -> tuple[Column, ...]:
        """Inputs that get a flag beside them."""
        return tuple(column for column in self.inputs if column.missing) if self.missing == "fill" else ()

    @property
    def chance(self) -> float | None:
        """The share of the commonest class in training, where it is known before the file is read."""
        counts = [count for _, count in self.target.counts]
        plain = self.split == "shares" and not self.bins and self.experience is None and self.asked == "item" and not self.target.shape
        if self.id is not None:
            # sequences of one length have their label in as many rows each
            length = self.id.most or 1
            plain = plain and self.seen.rows == (self.id.different or 0) * length and not any(count % length for count in counts)
            counts = [count // length for count in counts]
        if not plain or len(counts) != self.classes or any(column.missing for column in self.used):
            return None
        left = training_counts(counts, self.held_out)
        return max(left) / sum(left)

    @property
    def targets(self) -> Targets:
        """What is asked of a model."""
        return Targets(
            what=self.target.name,
            size=self.classes,
            per_position=self.asked == "position",
            chance=self.chance,
            labels=("task",) if self.experience is not None else (),
            experiences=self.experiences,
            scenario=self.scenario if self.experience is not None else "",
        )


def quotas(counts: Sequence[int], wanted: int) -> list[int]:
    """How many of each class make `wanted` items in proportion to `counts` (largest remainders)."""
    whole = [wanted * n // max(1, sum(counts)) for n in counts]
    rest = sorted(range(len(counts)), key=lambda k: (whole[k] - wanted * counts[k] / max(1, sum(counts)), k))
    for k in rest[: wanted - sum(whole)]:
        whole[k] += 1
    return whole


def held_sizes(items: int, share: int) -> int:
    """How many items validation and test have each: their share in per cent, at least one."""
    return max(1, items * share // 100)


def training_counts(counts: Sequence[int], share: int) -> list[int]:
    """How many of each class are left to train on when test and validation took their shares."""
    left, size = list(counts), held_sizes(sum(counts), share)
    for _ in range(2):
        left = [n - taken for n, taken in zip(left, quotas(left, size), strict=True)]
    return left


# ---------------------------------------------------------------------------------------------- the plans of the kinds


def rows_plan(values: Mapping[str, Any]) -> Plan:
    """Rows: numbers and categories as features. Raises Refusal."""
    file, seen = _opened(values, "rows")
    common = _common(values, file, seen)
    target = _named(file, seen, values["target"], "target") or _likely_target(file, seen, common)
    taken = {column.name for column in (target, common["by"], common["experience"]) if column is not None}
    inputs = _inputs(file, seen, values["inputs"], taken)
    if target.shape:
        raise Refusal(f"The target {target.name} has {len(target.shape) + 1} axes; choose a column.")
    classes = _classes(file, seen, target, values["bins"])
    missing = values["missing"]
    _refuse_missing(file, (*inputs, target), missing)
    used = Plan(file, seen, inputs, target, classes, missing=missing, bins=values["bins"], **common)
    width = sum(column.different or 1 if column.type == "category" else 1 for column in inputs) + len(used.flagged)
    return _enough(_with(used, width=width))


def images_plan(values: Mapping[str, Any]) -> Plan:
    """Images of an NPZ: N x H x W, or with channels. Raises Refusal."""
    file, seen = _opened(values, "images")
    common = _common(values, file, seen)
    found = _named(file, seen, values["images"], "images") or next((c for c in seen.columns if image_shape(c) is not None), None)
    if found is None:
        raise Refusal(f"{name_of(file)} has no array of images; one of items × height × width is needed, or with channels.")
    image = image_shape(found)
    if image is None:
        raise Refusal(
            f"{found.name} holds no images: each item has the shape {_shape(found)}; it must be height × width, or with channels."
        )
    if max(image[1:]) > LARGEST_SIDE:
        raise Refusal(
            f"The images of {name_of(file)} are {image[1]:,} × {image[2]:,} pixels; at most {LARGEST_SIDE} × {LARGEST_SIDE} are read."
        )
    target = _named(file, seen, values["target"], "target") or _likely_target(file, seen, common)
    _refuse_missing(file, (found, target), "refuse")
    return _enough(Plan(file, seen, (found,), target, _classes(file, seen, target), image=image, **common))


def sequences_plan(values: Mapping[str, Any]) -> Plan:
    """Sequences of tokens: an NPZ of items x time, or a table with a row for each step. Raises Refusal."""
    file, seen = _opened(values, "sequences")
    common = _common(values, file, seen)
    if is_arrays(file):
        tokens = _named(file, seen, values["tokens"], "tokens") or next(
            (c for c in seen.columns if len(c.shape) == 1 and c.type == "whole"), None
        )
        if tokens is None or len(tokens.shape) != 1 or tokens.type != "whole" or (tokens.low or 0) < 0:
            raise Refusal(f"{name_of(file)} needs an array of tokens: whole numbers from 0, items × time.")
        return _array_plan(values, file, seen, tokens, common, vocabulary=int(tokens.high or 0) + 1)
    id, order = _of_steps(values, file, seen)
    taken = [column.name for column in (id, order, common["by"], common["experience"]) if column is not None]
    target = _named(file, seen, values["target"], "target") or _likely_target(file, seen, common, taken)
    tokens = _named(file, seen, values["tokens"], "tokens") or next(
        (c for c in seen.columns if c.name not in (*taken, target.name) and c.type in ("category", "whole") and c.different), None
    )
    if tokens is None or not tokens.different:
        raise Refusal(f"{name_of(file)} needs a column of tokens: words, letters or whole numbers.")
    _refuse_missing(file, (tokens, id, order), "refuse")
    plan = Plan(file, seen, (tokens,), target, _classes(file, seen, target), id=id, order=order, asked=values["asked"], **common)
    return _enough(_with(plan, vocabulary=_vocabulary(file, tokens.different + 1), time=_longest(file, id)))


def series_plan(values: Mapping[str, Any]) -> Plan:
    """Sequences of numbers: an NPZ of items x time x features, or a table with a row for each step. Raises Refusal."""
    file, seen = _opened(values, "series")
    common = _common(values, file, seen)
    missing = values["missing"]
    if is_arrays(file):
        wanted = _named(file, seen, values["inputs"], "inputs") or next((c for c in seen.columns if len(c.shape) == 2), None)
        wanted = wanted or next((c for c in seen.columns if len(c.shape) == 1 and c.type in ("number", "whole")), None)
        if wanted is None or len(wanted.shape) not in (1, 2):
            raise Refusal(f"{name_of(file)} needs an array of numbers: items × time, or items × time × features.")
        width = wanted.shape[1] if len(wanted.shape) == 2 else 1
        flags = 1 if missing == "fill" and wanted.missing else 0
        return _array_plan(values, file, seen, wanted, common, width=width + flags, missing=missing)
    id, order = _of_steps(values, file, seen)
    taken = {column.name for column in (id, order, common["by"], common["experience"]) if column is not None}
    target = _named(file, seen, values["target"], "target") or _likely_target(file, seen, common, taken)
    inputs = _inputs(file, seen, values["inputs"], taken | {target.name}, ("number", "whole"))
    if any(column.type == "category" for column in inputs):
        column = next(column for column in inputs if column.type == "category")
        raise Refusal(f"The column {column.name} holds words; take sequences of tokens for it, or leave it out.")
    _refuse_missing(file, (*inputs, id, order), missing, (id, order))
    plan = Plan(
        file, seen, inputs, target, _classes(file, seen, target), id=id, order=order, missing=missing, asked=values["asked"], **common
    )
    return _enough(_with(plan, width=len(inputs) + len(plan.flagged), time=_longest(file, id)))


PLANS = {"rows": rows_plan, "images": images_plan, "sequences": sequences_plan, "series": series_plan}


def is_arrays(file: Mapping[str, Any]) -> bool:
    """Whether a file holds arrays, and no table."""
    return name_of(file).lower().endswith(".npz")


def image_shape(column: Column) -> tuple[int, int, int] | None:
    """(channels, height, width) of the images in an array, or None where they are none. Channels may come first or last."""
    shape = column.shape
    if column.type not in ("number", "whole") or min(shape, default=0) < 1:
        return None
    if len(shape) == 2:
        return (1, *shape)
    if len(shape) != 3:
        return None
    if shape[2] <= 4:
        return (shape[2], shape[0], shape[1])
    return (shape[0], shape[1], shape[2]) if shape[0] <= 4 else None


def _with(plan: Plan, **changed: Any) -> Plan:
    from dataclasses import replace

    return replace(plan, **changed)


def _opened(values: Mapping[str, Any], kind: str) -> tuple[Mapping[str, Any], Seen]:
    file = file_of(values, kind)
    seen = read_seen(file)
    if seen is None:
        raise Refusal(f"{name_of(file) or 'The file'} has not been looked over yet; choose it again.")
    if kind == "images" and not is_arrays(file):
        raise Refusal(f"{name_of(file)} is a table; images are read from an NPZ file.")
    return file, seen


def _common(values: Mapping[str, Any], file: Mapping[str, Any], seen: Seen) -> dict[str, Any]:
    by = _named(file, seen, values["split_by"], "split by")
    experience = _named(file, seen, values["experiences"], "experiences")
    if values["split"] == "column":
        by = by or next((c for c in seen.columns if c.name.lower() in SPLIT_NAMES and c.counts), None)
        if by is None:
            raise Refusal("Say in Split by which column tells training, validation and test apart.")
        words = {value.lower() for value, _ in by.counts}
        if not by.counts or words - set(SPLIT_OF):
            odd = sorted(words - set(SPLIT_OF))
            raise Refusal(f"The column {by.name} cannot split: it has to say train, validation or test{f', not {odd[0]}' if odd else ''}.")
        gone = [split for split in SPLITS if split not in {SPLIT_OF[word] for word in words}]
        if gone:
            raise Refusal(f"The column {by.name} names no rows for {' and '.join(gone)}; name some, or split by shares.")
    elif values["split"] == "order":
        if by is not None and (by.type == "category" or by.shape):
            raise Refusal(f"The column {by.name} gives no order: it holds no numbers or dates.")
    else:
        by = None
    if by is not None:
        _refuse_missing(file, (by,), "refuse")
    if experience is not None:
        if experience.shape or not experience.different or experience.different > MOST_EXPERIENCES:
            found = f"{experience.different:,}" if experience.different else "too many"
            raise Refusal(f"The column {experience.name} would make {found} experiences; at most {MOST_EXPERIENCES} follow each other.")
        _refuse_missing(file, (experience,), "refuse")
    return {"split": values["split"], "held_out": values["held_out"], "by": by, "experience": experience, "scenario": values["scenario"]}


def _named(file: Mapping[str, Any], seen: Seen, name: str, what: str) -> Column | None:
    """The column of that name; None where none is named. Raises Refusal with what there is."""
    name = name.strip()
    if not name:
        return None
    found = seen.column(name)
    if found is None:
        import difflib

        near = difflib.get_close_matches(name, [column.name for column in seen.columns], n=1)
        there = ", ".join(column.name for column in seen.columns[:12])
        hint = f"did you mean {near[0]}?" if near else f"there are {there}."
        raise Refusal(f"{name_of(file)} has no column {name!r:.80} for {what}; {hint}"[:-1] + ".")
    return found


def _inputs(
    file: Mapping[str, Any], seen: Seen, text: str, taken: set[str], types: Sequence[str] = ("number", "whole", "date", "category")
) -> tuple[Column, ...]:
    names = columns_in(text)
    if names:
        found = [column for name in names if (column := _named(file, seen, name, "inputs")) is not None]
        twice = next((column.name for column in found if column.name in taken), None)
        if twice is not None:
            raise Refusal(f"The column {twice} is an input and something else at once; take it out of the inputs.")
        wide = next((c for c in found if c.type == "category" and not 0 < (c.different or 0) <= MOST_CATEGORIES), None)
        if wide is not None:
            many = f"{wide.different:,}" if wide.different else "too many"
            raise Refusal(f"The column {wide.name} has {many} different words; at most {MOST_CATEGORIES} become inputs, so leave it out.")
        if any(column.shape for column in found):
            raise Refusal("Only columns can be inputs of rows; take images or sequences for arrays of more axes.")
    else:
        found = [column for column in usable(seen) if column.name not in taken and column.type in types]
    if not found:
        raise Refusal(f"{name_of(file)} has no column that could be an input; name some in Inputs.")
    return tuple({column.name: column for column in found}.values())


def columns_in(text: str) -> list[str]:
    """Names of columns in a text, with commas between them; a name with a comma stands in double quotes."""
    return [
        (quoted or plain).strip() for quoted, plain in re.findall(r'\s*(?:"([^"]*)"|([^,"]+))\s*(?:,|$)', text) if (quoted or plain).strip()
    ]


def columns_text(names: Sequence[str]) -> str:
    """Names as a text that `columns_in` reads."""
    return ", ".join(f'"{name}"' if "," in name else name for name in names)


def usable(seen: Seen) -> list[Column]:
    """Columns that make inputs where none are named: no arrays, no words that are nearly all different, no split, no numbering."""
    found = []
    for column in seen.columns:
        plain = not column.shape and column.name.lower() not in SPLIT_NAMES and (column.low is not None or column.type == "category")
        wordy = column.type == "category" and not 0 < (column.different or 0) <= MOST_CATEGORIES
        if plain and not wordy and not numbers_rows(column, seen.rows):
            found.append(column)
    return found


def numbers_rows(column: Column, rows: int) -> bool:
    """Whether a column only numbers the rows: by its name, and as each of its whole numbers comes once."""
    return column.type == "whole" and column.different == rows and column.name.lower() in ROW_NAMES


def _likely_target(file: Mapping[str, Any], seen: Seen, common: Mapping[str, Any], taken: Sequence[str] | set[str] = ()) -> Column:
    not_these = {*taken, *(common[key].name for key in ("by", "experience") if common[key] is not None)}
    likely = likely_target(seen, not_these)
    if likely is None:
        raise Refusal(f"{name_of(file)} has no column that looks like a target; name one in Target.")
    return likely


def likely_target(seen: Seen, taken: set[str]) -> Column | None:
    """The column that is asked after where none is named: by its name, else the last with few different values."""
    open_ = [c for c in seen.columns if c.name not in taken and (not c.shape) and c.name.lower() not in SPLIT_NAMES]
    called = sorted((c for c in open_ if c.name.lower() in TARGET_NAMES and c.different), key=lambda c: TARGET_NAMES.index(c.name.lower()))
    if called:
        return called[0]
    few = [c for c in open_ if c.different and 2 <= c.different <= max(2, min(MOST_CATEGORIES, seen.rows // 2))]
    words = [c for c in few if c.type == "category"]
    return (words or few or [None])[-1]  # type: ignore[list-item]


def _classes(file: Mapping[str, Any], seen: Seen, target: Column, bins: int = 0) -> int:
    """How many classes a target has. Raises Refusal where it has too few or too many."""
    if bins:
        if bins < 2:
            raise Refusal("Cutting a number into classes needs at least 2 of them; 0 takes each value as a class.")
        if target.type not in ("number", "whole", "date"):
            raise Refusal(f"The target {target.name} holds words, so it cannot be cut into classes; set Cut into to 0.")
        if target.different is not None and target.different < bins:
            raise Refusal(f"The target {target.name} has {target.different:,} different values, too few to be cut into {bins}.")
        return bins
    if target.type == "date" or (target.type == "number" and (target.different is None or target.different > seen.rows / 4)):
        raise Refusal(f"The target {target.name} is a number, and readouts answer with classes; cut it into classes, 4 say.")
    if target.different is None or target.different > MOST_CLASSES:
        raise Refusal(f"The target {target.name} has too many different values to be classes; at most {MOST_CLASSES:,} are.")
    if target.different < 2:
        what = "only one value" if target.different else "no value"
        raise Refusal(f"The target {target.name} has {what}; there is nothing to tell apart.")
    if target.most is not None and target.different > max(2, seen.rows // 2):
        raise Refusal(
            f"The target {target.name} has {target.different:,} different values in {seen.rows:,} rows; classes need several rows each."
        )
    return target.different


def _refuse_missing(file: Mapping[str, Any], columns: Sequence[Column | None], missing: str, always: Sequence[Column | None] = ()) -> None:
    for column in columns:
        if column is None or not column.missing or (missing != "refuse" and column not in always):
            continue
        infinite = f", {column.infinite:,} of them infinite" if column.infinite else ""
        way = "drop those rows or fill them" if missing == "refuse" and not column.shape else "mend the file"
        what = "array" if column.shape else "column"
        raise Refusal(f"The {what} {column.name} of {name_of(file)} has {column.missing:,} missing values{infinite}; {way}.")


def _array_plan(
    values: Mapping[str, Any], file: Mapping[str, Any], seen: Seen, inputs: Column, common: Mapping[str, Any], **given: Any
) -> Plan:
    time = inputs.shape[0]
    if not 1 <= time <= LONGEST:
        raise Refusal(f"The sequences of {name_of(file)} have {time:,} steps; 1 to {LONGEST:,} are read.")
    position = values["asked"] == "position"
    wanted = [
        c
        for c in seen.columns
        if c.shape == ((time,) if position else ()) and c.name != inputs.name and not c.name.startswith(f"{inputs.name} ")
    ]
    target = _named(file, seen, values["target"], "target")
    target = target or next((c for c in wanted if c.name.lower() in TARGET_NAMES), None) or (wanted[-1] if wanted else None)
    if target is None or target.shape != ((time,) if position else ()):
        shape = "items × time, as each position is asked" if position else "one an item"
        raise Refusal(f"{name_of(file)} needs an array of labels: {shape}.")
    missing = given.get("missing", "refuse")
    _refuse_missing(file, (inputs,) if position else (inputs, target), missing)
    classes = _classes(file, seen, target)
    if position and target.low is not None and target.low < 0:
        # what is below 0 is not asked
        classes = int(target.high or 0) + 1
        if classes < 2:
            raise Refusal(f"The target {target.name} has only one value; there is nothing to tell apart.")
    if "vocabulary" in given:
        given["vocabulary"] = _vocabulary(file, given["vocabulary"])
    return _enough(Plan(file, seen, (inputs,), target, classes, time=time, asked=values["asked"], **{**common, **given}))


def _of_steps(values: Mapping[str, Any], file: Mapping[str, Any], seen: Seen) -> tuple[Column, Column | None]:
    """The column that says to which sequence a row belongs, and the one that orders its rows."""
    id = _named(file, seen, values["id"], "sequence") or likely_id(seen)
    if id is None or not id.different:
        raise Refusal(f"{name_of(file)} needs a column that says to which sequence each row belongs; name it in Sequence.")
    order = _named(file, seen, values["order"], "order")
    if order is None and not values["order"].strip():
        order = next(
            (c for c in seen.columns if c.name.lower() in ("step", "time", "t", "position", "order", "date") and c is not id), None
        )
    if order is not None and order.type == "category":
        raise Refusal(f"The column {order.name} gives no order: it holds no numbers or dates.")
    return id, order


def likely_id(seen: Seen) -> Column | None:
    """The column that says to which sequence a row belongs where none is named: by its name, else the first that fits."""
    fits = [c for c in seen.columns if c.different and c.type in ("whole", "category") and 2 < c.different <= seen.rows // 2]
    named = [c for c in fits if c.name.lower() in ("id", "sequence", "series", "subject", "item", "walk") or c.name.lower().endswith("_id")]
    return next(iter([*named, *fits]), None)


def _vocabulary(file: Mapping[str, Any], size: int) -> int:
    if size > MOST_TOKENS:
        raise Refusal(f"{name_of(file)} has {size:,} different tokens; at most {MOST_TOKENS:,} are read.")
    return size


def _longest(file: Mapping[str, Any], id: Column) -> int:
    longest = id.most or 0
    if not 1 <= longest <= LONGEST:
        raise Refusal(f"The longest sequence of {name_of(file)} has {longest:,} steps; 1 to {LONGEST:,} are read.")
    return longest


def _enough(plan: Plan) -> Plan:
    """The plan, if there are items enough for training, validation and test."""
    items = plan.seen.rows if plan.id is None else plan.id.different or 0
    if items < 3 * plan.experiences:
        what = "sequences" if plan.id is not None else "rows"
        raise Refusal(f"{name_of(plan.file)} has {items:,} {what}; training, validation and test need one each, of each experience.")
    if plan.split != "column" and 2 * plan.held_out > 80:
        raise Refusal(f"Validation and test together take {2 * plan.held_out} % of the data; at most 80 % leaves enough to train on.")
    return plan


def _shape(column: Column) -> str:
    return " × ".join(str(n) for n in column.shape) or "a single number"
