from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from memstudio.desktop.inspector.sample import HIGHEST, SampleView, colours, letters
from memstudio.desktop.inspector.sample_items import cells_of

TOKENS = {
    "kind": "tokens",
    "vocabulary": 16,
    "items": [
        {
            "tokens": [3, 11, 5, 13, 0, 5],
            "targets": [None, None, None, None, None, 13],
            "roles": ["key", "value", "key", "value", "filler", "question"],
            "labels": {"load": 2},
        }
    ],
}
IMAGES = {
    "kind": "images",
    "shape": [1, 2, 2],
    "items": [
        {"pixels": [0.0, 1.0, 2.0, -1.0], "target": 7, "labels": {}},
        {"pixels": [0.5] * 4, "target": 7, "labels": {"corruption": "noise", "severity": 3}},
    ],
}


def test_tokens_have_their_roles_and_questions_their_answers() -> None:
    caption, cells = cells_of(TOKENS)
    assert caption == "load 2, 6 tokens, 1 asked for"
    assert [cell.text for cell in cells] == ["3", "11", "5", "13", "0", "5 → 13"]
    assert cells[-1].role == "question"


def test_images_are_clipped_and_labelled() -> None:
    _, cells = cells_of(IMAGES)
    assert cells[0].pixels == (bytes([0, 255, 255, 0]), 2, 2)
    assert [cell.text for cell in cells] == ["7", "noise 3"]


def test_what_is_not_known_shows_nothing(qtbot: QtBot) -> None:
    view = SampleView()
    qtbot.addWidget(view)
    view.show()
    for sample in ({}, {"kind": "videos", "items": [{}]}, {"kind": "tokens", "items": []}):
        view.show_sample(sample)
        assert view.isHidden()
    view.show_sample(TOKENS)
    assert not view.isHidden()
    assert "position 6, question 5 asks for 13" in view.cells.accessibleName()


def test_many_tokens_run_over_rows_that_scroll_and_blanks_are_counted(qtbot: QtBot) -> None:
    view = SampleView()
    qtbot.addWidget(view)
    roles = ["key", "value"] * 50 + ["filler"] * 3896 + ["key"] * 100
    item = {"tokens": [*range(100), *[0] * 3896, *range(100)], "targets": [], "roles": roles, "labels": {}}
    view.resize(240, 400)
    view.show()
    view.show_sample({"kind": "tokens", "items": [item]})
    assert [cell.text for cell in cells_of({"kind": "tokens", "items": [item]})[1]][100] == "0 × 3,896"
    assert view.area.height() == HIGHEST < view.cells.height()
    assert view.area.focusPolicy() == Qt.FocusPolicy.StrongFocus, "keys scroll what is too long"
    assert "4,096 tokens" in view.caption.text()
    assert view.cells.at(QPoint(5, 5)).said == "position 1, key 0"  # type: ignore[union-attr]
    view.grab()


def test_each_kind_of_token_has_a_letter_and_a_word_of_its_own(qtbot: QtBot) -> None:
    view = SampleView()
    qtbot.addWidget(view)
    view.show()
    view.show_sample(TOKENS)
    assert letters(["key", "value", "filler", "question", "kind"]) == {"key": "k", "value": "v", "question": "?", "kind": "ki"}
    assert view.key.accessibleName() == "k: key; v: value; blank; ?: question → answer"
    assert len(set(colours(["key", "value", "question", "length", "context"]).values())) == 5


def test_running_text_shows_no_arrows() -> None:
    item = {"tokens": list("hello"), "targets": list("ello!"), "roles": ["question"] * 5, "labels": {}}
    caption, cells = cells_of({"kind": "tokens", "items": [item]})
    assert [cell.text for cell in cells] == list("hello")
    assert "each asks for the next" in caption


def test_rows_stand_in_a_table_and_text_in_a_box(qtbot: QtBot) -> None:
    view = SampleView()
    qtbot.addWidget(view)
    view.show()
    rows = {"kind": "rows", "columns": ["height", "age"], "items": [{"values": [1.23456, 4], "target": "oak", "labels": {"fold": 2}}]}
    view.show_sample(rows)
    assert view.table.isVisibleTo(view)
    shown = [view.table.item(0, column).text() for column in range(view.table.columnCount())]
    assert shown == ["1.235", "4", "oak", "2"]
    view.show_sample({"kind": "text", "items": [{"text": "Once"}]})
    assert view.text.toPlainText() == "Once"
    assert view.table.isHidden()


def test_another_item_part_and_split_are_asked_for(qtbot: QtBot) -> None:
    asked: list[dict[str, object]] = []
    view = SampleView(asked.append)
    qtbot.addWidget(view)
    view.show()
    where = {"split": "test", "part": 1, "item": 4, "overview": False}
    parts = [{"labels": {"load": 2}, "items": 9}, {"labels": {"load": 4}, "items": 6}]
    view.show_sample({**TOKENS, **where, "parts": parts})
    assert view.which.text() == "5 of 6"
    view.on.click()
    view.back.click()
    assert asked == [{"split": "test", "part": 1, "item": 5}, {"split": "test", "part": 1, "item": 3}]
    view.part.setCurrentIndex(0)
    view.part.activated.emit(0)
    view.split.setCurrentIndex(1)
    view.split.activated.emit(1)
    assert asked[2:] == [{"split": "test", "part": 0, "item": 0}, {"split": "validation", "part": 0, "item": 0}]


def test_it_says_that_it_works_and_why_it_failed(qtbot: QtBot) -> None:
    asked: list[dict[str, object]] = []
    view = SampleView(asked.append)
    qtbot.addWidget(view)
    view.show_working()
    assert view.isVisible()
    assert "Making a sample" in view.state.text()
    view.show_failure("the file is gone.")
    assert view.state.text() == "No sample: the file is gone."
    assert view.working.isHidden()
    view.again.click()
    assert asked == [{}]
