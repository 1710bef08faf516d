"""What a person does with the window, act by act, for `memstudio bench window`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget

from memstudio.bench.pauses import Act

if TYPE_CHECKING:
    from memstudio.desktop.window import Window
    from memstudio.experiment.document import Document

Journey = Callable[["Window"], Iterator[Act]]
_LEFT = Qt.MouseButton.LeftButton


def _typed(field: QWidget, words: str) -> Iterator[Act]:
    """Types words letter by letter."""
    for at, letter in enumerate(words):
        yield Act(f"type {words[: at + 1]!r}", partial(QTest.keyClick, field, letter))


def _settled(window: Window) -> Callable[[], bool]:
    return lambda: window.session.settled


def pages(window: Window) -> Iterator[Act]:
    """Every page for the first time, and once more."""
    for turn in ("first", "again"):
        for name in ("build", "runs", "compare", "settings", "home"):
            yield Act(f"{name}, {turn}", partial(window.show_page, name))


def open_studies(window: Window) -> Iterator[Act]:
    """Opens every study of the gallery."""
    for item in window.gallery:
        yield Act(f"open {item.id}", partial(window.open_item, item), _settled(window))


def build(window: Window) -> Iterator[Act]:
    """Puts an experiment together from the palette, by typing."""
    yield Act("new experiment", window.new)
    field = window.build.palette_.field
    for words in ("associative", "token embed", "gated delta", "classifier", "gradient descent", "probe recall"):
        yield from _typed(field, words)
        yield Act(f"add {words}", partial(QTest.keyClick, field, Qt.Key.Key_Return), _settled(window))
        yield Act("clear the field", field.clear)


def select(window: Window) -> Iterator[Act]:
    """Selects each component, so that the inspector shows its form."""
    for node in window.session.document.nodes:
        yield Act(f"select {node.component}", partial(window.session.select, [node.id]))
    yield Act("select nothing", partial(window.session.select, []))


def drag(window: Window) -> Iterator[Act]:
    """Drags one component about, then everything."""
    view = window.build.canvas.view
    port = view.viewport()
    yield Act("zoom to fit", view.fit)
    first = next(iter(view.items_of.nodes.values()))

    def at(offset: QPointF) -> QPoint:
        return view.mapFromScene(first.body.topLeft() + QPointF(30, 10) + offset)

    for everything in (False, True):
        what = "everything" if everything else "one component"
        if everything:
            yield Act("select all", window.actions_["edit.select_all"].trigger)
        start = at(QPointF(0, 0))
        yield Act(f"take {what}", partial(QTest.mousePress, port, _LEFT, Qt.KeyboardModifier.NoModifier, start))
        for step in range(1, 25):
            yield Act(f"drag {what}", partial(QTest.mouseMove, port, start + QPoint(4 * step, 3 * step)))
        end = start + QPoint(96, 72)
        yield Act(f"let go of {what}", partial(QTest.mouseRelease, port, _LEFT, Qt.KeyboardModifier.NoModifier, end), _settled(window))


def edit(window: Window) -> Iterator[Act]:
    """Types a new value into the first line of the inspector, letter by letter; takes everything back and does it again."""
    session = window.session
    yield Act("select a memory", partial(session.select, [n.id for n in session.document.nodes if n.component.startswith("sequence.")][:1]))
    page = window.build.inspector
    line = next((one for one in page.findChildren(QLineEdit) if one.isVisible() and not one.isReadOnly()), None)
    if line is not None:
        yield Act("choose the line", line.selectAll)
        yield from _typed(line, "3")
        yield Act("leave the line", partial(QTest.keyClick, line, Qt.Key.Key_Tab), _settled(window))
    for turn in range(12):
        yield Act(f"undo {turn + 1}", session.undo)
    for turn in range(12):
        yield Act(f"redo {turn + 1}", session.redo)
    yield Act("settle", lambda: None, _settled(window))


def themes(window: Window) -> Iterator[Act]:
    """Light to dark and back."""
    for turn in range(4):
        yield Act(f"change {turn + 1}", window.actions_["view.theme"].trigger)


def commands(window: Window) -> Iterator[Act]:
    """Opens the command palette, types, closes it; opens the keyboard help."""
    yield Act("open commands", window.panels.open_palette)
    yield from _typed(window.palette_panel.findChildren(QLineEdit)[0], "zoom")
    yield Act("close commands", partial(QTest.keyClick, window.palette_panel.findChildren(QLineEdit)[0], Qt.Key.Key_Escape))
    yield Act("open help", window.panels.open_help)
    yield Act("close help", window.help_panel.close)


def runs(window: Window) -> Iterator[Act]:
    """The table of a thousand runs: filtered by typing, walked, sorted, details."""
    yield Act("runs", partial(window.show_page, "runs"))
    page = window.runs
    table = page.table
    yield Act("wait for runs", lambda: None, lambda: table.model().rowCount() > 0)
    field = page.search
    yield from _typed(field, "recall > 0.5 and seed = 1")
    yield Act("filter", partial(QTest.keyClick, field, Qt.Key.Key_Return))
    yield Act("clear the filter", page.clear_filter)
    for turn in range(12):
        yield Act(f"next run {turn + 1}", partial(QTest.keyClick, table, Qt.Key.Key_Down))
    for turn in range(6):
        yield Act(f"next page {turn + 1}", partial(QTest.keyClick, table, Qt.Key.Key_PageDown))


def live(study: str) -> Journey:
    """The curves of a study below Build, scrubbed from end to end."""

    def acts(window: Window) -> Iterator[Act]:
        yield Act("show curves", partial(window.ways.curves, study, ()))
        panel = window.live.panel
        yield Act("wait for panels", lambda: None, lambda: bool(panel.strip.panels) and panel.strip.settled)
        for turn in range(12):
            yield Act(f"a stored step back {turn + 1}", partial(panel.go_stored, -1))
        yield Act("the newest step", panel.follow_newest)

    return acts


def compare(study: str) -> Journey:
    """Compares the cells of a study."""

    def acts(window: Window) -> Iterator[Act]:
        yield Act("compare", partial(window.ways.compare, (study,), ()))
        for turn in range(20):
            yield Act(f"rest {turn + 1}", lambda: None)

    return acts


def large(document: Document, folder: Path) -> Journey:
    """A document of 500 components: opened, zoomed, edited, saved."""

    def acts(window: Window) -> Iterator[Act]:
        yield Act("open", partial(window.show_document, document), _settled(window))
        view = window.build.canvas.view
        for turn in range(6):
            yield Act(f"zoom in {turn + 1}", partial(view.zoom, 1))
        yield Act("zoom to fit", view.fit)
        yield Act("select one", partial(window.session.select, [document.nodes[3].id]))
        yield Act("delete it", window.actions_["edit.delete"].trigger, _settled(window))
        yield Act("undo", window.session.undo, _settled(window))
        yield Act("arrange", window.actions_["canvas.align"].trigger, _settled(window))
        yield Act("save", partial(window.session.save_as, folder / "large.memx"), (folder / "large.memx").exists)
        yield Act("new experiment", window.new, _settled(window))

    return acts
