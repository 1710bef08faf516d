"""Hundreds of acts by chance in the real window: a valid document, no exception, no warning, nothing left behind."""

from __future__ import annotations

import gc
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from memstudio.desktop.session import Message
from memstudio.desktop.window import Window
from tests.desktop.opened import Opener, open_window, window  # noqa: F401 - fixtures
from tests.journeys.anything import Person, sound, taken_back

#: a few hundred acts over all seeds while testing; MEMSTUDIO_ACTS=3000 for a long look
ACTS = int(os.environ.get("MEMSTUDIO_ACTS", "100"))
#: Qt says this of its offscreen platform, not of us
FOREIGN = ("propagateSizeHints", "This plugin does not support")


@pytest.fixture
def warnings_of_qt() -> Iterator[list[str]]:
    """What Qt warns of."""
    said: list[str] = []

    def hear(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        if kind is not QtMsgType.QtDebugMsg and kind is not QtMsgType.QtInfoMsg and not any(word in text for word in FOREIGN):
            said.append(text)

    before = qInstallMessageHandler(hear)
    yield said
    qInstallMessageHandler(before)


@pytest.mark.parametrize("seed", range(2))
def test_anything_in_any_order(window: Window, qtbot: QtBot, tmp_path: Path, warnings_of_qt: list[str], seed: int) -> None:  # noqa: F811
    for page in ("runs", "compare", "settings", "home", "build"):
        window.show_page(page)
    window.open_item(window.gallery[seed])
    said: list[Message] = []
    window.session.message.connect(said.append)
    person = Person(window, random.Random(seed), tmp_path)
    widgets = _widgets(window)
    for act in range(ACTS):
        person.act()
        if act % 50 == 49:
            window.show_page("build")
            qtbot.waitUntil(lambda: window.session.settled, timeout=20_000)
            sound(window)
    taken_back(window)
    sound(window)
    bad = [one.text for one in said if "inside MemStudio" in one.text]
    assert not bad, (bad, person.done[-12:])
    assert not warnings_of_qt, (warnings_of_qt[:5], person.done[-12:])
    assert _widgets(window) < widgets + 500, "widgets are left behind"


def _widgets(window: Window) -> int:  # noqa: F811
    """How many widgets there are with an empty experiment, once all that ended is gone."""
    kept = window.session.document
    window.new()
    QApplication.processEvents()
    gc.collect()
    # what is to be deleted later is deleted only by an event loop that ends, and a test has none
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    found = len(QApplication.allWidgets())
    window.show_document(kept)
    return found
