"""Titled lists of names and values, and what they say of a run: times, what was set, environment, attempts, files, events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from memstudio.desktop.labels import Elided, label
from memstudio.desktop.runs.columns import took
from memstudio.desktop.words import count, duration, moment, number, size

if TYPE_CHECKING:
    from memstudio.experiment.document import Document
    from memstudio.library import ArtifactRow, AttemptRow, EventRow, RunRow

Pair = tuple[str, str]
#: the newest events that are listed
EVENTS = 40


class Pairs(QWidget):
    """A titled list of names and values. Values can be selected and copied; the same names keep their labels."""

    def __init__(self, title: str, name_kind: str = "dim", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name_kind = name_kind
        self._labels: list[tuple[Elided, QLabel]] = []
        self._pairs: tuple[Pair, ...] = ()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(0, 5)
        self._grid.setColumnStretch(1, 4)
        if title:
            self._grid.addWidget(label(title, "strong"), 0, 0, 1, 2)
        self.hide()

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """What is shown."""
        return self._pairs

    def show_pairs(self, pairs: Sequence[Pair]) -> None:
        """Shows these; hidden where there are none."""
        self._pairs = tuple(pairs)
        while len(self._labels) < len(pairs):
            name, value = Elided("", self._name_kind), label("", wrap=True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            row = len(self._labels) + 1
            self._grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(value, row, 1)
            self._labels.append((name, value))
        for place, (name, value) in enumerate(self._labels):
            there = place < len(pairs)
            name.setVisible(there)
            value.setVisible(there)
            if there and (name.whole, value.text()) != pairs[place]:
                name.say(pairs[place][0])
                value.setText(pairs[place][1])
        self.setVisible(bool(pairs))


def facts(row: RunRow) -> list[Pair]:
    """What a run was: times, seeds, device."""
    found: list[tuple[str, Any]] = [
        ("Run", row.uid),
        ("Study", row.study_title or ""),
        ("Seed of weights", f"{row.seed:,}"),
        ("Seed of data", f"{row.data_seed:,}"),
        ("Steps", f"{row.step:,} of {row.steps:,}" if row.steps else ""),
        ("Stage", row.stage),
        ("Device", f"{row.device}, {count(row.threads or 1, 'thread')}" if row.device else ""),
        ("Machine", row.machine or ""),
        ("Queued", moment(row.queued)),
        ("Started", moment(row.started)),
        ("Ended", moment(row.ended)),
        ("Took", duration(took(row))),
        ("Packed", "its seeds were trained as members of one pass" if row.packed else ""),
    ]
    return [(name, value) for name, value in found if value]


def parameter_pairs(document: Document) -> list[Pair]:
    """Every value that the document sets, as its address and value, then how it was run."""
    found: list[Pair] = []
    for node in document.nodes:
        found.append((node.id, node.component))
        found += _values(node.id, node.values)
    run = document.run
    return [
        *found,
        ("run.precision", run.precision),
        ("run.threads", str(run.threads)),
        ("run.deterministic", value_text(run.deterministic)),
    ]


def _values(address: str, values: Mapping[str, Any]) -> list[Pair]:
    found: list[Pair] = []
    for name, value in values.items():
        if isinstance(value, Mapping) and "component" in value:
            found.append((f"{address}.{name}", str(value["component"])))
            inner = value.get("values")
            found += _values(f"{address}.{name}", inner if isinstance(inner, Mapping) else {})
        else:
            found.append((f"{address}.{name}", value_text(value)))
    return found


def value_text(value: Any) -> str:
    """A document's value as a person reads it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, list | tuple):
        return ", ".join(value_text(v) for v in value)
    if isinstance(value, Mapping):
        return str(
            value.get("component") or value.get("path") or value.get("name") or ", ".join(f"{k} {value_text(v)}" for k, v in value.items())
        )
    return "none" if value is None else str(value)


def environment_pairs(environment: Mapping[str, Any]) -> list[Pair]:
    """Versions, platform and device, nested ones by their address."""
    found: list[Pair] = []
    for name, value in environment.items():
        if isinstance(value, Mapping):
            found += [(f"{name}.{inner}", text) for inner, text in environment_pairs(value)]
        elif value not in (None, "", []):
            found.append((name, ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)))
    return found


def attempt_pairs(attempts: Sequence[AttemptRow]) -> list[Pair]:
    """When the run was begun or gone on with, from where, and how that ended."""
    return [
        (
            f"{place}. {moment(attempt.started)}",
            f"from step {attempt.from_step:,}, {attempt.why or 'going on'}"
            + (f" after {duration(attempt.ended - attempt.started)}" if attempt.ended else ""),
        )
        for place, attempt in enumerate(attempts, 1)
    ]


def artifact_pairs(artifacts: Sequence[ArtifactRow]) -> list[Pair]:
    """The files that a run made: name and kind, size and step."""
    return [
        (one.name, f"{one.kind}, {size(one.size)}{f', step {one.step:,}' if one.step is not None else ''}") for one in reversed(artifacts)
    ]


def event_pairs(events: Sequence[EventRow]) -> list[Pair]:
    """What happened, the newest first."""
    return [(moment(event.time), event.text) for event in reversed(events[-EVENTS:])]
