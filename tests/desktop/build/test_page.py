"""The Build page with its parts together, on a real library without workers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.desktop.actions import BY_ID, Actions
from memstudio.desktop.build.page import BuildPage
from memstudio.desktop.session import Message, Session
from memstudio.experiment import edits
from memstudio.experiment.document import Document
from tests.desktop.conftest import SessionOf
from tests.desktop.hand import Hand
from tests.documents import recall, study

Opener = Callable[..., BuildPage]


def test_the_bar_says_what_is_open_and_what_a_run_comes_to(page_of: Opener, qtbot: QtBot) -> None:
    page = page_of(study(replicates=3))
    assert page.bar.title.whole == "A small study"
    assert page.bar.plan.text().startswith("6 runs")
    assert page.bar.run.text() == "Run study"
    assert page.bar.problems.text() == "Problems 0"
    assert not page.bar.undo.isEnabled()
    page.session.edit("Change title", lambda d: edits.set_title(d, "Mine"))
    assert page.bar.title.whole == "Mine"
    assert page.bar.state.text() == "edited"
    assert "Change title" in page.bar.undo.toolTip()
    page.bar.undo.click()
    assert page.session.document.title == "A small study"


def test_running_queues_every_run_of_the_study(page_of: Opener, qtbot: QtBot, folder: Path) -> None:
    page = page_of(study(replicates=3))
    with qtbot.waitSignal(page.started, timeout=20_000) as started:
        page.bar.run.click()
        assert not page.bar.run.isEnabled()
    submitted = started.args[0]
    assert submitted.study is not None
    assert len(submitted.runs) == 6
    assert page.bar.run.isEnabled()
    with library.open(folder) as opened:
        rows = opened.runs()
        assert {row.state for row in rows} == {"queued"}
        assert {row.cell for row in rows} == {"attention", "delta rule"}
        assert opened.document(rows[0].uid).node("task").values == page.session.document.node("task").values


def test_a_single_run_has_no_study(page: BuildPage, qtbot: QtBot) -> None:
    assert page.bar.run.text() == "Run"
    with qtbot.waitSignal(page.started, timeout=20_000) as started:
        page.run()
    assert started.args[0].study is None
    assert len(started.args[0].runs) == 1


def test_a_document_with_errors_is_not_run_the_first_problem_is_said_and_gone_to(page: BuildPage, qtbot: QtBot) -> None:
    started: list[object] = []
    page.started.connect(started.append)
    page.session.edit("Remove", lambda d: edits.remove(d, ["embed"]))
    with qtbot.waitSignal(page.session.message) as said:
        page.run()
    assert isinstance(said.args[0], Message)
    assert "mended: Gated delta rule" in said.args[0].text
    assert page.problems.isVisible()
    assert page.bar.problems.isChecked()
    assert not started
    words, go = said.args[0].action
    assert words == "Go to mem1"
    go()
    assert page.session.selected == ("mem1",)
    qtbot.waitUntil(lambda: page.session.settled)
    assert not page.bar.run.isEnabled()
    assert "mended: Gated delta rule" in page.bar.run.toolTip()
    assert page.bar.plan.whole.endswith("it")
    page.bar.undo.click()
    qtbot.waitUntil(page.bar.run.isEnabled)
    assert page.bar.plan.whole.startswith("1 run · ")
    assert "1 run" in page.bar.run.toolTip()


def test_an_empty_document_cannot_be_run_and_says_why(page_of: Opener, qtbot: QtBot) -> None:
    page = page_of(Document())
    assert not page.bar.run.isEnabled()
    assert "nothing to run" in page.bar.run.toolTip()
    with qtbot.waitSignal(page.session.message) as said:
        page.run()
    assert "nothing to run" in said.args[0].text
    assert page.bar.run.text() == "Run"


def test_a_library_that_cannot_be_written_says_why_nothing_runs(page: BuildPage, qtbot: QtBot) -> None:
    assert page.bar.run.isEnabled()
    page.bar.refuse("The library's folder is read-only.")
    assert not page.bar.run.isEnabled()
    with qtbot.waitSignal(page.session.message) as said:
        page.run()
    assert "read-only" in said.args[0].text


def test_from_palette_to_run_with_the_keyboard_alone(page_of: Opener, qtbot: QtBot) -> None:
    """Every component is added by typing in the palette or the add box; wires come with them."""
    page = page_of(Document())
    page.focus_search()
    qtbot.keyClicks(page.palette_.field, "associative recall")
    qtbot.keyClick(page.palette_.field, Qt.Key.Key_Return)
    view = page.canvas.view
    for words in ("token embedding", "attention", "classifier", "gradient descent", "recall by"):
        view.setFocus()
        qtbot.keyClick(view, Qt.Key.Key_Tab)
        qtbot.keyClicks(view.box.field, words if words != "recall by" else "probe recall")
        qtbot.keyClick(view.box.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.session.settled)
    assert [node.component for node in page.session.document.nodes] == [
        "task.associative_recall",
        "encoder.token_embedding",
        "sequence.attention",
        "readout.classifier",
        "learner.gradient_descent",
        "probe.recall",
    ]
    assert page.session.facts.errors == ()
    assert len(page.session.document.wires) == 5
    with qtbot.waitSignal(page.started, timeout=20_000):
        page.run()


def test_enter_on_the_canvas_edits_in_the_inspector(page: BuildPage, qtbot: QtBot) -> None:
    page.session.select(["mem1"])
    page.canvas.view.setFocus()
    qtbot.keyClick(page.canvas.view, Qt.Key.Key_Return)
    focus = page.focusWidget()
    assert focus is not None
    assert page.inspector.isAncestorOf(focus)
    assert focus.accessibleName() == "Heads"


def test_a_problem_leads_to_its_node(page: BuildPage, qtbot: QtBot) -> None:
    page.session.edit("Disconnect", lambda d: edits.disconnect(d, "embed.sequence", "mem1.sequence"))
    qtbot.waitUntil(lambda: page.session.settled)
    page.canvas.view.set_scale(4.0)
    page.next_problem()
    assert page.problems.isVisible()
    assert page.session.selected == ("mem1",)
    seen = page.canvas.view.seen()
    assert seen.contains(page.canvas.view.items_of.nodes["mem1"].body.center())
    page.problems.close_button.click()
    assert not page.problems.isVisible()
    assert not page.bar.problems.isChecked()


def test_areas_follow_each_other_around(page: BuildPage, qtbot: QtBot) -> None:
    page.canvas.view.setFocus()
    order: list[QWidget] = []
    for _ in range(4):
        page.next_area(True)
        focus = page.focusWidget()
        assert focus is not None
        order.append(
            next(area for area in (page.bar, page.palette_, page.canvas, page.inspector) if area is focus or area.isAncestorOf(focus))
        )
    assert order == [page.inspector, page.bar, page.palette_, page.canvas]
    page.next_area(False)
    focus = page.focusWidget()
    assert focus is not None
    assert page.palette_.isAncestorOf(focus)


def test_the_outline_is_opened_gone_through_and_closed_by_keyboard(page: BuildPage, qtbot: QtBot) -> None:
    assert not page.outline.isVisible()
    page.toggle_outline()
    tree = page.outline.tree
    assert page.outline.isVisible()
    qtbot.waitUntil(tree.hasFocus)
    for _ in range(2):
        qtbot.keyClick(tree, Qt.Key.Key_Down)
    qtbot.keyClick(tree, Qt.Key.Key_Return)
    assert page.session.selected == ("mem1",)
    qtbot.keyClick(tree, Qt.Key.Key_C)
    box = page.canvas.view.connect_box
    assert box.isVisible()
    qtbot.keyClick(box.field, Qt.Key.Key_Escape)
    assert tree.hasFocus()
    page.next_area()
    assert page.canvas.view.hasFocus()
    page.toggle_outline()
    assert tree.hasFocus()
    page.toggle_outline()
    assert not page.outline.isVisible()
    assert page.canvas.view.hasFocus()


def test_every_deed_is_in_the_action_table_and_can_be_bound(page: BuildPage, qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    actions = Actions(window)
    page.bind(actions)
    assert set(page.deeds()) <= set(BY_ID)
    for id in page.deeds():
        assert id in actions
    page.session.select(["mem1"])
    actions["edit.delete"].trigger()
    assert "mem1" not in page.session.document.by_id
    actions["edit.undo"].trigger()
    assert "mem1" in page.session.document.by_id
    for id in (
        "edit.select_all",
        "edit.duplicate",
        "canvas.group",
        "canvas.ungroup",
        "canvas.align",
        "canvas.fit",
        "canvas.zoom_in",
        "canvas.actual",
    ):
        actions[id].trigger()
    for _ in range(20):
        actions["edit.undo"].trigger()
    assert not page.session.history.can_undo


def test_the_live_place_is_there_and_hidden(page: BuildPage) -> None:
    assert page.live_place.isHidden()
    assert page.live_place.layout() is not None


def test_dropping_from_the_palette_onto_the_canvas(page: BuildPage, qtbot: QtBot) -> None:
    hand = Hand(page.canvas.view)
    assert hand.drop("probe.cost", QPointF(700, 500))
    assert page.session.document.nodes[-1].component == "probe.cost"
    assert QApplication.activeModalWidget() is None


def test_opening_another_document_fits_it_into_view(page: BuildPage, qtbot: QtBot) -> None:
    page.canvas.view.set_scale(4.0)
    page.session.new()
    assert page.bar.title.whole == "Untitled experiment"
    assert not page.canvas.empty.isHidden()
    assert page.canvas.view.scale_now == 1.0


def test_without_a_library_the_page_still_edits(session_of: SessionOf, qtbot: QtBot) -> None:
    session: Session = session_of(recall())
    page = BuildPage(session, None)
    qtbot.addWidget(page)
    page.run()
    assert page.bar.run.text() == "Run"
