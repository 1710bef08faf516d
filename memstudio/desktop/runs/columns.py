"""The columns of the table of runs: what each says of a run, how it sorts, how it is drawn."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memstudio.desktop.going import pace, share_of
from memstudio.desktop.words import STATES, duration, moment, number

if TYPE_CHECKING:
    from memstudio.library import RunRow
    from memstudio.library.columns import Column as Known

#: a value of a run as the library gives it: a measure, a parameter, a version
Value = str | float | int | bool | None
Values = Mapping[str, Value]


@dataclass(frozen=True)
class Column:
    """One column. kind: text, number, time, state or star; sort: the library's name for its order ("" = it has none).

    asks: whether its value comes from the library's `values`, under its id, not from the row of the run.
    """

    id: str
    title: str
    say: Callable[[RunRow, Values], str]
    kind: str = "text"
    sort: str = ""
    width: int = 110
    tip: str = ""
    asks: bool = False


def _state(row: RunRow, _: Values) -> str:
    if row.silent(time.time()) is not None:
        return "not answering"
    word = STATES.get(row.state, (row.state, ""))[0]
    return f"{word} {share_of(row):.0%}".replace("%", " %") if row.state in ("running", "paused") and row.steps else word


def took(row: RunRow) -> float | None:
    """Seconds from the start of the run until its end, or until now while it goes on."""
    if row.started is None:
        return None
    return (row.ended or (time.time() if row.state == "running" else row.heartbeat) or row.started) - row.started


def day(seconds: float | None, now: float | None = None) -> str:
    """When something was, short enough for a column: the time of today, the day of what is longer ago."""
    words = moment(seconds, now).split()
    return "".join(words[:1]) if len(words) < 3 else " ".join(words[:2] if ":" in words[2] else words)


def left(row: RunRow) -> float | None:
    """Seconds until a running run is done, at the pace it has shown; None where nothing is known."""
    whole = pace(row, row.heartbeat or 0.0) if row.state == "running" else None
    return None if whole is None else whole * (1 - share_of(row))


FIXED: tuple[Column, ...] = (
    Column("star", "", lambda row, _: "★" if row.starred else "", "star", "starred", 32, "Starred; B is the baseline"),
    Column("title", "Experiment", lambda row, _: row.title, "text", "title", 150),
    Column("cell", "Cell", lambda row, _: row.cell, "text", "cell", 118, "The cell of the study"),
    Column("state", "State", _state, "state", "state", 98),
    Column("seed", "Seed", lambda row, _: f"{row.seed:,}", "number", "seed", 52),
    Column("step", "Step", lambda row, _: f"{row.step:,} of {row.steps:,}" if row.steps else f"{row.step:,}", "number", "step", 120),
    Column("took", "Took", lambda row, _: duration(took(row)), "number", "took", 92, "Time since it was begun"),
    Column("left", "Left", lambda row, _: duration(left(row)), "number", "", 92, "Time until it is done, at its pace so far"),
    Column("queued", "Queued", lambda row, _: day(row.queued), "time", "queued", 84),
    Column("started", "Started", lambda row, _: day(row.started), "time", "started", 84),
    Column("ended", "Ended", lambda row, _: day(row.ended), "time", "ended", 84),
    Column("device", "Device", lambda row, _: row.device or "", "text", "device", 80),
    Column("study", "Study", lambda row, _: row.study_title or "", "text", "study", 200),
    Column("why", "Why", lambda row, _: row.failure or row.why or "", "text", "failure", 260, "Why it failed, was stopped or never begun"),
    Column("tag", "Tags", lambda row, _: ", ".join(row.tags), "text", "tag", 150),
    Column("note", "Note", lambda row, _: " ".join(row.note.split()), "text", "note", 200),
    Column("stage", "Stage", lambda row, _: row.stage, "text", "stage", 90),
    Column("machine", "Machine", lambda row, _: row.machine or "", "text", "machine", 110),
    Column("attempts", "Attempts", lambda row, _: f"{row.attempts:,}", "number", "attempts", 76, "How often it was begun or gone on with"),
    Column("data_seed", "Seed of data", lambda row, _: f"{row.data_seed:,}", "number", "data_seed", 96),
    Column("run", "Run", lambda row, _: row.uid[:8], "text", "run", 90, "The run's id"),
)
BY_ID = {column.id: column for column in FIXED}
#: what the table shows until a person chooses; measures that no run has are left out
USUAL = ("star", "title", "cell", "state", "seed", "accuracy", "recall", "ece", "took", "queued")
#: measures of the training itself: offered last
_TRAINING = ("learning_rate", "gradient_norm", "update_ratio", "seconds_per_step", "probe_share")
#: names of the library that are columns of ours under another id, or that no column shows
_OTHER_NAMES = {"starred": "star", "failure": "why"}


def measure_title(name: str) -> str:
    """A measure's name at the head of a column: `Recall`, `ECE`, `Recall[load=16]`."""
    words = name.replace("_", " ")
    return words.upper() if words in ("ece", "nll", "snr") else words[:1].upper() + words[1:]


def measure(name: str) -> Column:
    """The column of a measure."""
    return asked(name, "measure", "number")


def asked(name: str, kind: str = "", type: str = "text") -> Column:
    """The column of what the library knows of runs: a measure, a parameter, a setting of a study, a version."""
    if kind in ("", "measure") and (kind or not _is_address(name)):
        wide = max(74, 26 + 7 * len(name))
        return Column(name, measure_title(name), lambda row, values: said(values.get(name), measured), "number", name, wide, name, True)
    title = name.removeprefix("environment.") if kind == "environment" else name
    drawn = "number" if type in ("number", "duration", "time") else "text"
    return Column(name, title, lambda row, values: said(values.get(name)), drawn, name, max(80, 26 + 7 * len(title)), name, True)


def _is_address(name: str) -> bool:
    """Whether a name looks like a parameter's address or a fact of the environment (`mem1.heads`), not a measure (`recall[rate=0.1]`)."""
    return "." in name.partition("[")[0]


def said(value: Value, figures: Callable[[float], str] | None = None) -> str:
    """A value as a cell shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int | float):
        return (figures or number)(value)
    return value


def measured(value: float | None) -> str:
    """A measure in a column: three places under each other, more figures where three places say nothing."""
    if value is None or not value:
        return "" if value is None else "0"
    size = abs(value)
    if not math.isfinite(value) or (float(value).is_integer() and size > 1) or size >= 1000 or size < 1e-4:
        return number(value)
    return (f"{value:.3f}" if size >= 0.01 else f"{value:.2g}").replace("-", "\N{MINUS SIGN}")


def column(id: str, known: Mapping[str, Known] | None = None) -> Column:
    """The column of that id: one of ours, else what the library says of that name, else a measure's."""
    if id in BY_ID:
        return BY_ID[id]
    found = (known or {}).get(id)
    return asked(id, found.kind, found.type) if found is not None else asked(id)


def id_of(name: str) -> str:
    """The id of the column that shows what the library calls so."""
    return _OTHER_NAMES.get(name, name)


def shown(wanted: Sequence[str] | None, known: Mapping[str, Known]) -> list[Column]:
    """The columns to show: those that were chosen, else the usual ones whose measures exist."""
    if wanted:
        return [column(id, known) for id in dict.fromkeys(wanted)]
    return [column(id, known) for id in USUAL if id in BY_ID or id in known]


def of_training(name: str) -> bool:
    """Whether a measure is one of the training itself, not of what came of it."""
    return name.partition("[")[0] in _TRAINING or "split=train" in name


def offered(measures: Iterable[str]) -> list[str]:
    """The measures to choose from: bare test measures first, then those in brackets, then the training's own."""

    def rank(name: str) -> tuple[int, list[tuple[float, str]]]:
        parts = [(float(part), "") if part.isdigit() else (math.inf, part) for part in re.split(r"(\d+)", name)]
        return (2 if of_training(name) else 1 if "[" in name else 0, parts)

    return sorted(set(measures), key=rank)
