"""Ways to look at a comparison: grouped by an axis, at another step, judged by another test, against a kept baseline, computed later."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.desktop.compare.page import ComparePage
from memstudio.desktop.compare.seen import Seen
from tests.desktop.compare.conftest import Opener
from tests.library.compared import HEADS, MEMORY, WIDTH, factorial
from tests.library.test_later import keep, made


def shown(qtbot: QtBot, page: ComparePage) -> Seen:
    """What is shown once everything asked was answered."""
    qtbot.waitUntil(lambda: page.seen is not None and page.seen.wish == page.wish, timeout=20_000)
    assert page.seen is not None
    return page.seen


def test_by_an_axis_from_the_menu(qtbot: QtBot, figure_page: ComparePage) -> None:
    titles = [action.text() for action in figure_page.ways_menu().actions()]
    assert titles[:3] == ["Group by cell", "Group by what is set", "Each run by itself"]
    assert titles[3:] == ["Group by memory (2)", "Group by key width (3)"]
    figure_page.ways_menu().actions()[3].trigger()
    found = shown(qtbot, figure_page)
    assert found.comparison.labels == ("attention", "delta rule")
    assert figure_page.ways_button.text() == "Group by memory"
    assert [entry.text() for entry in figure_page.board.legend.entries] == ["attention", "delta rule"]
    assert "Each seed counts with its mean over" in figure_page.board.words.doubt.text()
    # the figure keeps its axes
    assert found.study is not None
    assert [axis.name for axis in found.study.figure.axes] == ["memory", "key width"]


def test_the_slider_moves_all_curves_to_the_nearest_stored_step(qtbot: QtBot, figure_page: ComparePage) -> None:
    board = figure_page.board
    assert board.time.isVisible()
    found = shown(qtbot, figure_page)
    assert found.steps is not None
    assert (found.steps.stored, found.steps.at) == ((10, 50, 51, 52, 90), 90)
    before = board.plots["main"].seen.tracks[0].y.tolist()
    board.time.slider.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(board.time.slider, Qt.Key.Key_Left)
    assert board.time.words.text() == "step 52"
    shown(qtbot, figure_page)
    main = board.plots["main"].seen
    # each seed at its own nearest step: 50, 51 and 52
    assert main.stored == "steps 50 to 52"
    assert main.tracks[0].y[0] == 0.51
    assert before[0] == 0.9
    assert board.panels["main"].note.text() == "steps 50 to 52"
    board.time.follow.emit()
    assert shown(qtbot, figure_page).wish.step is None
    assert board.plots["main"].seen.stored == "step 90"


def test_another_test_is_spoken_of_everywhere(qtbot: QtBot, page: ComparePage) -> None:
    second = page.board.panels["measures"].second
    assert second.now == "t:groups"
    second.chosen.emit("permutation:all")
    found = shown(qtbot, page)
    assert (found.wish.test, found.wish.over_all) == ("permutation", True)
    assert "exact permutation test p = 0.5 after Holm over 2 tests of 2 measures" in found.sentences[0].text
    model = page.board.table.measures
    assert model.index(2, 4).data() == "0.500"
    tip = model.columns[4].tip
    assert tip == "Of the exact permutation test, corrected for the number of groups and measures after Holm"
    told = model.index(2, 3).data(Qt.ItemDataRole.ToolTipRole)
    assert "Hedges' g 2.82 (" in told
    assert "after Holm's correction for 2 tests of 2 measures" in told


def test_a_chosen_baseline_stays(qtbot: QtBot, page: ComparePage, open_page: Opener, studies: dict[str, str], folder: Path) -> None:
    page.choose_baseline("delta rule")
    shown(qtbot, page)

    def kept() -> bool:
        with library.open(folder) as opened:
            return opened.study(studies["three"]).baseline == "delta rule"

    qtbot.waitUntil(kept, timeout=10_000)
    other = open_page()
    other.show_study(studies["three"])
    qtbot.waitUntil(lambda: other.seen is not None, timeout=20_000)
    assert other.seen is not None
    assert other.seen.comparison.labels[other.seen.comparison.baseline] == "delta rule"


def test_computing_later_for_every_run(qtbot: QtBot, open_page: Opener, folder: Path) -> None:
    with library.open(folder) as opened:
        runs = [keep(opened, *made()) for _ in range(2)]
    page = open_page()
    page.show_runs(runs)
    qtbot.waitUntil(lambda: page.seen is not None, timeout=20_000)
    assert page.later_button.isVisible()
    texts = [action.text() for action in page.later_menu().actions()]
    assert texts[0] == "Everything that can be computed"
    assert "MCE" in texts
    said: list[str] = []
    page.said.connect(lambda text, level: said.append(text))
    page.compute(("mce",))
    assert page.later_button.text() == "Computing 1 of 2"
    assert [action.text() for action in page.later_menu().actions()] == ["Stop computing"]
    qtbot.waitUntil(lambda: not page.computing.busy, timeout=20_000)
    assert said == ["Computed for 2 runs."]
    assert page.later_button.text() == "Compute…"
    # the library changed, so the page offers it
    qtbot.waitUntil(lambda: page.seen is not None and "mce" in page.seen.comparison.measures, timeout=10_000)
    page.compute(("mce",))
    qtbot.waitUntil(lambda: not page.computing.busy, timeout=20_000)
    assert said[-1] == "2 runs had it already."


def test_what_cannot_be_computed_is_said_once_for_all(qtbot: QtBot, page: ComparePage) -> None:
    said: list[tuple[str, str]] = []
    page.said.connect(lambda text, level: said.append((text, level)))
    page.compute(())
    qtbot.waitUntil(lambda: not page.computing.busy, timeout=20_000)
    assert len(said) == 1
    assert said[0][0].startswith("Not for 6 runs: it kept no raw outcomes at its end")
    assert said[0][1] == "careful"


def test_parameters_against_the_measure(qtbot: QtBot, figure_page: ComparePage) -> None:
    body, found = figure_page.board.parameters, shown(qtbot, figure_page)
    assert found.parameters is not None
    assert [row.address for row in body.bars.rows] == ["mem1.component", "mem1.key_width", "run.seed"] or body.bars.rows
    assert body.words.text().startswith("The share of the spread in recall over 17 runs")
    assert body.plot is not None
    first = body.bars.now
    body.bars.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(body.bars, Qt.Key.Key_Down)
    qtbot.keyClick(body.bars, Qt.Key.Key_Return)
    shown(qtbot, figure_page)
    assert body.bars.now != first
    assert body.plot.seen.chosen == body.bars.now
    figure_page.board.panels["parameters"].chooser.chosen.emit("mem1.component")
    shown(qtbot, figure_page)
    assert body.plot.seen.x_names == ("attention", "deltanet")
    assert body.plot.seen.note == "17 runs"


def test_a_forest_is_asked_in_the_background(qtbot: QtBot, open_page: Opener, folder: Path) -> None:
    with library.open(folder) as opened:

        def value(cases: dict[str, str], seed: int) -> dict[str, float]:
            return {"recall": 0.1 * int(cases["key width"].rpartition(" ")[2]) + 0.001 * seed}

        uid = factorial(opened, [MEMORY, WIDTH, HEADS], value, seeds=4, title="Forest").study or ""  # type: ignore[arg-type]
    page = open_page()
    page.show_study(uid)
    qtbot.waitUntil(lambda: page.seen is not None, timeout=20_000)
    # what is quick is there at once; the forest follows
    body = page.board.parameters
    qtbot.waitUntil(lambda: bool(body.bars.rows), timeout=60_000)
    assert body.bars.rows[0].address == "mem1.key_width"
    assert "How much worse a random forest over 48 runs" in body.words.text()


def test_too_many_groups_are_advised(qtbot: QtBot, open_page: Opener, folder: Path) -> None:
    with library.open(folder) as opened:
        wide = WIDTH.model_copy(update={"values": list(range(1, 9))})
        uid = factorial(opened, [MEMORY, wide], lambda cases, seed: {"recall": 0.5}, seeds=1, title="Many").study or ""
    page = open_page()
    page.show_study(uid)
    qtbot.waitUntil(lambda: page.seen is not None, timeout=20_000)
    assert "16 groups are more than colours and dashes can tell apart" in page.board.words.doubt.text()


def test_the_parameters_are_saved_as_data_and_as_a_figure(qtbot: QtBot, figure_page: ComparePage, tmp_path: Path) -> None:
    shown(qtbot, figure_page)
    for kind, begins in (("csv", b"parameter,share,low,high,rank_correlation,method,runs\n"), ("svg", b"<?xml"), ("png", b"\x89PNG")):
        file = tmp_path / f"parameters.{kind}"
        with qtbot.waitSignal(figure_page.said, timeout=10_000):
            figure_page.save_panel("parameters", kind, file)
        assert file.read_bytes().startswith(begins), kind
    assert len((tmp_path / "parameters.csv").read_text().splitlines()) == 4
