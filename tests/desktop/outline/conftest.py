"""The outline beside a canvas on the small recall experiment."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from memstudio.desktop.outline.panel import Outline
from memstudio.desktop.session import Session
from tests.desktop.conftest import SessionOf
from tests.documents import recall


@pytest.fixture
def session(session_of: SessionOf) -> Session:
    return session_of(recall())


@pytest.fixture
def outline(session: Session, qtbot: QtBot) -> Outline:
    made = Outline(session)
    made.resize(240, 400)
    qtbot.addWidget(made)
    made.show()
    made.focus_first()
    return made
