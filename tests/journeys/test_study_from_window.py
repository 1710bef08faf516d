"""A study from the window: put together on an empty canvas, run by real workers, seen finishing, compared, reported, bundled, sent.

Three memories, three loads, five seeds: 45 runs of a few steps each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget
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
def workers(folder: Path, number: int) -> Iterator[Callable[[], bool]]:
    """Real workers for as long as there is work; none is left behind. Gives whether all of them have ended."""
    started = [start_worker(folder, detached=False) for _ in range(number)]
    try:
        yield lambda: all(worker.poll() is not None for worker in started)
        assert [worker.wait(timeout=60) for worker in started] == [0] * number
    finally:
        for worker in started:
            worker.kill()
            worker.wait()


@pytest.mark.timeout(300)
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
    with workers(window.folder, 2) as ended:
        qtbot.waitUntil(lambda: bool(queue.tree.seen.now) or ended(), timeout=LONG)
        assert queue.tree.seen.now, "no worker took a run"
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

    report = tmp_path / "report.html"
    entries = {action.text(): action for action in window.compare.report_menu().actions()}
    entries["Report…"].trigger()
    chosen(window, report)
    qtbot.waitUntil(lambda: window.messages.said is not None and window.messages.said.text.startswith("Saved report.html"), timeout=LONG)
    page = report.read_text(encoding="utf-8")
    assert TITLE in page
    assert all(label in page for label in ("Attention", "Delta rule", "Gated delta rule", "<svg"))

    file = tmp_path / "sent.memlib"
    window.runs.show_study(study, TITLE)
    window.show_page("runs")
    qtbot.waitUntil(lambda: window.runs.model.rowCount() == 45, timeout=20_000)
    window.actions_["runs.bundle"].trigger()
    chosen(window, file)
    qtbot.waitUntil(lambda: window.messages.said is not None and window.messages.said.text.startswith("45 runs written"), timeout=LONG)

    again = open_window(tmp_path / "elsewhere")
    dropped(again, file)
    qtbot.waitUntil(lambda: again.runs.model.rowCount() == 45, timeout=60_000)
    with library.open(window.folder) as here, library.open(again.folder) as there:
        runs = here.runs(study=study, state="finished")
        assert len(runs) == 45
        assert {row.uid for row in there.runs(study=study, state="finished")} == {row.uid for row in runs}
        assert all(there.measures(row.uid) == here.measures(row.uid) for row in runs)
        assert there.study(study).title == TITLE


def chosen(window: Window, file: Path) -> None:
    """Chooses a file in the dialog that is open."""
    (dialog,) = (one for one in window.findChildren(QFileDialog) if one.isVisible())
    dialog.fileSelected.emit(str(file))
    dialog.reject()


def dropped(window: Window, file: Path) -> None:
    """Drops a file on the window."""
    carried = QMimeData()
    carried.setUrls([QUrl.fromLocalFile(str(file))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(300, 300), copy, carried, left, none))
