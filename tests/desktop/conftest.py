"""Open documents for tests of the Build page, closed again with their threads."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from memstudio.components.catalogue import catalogue
from memstudio.desktop import theme
from memstudio.desktop.icons import register_icons
from memstudio.desktop.session import Session
from memstudio.experiment.document import Document
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.files import parse


@pytest.fixture(autouse=True)
def garbage_of_this_thread() -> Iterator[None]:
    """Widgets in cycles must not be collected on a background thread (see desktop/garbage.py).

    What was there before is frozen: walking torch and all that once a test took a third of the suite's time.
    """
    gc.disable()
    gc.freeze()
    yield
    gc.collect()
    gc.enable()


SessionOf = Callable[..., Session]


@pytest.fixture
def session_of(qtbot: QtBot) -> Iterator[SessionOf]:
    """Makes a session of a document (an object of JSON, or a Document), with its facts derived."""
    made: list[Session] = []
    register_icons()
    theme.set_theme("light")

    def open_(document: dict[str, Any] | Document | None = None, known: Catalogue | None = None) -> Session:
        session = Session(known or catalogue())
        made.append(session)
        read = parse(json.dumps(document), "The document") if isinstance(document, dict) else document
        session.show(read or Document())
        qtbot.waitUntil(lambda: session.settled, timeout=10_000)
        return session

    yield open_
    for session in made:
        session.close()
