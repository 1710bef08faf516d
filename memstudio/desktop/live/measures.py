"""What the Learning panel can show: which series make up each measure, and how it is said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from memstudio.measures.names import measure_name, split_name

Role = Literal["training", "test", ""]


@dataclass(frozen=True)
class Source:
    """A series that is part of a measure. instead: another that is shown where this one has fewer than two points."""

    name: str
    role: Role = ""
    instead: str | None = None


@dataclass(frozen=True)
class Measure:
    """One choice of the Learning panel. share: its values lie in 0 to 1."""

    id: str
    title: str
    y_name: str
    sources: tuple[Source, ...]
    share: bool = False


#: The test loss is measured at the ends only; the calibration probe's nll is the same number, measured on the way.
MEASURES = (
    Measure(
        "loss",
        "Loss",
        "loss, nats",
        (Source("loss[split=train]", "training"), Source("loss", "test", "nll")),
    ),
    Measure(
        "accuracy",
        "Accuracy",
        "accuracy",
        (Source("accuracy[split=train]", "training"), Source("accuracy", "test")),
        share=True,
    ),
    Measure("recall", "Recall", "recall", (Source("recall", "test"),), share=True),
    Measure("ece", "Calibration error", "ECE", (Source("ece", "test"),)),
    Measure("perplexity", "Perplexity", "perplexity", (Source("perplexity", "test"),)),
    Measure("bits_per_token", "Bits a token", "bits a token", (Source("bits_per_token", "test"),)),
    Measure("validation_loss", "Validation loss", "loss, nats", (Source("loss[split=validation]"),)),
    Measure("gradient_norm", "Gradient norm", "gradient norm", (Source("gradient_norm"),)),
    Measure("learning_rate", "Learning rate", "learning rate", (Source("learning_rate"),)),
    Measure("update_ratio", "Update ratio", "update / weight", (Source("update_ratio"),)),
    Measure("temperature", "Temperature", "temperature", (Source("temperature"),)),
    Measure("seconds_per_step", "Time of a step", "seconds", (Source("seconds_per_step"),)),
)
BY_ID = {measure.id: measure for measure in MEASURES}
#: labels whose values stand along the axis of a curve, or in the panel of tasks: not told again one by one
_TOLD = frozenset({"load", "distance", "serial_position", "length", "depth", "severity", "noise", "task", "position", "split", "member"})
#: what is no result, or is told by a measure above
_KNOWN = frozenset({source for measure in MEASURES for one in measure.sources for source in (one.name, one.instead) if source})
_NO_RESULT = frozenset({"probe_share", "average_accuracy"})
#: so many further measures at most: a longer menu is no help
MOST = 40


def measure_of(id: str) -> Measure:
    """The measure of an id: one of the table, or a series by its name (`capacity[criterion=recalled95]`)."""
    return BY_ID[id] if id in BY_ID else _of_series(id)


def _of_series(name: str) -> Measure:
    try:
        bare, labels = split_name(name)
    except ValueError:
        bare, labels = name, {}
    words = bare.replace("_", " ")
    title = f"{words[:1].upper()}{words[1:]}"
    said = ", ".join(f"{key} {value}" for key, value in labels.items())
    return Measure(name, f"{title} ({said})" if said else title, words, (Source(name),))


def further(names: Iterable[str]) -> tuple[Measure, ...]:
    """A measure for each series that no other measure, curve or panel tells of: what probes add, of ours or of an add-on."""
    found = []
    for name in sorted({without_stage(each) for each in names}):
        try:
            bare, labels = split_name(name)
        except ValueError:
            continue
        if name not in _KNOWN and bare not in _NO_RESULT and not _TOLD & set(labels):
            found.append(_of_series(name))
    return tuple(found[:MOST])


def of_all_stages(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """The series that are `name` in any stage of a run: steps count on through the stages, so they are one line."""
    bare, labels = split_name(name)
    wanted = measure_name(bare, labels)
    return tuple(found for found in names if without_stage(found) == wanted)


def without_stage(name: str) -> str:
    """A measure's name without the label of its stage."""
    try:
        bare, labels = split_name(name)
    except ValueError:
        return name
    return measure_name(bare, {key: value for key, value in labels.items() if key != "stage"})


def available(names: Iterable[str]) -> tuple[Measure, ...]:
    """The measures that these series make up."""
    there = {without_stage(name) for name in names}
    return tuple(m for m in MEASURES if any(s.name in there or s.instead in there for s in m.sources))
