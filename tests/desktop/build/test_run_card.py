"""What Run says before it does it, and how it is told on how many workers and which device."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.desktop.build import planned, run_card
from memstudio.desktop.build.estimate import Estimate, Guess
from memstudio.desktop.build.page import BuildPage
from memstudio.desktop.build.run_card import cells_text
from memstudio.desktop.inspector.document_page import DocumentPage
from memstudio.desktop.reader import Reader
from memstudio.desktop.running import Asked, Running
from memstudio.experiment import edits
from memstudio.experiment.cells import Count
from memstudio.experiment.document import Claim
from tests.desktop import filled
from tests.desktop.conftest import SessionOf
from tests.documents import study


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def page(session_of: SessionOf, qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BuildPage]:
    monkeypatch.setattr(run_card, "most_workers", lambda threads: 4)
    reader = Reader(folder)
    reader.start()
    running = Running(reader, folder, workers=False)
    made = BuildPage(session_of(study(replicates=3)), reader, running)
    made.resize(1000, 640)
    qtbot.addWidget(made)
    made.show()
    yield made
    running.close()
    reader.close()


def test_it_says_what_run_does(page: BuildPage, qtbot: QtBot) -> None:
    page.bar.more.click()
    card = page.card
    assert card.isVisible()
    assert card.what.text() == "2 memories × 3 seeds = 6 runs"
    assert card.cells.text() == "2 cells, each with 3 seeds"
    assert "not known yet" in card.takes.text()
    assert card.run.hasFocus()
    assert page.rect().contains(card.geometry()), "it stays inside the page"
    page.session.edit("Seeds", lambda document: edits.set_run(document, replicates=5))
    qtbot.waitUntil(lambda: card.what.text() == "2 memories × 5 seeds = 10 runs", timeout=5000)
    qtbot.keyClick(card.run, Qt.Key.Key_Escape)
    assert not card.isVisible()
    for shown in (True, False):
        qtbot.mouseClick(page.bar.more, Qt.MouseButton.LeftButton)
        assert card.isVisible() == shown


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (Count((), 1, 1), ""),
        (Count((), 1, 5), "1 cell, with 5 seeds"),
        (Count((("memory", 3),), 3, 1), "3 cells, each with 1 seed"),
        (Count((("memory", 3),), 3, 5, 48), "3 cells, each with 5 seeds; 48 trials on validation come first"),
    ],
)
def test_cells_and_seeds_in_words(number: Count, words: str) -> None:
    assert cells_text(number) == words


def test_run_in_the_card_runs_the_study(page: BuildPage, qtbot: QtBot) -> None:
    page.card.open_card()
    with qtbot.waitSignal(page.started, timeout=20_000) as started:
        page.card.run.click()
    assert len(started.args[0].runs) == 6
    assert not page.card.isVisible()


def test_one_run_can_go_first(page: BuildPage, qtbot: QtBot, folder: Path) -> None:
    page.card.open_card()
    with qtbot.waitSignal(page.started, timeout=20_000) as started:
        page.card.first.click()
    assert started.args[0].study is None
    with library.open(folder) as opened:
        (row,) = opened.runs()
        assert row.cell == "attention"


def test_workers_and_device_are_chosen(page: BuildPage, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Asked] = []
    running = page.running
    assert running is not None
    monkeypatch.setattr(running, "start", lambda document, catalogue, then, failed, wanted: asked.append(wanted))
    card = page.card
    card.open_card()
    assert [card.at_once.itemText(n) for n in range(card.at_once.count())] == ["1", "2", "3", "4 (the most)"]
    card.at_once.setCurrentIndex(1)
    card.at_once.activated.emit(1)
    page._checked(False, [])
    assert asked == [Asked(workers=2)]
    at = card.device.findData("auto")
    card.device.activated.emit(at)
    assert page.session.document.run.device == "auto"
    page.session.undo()
    assert page.session.document.run.device == "cpu"


def test_with_problems_nothing_can_be_started(page: BuildPage, qtbot: QtBot) -> None:
    page.session.edit("Remove", lambda document: edits.remove(document, ["embed"]))
    qtbot.waitUntil(lambda: not page.card.run.isEnabled(), timeout=5000)
    page.card.open_card()
    assert page.card.study.hasFocus()
    page.card.study.click()
    assert isinstance(page.inspector.page, DocumentPage)
    assert page.inspector.page.study.isVisible()


def test_time_comes_from_earlier_runs_or_from_the_gallery(session_of: SessionOf, qtbot: QtBot, folder: Path) -> None:
    filled.fill(folder)
    owner = QWidget()
    qtbot.addWidget(owner)
    reader = Reader(folder)
    reader.start()
    claimed = filled.study().model_copy(update={"claim": Claim(says="It is so.", minutes=6)})
    session = session_of(claimed.model_copy(update={"title": "Never ran"}))
    estimate = Estimate(session, reader, owner)
    assert estimate.guess().sentence == "About 6 min, by what the gallery says."
    session.edit("Fewer", lambda document: edits.set_run(document, replicates=1))
    qtbot.waitUntil(lambda: session.settled, timeout=5000)
    assert estimate.guess().seconds == pytest.approx(360 / filled.study().run.replicates)
    with qtbot.waitSignal(estimate.changed, timeout=10_000):
        session.show(claimed)
    qtbot.waitUntil(lambda: session.settled, timeout=5000)
    assert estimate.guess().sentence.endswith("as 6 earlier runs took.")
    one, four = estimate.guess(1).seconds, estimate.guess(4).seconds
    assert one is not None
    assert four is not None
    assert one > four
    reader.close()


def test_what_is_not_known_is_said() -> None:
    assert Guess().sentence == "How long it takes is not known yet; a first run will tell."


def test_devices_are_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planned, "has_cuda", lambda: False)
    monkeypatch.setattr(planned, "has_mps", lambda: False)
    assert [value for value, _ in planned.devices()] == ["auto", "cpu"]
    assert planned.devices()[0][1] == "Automatic (CPU)"
    monkeypatch.setattr(planned, "has_cuda", lambda: True)
    assert [value for value, _ in planned.devices()] == ["auto", "cpu", "cuda"]
    assert planned.device_text("auto") == "GPU"
