"""The Build page on a real library without workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from memstudio.desktop.build.page import BuildPage
from memstudio.desktop.reader import Reader
from memstudio.desktop.running import Running
from tests.desktop.conftest import SessionOf
from tests.documents import recall

Opener = Callable[..., BuildPage]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def page_of(session_of: SessionOf, qtbot: QtBot, folder: Path) -> Iterator[Opener]:
    readers: list[Reader] = []
    runnings: list[Running] = []

    def open_(document: object = None) -> BuildPage:
        reader = Reader(folder)
        reader.start()
        readers.append(reader)
        running = Running(reader, folder, workers=False)
        runnings.append(running)
        page = BuildPage(session_of(document), reader, running)
        page.resize(1280, 800)
        qtbot.addWidget(page)
        page.show()
        return page

    yield open_
    for running in runnings:
        running.close()
    for reader in readers:
        reader.close()


@pytest.fixture
def page(page_of: Opener) -> BuildPage:
    return page_of(recall())
