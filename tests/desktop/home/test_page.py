from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.desktop import app, theme
from memstudio.desktop.home.card import HEIGHT, NARROWEST, WIDEST, Card
from memstudio.desktop.home.grid import GAP, Grid
from memstudio.desktop.home.page import HomePage
from memstudio.desktop.home.recent import Recent
from memstudio.desktop.home.side import GoingRow, Row
from memstudio.desktop.window import Window
from memstudio.experiment.gallery import GalleryItem, gallery
from tests.desktop import filled


@pytest.fixture
def page(qtbot: QtBot) -> HomePage:
    app.application()
    theme.set_theme("light")
    made = HomePage()
    qtbot.addWidget(made)
    made.resize(1212, 800)
    made.show()
    return made


def items() -> list[GalleryItem]:
    first, second = gallery()[:2]
    return [
        replace(first, seen=None, verdict="not_run", family="sequence"),
        replace(second, seen=None, verdict="partly", family="ensemble"),
        replace(first, seen=None, verdict="shown", family="sequence", document=first.document.model_copy(update={"title": filled.LONG})),
    ]


def shown(page: HomePage) -> list[str]:
    return [card.item.document.title for card in page.cards if card.isVisible()]


def test_cards_say_what_they_are(page: HomePage) -> None:
    page.show_gallery(items())
    names = [card.accessibleName() for card in page.cards]
    assert names[0].startswith("Open Who remembers under load: not run here yet, ")
    assert "partly shown" in names[1]
    assert [chip.text() for chip in page.chips] == ["All 3", "Sequence", "Ensemble"]


def test_the_family_and_the_search_choose(qtbot: QtBot, page: HomePage) -> None:
    page.show_gallery(items())
    page.chips[2].click()
    assert shown(page) == ["One network or an ensemble"]
    page.chips[0].click()
    assert len(shown(page)) == 3
    qtbot.keyClicks(page.search, "zoology gated_deltanet")
    assert shown(page) == ["Who remembers under load", filled.LONG]
    page.search.setText("no such words")
    assert shown(page) == []
    assert page.nothing.isVisible()
    assert "no such words" in page.nothing.text()


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space])
def test_a_card_opens_by_key(qtbot: QtBot, page: HomePage, key: Qt.Key) -> None:
    page.show_gallery(items())
    with qtbot.waitSignal(page.open_item) as told:
        qtbot.keyClick(page.cards[1], key)
    assert told.args == [page.cards[1].item]


def test_a_card_opens_by_mouse(qtbot: QtBot, page: HomePage) -> None:
    page.show_gallery(items())
    with qtbot.waitSignal(page.open_item) as told:
        qtbot.mouseClick(page.cards[0], Qt.MouseButton.LeftButton)
    assert told.args == [page.cards[0].item]


def test_cards_stay_between_their_widths(qtbot: QtBot) -> None:
    grid = Grid(NARROWEST, WIDEST, HEIGHT)
    qtbot.addWidget(grid)
    cards = [Card(item, lambda _: None) for item in items()]
    grid.show_cards(cards)
    grid.show()
    for width, columns in ((320, 1), (NARROWEST * 2 + GAP, 2), (NARROWEST * 3 + GAP * 2, 3)):
        grid.resize(width, 900)
        assert grid.columns(width) == columns
        assert all(NARROWEST <= card.width() <= WIDEST for card in cards)
        rights = [card.geometry().right() for card in cards]
        assert max(rights) < width
        assert grid.minimumHeight() == -(-3 // columns) * (HEIGHT + GAP) - GAP
    cards[0].hide()
    grid.arrange()
    assert (cards[1].x(), cards[1].y()) == (0, 0)


def test_recent_files_open_by_mouse_and_key(qtbot: QtBot, page: HomePage) -> None:
    assert page.side.no_recent.isVisible()
    page.show_recent([Recent(Path("/x/a.memx"), filled.LONG, 0.0), Recent(Path("/x/b.memx"), "B", 0.0)])
    assert not page.side.no_recent.isVisible()
    rows = page.side.recent_box.findChildren(Row)
    with qtbot.waitSignal(page.open_file) as told:
        qtbot.mouseClick(rows[0], Qt.MouseButton.LeftButton)
    assert told.args == [Path("/x/a.memx")]
    with qtbot.waitSignal(page.open_file) as told:
        qtbot.keyClick(rows[1], Qt.Key.Key_Return)
    assert told.args == [Path("/x/b.memx")]


def test_new_and_open_ask(qtbot: QtBot, page: HomePage) -> None:
    with qtbot.waitSignal(page.new):
        page.new_button.click()
    with qtbot.waitSignal(page.choose_file):
        page.open_button.click()


def test_why_there_is_no_gallery_is_said(page: HomePage) -> None:
    page.show_no_gallery("The gallery cannot be read.")
    assert page.nothing.isVisible()
    assert page.nothing.text() == "The gallery cannot be read."


def test_a_card_opens_its_document_as_an_unsaved_copy_in_build(qtbot: QtBot, window: Window) -> None:
    qtbot.mouseClick(window.home.cards[0], Qt.MouseButton.LeftButton)
    assert window.page_name == "build"
    assert window.session.path is None
    assert window.session.document.title == window.gallery[0].document.title


def test_what_is_running_moves_while_it_runs(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    with library.open(tmp_path / "library") as opened:
        submitted = filled.submit(opened, filled.study())
        qtbot.waitUntil(lambda: bool(window.home.side.going_box.findChildren(GoingRow)), timeout=5000)
        row = window.home.side.going_box.findChildren(GoingRow)[0]
        before = row.bar.value()
        filled.work(opened, submitted.runs[0])
        qtbot.waitUntil(lambda: row.bar.value() > before, timeout=5000)
        assert row is window.home.side.going_box.findChildren(GoingRow)[0]
        qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
        assert window.page_name == "runs"
        qtbot.waitUntil(lambda: window.runs.model.query.study == submitted.study)


def test_the_tour_is_offered_by_a_line_then_by_a_button(page: HomePage, qtbot: QtBot) -> None:
    page.offer_tour(True)
    assert page.tour_line.isVisible()
    assert not page.tour_button.isVisible()
    with qtbot.waitSignal(page.tour):
        qtbot.mouseClick(page.tour_line.yes, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(page.no_tour):
        qtbot.mouseClick(page.tour_line.no, Qt.MouseButton.LeftButton)
    assert not page.tour_line.isVisible()
    with qtbot.waitSignal(page.tour):
        qtbot.mouseClick(page.tour_button, Qt.MouseButton.LeftButton)


def test_what_is_empty_says_what_to_do(page: HomePage) -> None:
    assert page.nothing.text() == "Reading the studies…"
    assert page.nothing.isVisible()
    assert "press Run" in page.side.no_going.text()
    assert "save or open" in page.side.no_recent.text()
    page.show_gallery(items())
    assert not page.nothing.isVisible()
    page.search.setText("xyzzy")
    assert page.nothing.text() == "No study has “xyzzy”. Clear the search, or look in all families."
