"""A study from the window: put together on an empty canvas, run by real workers, seen finishing, compared, bundled and sent.

Three memories, three loads, five seeds: 45 runs of a few steps each.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.desktop.inspector.document_page import DocumentPage
from memstudio.desktop.inspector.node_page import NodePage
from memstudio.desktop.inspector.row import Row
from memstudio.desktop.window import Window
from memstudio.ground.launch import start_worker
from tests.desktop.opened import Opener, open_window  # noqa: F401 - a fixture

#: milliseconds; real workers train meanwhile, on a machine that may be busy
LONG = 240_000
TITLE = "Three memories, three loads"
MEMORIES = ("sequence.attention", "sequence.deltanet", "sequence.gated_deltanet")
SMALL = {
    "task": {"loads": "1 2", "vocabulary": "16", "length": "16", "test_items": "8"},
    "embed": {"width": "16"},
    "learn": {"steps": "4", "batch": "4"},
    "recall": {"every": "4"},
}


def built(qtbot: QtBot, window: Window) -> None:
    """Puts the experiment together from the palette, by typing."""
    window.new()
    palette = window.build.palette_
    for words in ("associative recall", "token embedding", "gated delta", "classifier", "gradient descent", "probe recall"):
        palette.field.clear()
        qtbot.keyClicks(palette.field, words)
        qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.session.settled, timeout=10_000)
    assert not window.session.facts.errors
    names = {
        "task": "task.associative_recall",
        "embed": "encoder.token_embedding",
        "learn": "learner.gradient_descent",
        "recall": "probe.recall",
    }
    ids = {node.component: node.id for node in window.session.document.nodes}
    for name, values in SMALL.items():
        window.session.select([ids[names[name]]])
        for parameter, text in values.items():
            typed(qtbot, row(window, parameter).field.editor, text)


def row(window: Window, parameter: str) -> Row:
    """A parameter's row in the inspector."""
    page = window.build.inspector.page
    assert isinstance(page, NodePage)
    for form in page.forms:
        found = form.rows.get(parameter)
        if isinstance(found, Row):
            return found
    raise AssertionError(f"no row of {parameter}")


def typed(qtbot: QtBot, line: QWidget, text: str) -> None:
    """Types over what stands in a line."""
    assert isinstance(line, QLineEdit)
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Tab)


def varied(qtbot: QtBot, window: Window) -> None:
    """Makes a study of it: the memory where it stands, the loads in their row, seeds in the study."""
    session, inspector = window.session, window.build.inspector
    session.select([next(node.id for node in session.document.nodes if node.component.startswith("sequence."))])
    page = inspector.page
    assert isinstance(page, NodePage)
    page.box.vary.click()
    form = page.box._form
    assert form is not None
    for id, check in form._checks:
        check.setChecked(id in MEMORIES)
    form.accept.click()

    session.select([next(node.id for node in session.document.nodes if node.component.startswith("task."))])
    loads = row(window, "loads")
    loads.open_vary()
    assert loads._vary is not None
    assert loads._vary._line is not None
    typed(qtbot, loads._vary._line, "1; 2; 4")
    loads._vary.accept.click()

    window.actions_["run.study"].trigger()
    shown = inspector.page
    assert isinstance(shown, DocumentPage)
    typed(qtbot, shown.study.seeds.fields["replicates"].editor, "5")
    for card, name in zip(shown.study.cards, ("memory", "load"), strict=True):
        card.open()
        typed(qtbot, card.name, name)
        card.head.setChecked(False)
    assert shown.study.count.text() == "3 memories × 3 loads × 5 seeds = 45 runs"
    shown.turn("experiment")
    typed(qtbot, shown.experiment.title, TITLE)
    qtbot.waitUntil(lambda: session.settled, timeout=10_000)
    assert not session.facts.problems


@contextmanager
def workers(folder: Path, number: int) -> Iterator[None]:
    """Real workers for as long as there is work; none is left behind."""
    started = [start_worker(folder, detached=False) for _ in range(number)]
    try:
        yield
        assert [worker.wait(timeout=60) for worker in started] == [0] * number
    finally:
        for worker in started:
            worker.kill()
            worker.wait()


def test_three_memories_three_loads_five_seeds(open_window: Opener, tmp_path: Path, qtbot: QtBot) -> None:  # noqa: F811
    window = open_window(tmp_path / "library")
    built(qtbot, window)
    varied(qtbot, window)

    card = window.build.card
    window.actions_["run.card"].trigger()
    assert card.what.text() == "3 memories × 3 loads × 5 seeds = 45 runs"
    assert card.cells.text() == "9 cells, each with 5 seeds"
    with qtbot.waitSignal(window.running.started, timeout=20_000) as started:
        qtbot.keyClick(card.run, Qt.Key.Key_Space)
    study = started.args[0].study
    assert len(started.args[0].runs) == 45

    window.toggle_queue()
    queue = window.queue_panel
    qtbot.waitUntil(lambda: queue.tree.seen.waits == 45, timeout=10_000)
    with workers(window.folder, 2):
        qtbot.waitUntil(lambda: bool(queue.tree.seen.now), timeout=LONG)
        qtbot.waitUntil(lambda: not queue.tree.seen.now and not queue.tree.seen.waiting, timeout=LONG)
    queue.close_panel()
    assert not queue.tree.seen.failed
    qtbot.waitUntil(lambda: not window.rail.running.isVisible(), timeout=10_000)

    panel = window.live.panel
    qtbot.waitUntil(panel.head.compare_button.isVisible, timeout=20_000)
    qtbot.mouseClick(panel.head.compare_button, Qt.MouseButton.LeftButton)
    assert window.page_name == "compare"
    qtbot.waitUntil(lambda: window.compare.title.whole == f"Compare 45 runs of “{TITLE}”", timeout=30_000)
    seen = window.compare.seen
    assert seen is not None
    assert {len(group.runs) for group in seen.comparison.groups} == {5}
    assert len(seen.comparison.groups) == 9

    file = tmp_path / "sent.memlib"
    with library.open(window.folder) as opened:
        assert opened.count(state="finished", study=study) == 45
        opened.bundle([study], file)
        measured = {row.uid: opened.measures(row.uid) for row in opened.runs(study=study)}
    with library.open(tmp_path / "elsewhere") as empty:
        assert empty.merge(file).runs == 45
        there = empty.runs(study=study)
        assert {row.uid for row in there} == set(measured)
        assert {row.state for row in there} == {"finished"}
        assert all(empty.measures(row.uid) == measured[row.uid] for row in there)
        assert empty.study(study).title == TITLE
    again = open_window(tmp_path / "elsewhere")
    again.show_page("runs")
    qtbot.waitUntil(lambda: again.runs.model.rowCount() == 45, timeout=20_000)
