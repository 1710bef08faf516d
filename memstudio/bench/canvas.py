"""Canvas: how long a frame takes on a document of 500 nodes, and the longest pause while it is opened."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from memstudio.desktop.canvas.canvas import Canvas
    from memstudio.experiment.document import Document

NODES = 500
FRAMES = 40
#: which node is dragged and edited
DRAGGED = 250
#: milliseconds a frame may take, and milliseconds the window may be held while a document is opened
MOST, HELD = 16.0, 50.0
#: the canvas of a window of 1,600 x 1,000
SIZE = (1072, 900)
ACROSS = 20
#: what stands between the embedding and the readout, in turn: cards of several heights and colours
_MEMORIES = ("sequence.gated_deltanet", "sequence.attention", "sequence.deltanet", "sequence.linear_attention")

Frames = dict[str, Callable[[int], object]]


def main(as_json: bool = False) -> dict[str, Any]:
    """Measures frames (median and worst, milliseconds) and returns them; prints them too unless they will be printed as JSON.

    A frame is what was done, all that follows from it and the repaint: as long as the window is held.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    rows = list(_rows())
    found = {"bench": "canvas", "rows": rows}
    if not as_json:
        for row in rows:
            print(f"{row['what']}: {row['ours']:.1f} ms, worst {row['worst']:.1f}, of the processor {row['cpu']:.1f} ({row['to_reach']})")
    return found


def document(nodes: int) -> Document:
    """An experiment of that many nodes: one task, a long stack of memories row by row, a readout, a learner and what looks on."""
    from memstudio.experiment.document import Document, Node, Wire

    many = nodes - 7
    components = ["task.associative_recall", "encoder.token_embedding", *(_MEMORIES[i % len(_MEMORIES)] for i in range(many))]
    components += ["readout.classifier", "learner.gradient_descent", "calibration.temperature", "probe.recall", "probe.calibration"]
    made = [
        Node(id=f"n{i}", uid=f"u{i:011d}", component=component, place=(240.0 * (i % ACROSS), 120.0 * (i // ACROSS)))
        for i, component in enumerate(components)
    ]
    out = ["tokens", *["sequence"] * (many + 1), "scores", "trained", "trained"]
    into = ["tokens", *["sequence"] * many, "input", "model", "trained"]
    wires = [Wire(start=f"n{i}.{out[i]}", end=f"n{i + 1}.{into[i]}") for i in range(nodes - 3)]
    wires += [Wire(start=f"n{nodes - 4}.trained", end=f"n{i}.trained") for i in (nodes - 2, nodes - 1)]
    return Document(title="Many", nodes=made, wires=wires)


def _rows() -> Iterator[dict[str, Any]]:
    from memstudio.components.catalogue import catalogue
    from memstudio.desktop import theme
    from memstudio.desktop.app import application
    from memstudio.desktop.canvas.canvas import Canvas
    from memstudio.desktop.session import Session

    app = application()
    theme.set_theme("light")
    session = Session(catalogue())
    canvas = Canvas(session)
    canvas.resize(*SIZE)
    canvas.show()
    app.processEvents()
    try:
        held = _opened(app, canvas, document(NODES))
        yield _row(f"opening {NODES} nodes, longest pause", [held], HELD)
        for where, frames in (("whole", _far(canvas)), ("at full size", _near(canvas))):
            _settle(app, canvas)
            canvas.view.fit() if where == "whole" else canvas.view.set_scale(1.0)
            app.processEvents()
            for what, change in frames.items():
                yield _row(f"{NODES} nodes {where}, {what}", _milliseconds(app, change), MOST)
    finally:
        session.close()
        canvas.close()
        canvas.deleteLater()
        app.processEvents()


def _opened(app: QApplication, canvas: Canvas, opened: Document) -> tuple[float, float]:
    """Opens a document; the longest round of the event loop in milliseconds, on the clock and of the processor."""
    rounds = _milliseconds_of(lambda: canvas.view.session.show(opened))
    longest = [rounds, _milliseconds_of(app.processEvents)]
    with _patience() as waiting:
        while waiting() and not (canvas.view.items_of.complete and canvas.view.session.settled):
            longest.append(_milliseconds_of(app.processEvents))
            time.sleep(0.001)
    return max(clock for clock, _ in longest), max(cpu for _, cpu in longest)


def _milliseconds_of(call: Callable[[], object]) -> tuple[float, float]:
    started, worked = time.perf_counter(), time.thread_time()
    call()
    return 1e3 * (time.perf_counter() - started), 1e3 * (time.thread_time() - worked)


def _settle(app: QApplication, canvas: Canvas) -> None:
    with _patience() as waiting:
        while waiting() and not canvas.view.session.settled:
            app.processEvents()
            time.sleep(0.005)


@contextmanager
def _patience(seconds: float = 60.0) -> Iterator[Callable[[], bool]]:
    """Whether there is still time to wait."""
    until = time.monotonic() + seconds
    yield lambda: time.monotonic() < until


def _far(canvas: Canvas) -> Frames:
    """What is done while the whole drawing is seen."""
    from PySide6.QtCore import QPoint

    view = canvas.view
    return {
        "repaint": lambda _: view.viewport().update(),
        "scrolling": lambda i: view.pan(QPoint(7 if i % 8 < 4 else -7, 5 if i % 4 < 2 else -5)),
        "zooming": lambda i: view.zoom(0.5 if i % 16 < 8 else -0.5),
        "rubber band over all": _band(canvas),
        "dragging one node": _drag(canvas, f"n{DRAGGED}"),
        "editing one value": _edit(canvas, f"n{DRAGGED}"),
    }


def _near(canvas: Canvas) -> Frames:
    """What is done while the words are read."""
    from PySide6.QtCore import QPoint

    view = canvas.view
    return {
        "repaint": lambda _: view.viewport().update(),
        "scrolling": lambda i: view.pan(QPoint(23 if i % 8 < 4 else -23, 17)),
        "zooming": lambda i: view.zoom(-0.5 if i % 16 < 8 else 0.5),
        "dragging one node": _drag(canvas, f"n{DRAGGED}"),
        "editing one value": _edit(canvas, f"n{DRAGGED}"),
    }


def _band(canvas: Canvas) -> Callable[[int], object]:
    """A rubber band that grows over the whole canvas, node after node."""
    from PySide6.QtCore import QEvent, QPoint

    def band(frame: int) -> None:
        room = canvas.view.viewport().rect()
        if frame == 0:
            _mouse(canvas, QEvent.Type.MouseButtonPress, QPoint(2, 2))
        share = (frame + 1) / FRAMES
        _mouse(canvas, QEvent.Type.MouseMove, QPoint(round(room.width() * share) - 2, round(room.height() * share) - 2))
        if frame == FRAMES - 1:
            _mouse(canvas, QEvent.Type.MouseButtonRelease, room.bottomRight() - QPoint(2, 2))
            canvas.view.session.select(())

    return band


def _drag(canvas: Canvas, id: str) -> Callable[[int], object]:
    """One node in the hand, up and down across others."""
    from PySide6.QtCore import QEvent, QPoint

    view = canvas.view

    def drag(frame: int) -> None:
        if frame == 0:
            view.reveal(id)
            drag.start = view.mapFromScene(view.items_of.nodes[id].body.center())  # type: ignore[attr-defined]
            _mouse(canvas, QEvent.Type.MouseButtonPress, drag.start)  # type: ignore[attr-defined]
        at = drag.start + QPoint(9 * min(frame, FRAMES - frame), 6 * min(frame, FRAMES - frame))  # type: ignore[attr-defined]
        _mouse(canvas, QEvent.Type.MouseMove, at)
        if frame == FRAMES - 1:
            _mouse(canvas, QEvent.Type.MouseButtonRelease, at)

    return drag


def _edit(canvas: Canvas, id: str) -> Callable[[int], object]:
    """Another value of one parameter, as while a slider is dragged."""
    from memstudio.experiment import edits

    session = canvas.view.session

    def edit(frame: int) -> None:
        session.edit("Change", lambda document: edits.set_value(document, f"{id}.repeat", 1 + frame % 7, session.catalogue), merge="bench")

    return edit


def _mouse(canvas: Canvas, kind: Any, at: Any) -> None:
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    viewport = canvas.view.viewport()
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
    place = QPointF(viewport.mapToGlobal(at))
    QApplication.sendEvent(viewport, QMouseEvent(kind, QPointF(at), place, button, held, Qt.KeyboardModifier.NoModifier))


def _milliseconds(app: QApplication, change: Callable[[int], object]) -> list[tuple[float, float]]:
    """The time of each frame (a change, then everything that follows from it, repainting included): on the clock, of the processor."""

    def frame(number: int) -> None:
        change(number)
        app.processEvents()

    return [_milliseconds_of(partial(frame, number)) for number in range(FRAMES)]


def _row(what: str, taken: list[tuple[float, float]], most: float) -> dict[str, Any]:
    """cpu: the processor's time of a frame, the one to look at where other programs are at work."""
    ours, cpu = (statistics.median(one) for one in zip(*taken, strict=True))
    worst = max(clock for clock, _ in taken)
    found = {"what": what, "ours": ours, "worst": worst, "cpu": cpu, "against": None, "unit": "ms", "ratio": ours / most}
    return {**found, "to_reach": f"at most {most:g} ms"}
