"""A hand that does anything in any order: nothing breaks, the canvas shows the document, and undo leads back to the very first."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from memstudio.desktop.canvas import doing, lining
from memstudio.desktop.canvas.canvas import Canvas
from memstudio.desktop.session import Session
from memstudio.experiment import edits
from tests.desktop.hand import Hand

#: documents are kept so small that a step takes a millisecond
_MOST, _STEPS = 40, 150
_KEYS = [Qt.Key.Key_Escape, Qt.Key.Key_Delete, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Tab, Qt.Key.Key_Space]
_BUTTONS = [Qt.MouseButton.LeftButton] * 5 + [Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton]
_SHIFT, _CTRL, _ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
_HELD = [Qt.KeyboardModifier.NoModifier] * 4 + [_SHIFT, _CTRL, _ALT]


class AnyHand:
    """Draws what the hand does next, and where."""

    def __init__(self, seed: int, hand: Hand, canvas: Canvas, session: Session, qtbot: QtBot) -> None:
        self.draw, self.hand, self.view, self.session, self.qtbot = random.Random(seed), hand, canvas.view, session, qtbot
        self.done: list[str] = []

    def somewhere(self) -> QPointF:
        """On or beside a card, on a wire, at a plug, on a group's name, or anywhere, also outside."""
        draw, items = self.draw, self.view.items_of
        kind = draw.choice(["card", "card", "wire", "plug", "plug", "group", "anywhere"])
        if kind == "card" and items.nodes:
            return self.hand.middle(draw.choice(list(items.nodes))) + QPointF(draw.randint(-70, 70), draw.randint(-25, 25))
        if kind == "wire" and items.wires:
            return draw.choice(list(items.wires.values())).path.pointAtPercent(draw.random())
        if kind == "plug" and items.nodes:
            node = items.nodes[draw.choice(list(items.nodes))]
            return node.place_of(draw.choice(node.card.plugs)) if node.card.plugs else node.body.center()
        if kind == "group" and items.groups:
            return draw.choice(list(items.groups.values())).head.center()
        room = self.view.viewport().rect()
        return self.view.mapToScene(QPoint(draw.randint(-60, room.width() + 60), draw.randint(-60, room.height() + 60)))

    def commands(self) -> list[Callable[[], object]]:
        """What keys and menus do."""
        session, view = self.session, self.view
        plain = [doing.copy, doing.cut, doing.duplicate, doing.detach, doing.ungroup, doing.fold, doing.tidy, doing.select_all]
        found: list[Callable[[], object]] = [lambda deed=deed: deed(session) for deed in plain]  # type: ignore[misc]
        found += [view.group, view.rename, view.paste, view.zoom_to_selection, view.insert_by_typing, view.offer_connections, view.add_note]
        return [*found, view.fit, lambda: doing.line_up(session, view.items_of, lining.in_row, "Line up"), session.undo, session.redo]

    def act(self) -> None:
        """One thing."""
        draw, hand, held = self.draw, self.hand, self.draw.choice(_HELD)
        what = draw.choice(["press", "move", "move", "release", "drag", "drag", "key", "command", "select", "box"])
        self.done.append(what)
        if what == "press":
            hand.press(self.somewhere(), held, draw.choice(_BUTTONS))
        elif what == "move":
            hand.move(self.somewhere(), held)
        elif what == "release":
            hand.release(self.somewhere(), held)
        elif what == "drag":
            hand.drag(self.somewhere(), self.somewhere(), held)
        elif what == "key":
            self.qtbot.keyClick(self.view, draw.choice(_KEYS), held)
        elif what == "command":
            draw.choice(self.commands())()
        elif what == "select":
            things = [*self.view.items_of.nodes, *self.view.items_of.groups]
            self.session.select(draw.sample(things, min(len(things), draw.randint(0, 3))))
        else:
            for box in (self.view.box, self.view.connect_box):
                if box.isVisible():
                    self.qtbot.keyClick(box.field, draw.choice([Qt.Key.Key_Return, Qt.Key.Key_Escape]))
        document = self.session.document
        if len(document.nodes) > _MOST:
            self.session.edit("Cut", lambda d: edits.remove(d, [node.id for node in d.nodes[_MOST // 2 :]]))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_breaks_whatever_the_hand_does(seed: int, hand: Hand, canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    first, items = session.document, canvas.view.items_of
    any_hand = AnyHand(seed, hand, canvas, session, qtbot)
    for _ in range(_STEPS):
        any_hand.act()
        document, done = session.document, any_hand.done[-8:]
        ids = [one.id for one in (*document.nodes, *document.notes, *document.groups)]
        assert len(set(ids)) == len(ids), done
        if not canvas.view.holding:
            assert set(items.nodes) == set(document.by_id), done
            assert set(items.wires) == {(wire.start, wire.end) for wire in document.wires}, done
            assert all(item.pos() == QPointF(*document.node(id).place) for id, item in items.nodes.items()), done
            assert not any(item.dimmed for item in items.nodes.values()), done
    qtbot.keyClick(canvas.view, Qt.Key.Key_Escape)
    canvas.view.grab()
    assert len(session.history.entries) > 5
    while session.history.can_undo:
        session.undo()
    assert session.document == first
