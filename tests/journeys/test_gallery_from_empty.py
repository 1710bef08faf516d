"""Every study of the gallery can be put together from an empty canvas with the window's own controls, and is then the same."""

from __future__ import annotations

import os

import pytest
from pytestqt.qtbot import QtBot

from memstudio.desktop.window import Window
from memstudio.experiment.gallery import gallery
from tests.desktop.opened import Opener, open_window, window  # noqa: F401 - fixtures
from tests.journeys.builder import Builder, what_it_is

#: built at every run of the tests; MEMSTUDIO_EVERY_STUDY=1 builds all (each takes seconds)
USUAL = ("who-remembers-under-load", "forgetting-on-split-digits", "when-a-state-overflows")
BUILT = [item.id for item in gallery() if item.id in USUAL or os.environ.get("MEMSTUDIO_EVERY_STUDY")]


@pytest.mark.parametrize("id", BUILT)
def test_a_study_built_from_nothing(window: Window, qtbot: QtBot, id: str) -> None:  # noqa: F811
    wanted = next(item.document for item in window.gallery if item.id == id)

    def wait() -> None:
        qtbot.waitUntil(lambda: window.session.settled, timeout=20_000)

    Builder(window, wanted, wait).build()
    assert what_it_is(window.session.document) == what_it_is(wanted)
    assert not window.session.facts.errors
