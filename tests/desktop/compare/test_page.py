"""The Compare page as a person uses it."""

from __future__ import annotations

import csv
import io
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.desktop import theme
from memstudio.desktop.compare.look import Look
from memstudio.desktop.compare.page import ComparePage
from memstudio.desktop.compare.seen import Seen, Wish
from memstudio.desktop.compare.table import LINE
from memstudio.library import Library, RunWriter
from tests.desktop.compare.conftest import TITLE, Opener
from tests.library.compared import finish, matrix, planned, recalls, study
from tests.library.small import document

NONE = Qt.KeyboardModifier.NoModifier


def seen(page: ComparePage) -> Seen:
    assert page.seen is not None
    return page.seen


def shown(qtbot: QtBot, page: ComparePage) -> Seen:
    """What is shown once everything asked was answered."""
    qtbot.waitUntil(lambda: page.seen is not None and page.seen.wish == page.wish, timeout=20_000)
    return seen(page)


def cells(page: ComparePage) -> list[list[str]]:
    """The table as it is read."""
    model = page.board.table.measures
    return [[str(model.index(row, column).data() or "") for column in range(model.columnCount())] for row in range(model.rowCount())]


def click_row(qtbot: QtBot, page: ComparePage, row: int) -> None:
    place = page.board.table.visualRect(page.board.table.measures.index(row, 1)).center()
    qtbot.mouseClick(page.board.table.viewport(), Qt.MouseButton.LeftButton, NONE, place)


def test_nothing_yet_says_what_to_do_and_offers_studies(qtbot: QtBot, open_page: Opener, studies: dict[str, str]) -> None:
    page = open_page()
    assert page.stack.currentIndex() == 0
    qtbot.waitUntil(lambda: len(page.start.studies) == 3, timeout=10_000)
    assert "two runs or more on the Runs page" in page.start.words.text()
    # the newest first, and none without a finished run
    assert [button.accessibleName().split(",")[0] for button in page.start.studies] == [
        "Compare Nine groups",
        "Compare One seed",
        f"Compare {TITLE}",
    ]
    with qtbot.waitSignal(page.runs_asked):
        qtbot.mouseClick(page.start.runs_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(page.start.studies[2], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.stack.currentIndex() == 1, timeout=20_000)
    assert page.title.whole == f"Compare 9 runs of “{TITLE}”"


def test_an_empty_library_says_that_something_must_run_first(qtbot: QtBot, open_page: Opener) -> None:
    page = open_page()
    qtbot.waitUntil(lambda: "No study has a finished run yet" in page.start.words.text(), timeout=10_000)
    assert page.start.runs_button.isVisible()


def test_the_differences_stand_there_in_words(page: ComparePage) -> None:
    (sentence, doubt) = seen(page).sentences
    assert sentence.text.startswith("delta rule recalls 0.10 more than attention, with 2 times less state, 95 % interval 0.05 to 0.15")
    assert "<b>delta rule</b>" in page.board.words.text.text()
    assert "<b>0.10 more</b>" in page.board.words.text.text()
    assert page.board.words.text.accessibleName() == sentence.text
    assert doubt.text in page.board.words.doubt.text()
    assert "out of hand: no run finished (3 failed), so it has nothing to compare." in page.board.words.doubt.text()


def test_what_differs_and_that_it_is_all(page: ComparePage) -> None:
    assert page.board.differs.lines == (("mem1.heads", "1, 2, 3"), ("run.seed", "0 to 2"))
    assert page.board.differs.same.text() == "nothing else: same data, code, versions and device"
    assert page.board.differs.same.property("kind") == "mono-good"
    assert page.board.differs.denied.isHidden()


def test_the_table_has_intervals_and_differences(page: ComparePage) -> None:
    found = cells(page)
    assert [column.title for column in page.board.table.measures.columns] == ["Group", "Mean", "95 %", "Difference", "p", "State"]
    assert found[0][0] == "Recall"
    assert found[1] == ["attention", "0.820", "± 0.050", "baseline", "", "1.02 kB"]
    assert found[2] == ["delta rule", "0.920", "± 0.086", "+0.100 ± 0.050", "0.013", "512 bytes"]
    assert found[3][:4] == ["out of hand", "–", "", ""]
    assert found[4][0] == "ECE"
    assert found[5][1] == "0.060"


def test_a_click_on_a_row_makes_it_the_baseline(qtbot: QtBot, page: ComparePage) -> None:
    click_row(qtbot, page, 2)
    qtbot.waitUntil(lambda: seen(page).wish.baseline == "delta rule", timeout=10_000)
    assert cells(page)[1][3] == "\N{MINUS SIGN}0.100 ± 0.050"
    assert cells(page)[2][3] == "baseline"
    assert seen(page).sentences[0].text.startswith("attention recalls 0.10 less than delta rule, with 2 times the state")
    # a group of which nothing finished cannot be one, nor can a measure's name
    for row in (3, 0):
        click_row(qtbot, page, row)
    assert page.wish.baseline == "delta rule"


def test_the_table_by_keyboard(qtbot: QtBot, page: ComparePage) -> None:
    page.board.table.setFocus(Qt.FocusReason.TabFocusReason)
    assert page.board.table.currentIndex().row() == 1
    qtbot.keyClick(page.board.table, Qt.Key.Key_Down)
    qtbot.keyClick(page.board.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: seen(page).wish.baseline == "delta rule", timeout=10_000)
    line = page.board.table.currentIndex().data(LINE)
    assert line.row.label == "delta rule"


def test_heads_sort_within_each_measure(qtbot: QtBot, page: ComparePage) -> None:
    page.board.table.measures.sort_by(1)
    assert [row[0] for row in cells(page)[:4]] == ["Recall", "delta rule", "attention", "out of hand"]
    page.board.table.measures.sort_by(1)
    assert [row[0] for row in cells(page)[:4]] == ["Recall", "attention", "delta rule", "out of hand"]
    assert [row[0] for row in cells(page)[4:8]] == ["ECE", "attention", "delta rule", "out of hand"]


def test_another_measure(qtbot: QtBot, page: ComparePage) -> None:
    page.show_measure("ece")
    shown(qtbot, page)
    assert [row[0] for row in cells(page)][::4] == ["ECE", "Recall"]
    assert seen(page).sentences[0].text.startswith("delta rule has an ECE 0.05")
    assert page.board.panels["measures"].chooser.text().startswith("ECE")


def test_curves_lie_over_each_other_with_their_intervals(page: ComparePage) -> None:
    main = page.board.plots["main"].seen
    assert (main.chosen, main.x_name, main.step) == ("curve:recall_by_load", "items to remember, pairs", 100)
    assert [track.name for track in main.tracks] == ["attention, mean of 3 seeds", "delta rule, mean of 3 seeds"]
    first = main.tracks[0]
    assert first.y.tolist() == pytest.approx([0.7, 0.28])
    assert first.low is not None
    assert first.low[1] == pytest.approx(0.28 - 4.302652729911275 * 0.02 / 3**0.5)
    assert main.reference is not None
    learning = page.board.plots["learning"].seen
    assert learning.chosen == "series:loss[split=train]"
    assert learning.x_end == 95.0
    calibration = page.board.plots["calibration"].seen
    assert calibration.diagonal
    assert calibration.words.keys() == {0, 1}


def test_another_curve_and_log_axes(qtbot: QtBot, page: ComparePage) -> None:
    frame = page.board.panels["learning"]
    assert {option.id for option in frame.chooser._options} == {"series:loss[split=train]", "series:gradient_norm"}
    frame.chosen.emit("series:gradient_norm")
    qtbot.waitUntil(lambda: page.board.plots["learning"].seen.chosen == "series:gradient_norm", timeout=10_000)
    frame.log["y"].setChecked(True)
    assert page.board.plots["learning"]._y_scale.log
    frame.chosen.emit("series:loss[split=train]")
    qtbot.waitUntil(lambda: page.board.plots["learning"].seen.chosen == "series:loss[split=train]", timeout=10_000)
    assert not page.board.plots["learning"]._y_scale.log


def test_the_legend_hides_a_group_everywhere(qtbot: QtBot, page: ComparePage) -> None:
    qtbot.mouseClick(page.board.legend.entries[1], Qt.MouseButton.LeftButton)
    assert page.board.plots["main"]._hidden == {1}
    assert [one.group for one in page.board.matrices.shown] == [0]
    assert page.board.table._delegate.hidden == {1}
    qtbot.mouseClick(page.board.legend.entries[1], Qt.MouseButton.LeftButton)
    assert [one.group for one in page.board.matrices.shown] == [0, 1]


def test_matrices_stand_side_by_side_and_the_pointer_reads_them(qtbot: QtBot, page: ComparePage) -> None:
    view = page.board.matrices
    assert page.board.panels["matrices"].isVisible()
    areas = [area for _, _, area, _ in view._places()]
    assert len(areas) == 2
    assert not areas[0].intersects(areas[1])
    cell = view.cell_rect((1, 1, 0))
    assert cell is not None
    page.board.scrolled.ensureWidgetVisible(page.board.panels["matrices"])
    qtbot.mouseMove(view, cell.center().toPoint())
    qtbot.waitUntil(lambda: view.said.text().startswith("delta rule, after task 2, task 1:\n0.400"), timeout=2000)
    view.setFocus()
    view.point_at(None)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.said.text().startswith("attention, after task 1, task 1:\n0.900")
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_PageDown):
        qtbot.keyClick(view, key)
    assert view.said.text().startswith("delta rule, after task 2, task 2:\n0.950")
    qtbot.keyClick(view, Qt.Key.Key_Up)
    assert view.said.text().endswith("not known")
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert view.said.isHidden()


def test_many_matrices_are_scrolled_and_keep_their_numbers(qtbot: QtBot, page: ComparePage, folder: Path) -> None:
    def matrices_only(writer: RunWriter, cell: str, seed: int) -> None:
        writer.curve(100, matrix([[0.9, 0.0], [0.4, 0.8]]))

    with library.open(folder) as opened:
        many = study(opened, {f"cell {i}": recalls(0.1) for i in range(24)}, title="Many", work=matrices_only)
    page.show_study(many.study or "")
    qtbot.waitUntil(lambda: page.seen is not None and len(seen(page).rows) == 24, timeout=10_000)
    places = list(page.board.matrices._places())
    assert len(places) == 24
    assert all(side >= 20 for _, _, _, side in places)
    areas = [area for _, _, area, _ in places]
    assert all(area.right() <= page.board.matrices.width() for area in areas)
    assert page.board.matrices.minimumHeight() >= areas[-1].bottom()
    assert not any(a.intersects(b) for i, a in enumerate(areas) for b in areas[i + 1 :])


def test_runs_grouped_another_way(qtbot: QtBot, page: ComparePage) -> None:
    menu = page.ways_menu()
    assert [action.text() for action in menu.actions()] == ["Group by cell", "Group by what is set", "Each run by itself"]
    assert [action.isChecked() for action in menu.actions()] == [True, False, False]
    menu.actions()[2].trigger()
    shown(qtbot, page)
    assert len(seen(page).rows) == 9
    assert page.ways_button.text() == "Each run by itself"
    assert page.board.differs.denied.text().startswith("the groups do not have the same seeds")


def test_another_study_from_the_bar(qtbot: QtBot, page: ComparePage) -> None:
    qtbot.waitUntil(lambda: len(page.offered) == 3, timeout=10_000)
    menu = page.studies_menu()
    titles = [action.text() for action in menu.actions()]
    assert titles == ["Nine groups", "One seed", TITLE, "", "Choose runs…"]
    menu.actions()[1].trigger()
    qtbot.waitUntil(lambda: page.title.whole == "Compare 2 runs of “One seed”", timeout=10_000)
    assert "One common seed gives neither an interval nor a test" in page.board.words.doubt.text()
    assert not page.board.panels["matrices"].isVisible()
    assert not page.board.panels["main"].isVisible()
    assert [column.id for column in page.board.table.measures.columns] == ["group", "mean", "difference"]


def test_nine_groups_with_long_names_keep_their_places(qtbot: QtBot, page: ComparePage, studies: dict[str, str]) -> None:
    page.show_study(studies["many"])
    found = shown(qtbot, page)
    assert len(found.rows) == 9
    assert page.board.words.doubt.text().startswith("6 other differences are in the table.")
    # the highest and the lowest difference of eight
    assert page.board.words.text.text().count("<p ") == 2
    assert page.board.legend.more.isVisible()
    assert page.board.table.columnWidth(0) >= 100
    assert all(label.whole in label.toolTip() for label in [page.board.differs._labels[0][1]] if label.toolTip())


def test_one_group_and_nothing_finished(qtbot: QtBot, page: ComparePage, studies: dict[str, str]) -> None:
    page.show_study(studies["none"])
    shown(qtbot, page)
    assert "None of these runs has finished yet" in page.board.words.text.text()
    assert not page.board.panels["main"].isVisible()
    assert cells(page)[1][1] == "–"


def test_what_cannot_be_compared_is_said_where_it_would_be(qtbot: QtBot, page: ComparePage, folder: Path) -> None:
    with library.open(folder) as opened:
        alone = opened.runs(limit=1)[0].uid
    page.show_runs([alone])
    qtbot.waitUntil(lambda: page.stack.currentIndex() == 0, timeout=10_000)
    assert page.start.words.text() == "One run alone has nothing to be compared with; name another run, or a study."
    assert page.start.studies
    qtbot.mouseClick(page.start.studies[1], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.stack.currentIndex() == 1, timeout=10_000)


def test_runs_that_end_meanwhile_are_counted(qtbot: QtBot, page: ComparePage, folder: Path) -> None:
    with library.open(folder) as opened:
        made = document("Going on", heads=1), document("Going on", heads=2)
        runs = [opened.submit(one, [planned("", 0, one)]).runs[0] for one in made]
        finish(opened, runs[0], {"recall": 0.4})
        page.show_runs(runs)
        shown(qtbot, page)
        assert [row.finished for row in seen(page).rows] == [1, 0]
        finish(opened, runs[1], {"recall": 0.7})
    qtbot.waitUntil(lambda: [row.finished for row in seen(page).rows] == [1, 1], timeout=10_000)
    assert seen(page).sentences[0].text.startswith("heads 2 recalls 0.30 more than heads 1")


def test_nothing_is_asked_on_the_windows_thread(qtbot: QtBot, page: ComparePage, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []
    ask = Look.__call__

    def noted(self: Look, opened: Library, wish: Wish, fresh: bool = True) -> Seen | None:
        threads.append(threading.current_thread())
        return ask(self, opened, wish, fresh)

    monkeypatch.setattr(Look, "__call__", noted)
    page.show_baseline("delta rule")
    page.show_measure("ece")
    page._chosen("learning", "series:gradient_norm")
    shown(qtbot, page)
    # questions that a newer one has overtaken are not asked at all
    assert 1 <= len(threads) <= 3
    assert threading.main_thread() not in threads


def test_the_same_answer_is_not_made_twice(folder: Path, studies: dict[str, str]) -> None:
    look = Look()
    with library.open(folder) as opened:
        wish = Wish(studies=(studies["three"],))
        assert look(opened, wish) is not None
        assert look(opened, wish, fresh=False) is None
        assert look(opened, wish) is not None
        study(opened, {"a": recalls(0.1), "b": recalls(0.2)}, title="Another")
        assert look(opened, wish, fresh=False) is None


@pytest.mark.parametrize("kind", ["csv", "svg", "pdf", "png"])
@pytest.mark.parametrize("panel", ["main", "learning", "calibration", "matrices"])
def test_every_panel_is_saved(qtbot: QtBot, page: ComparePage, tmp_path: Path, panel: str, kind: str) -> None:
    file = tmp_path / f"figure.{kind}"
    with qtbot.waitSignal(page.said, timeout=10_000) as told:
        page.save_panel(panel, kind, file)
    assert told.args == [f"Saved as figure.{kind}.", "info"]
    data = file.read_bytes()
    if kind == "csv":
        rows = list(csv.DictReader(io.StringIO(data.decode())))
        assert {row["group"] for row in rows} == {"attention", "delta rule"}
        assert len(rows) == {"main": 4, "learning": 40, "calibration": 4, "matrices": 8}[panel]
    elif kind == "png":
        assert QImage.fromData(data).width() > 400
        assert QImage.fromData(data).height() > 300
    else:
        assert data.startswith(b"<?xml" if kind == "svg" else b"%PDF")
        assert len(data) > 2000


def test_the_data_are_those_of_the_figure(qtbot: QtBot, page: ComparePage, tmp_path: Path) -> None:
    with qtbot.waitSignal(page.said, timeout=10_000):
        page.save_panel("main", "csv", tmp_path / "curves.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "curves.csv").read_text())))
    track = page.board.plots["main"].seen.tracks[0]
    assert [float(row["mean"]) for row in rows[:2]] == pytest.approx(track.y.tolist())
    assert (rows[0]["load"], rows[0]["seeds"]) == ("2", "3")
    with qtbot.waitSignal(page.said, timeout=10_000):
        page.save_panel("measures", "csv", tmp_path / "measures.csv")
    measures = list(csv.DictReader(io.StringIO((tmp_path / "measures.csv").read_text())))
    assert {row["measure"] for row in measures} == {"recall", "ece", "state_bytes", "loss[split=train]", "gradient_norm"}


def test_a_file_that_cannot_be_written_is_said(qtbot: QtBot, page: ComparePage, tmp_path: Path) -> None:
    with qtbot.waitSignal(page.said, timeout=10_000) as told:
        page.save_panel("main", "csv", tmp_path / "nowhere" / "x.csv")
    assert told.args[1] == "bad"
    assert told.args[0].startswith("It could not be saved:")


def test_every_control_has_a_name(qtbot: QtBot, page: ComparePage) -> None:
    for widget in page.findChildren(QWidget):
        inside = isinstance(widget, QMenu) or isinstance(widget.parent(), QAbstractScrollArea)
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and widget.isVisible() and not inside:
            said = widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")
            assert said, f"{type(widget).__name__} {widget.objectName()} in {type(widget.parent()).__name__} has no name"
    assert page.board.matrices.accessibleDescription().startswith("Rows: after task; columns: task")
    index = page.board.table.measures.index(2, 3)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "Difference +0.100 ± 0.050"
    assert "exact permutation test over 3 seeds, p = 0.25" in index.data(Qt.ItemDataRole.ToolTipRole)


def test_the_keyboard_goes_through_the_page_as_one_reads_it(qtbot: QtBot, page: ComparePage) -> None:
    page.ways_button.setFocus(Qt.FocusReason.TabFocusReason)
    met: list[QWidget] = []
    for _ in range(40):
        focus = QApplication.focusWidget()
        if focus is None or focus in met:
            break
        met.append(focus)
        qtbot.keyClick(focus, Qt.Key.Key_Tab)
    wanted = [
        page.ways_button,
        page.other_button,
        page.board.legend.entries[0],
        page.board.plots["main"],
        page.board.table,
        page.board.plots["calibration"],
    ]
    wanted += [page.board.plots["learning"], page.board.matrices]
    places = [met.index(widget) for widget in wanted]
    assert places == sorted(places)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_both_themes_paint_everything(qtbot: QtBot, page: ComparePage, name: str) -> None:
    theme.set_theme(name)
    image = page.grab().toImage()
    t = theme.current()
    assert image.pixelColor(QPoint(4, page.height() - 4)).name().upper() == t.background
    # the matrices' ground is the card's, and their highest value is deep
    view = page.board.matrices
    cell = view.cell_rect((0, 0, 0))
    assert cell is not None
    own = view.grab().toImage()
    assert own.pixelColor(cell.topLeft().toPoint() + QPoint(5, 5)).lightness() != own.pixelColor(QPoint(own.width() - 3, 3)).lightness()
