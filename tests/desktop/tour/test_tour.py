"""The guided tour in the real window: by hand, by Do it for me, by keyboard, and with a person who does something else."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.desktop.tour.steps import CHAIN, STEPS, TITLE
from memstudio.desktop.tour.tour import Tour
from memstudio.desktop.window import Window
from memstudio.experiment import edits
from tests.desktop import filled
from tests.desktop.hand import Hand

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def tour(window: Window, qtbot: QtBot) -> Tour:
    window.resize(1280, 800)
    window.activateWindow()
    qtbot.mouseClick(window.home.tour_line.yes, LEFT)
    made = window.panels.tour
    assert made.going
    return made


def at(qtbot: QtBot, tour: Tour, id: str) -> None:
    """The tour has noticed by itself that it is at a step now."""
    qtbot.waitUntil(lambda: tour.step.id == id, timeout=5000)


def add(qtbot: QtBot, window: Window, words: str) -> None:
    field = window.build.palette_.field
    field.clear()
    qtbot.keyClicks(field, words)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def build_all(window: Window, tour: Tour, until: str) -> None:
    while tour.step.id != until:
        tour.do_it()


def run_for_me(qtbot: QtBot, window: Window, tour: Tour) -> str:
    """Has Run pressed, and returns the run."""
    build_all(window, tour, "run")
    qtbot.waitUntil(tour.card.do_button.isEnabled, timeout=5000)
    with qtbot.waitSignal(window.running.started, timeout=10_000) as started:
        qtbot.mouseClick(tour.card.do_button, LEFT)
    (run,) = started.args[0].runs
    at(qtbot, tour, "points")
    return str(run)


def test_offered_by_a_line_until_it_was_begun(window: Window, tour: Tour, qtbot: QtBot) -> None:
    assert window.page_name == "build"
    assert window.session.document.title == TITLE
    assert not window.home.tour_line.isVisibleTo(window.home)
    assert window.home.tour_button.isVisibleTo(window.home)
    qtbot.waitUntil(lambda: window.settings.get("tour") == "begun", timeout=5000)
    qtbot.mouseClick(tour.card.end_button, LEFT)
    qtbot.waitUntil(lambda: window.settings.get("tour") == "ended", timeout=5000)
    assert not tour.card.isVisible()
    assert not tour.frame.isVisible()


def test_declined_it_stays_in_help_and_closing_the_window_ends_it(window: Window, qtbot: QtBot) -> None:
    assert window.home.tour_line.isVisible()
    qtbot.mouseClick(window.home.tour_line.no, LEFT)
    assert not window.home.tour_line.isVisible()
    qtbot.waitUntil(lambda: window.settings.get("tour") == "declined", timeout=5000)
    window.actions_["help.tour"].trigger()
    assert window.panels.tour.going
    window.close()
    assert not window.panels.tour.going


def test_by_hand_it_waits_for_what_was_really_done(window: Window, tour: Tour, qtbot: QtBot) -> None:
    at(qtbot, tour, "add0")
    add(qtbot, window, "token embedding")
    qtbot.wait(0)
    tour.look()
    assert tour.step.id == "add0", "another component is not what was asked for"
    window.session.undo()
    add(qtbot, window, "associative recall")
    at(qtbot, tour, "add1")
    add(qtbot, window, "token embedding")
    at(qtbot, tour, "add2")
    view = window.build.canvas.view
    embed = window.session.document.nodes[-1].id
    hand = Hand(view)
    hand.drag(hand.at_plug(f"{embed}.sequence", "out"), hand.void())
    assert view.box.isVisible()
    qtbot.keyClicks(view.box.field, "gated delta rule")
    qtbot.keyClick(view.box.field, Qt.Key.Key_Return)
    at(qtbot, tour, "add3")
    add(qtbot, window, "classifier")
    add(qtbot, window, "gradient descent")
    add(qtbot, window, "probe.recall")
    at(qtbot, tour, "values")
    assert [node.component for node in window.session.document.nodes] == [component for component, _, _ in CHAIN]


def test_it_points_at_the_control_and_covers_nothing_of_it(window: Window, tour: Tour, qtbot: QtBot) -> None:
    for step in STEPS[:8]:
        assert tour.step is step
        place = tour._place().in_window()
        assert not place.isEmpty(), step.id
        assert tour.frame.isVisible()
        assert tour.frame.geometry().contains(place.intersected(window.rect())) or tour.frame.geometry().intersects(place)
        assert not tour.card.geometry().intersects(place), step.id
        assert window.rect().contains(tour.card.geometry())
        tour.do_it()
        tour.look()
    for place in (QRect(1200, 300, 60, 30), QRect(20, 300, 60, 30), QRect(600, 5, 60, 30), QRect(600, 770, 60, 25)):
        for sides in (("right", "left"), ("left", "right"), ("above", "below"), ("below", "above")):
            tour.card.stand_beside(place, sides)
            assert window.rect().contains(tour.card.geometry())
            assert not tour.card.geometry().intersects(place)
    assert tour.frame.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)


def test_what_was_undone_is_noticed_and_what_is_not_joined(window: Window, tour: Tour, qtbot: QtBot) -> None:
    build_all(window, tour, "add3")
    window.session.undo()
    at(qtbot, tour, "add2")
    assert "Drag from the dot" in tour.card.words.text()
    document = window.session.document
    window.session.apply("Add", edits.add_node(document, CHAIN[2][0], window.session.catalogue, (600, 300))[0])
    tour.look()
    assert tour.card.words.text() == (
        "It stands there, but nothing leads to it. Drag from the dot at the right of Token embedding to Gated delta rule, and let go."
    )
    qtbot.mouseClick(tour.card.do_button, LEFT)
    assert tour.step.id == "add3"
    assert window.session.history.undo_name.startswith("Connect ")
    assert len([node for node in window.session.document.nodes if node.component == CHAIN[2][0]]) == 1

    # Back looks again at what was done; what is undone meanwhile is the step that is to be done
    qtbot.mouseClick(tour.card.back_button, LEFT)
    tour.look()
    assert tour.step.id == "add2"
    assert tour.card.note.text() == "Done already."
    assert not tour.card.do_button.isVisible()
    qtbot.mouseClick(tour.card.next_button, LEFT)
    assert tour.step.id == "add3"
    tour.back()
    tour.back()
    window.session.undo()
    tour.look()
    assert tour.step.id == "add2"
    assert tour.card.do_button.isVisible()


def test_by_keyboard_alone_and_away_on_another_page(window: Window, tour: Tour, qtbot: QtBot) -> None:
    assert tour.card.do_button.hasFocus()
    qtbot.keyClick(tour.card.do_button, Qt.Key.Key_Space)
    at(qtbot, tour, "add1")
    assert tour.card.isAncestorOf(QApplication.focusWidget())
    qtbot.keyClick(tour.card.do_button, Qt.Key.Key_Escape)
    assert window.build.palette_.field.hasFocus()
    qtbot.keyClick(window, Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    assert tour.card.do_button.hasFocus()
    assert tour.step.id == "add1", "it did not begin anew"
    said = tour.card.accessibleDescription()
    assert "Step 2 of 10" in said
    assert STEPS[1].words in said

    # on another page it waits
    window.show_page("home")
    qtbot.waitUntil(lambda: tour.card.do_button.text() == "Go to Build", timeout=5000)
    assert not tour.frame.isVisible()
    qtbot.mouseClick(tour.card.do_button, LEFT)
    assert window.page_name == "build"
    assert tour.card.do_button.text() == "Do it for me"


def test_a_problem_in_the_way_is_said_and_a_run_that_fails_before_anything_is_seen_is_started_again(
    window: Window, tour: Tour, qtbot: QtBot
) -> None:
    build_all(window, tour, "run")
    session = window.session
    session.edit("Add", lambda d: edits.add_node(d, "readout.classifier", session.catalogue, (0, 600))[0])
    qtbot.waitUntil(lambda: bool(session.settled and session.facts.errors), timeout=5000)
    tour.look()
    assert "problem in the way" in tour.card.note.text()

    session.undo()
    run = run_for_me(qtbot, window, tour)
    with library.open(window.folder) as opened:
        filled.work(opened, run, done=0, end="failed", failure="It has failed.")
    at(qtbot, tour, "run")


def test_run_watch_scrub_and_end(window: Window, tour: Tour, qtbot: QtBot) -> None:
    run = run_for_me(qtbot, window, tour)
    assert not tour.card.do_button.isVisible(), "nobody can hurry it"
    with library.open(window.folder) as opened:
        filled.work(opened, run, steps=400, done=200, end=None)
    at(qtbot, tour, "scrub")
    assert tour._place().widget is window.live.panel.time.slider
    qtbot.mouseClick(tour.card.do_button, LEFT)
    at(qtbot, tour, "end")
    assert not window.live.panel.following
    qtbot.mouseClick(tour.card.next_button, LEFT)
    qtbot.waitUntil(lambda: window.settings.get("tour") == "done", timeout=5000)
    assert not tour.going
