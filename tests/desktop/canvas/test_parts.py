"""Components inside nodes stand on the card as chips, say what they are, and lead to their form."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from memstudio.components.catalogue import catalogue
from memstudio.desktop.build.page import BuildPage
from memstudio.desktop.canvas.canvas import Canvas
from memstudio.desktop.canvas.face import chip
from memstudio.desktop.canvas.parts import MOST, parts_of
from memstudio.desktop.session import Session
from memstudio.experiment import edits
from tests.desktop.hand import Hand

NO_BUTTON = Qt.MouseButton.NoButton
INNER = {"component": "sequence.attention", "values": {}}


def part_place(canvas: Canvas, node: str, number: int) -> QPointF:
    """The middle of a chip, in the scene."""
    item = canvas.view.items_of.nodes[node]
    return item.pos() + chip(item.card.parts[number]).center()


@pytest.fixture
def mixed(session: Session, canvas: Canvas, qtbot: QtBot) -> Canvas:
    """The canvas with a mixture of memories, and a learner with two strategies."""
    known = session.catalogue
    document = edits.swap(session.document, "mem1", "sequence.mixture_of_memories", known)[0]
    document = edits.add_inside(document, "learn", "learner.replay", known)
    session.apply("Mix", edits.add_inside(document, "learn", "learner.joint", known))
    canvas.view.set_scale(1.0)
    return canvas


def test_a_nested_component_is_a_chip_and_recursively() -> None:
    known = catalogue()
    outer = known.entry("sequence.mixture_of_memories")
    inside = {"component": "sequence.mixture_of_memories", "values": {"inner": INNER}}
    parts = parts_of(outer, "m", {"inner": inside}, 50.0)
    assert [(part.address, part.title, part.depth) for part in parts] == [
        ("m.inner", "Mixture of memories", 0),
        ("m.inner.inner", known.entry("sequence.attention").title, 1),
    ]
    assert parts[1].y > parts[0].y >= 50.0
    assert known.entry("sequence.attention").summary in parts[1].tip


def test_more_than_a_few_are_counted() -> None:
    known = catalogue()
    learner = known.entry("learner.gradient_descent")
    strategies = [{"component": "learner.replay", "values": {}}] * (MOST + 2)
    parts = parts_of(learner, "learn", {"strategies": strategies}, 0.0)
    assert len(parts) == MOST
    assert (parts[-1].title, parts[-1].more) == ("3 more", 3)


def test_one_that_is_not_installed_keeps_its_name() -> None:
    parts = parts_of(catalogue().entry("sequence.mixture_of_memories"), "m", {"inner": {"component": "sequence.next_year"}}, 0.0)
    assert parts[0].title == "sequence.next_year"
    assert "not installed" in parts[0].tip


def test_cards_grow_by_their_chips_and_keep_their_plugs(mixed: Canvas) -> None:
    items = mixed.view.items_of
    mixture, plain = items.nodes["mem1"].card, items.nodes["embed"].card
    assert mixture.height > plain.height
    assert mixture.plugs[0].y == plain.plugs[0].y
    assert all(part.y + 18 <= items.nodes["learn"].card.height for part in items.nodes["learn"].card.parts)


def test_pointing_at_a_chip_frames_it_and_says_its_summary(mixed: Canvas) -> None:
    hand, at = Hand(mixed.view), part_place(mixed, "mem1", 0)
    hand.move(at, held=NO_BUTTON)
    item = mixed.view.items_of.nodes["mem1"]
    assert item.lit_part == "mem1.inner"
    assert mixed.view.session.catalogue.entry("sequence.gated_deltanet").title in mixed.view._tip(at)
    hand.move(hand.void(), held=NO_BUTTON)
    assert item.lit_part == ""


def test_a_click_on_a_chip_asks_for_its_form(mixed: Canvas, session: Session) -> None:
    wanted: list[str] = []
    mixed.view.part_wanted.connect(wanted.append)
    hand = Hand(mixed.view)
    hand.click(part_place(mixed, "learn", 1))
    assert wanted == ["learn.strategies.1"]
    assert session.selected == ("learn",)


def test_a_drag_that_began_on_a_chip_asks_for_nothing(mixed: Canvas, session: Session) -> None:
    wanted: list[str] = []
    mixed.view.part_wanted.connect(wanted.append)
    before, at = session.document.node("learn").place, part_place(mixed, "learn", 0)
    Hand(mixed.view).drag(at, at + QPointF(0, 60))
    assert wanted == []
    assert session.document.node("learn").place != before


def test_the_inspector_goes_to_the_form_of_the_chip(session: Session, qtbot: QtBot) -> None:
    known = session.catalogue
    session.apply("Add", edits.add_inside(session.document, "learn", "learner.replay", known))
    page = BuildPage(session, None)
    qtbot.addWidget(page)
    page.resize(1200, 800)
    page.show()
    page.activateWindow()
    page.canvas.view.part_wanted.emit("learn.strategies.0")
    qtbot.waitUntil(lambda: page.focusWidget() is not None and page.inspector.isAncestorOf(page.focusWidget()))
    assert session.selected == ("learn",)
    assert page.focusWidget().accessibleName() == "Strategies, 1"
    page.close_page()


def test_what_is_inside_is_told_to_screen_readers(mixed: Canvas, session: Session) -> None:
    session.select(["learn"])
    assert "inside: Experience replay, Joint training" in mixed.view.accessibleDescription()
