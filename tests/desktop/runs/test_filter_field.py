from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from memstudio.desktop.runs.filter_field import EXAMPLES, FilterField
from memstudio.desktop.runs.page import RunsPage
from memstudio.desktop.runs.questions import is_filter


@pytest.fixture
def field(qtbot: QtBot, page: RunsPage) -> FilterField:
    window = page.window()
    window.activateWindow()
    page.bar.field.setFocus()
    qtbot.waitUntil(page.bar.field.hasFocus, timeout=5000)
    return page.bar.field


def offers(qtbot: QtBot, field: FilterField, text: str, fits: Callable[[list[str]], bool]) -> None:
    """Waits until what is offered after typing a text into the empty field fits."""
    field.clear()
    qtbot.keyClicks(field, text)
    qtbot.waitUntil(lambda: field.completions.isVisible() and bool(field.completions.texts) and fits(field.completions.texts), timeout=5000)


def test_names_signs_and_values_are_completed(qtbot: QtBot, field: FilterField) -> None:
    offers(qtbot, field, "rec", lambda texts: texts[0] == "recall")
    offers(qtbot, field, "recall ", lambda texts: ">" in texts)
    offers(qtbot, field, "state = fin", lambda texts: any("finished" in text for text in texts))


def test_tab_takes_what_is_offered_and_the_runs_follow(qtbot: QtBot, page: RunsPage, field: FilterField) -> None:
    offers(qtbot, field, "reca", lambda texts: texts[0] == "recall")
    qtbot.keyClick(field, Qt.Key.Key_Tab)
    assert field.text().startswith("recall")
    assert field.hasFocus()
    qtbot.keyClicks(field, " > 0.5 and seed = 1")
    qtbot.waitUntil(lambda: page.model.rowCount() == 3, timeout=5000)


def test_down_chooses_enter_takes_and_escape_closes(qtbot: QtBot, field: FilterField) -> None:
    offers(qtbot, field, "recall[", lambda texts: all(text.startswith("recall[") for text in texts))
    texts = field.completions.texts
    qtbot.keyClick(field, Qt.Key.Key_Down)
    qtbot.keyClick(field, Qt.Key.Key_Down)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == texts[1]
    offers(qtbot, field, "rec", lambda texts: texts[0] == "recall")
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert not field.completions.isVisible()
    assert field.text() == "rec"


def test_enter_keeps_what_is_typed_where_nothing_was_chosen(qtbot: QtBot, page: RunsPage, field: FilterField) -> None:
    offers(qtbot, field, "st", lambda texts: all("st" in text for text in texts))
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == "st"
    assert not field.completions.isVisible()
    qtbot.waitUntil(lambda: page.model.query.text == "st", timeout=5000)


def test_an_empty_field_shows_examples_that_are_filters(qtbot: QtBot, field: FilterField) -> None:
    field.clear()
    qtbot.keyClick(field, Qt.Key.Key_Space, Qt.KeyboardModifier.ControlModifier)
    assert field.completions.texts == [text for text, _ in EXAMPLES]
    assert all(is_filter(text) for text, _ in EXAMPLES)
    qtbot.keyClick(field, Qt.Key.Key_Down)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == EXAMPLES[0][0]


def test_a_mistake_is_said_marked_where_it_stands_and_forgotten_when_mended(qtbot: QtBot, page: RunsPage, field: FilterField) -> None:
    before = page.model.rowCount()
    qtbot.keyClicks(field, "seed = 1 and recal > 0.5")
    qtbot.waitUntil(page.bar.wrong.isVisible, timeout=5000)
    assert "did you mean recall" in page.bar.wrong.whole
    problem = field._problem
    assert problem is not None
    assert field.text()[problem.start : problem.end] == "recal"
    assert field._place(problem.start) > field._place(0)
    assert page.model.rowCount() == before  # what was shown stays until the filter is right
    field.grab()
    field.setText("seed = 1 and recall > 0.5")
    qtbot.waitUntil(lambda: page.model.rowCount() == 3, timeout=5000)
    assert not page.bar.wrong.isVisible()
    assert field._problem is None


def test_escape_clears_the_filter(qtbot: QtBot, page: RunsPage, field: FilterField, uids: list[str]) -> None:
    field.setText("seed = 1")
    qtbot.waitUntil(lambda: page.model.rowCount() == 3, timeout=5000)
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: page.model.rowCount() == len(uids), timeout=5000)


def test_words_show_where_they_were_found(qtbot: QtBot, page: RunsPage, field: FilterField, uids: list[str]) -> None:
    field.setText("reference")
    qtbot.waitUntil(lambda: page.model.rowCount() == 1, timeout=5000)
    index = page.model.index(0, 1)
    qtbot.waitUntil(lambda: page.model.run(0) is not None, timeout=5000)
    assert page.model.data(index, Qt.ItemDataRole.ToolTipRole) == "note: the [reference] of all others"
