"""What curves, axes and measures are called beneath and beside a figure."""

from __future__ import annotations

from memstudio.library.sentences import measure_words
from memstudio.measures.names import split_name

_SHORT = {"ece": "ECE", "nll": "NLL"}
_AXES = {"load": "items to remember", "severity": "severity of corruption", "after task": "after task", "stored": "patterns stored"}
_UNITS = {"nll": "NLL (nats)", "loss": "loss (nats)", "seconds_per_step": "seconds a step", "state_bytes": "state (bytes)"}
#: measures that are shares of 1
SHARES = ("recall", "accuracy", "average_accuracy", "min_acc", "wc_acc", "probe_share", "auroc_ood")


def capital(words: str) -> str:
    """The words with a large first letter."""
    return words[:1].upper() + words[1:]


def bare(name: str) -> str:
    """A name without its labels: `recall` of `recall[load=16]`."""
    try:
        return split_name(name)[0]
    except ValueError:
        return name.partition("[")[0]


def measure_title(name: str) -> str:
    """`Recall, load 16`."""
    return capital(measure_words(name))


def curve_title(name: str) -> str:
    """`Recall by load`, `Reliability (stage learn)`."""
    measure, _, axis = bare(name).partition("_by_")
    words = _SHORT.get(measure, capital(measure.replace("_", " ")))
    labels = name[len(bare(name)) :].strip("[]").replace("=", " ").replace(",", ", ")
    axis = {"stored": "patterns stored"}.get(axis, axis.replace("_", " "))
    title = f"{words} by {axis}" if axis and axis not in words.lower() else words
    return f"{title} ({labels})" if labels else title


def axis_title(name: str, unit: str = "") -> str:
    """What stands beside an axis: `Items to remember`, `Distance (positions)`."""
    words = capital(_AXES.get(name, name.replace("_", " ")))
    return f"{words} ({unit})" if unit and unit not in words.lower() else words


def value_title(name: str) -> str:
    """What stands beside the axis of a measure, with its unit."""
    measure = bare(name).partition("_by_")[0]
    if measure in _UNITS and "split=" not in name:
        return capital(_UNITS[measure])
    return measure_title(measure if measure != bare(name) else name)


def is_share(name: str) -> bool:
    """Whether a measure lies between 0 and 1 and is best seen so."""
    return bare(name).partition("_by_")[0] in SHARES
