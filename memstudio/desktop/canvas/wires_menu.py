"""Wires by the keyboard: a menu of everything the selected node can be connected to, and of the wires it has."""

from __future__ import annotations

from functools import partial

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from memstudio.desktop.canvas.scene import Scene
from memstudio.desktop.session import Session
from memstudio.desktop.words import tr
from memstudio.experiment import edits
from memstudio.experiment.joining import joins

#: a menu longer than this is no menu; the nearest come first
_MOST = 24


def wires_menu(session: Session, scene: Scene, id: str, parent: QWidget) -> QMenu:
    """The menu of one node: connections that fit, then its wires to take off."""
    menu = QMenu(parent)
    menu.setAccessibleName(tr("Wires"))
    for start, end in possible(session, scene, id)[:_MOST]:
        _line(menu, f"Connect {_words(scene, start, 'out')} to {_words(scene, end, 'in')}", partial(_connect, session, start, end))
    wires = [*session.document.into(id), *session.document.out_of(id)]
    if wires and not menu.isEmpty():
        menu.addSeparator()
    for wire in wires:
        words = f"Disconnect {_words(scene, wire.start, 'out')} from {_words(scene, wire.end, 'in')}"
        _line(menu, words, partial(_disconnect, session, wire.start, wire.end))
    if menu.isEmpty():
        menu.addAction(tr("Nothing here fits this component")).setEnabled(False)
    return menu


def possible(session: Session, scene: Scene, id: str) -> list[tuple[str, str]]:
    """Wires (from, to) that could be drawn at a node, those first that fill what is open, then the nearest."""
    shown = [one for one in joins(session.document, session.catalogue, id) if one.reason is None]
    plugs = [(one.start, one.end, scene.plug(one.start, "out"), scene.plug(one.end, "in")) for one in shown]
    return [(start, end) for start, end, out, into in plugs if out is not None and into is not None and not (out.faint or into.faint)]


def _words(scene: Scene, address: str, side: str) -> str:
    plug = scene.plug(address, side)
    title = scene.nodes[address.rpartition(".")[0]].card.title
    return f"{title}, {plug.title.lower()}" if plug is not None else address


def _line(menu: QMenu, words: str, call: partial[None]) -> QAction:
    action = menu.addAction(words.replace("&", "&&"))
    action.triggered.connect(lambda checked=False: call())
    return action


def _connect(session: Session, start: str, end: str) -> None:
    session.edit("Connect", lambda document: edits.connect(document, start, end, session.catalogue))


def _disconnect(session: Session, start: str, end: str) -> None:
    session.edit("Disconnect", lambda document: edits.disconnect(document, start, end))
