from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.desktop.runs.page import RunsPage
from memstudio.desktop.runs.tags import clean
from memstudio.library import Library
from tests.desktop import filled


@pytest.fixture
def opened(page: RunsPage, tmp_path: Path) -> Library:
    return library.open(tmp_path / "library")


def choose(page: RunsPage, *uids: str) -> None:
    page.table.choose(uids)
    page.table.setFocus()


def test_a_bar_says_how_many_are_selected(page: RunsPage, uids: list[str]) -> None:
    assert not page.selection.isVisible()
    choose(page, *uids[:3])
    assert page.selection.isVisible()
    assert page.selection.words.whole == "3 runs selected"
    choose(page, uids[0])
    assert not page.selection.isVisible()


def test_stars_and_tags_of_several_in_one_go(qtbot: QtBot, page: RunsPage, uids: list[str], opened: Library) -> None:
    choose(page, *uids[:3])
    page.selection.buttons["runs.star"].click()
    qtbot.waitUntil(lambda: all(opened.run(uid).starred for uid in uids[:3]), timeout=5000)
    qtbot.waitUntil(lambda: all(run.starred for run in page.chosen()), timeout=5000)
    page.commands.enable()
    assert page._actions["runs.star"].text() == "Take the star away"
    opened.add_tags([uids[0]], ["odd"])
    page.selection.buttons["runs.tags"].click()
    panel = page.commands.tag_panel
    qtbot.waitUntil(lambda: panel.isVisible() and panel.tags.titles == ["odd (1 of 3)"], timeout=5000)
    qtbot.keyClicks(panel.field, "paper")
    qtbot.keyClick(panel.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: all("paper" in opened.tags(uid) for uid in uids[:3]), timeout=5000)
    qtbot.waitUntil(lambda: panel.tags.titles == ["paper", "odd (1 of 3)"], timeout=5000)
    panel.tags.turn("odd", True)
    qtbot.waitUntil(lambda: all(opened.tags(uid) == ["odd", "paper"] for uid in uids[:3]), timeout=5000)
    qtbot.waitUntil(lambda: "odd" in panel.tags.titles, timeout=5000)
    panel.tags.turn("paper", False)
    qtbot.waitUntil(lambda: all(opened.tags(uid) == ["odd"] for uid in uids[:3]), timeout=5000)


def test_one_run_is_the_baseline(qtbot: QtBot, page: RunsPage, uids: list[str], opened: Library) -> None:
    choose(page, uids[1])
    qtbot.waitUntil(lambda: page.beside.run is not None and page.beside.run.uid == uids[1], timeout=5000)
    page.details.baseline_button.click()
    qtbot.waitUntil(lambda: opened.baseline() == uids[1], timeout=5000)
    qtbot.waitUntil(lambda: page.details.baseline_button.accessibleName() == "No longer the baseline", timeout=5000)
    choose(page, uids[2])
    qtbot.keyClick(page.table, Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: opened.baseline() == uids[2], timeout=5000)
    choose(page, *uids[:2])
    assert not page._actions["runs.baseline"].isEnabled()


def test_only_those_that_can_are_tried_again(qtbot: QtBot, page: RunsPage, uids: list[str], opened: Library) -> None:
    failed = opened.runs(state="failed")[0].uid
    choose(page, uids[0], failed)
    page._actions["runs.retry"].trigger()
    qtbot.waitUntil(lambda: opened.run(failed).state == "queued", timeout=5000)
    assert opened.run(uids[0]).state == "finished"
    with qtbot.waitSignal(page.said) as said:
        page.doing.pause([uids[0]])
    assert said.args[0] == "None of these runs is running."


def test_tags_and_note_of_the_run_that_is_shown(qtbot: QtBot, page: RunsPage, uids: list[str], opened: Library) -> None:
    choose(page, uids[1])
    qtbot.waitUntil(lambda: page.beside.run is not None and page.beside.run.uid == uids[1], timeout=5000)
    field = page.details.tags.field
    qtbot.keyClicks(field, "to keep,")
    qtbot.waitUntil(lambda: opened.tags(uids[1]) == ["to keep"], timeout=5000)
    qtbot.waitUntil(lambda: page.details.tags.tags == ("to keep",), timeout=5000)
    qtbot.keyClicks(page.details.note, "look again")
    choose(page, uids[2])  # another run is chosen before typing has rested
    qtbot.waitUntil(lambda: opened.run(uids[1]).note == "look again", timeout=5000)
    qtbot.waitUntil(lambda: page.details.note.toPlainText() == "", timeout=5000)
    assert opened.run(uids[2]).note == ""
    choose(page, uids[1])
    qtbot.waitUntil(lambda: page.details.tags.tags == ("to keep",), timeout=5000)
    page.details.tags._remove("to keep")
    qtbot.waitUntil(lambda: opened.tags(uids[1]) == [], timeout=5000)


def test_what_is_being_typed_is_not_lost_when_the_library_changes(qtbot: QtBot, page: RunsPage, uids: list[str], opened: Library) -> None:
    choose(page, uids[1])
    qtbot.waitUntil(lambda: page.beside.run is not None and page.beside.run.uid == uids[1], timeout=5000)
    page.details.note.setPlainText("half a sent")
    opened.set_star(uids[1], True)
    qtbot.waitUntil(page.details.star_button.isChecked, timeout=5000)
    assert page.details.note.toPlainText() == "half a sent"


@pytest.mark.parametrize(("typed", "tag"), [(" a  b ", "a b"), ("x,", "x"), (",", ""), ("long " * 40, ("long " * 12).strip())])
def test_a_tag_is_one_line_without_commas(typed: str, tag: str) -> None:
    assert clean(typed) == tag


def test_the_trash_is_asked_about_in_a_line_and_says_what_is_freed(qtbot: QtBot, page: RunsPage, uids: list[str], opened: Library) -> None:
    choose(page, *uids[:3])
    with qtbot.waitSignal(page.said) as said:
        qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    words, level, offer = said.args
    assert (words, level, offer[0]) == ("3 runs put into the trash.", "info", "Put back")
    qtbot.waitUntil(lambda: page.model.rowCount() == len(uids) - 3, timeout=5000)
    page.chips.trash_chip.click()
    qtbot.waitUntil(lambda: page.model.listed == uids[:3], timeout=5000)
    line = page.trash_line
    assert line.isVisible()
    assert line.words.whole == "3 runs in the trash."
    choose(page, uids[0])
    qtbot.waitUntil(lambda: line.restore_button.text() == "Restore 1", timeout=5000)
    line.restore_button.click()
    qtbot.waitUntil(lambda: opened.run(uids[0]).trashed is None, timeout=5000)
    qtbot.waitUntil(lambda: page.model.rowCount() == 2, timeout=5000)
    line.empty_button.click()
    qtbot.waitUntil(lambda: "About" in line.words.whole, timeout=5000)
    assert line.words.whole.startswith("Delete all 2 runs for good?")
    assert line.yes_button.text() == "Delete 2 runs"
    line.no_button.click()
    assert opened.run(uids[1]).trashed is not None
    choose(page, *uids[1:3])
    page._actions["runs.delete"].trigger()
    assert line.words.whole.startswith("Delete 2 runs for good? What they measured")
    with qtbot.waitSignal(page.said, timeout=10_000) as said:
        line.yes_button.click()
    assert said.args[0].startswith("2 runs deleted for good;")
    qtbot.waitUntil(page.empty.isVisible, timeout=5000)
    assert page.empty.title.text() == "The trash is empty"
    with library.open(opened.folder) as again:
        assert again.count() == len(uids) - 2
    page.chips.trash_chip.click()
    qtbot.waitUntil(lambda: page.model.rowCount() == len(uids) - 2, timeout=5000)


def test_a_run_at_work_is_not_put_into_the_trash(qtbot: QtBot, page: RunsPage, uids: list[str]) -> None:
    choose(page, uids[6])
    with qtbot.waitSignal(page.said) as said:
        page._actions["runs.trash"].trigger()
    assert "worked on" in said.args[0]
    assert said.args[1] == "bad"


def test_what_is_selected_and_seen_stays_while_runs_come(qtbot: QtBot, page: RunsPage, uids: list[str], opened: Library) -> None:
    choose(page, uids[0], uids[2])
    page.choosers.sort("seed")
    qtbot.waitUntil(lambda: page.model.query.sort == "seed", timeout=5000)
    filled.submit(opened, filled.single("New one"))
    filled.submit(opened, filled.single("Newer one"))
    qtbot.waitUntil(lambda: page.model.rowCount() == len(uids) + 2, timeout=10_000)
    assert set(page.table.chosen_uids()) == {uids[0], uids[2]}
    page.clear_filter()
    page.model.show_query(page.model.query.but(sort=""))
    qtbot.waitUntil(lambda: page.model.listed[0] not in uids, timeout=5000)
    assert set(page.table.chosen_uids()) == {uids[0], uids[2]}
