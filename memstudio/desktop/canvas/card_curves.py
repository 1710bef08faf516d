"""Small curves on the cards while runs of the open document go: the loss on each learner, its main measure on each probe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from memstudio.desktop.canvas.face import Points
from memstudio.desktop.canvas.scene import Scene
from memstudio.desktop.canvas.summary import number_text
from memstudio.desktop.reader import Reader
from memstudio.desktop.session import Session
from memstudio.experiment.document import Document
from memstudio.experiment.sameness import trained_alike
from memstudio.measures.names import split_name

if TYPE_CHECKING:
    from memstudio.library import Library, RunRow

#: milliseconds between two looks: three a second is as much as an eye follows on a card
EVERY = 330
#: points of a curve of 40 px
POINTS = 32
#: which series a probe's card shows, where it is not called as the probe is; the first that there is
MAIN: Mapping[str, tuple[str, ...]] = {
    "probe.calibration": ("ece", "nll"),
    "probe.forgetting": ("average_accuracy", "accuracy"),
    "probe.capacity": ("capacity", "recall"),
    "probe.load_capacity": ("largest_load", "capacity"),
    "probe.cue_noise": ("overlap", "recall"),
    "probe.retrieval": ("readable_memories", "retrieval_capacity"),
    "probe.perplexity": ("perplexity", "nll"),
}
_LEARNED = ("loss[split=train]", "loss[split=validation]", "loss")
_AT_WORK = ("running", "starting", "paused")


@dataclass(frozen=True)
class Curve:
    """A curve as a card shows it: points in 0 to 1, and what its last value is."""

    points: Points
    words: str


@dataclass(frozen=True)
class Looked:
    """What one look at the library found: the run that was looked at, its document, and a curve for each node that has one."""

    run: str
    document: Document
    curves: Mapping[str, Curve]


class CardCurves(QObject):
    """Follows a study or runs in the library and draws on the cards what they measure. Reads away from the window's thread.

    The curves are there only while the open document would be trained as the runs' was.
    """

    def __init__(self, session: Session, scene: Scene, reader: Reader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._scene, self._reader = session, scene, reader
        self._study: str | None = None
        self._runs: tuple[str, ...] = ()
        self._looked: Looked | None = None
        self._drawn: set[str] = set()
        self._soon = QTimer(self, singleShot=True, interval=EVERY)
        self._soon.timeout.connect(self._ask)
        reader.changed.connect(self._changed)
        session.document_changed.connect(self._show)
        scene.grown.connect(self._show)

    def follow(self, study: str | None, runs: Sequence[str]) -> None:
        """Shows these runs from now on; none: no curves."""
        self._study, self._runs, self._looked = study, tuple(runs), None
        self._show()
        if self._followed:
            self._ask()

    @property
    def _followed(self) -> bool:
        return self._study is not None or bool(self._runs)

    def _changed(self) -> None:
        if self._followed and not self._soon.isActive():
            self._soon.start()

    def _ask(self) -> None:
        if self._followed:
            known = self._looked.document if self._looked is not None else None
            self._reader.ask(partial(look, study=self._study, runs=self._runs, known=known), self._found, self._lost, key="canvas.curves")

    def _found(self, looked: Looked | None) -> None:
        if looked is not None and self._followed:
            self._looked = looked
            self._show()

    def _lost(self, sentence: str) -> None:
        """The runs are gone, or cannot be read: the live panel says why."""
        self._looked = None
        self._show()

    def _show(self, _: object = None) -> None:
        """Draws the curves on the cards, or takes them away."""
        looked = self._looked
        alike = looked is not None and trained_alike(self._session.document, looked.document)
        curves = looked.curves if looked is not None and alike else {}
        nodes = self._scene.nodes
        for id in self._drawn - curves.keys():
            if id in nodes:
                nodes[id].set_curve(())
        for id, curve in curves.items():
            if id in nodes:
                nodes[id].set_curve(curve.points, curve.words)
        self._drawn = set(curves)


# ---------------------------------------------------------------------------------------------- on the reader's thread


def look(library: Library, study: str | None, runs: Sequence[str], known: Document | None) -> Looked | None:
    """What the run that is at work (else the last that ended) has measured; None where none has begun. known: its document, if read."""
    rows = library.runs(study=study) if study is not None else [library.run(uid) for uid in runs]
    row = chosen(rows)
    if row is None:
        return None
    document = known or (library.study_document(study) if study is not None else library.document(row.uid))
    names = library.measures(row.uid)
    curves = {}
    for node, name in series_of(document, names).items():
        curve = _curve(library, row, name)
        if curve is not None:
            curves[node] = curve
    return Looked(row.uid, document, curves)


def chosen(rows: Sequence[RunRow]) -> RunRow | None:
    """The run whose curves are shown: the one that began last among those at work, else among all."""
    begun = [row for row in rows if row.started]
    going = [row for row in begun if row.state in _AT_WORK]
    return max(going or begun, key=lambda row: row.started or 0.0, default=None)


def series_of(document: Document, names: Mapping[str, float]) -> dict[str, str]:
    """Which of these series each node's card shows: node id -> the series' name."""
    split = {name: split_name(name) for name in names}
    by_id = document.by_id
    found: dict[str, str] = {}
    for node in document.nodes:
        family = node.component.partition(".")[0]
        if family == "probe":
            before = next((wire.start_node for wire in document.into(node.id)), "")
            wanted = MAIN.get(node.component, (node.component.partition(".")[2],))
        elif family in ("learner", "unlearning", "calibration"):
            before, wanted = node.id, _LEARNED
        else:
            continue
        name = _first(wanted, split, before if before in by_id else "")
        if name is not None:
            found[node.id] = name
    return found


def _first(wanted: Sequence[str], names: Mapping[str, tuple[str, dict[str, str]]], stage: str) -> str | None:
    """The first series of that name in that stage; one without other labels before those with some."""
    for full in wanted:
        bare, labels = split_name(full)
        fitting = [
            (len(others), name)
            for name, (metric, has) in names.items()
            if metric == bare and has.get("stage", stage) == stage and labels.items() <= has.items()
            for others in [has.keys() - labels.keys() - {"stage"}]
            if not (bare == "loss" and others)
        ]
        if fitting:
            return min(fitting)[1]
    return None


def _curve(library: Library, row: RunRow, name: str) -> Curve | None:
    import numpy as np

    series = library.series(row.uid, name)
    there = np.isfinite(series.values)
    steps, values = series.steps[there], series.values[there]
    if len(values) < 2:
        return None
    words = f"{name.partition('[')[0].replace('_', ' ')} {number_text(float(f'{values[-1]:.4g}'))} at step {int(steps[-1]):,}"
    parts = min(POINTS, len(values))
    edges = np.linspace(0, len(values), parts + 1).astype(int)[:-1]
    counts = np.diff(np.append(edges, len(values)))
    x, y = np.add.reduceat(steps, edges) / counts, np.add.reduceat(values, edges) / counts
    first, low = float(steps[0]), float(y.min())
    across, high = max(float(row.steps or 0), float(steps[-1])) - first, float(y.max())
    xs = (x - first) / across if across > 0 else x * 0
    ys = (y - low) / (high - low) if high > low else y * 0 + 0.5
    return Curve(tuple(zip(xs.tolist(), ys.tolist(), strict=True)), words[:1].upper() + words[1:])
