"""The live panel over a real library: what a worker writes appears, the slider scrubs everything, a person can act."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QFileDialog, QMenu, QWidget
from pytestqt.qtbot import QtBot

from memstudio.desktop import theme
from memstudio.desktop.live.look import Look
from memstudio.desktop.live.panel import LivePanel
from memstudio.desktop.live.seen import Seen, Wish
from memstudio.library import Library
from tests.desktop.live.conftest import PanelOf, shown
from tests.desktop.live.written import LOADS, Study, of_cell, recall, submit


class Asked:
    """Stands for what pauses, resumes and stops runs."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def pause(self, runs: tuple[str, ...]) -> None:
        self.asked.append(("pause", tuple(runs)))

    def resume(self, runs: tuple[str, ...], threads: int = 1) -> None:
        self.asked.append(("resume", tuple(runs)))

    def stop(self, runs: tuple[str, ...]) -> None:
        self.asked.append(("stop", tuple(runs)))


def visible(panel: LivePanel) -> list[str]:
    return [id for id, frame in panel.strip.panels.items() if not frame.isHidden()]


def choose(panel: LivePanel, id: str, title: str) -> None:
    """Chooses from a panel's menu, as a press on its line does."""
    menu = panel.strip.panels[id].chooser.menu()
    assert menu is not None
    next(action for action in menu.actions() if action.text() == title).trigger()


def test_it_says_what_to_do_while_there_is_nothing(panel_of: PanelOf, qtbot: QtBot) -> None:
    panel = panel_of()
    assert panel.empty_words.text() == "Press Run to see curves here."
    assert panel.empty.isVisible()
    assert not panel.strip.isVisible()
    assert not panel.time.isVisible()
    assert not panel.head.stop_button.isVisible()


def test_points_appear_as_a_worker_writes_them(panel_of: PanelOf, study: Study, qtbot: QtBot) -> None:
    panel = panel_of()
    with qtbot.waitSignal(panel.followed) as followed:
        panel.follow(study.uid, study.runs)
    assert followed.args == [True]
    shown(qtbot, panel)
    assert panel.empty_words.text() == "Waiting for a worker. Curves come with the first step."
    run = study.runs[0]
    study.begin(run)
    study.write(run, range(61))
    shown(qtbot, panel, lambda seen: seen.newest == 60)
    assert sorted(visible(panel)) == ["calibration", "learning", "picture", "recall"]
    study.write(run, range(61, 121))
    seen = shown(qtbot, panel, lambda seen: seen.newest == 120)
    assert panel.strip.plots["learning"].seen.tracks[0].x[-1] == 120
    assert panel.strip.plots["recall"].seen.tracks[0].y[0] == pytest.approx(recall(0, 120, LOADS[0]))
    assert panel.head.chip.text() == "running 1 of 6"
    assert "step 120 of 400" in panel.head.words.whole
    assert seen.head.left is not None
    assert (panel.time.words.text(), panel.time.stored_words.text()) == ("step 120", "newest")


def test_the_slider_scrubs_every_panel_and_follow_comes_back(panel_of: PanelOf, study: Study, qtbot: QtBot) -> None:
    run = study.runs[0]
    study.begin(run)
    study.write(run, range(201))
    panel = panel_of()
    panel.follow(study.uid, study.runs)
    shown(qtbot, panel, lambda seen: seen.at == 200)
    with qtbot.waitSignal(panel.step_shown, check_params_cb=lambda step: step == 80):
        panel.time.slider.went.emit(95)
    assert (panel.time.words.text(), panel.time.stored_words.text()) == ("step 95", "stored step 80")
    assert panel.strip.plots["recall"].seen.tracks[0].y[0] == pytest.approx(recall(0, 80, LOADS[0]))
    assert panel.strip.plots["calibration"].seen.step == 80
    assert panel.strip.picture.seen is not None
    assert panel.strip.picture.seen.step == 80
    assert panel.strip.plots["learning"]._time.value() == 95
    assert not panel.following
    study.write(run, range(201, 241))
    shown(qtbot, panel, lambda seen: seen.newest == 240)
    assert panel.time.words.text() == "step 95"
    assert panel.strip.plots["recall"].seen.step == 80
    qtbot.mouseClick(panel.time.follow_button, Qt.MouseButton.LeftButton)
    shown(qtbot, panel, lambda seen: seen.at == 240)
    assert panel.following
    panel.go_stored(-1)
    shown(qtbot, panel, lambda seen: seen.at == 220)


def test_a_click_into_learning_goes_to_that_step(panel_of: PanelOf, study: Study, qtbot: QtBot) -> None:
    study.whole(study.runs[0])
    panel = panel_of()
    panel.show_run(study.runs[0])
    shown(qtbot, panel)
    panel.strip.plots["learning"].picked.emit(133.4)
    shown(qtbot, panel, lambda seen: seen.wish.step == 133)
    assert panel.time.stored_words.text() == "stored step 120"


def test_choosers_show_other_curves(panel_of: PanelOf, study: Study, qtbot: QtBot) -> None:
    study.whole(study.runs[0])
    panel = panel_of()
    panel.follow(study.uid, ())
    shown(qtbot, panel)
    choose(panel, "recall", "by distance")
    shown(qtbot, panel, lambda seen: seen.plots["recall"].chosen == "recall_by_distance")
    assert panel.strip.plots["recall"]._x_scale.zero is not None
    choose(panel, "learning", "Gradient norm")
    shown(qtbot, panel, lambda seen: seen.plots["learning"].chosen == "gradient_norm")
    choose(panel, "calibration", "Accuracy by severity")
    shown(qtbot, panel, lambda seen: seen.plots["calibration"].chosen == "accuracy_by_severity")
    assert not panel.strip.plots["calibration"].seen.diagonal
    panel.strip.panels["learning"].log["y"].trigger()
    assert panel.strip.plots["learning"]._y_scale.log


def test_the_legend_hides_a_cell_everywhere(panel_of: PanelOf, study: Study, qtbot: QtBot) -> None:
    for cell in ("attention", "delta rule"):
        study.whole(of_cell(study, cell)[0])
    panel = panel_of()
    panel.follow(study.uid, ())
    shown(qtbot, panel)
    assert [entry.text() for entry in panel.legend.entries] == ["attention", "delta rule"]
    qtbot.keyClick(panel.legend.entries[1], Qt.Key.Key_Space)
    for id in ("learning", "recall", "calibration"):
        assert "delta rule" not in panel.strip.plots[id].words
        assert "attention" in panel.strip.plots[id].words
    panel.legend.show_everything()
    assert "delta rule" in panel.strip.plots["recall"].words


def test_one_run_has_no_legend(panel_of: PanelOf, opened: Library, qtbot: QtBot) -> None:
    study = submit(opened, replicates=1, cells=1)
    study.whole(study.runs[0])
    panel = panel_of()
    panel.show_run(study.runs[0])
    shown(qtbot, panel)
    assert not panel.legend.isVisible()
    assert panel.head.chip.text() == "finished"


def test_pause_resume_and_stop_ask_for_the_right_runs(panel_of: PanelOf, study: Study, qtbot: QtBot) -> None:
    asked = Asked()
    panel = panel_of(running=asked)
    study.whole(study.runs[0])
    study.begin(study.runs[1])
    study.write(study.runs[1], range(10))
    panel.follow(study.uid, ())
    shown(qtbot, panel)
    assert not panel.head.resume_button.isVisible()
    with qtbot.waitSignal(panel.pause_asked):
        qtbot.mouseClick(panel.head.pause_button, Qt.MouseButton.LeftButton)
    assert asked.asked.pop() == ("pause", study.runs[1:])
    qtbot.mouseClick(panel.head.stop_button, Qt.MouseButton.LeftButton)
    assert asked.asked.pop() == ("stop", study.runs[1:])
    study.end(study.runs[1], "paused")
    for run in study.runs[2:]:
        study.opened.command(run, "pause")
    shown(qtbot, panel, lambda seen: seen.head.state == "paused")
    assert panel.head.chip.text() == "paused, 1 of 6 done"
    qtbot.mouseClick(panel.head.resume_button, Qt.MouseButton.LeftButton)
    assert asked.asked.pop() == ("resume", study.runs[1:])


def test_a_failure_says_where_why_and_shows_the_log(panel_of: PanelOf, opened: Library, qtbot: QtBot) -> None:
    study = submit(opened, replicates=1, cells=1)
    run = study.runs[0]
    study.begin(run)
    study.write(run, range(30))
    opened.log_file(run).parent.mkdir(exist_ok=True)
    opened.log_file(run).write_text("step 28\nstep 29\nMemoryError\n")
    panel = panel_of()
    panel.follow(None, study.runs)
    shown(qtbot, panel, lambda seen: seen.head.state == "running")
    assert not panel.failure.isVisible()
    study.end(run, "failed", "Memory ran out; try a smaller batch.", "mem1")
    shown(qtbot, panel, lambda seen: seen.head.state == "failed")
    assert panel.failure.isVisible()
    assert "At mem1: Memory ran out; try a smaller batch." in panel.failure.text.text()
    with qtbot.waitSignal(panel.node_asked) as asked:
        qtbot.mouseClick(panel.failure.node_button, Qt.MouseButton.LeftButton)
    assert asked.args == ["mem1"]
    qtbot.mouseClick(panel.failure.log_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "MemoryError" in panel.failure.log.toPlainText())
    assert not panel.strip.isVisible()
    qtbot.mouseClick(panel.failure.log_button, Qt.MouseButton.LeftButton)
    assert panel.strip.isVisible()
    assert panel.head.resume_button.isVisible()


def test_a_failure_in_a_study_that_goes_on_is_one_press_away(panel_of: PanelOf, study: Study, qtbot: QtBot) -> None:
    study.begin(study.runs[0])
    study.write(study.runs[0], range(30))
    study.end(study.runs[0], "failed", "It broke.", "learn")
    study.begin(study.runs[1])
    study.write(study.runs[1], range(30))
    panel = panel_of()
    panel.follow(study.uid, ())
    shown(qtbot, panel)
    assert not panel.failure.isVisible()
    assert panel.head.failed_button.text() == "1 failed"
    qtbot.mouseClick(panel.head.failed_button, Qt.MouseButton.LeftButton)
    assert panel.failure.isVisible()


def test_panels_are_saved(panel_of: PanelOf, study: Study, qtbot: QtBot, tmp_path: Path) -> None:
    study.whole(study.runs[0])
    panel = panel_of()
    panel.follow(study.uid, ())
    shown(qtbot, panel)
    for id in panel.strip.panels:
        for kind in ("csv", "svg", "pdf", "png"):
            with qtbot.waitSignal(panel.said) as said:
                panel.save_panel(id, kind, tmp_path / f"{id}.{kind}")
            assert said.args == [f"Saved as {id}.{kind}.", "info"]
    assert (tmp_path / "recall.csv").read_text().splitlines()[0] == "run,cell,seed,state,step,load,recall,chance"
    assert (tmp_path / "learning.svg").read_bytes().startswith(b"<?xml")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    with qtbot.waitSignal(panel.said) as said:
        panel.save_panel("recall", "csv", tmp_path / "no such folder" / "x.csv")
    assert said.args == ["x.csv could not be saved there (No such file or directory); choose another folder.", "bad"]


def test_panels_are_copied(panel_of: PanelOf, study: Study, qtbot: QtBot) -> None:
    study.whole(study.runs[0])
    panel = panel_of()
    panel.follow(study.uid, ())
    shown(qtbot, panel)
    clipboard = QGuiApplication.clipboard()
    with qtbot.waitSignal(panel.said) as said:
        panel.strip.panels["recall"].copies["csv"].trigger()
    assert said.args == ["Copied 3 rows of data.", "info"]
    assert clipboard.text().splitlines()[0] == "run,cell,seed,state,step,load,recall,chance"
    with qtbot.waitSignal(panel.said) as said:
        panel.strip.panels["picture"].copies["image"].trigger()
    assert said.args == ["Copied as an image.", "info"]
    assert clipboard.image().width() > panel.strip.picture.width()
    clipboard.clear()


def test_smoothing_is_chosen_from_the_menu(panel_of: PanelOf, study: Study, qtbot: QtBot) -> None:
    study.whole(study.runs[0])
    panel = panel_of()
    panel.follow(study.uid, ())
    shown(qtbot, panel)
    panel.strip.panels["learning"].smooths["0.1"].trigger()
    shown(qtbot, panel, lambda seen: seen.plots["learning"].span == "means of 41 steps")
    panel.strip.panels["learning"].smooths[""].trigger()
    shown(qtbot, panel, lambda seen: seen.plots["learning"].span == "means of 2 steps")


def test_the_legend_lights_a_cell_and_says_what_the_pointer_is_at(panel_of: PanelOf, study: Study, qtbot: QtBot) -> None:
    for cell in ("attention", "delta rule"):
        study.whole(of_cell(study, cell)[0])
    panel = panel_of()
    panel.follow(study.uid, ())
    shown(qtbot, panel)
    qtbot.waitUntil(lambda: len(panel.legend.entries) == 2)
    plot = panel.strip.plots["recall"]
    panel.legend.entries[1].lit.emit(1)
    assert plot._lines[("mean", 0, "recall_by_load")].line.opacity() < 0.3
    panel.legend.entries[1].lit.emit(None)
    assert plot._lines[("mean", 0, "recall_by_load")].line.opacity() == 1
    plot.setFocus()
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    assert [entry._value for entry in panel.legend.entries] == ["0.667", "0.667"]


def test_a_panel_without_anything_stored_by_then_says_so(panel_of: PanelOf, study: Study, qtbot: QtBot) -> None:
    run = study.runs[0]
    study.begin(run)
    study.write(run, range(101))
    study.write_more(run, (60, 100))
    study.end(run)
    panel = panel_of(1600, 400)
    panel.follow(study.uid, ())
    shown(qtbot, panel)
    panel.show_step(40)
    shown(qtbot, panel, lambda seen: seen.wish.step == 40)
    assert panel.time.stored_words.text() == "stored step 40"
    assert panel.strip.panels["tables"].note.accessibleName() == "nothing by step 40; first is 60"
    assert panel.strip.panels["recall"].note.isHidden()


@pytest.mark.parametrize("state", ["failed", "stopped"])
def test_nothing_measured_says_why(panel_of: PanelOf, study: Study, qtbot: QtBot, state: str) -> None:
    study.begin(study.runs[0])
    study.end(study.runs[0], state, "mem1: the loss is not finite." if state == "failed" else None)
    panel = panel_of()
    panel.show_run(study.runs[0])
    shown(qtbot, panel)
    assert panel.empty_words.isVisible()
    assert "before anything was measured" in panel.empty_words.text()


def test_a_zoom_is_taken_back_from_the_menu(panel_of: PanelOf, study: Study, qtbot: QtBot) -> None:
    study.whole(study.runs[0])
    panel = panel_of()
    panel.follow(study.uid, ())
    shown(qtbot, panel)
    frame, plot = panel.strip.panels["recall"], panel.strip.plots["recall"]
    assert not frame.whole.isEnabled()
    before = plot.pixel_of(8, 0.5)
    qtbot.keyClick(plot, Qt.Key.Key_Plus)
    assert frame.whole.isEnabled()
    assert plot.pixel_of(8, 0.5) != before
    frame.whole.trigger()
    assert plot.pixel_of(8, 0.5) == before
    assert not frame.whole.isEnabled()


def test_the_memory_of_another_cell_is_shown(panel_of: PanelOf, study: Study, qtbot: QtBot) -> None:
    for cell in ("attention", "delta rule"):
        study.whole(of_cell(study, cell)[0])
    panel = panel_of()
    panel.follow(study.uid, ())
    seen = shown(qtbot, panel)
    assert seen.picture is not None
    other = next(cell for cell in seen.picture.cells if cell != seen.picture.cell)
    menu = panel.strip.panels["picture"].second.menu()
    assert menu is not None
    next(action for action in menu.actions() if action.text() == other).trigger()
    shown(qtbot, panel, lambda seen: seen.picture is not None and seen.picture.cell == other)


def test_a_file_is_asked_for_without_stopping_the_window(panel_of: PanelOf, study: Study, qtbot: QtBot, tmp_path: Path) -> None:
    study.whole(study.runs[0])
    panel = panel_of()
    panel.follow(study.uid, ())
    shown(qtbot, panel)
    panel.strip.panels["recall"].saves["csv"].trigger()
    dialog = panel.findChild(QFileDialog)
    assert dialog is not None
    assert Path(dialog.selectedFiles()[0]).name == "a-small-study-recall.csv"
    with qtbot.waitSignal(panel.said) as said:
        dialog.fileSelected.emit(str(tmp_path / "chosen.csv"))
    assert said.args == ["Saved as chosen.csv.", "info"]
    dialog.close()


def test_one_panel_can_stand_alone(panel_of: PanelOf, study: Study, qtbot: QtBot) -> None:
    study.whole(study.runs[0])
    panel = panel_of()
    panel.follow(study.uid, ())
    shown(qtbot, panel)
    panel.strip.panels["recall"].alone.trigger()
    assert visible(panel) == ["recall"]
    panel.strip.panels["recall"].alone.trigger()
    assert len(visible(panel)) == 4


def test_an_unknown_study_is_said(panel_of: PanelOf, qtbot: QtBot) -> None:
    panel = panel_of()
    panel.follow("abcdef", ())
    qtbot.waitUntil(lambda: "no study" in panel.empty_words.text())


def test_clear_empties_it(panel_of: PanelOf, study: Study, qtbot: QtBot) -> None:
    study.whole(study.runs[0])
    panel = panel_of()
    panel.follow(study.uid, ())
    shown(qtbot, panel)
    panel.clear()
    assert panel.empty_words.text() == "Press Run to see curves here."
    assert not panel.strip.isVisible()
    assert not panel.legend.isVisible()
    assert not panel.time.isVisible()


def test_nothing_is_read_on_the_windows_thread_and_one_question_at_a_time(
    panel_of: PanelOf, study: Study, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[int] = set()
    busy: list[int] = []
    look = Look.__call__

    def watched(self: Look, library: Library, wish: Wish) -> Seen:
        threads.add(threading.get_ident())
        busy.append(1)
        assert len(busy) == 1
        try:
            return look(self, library, wish)
        finally:
            busy.pop()

    monkeypatch.setattr(Look, "__call__", watched)
    panel = panel_of()
    panel.follow(study.uid, ())
    run = study.runs[0]
    study.begin(run)
    for start in range(0, 200, 10):
        study.write(run, range(start, start + 10))
        panel.show_step(start)
        qtbot.wait(5)
    panel.follow_newest()
    shown(qtbot, panel, lambda seen: seen.newest == 199 and seen.wish.step is None)
    assert threads
    assert threading.get_ident() not in threads


def test_a_hidden_panel_asks_nothing_until_it_is_shown(panel_of: PanelOf, study: Study, qtbot: QtBot) -> None:
    panel = panel_of()
    panel.hide()
    study.whole(study.runs[0])
    panel.follow(study.uid, ())
    qtbot.wait(200)
    assert panel.seen is None
    panel.show()
    shown(qtbot, panel)


def test_a_long_run_leaves_no_items_behind(panel_of: PanelOf, study: Study, qtbot: QtBot) -> None:
    panel = panel_of()
    panel.follow(study.uid, ())
    run = study.runs[0]
    study.begin(run)
    study.write(run, range(41))
    shown(qtbot, panel, lambda seen: seen.newest == 40)
    items = {id: len(plot._box.addedItems) for id, plot in panel.strip.plots.items()}
    widgets = len(panel.findChildren(QWidget))
    for start in range(41, 241, 20):
        study.write(run, range(start, start + 20))
        shown(qtbot, panel, lambda seen, last=start + 19: seen.newest == last)
    assert {id: len(plot._box.addedItems) for id, plot in panel.strip.plots.items()} == items
    assert len(panel.findChildren(QWidget)) == widgets


def test_a_lost_process_is_found(panel_of: PanelOf, study: Study, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    run = study.runs[0]
    study.begin(run)
    study.write(run, range(30))
    panel = panel_of()
    panel.follow(study.uid, ())
    shown(qtbot, panel)
    monkeypatch.setattr("memstudio.library.claims.is_alive", lambda identity: False)
    panel._lost.setInterval(20)
    shown(qtbot, panel, lambda seen: seen.head.counts.get("lost") == 1)
    assert panel.head.failed_button.text() == "1 lost"


def test_everything_has_a_name_and_the_keyboard_reaches_it(panel_of: PanelOf, study: Study, qtbot: QtBot) -> None:
    for cell in ("attention", "delta rule"):
        study.whole(of_cell(study, cell)[0])
    panel = panel_of()
    panel.follow(study.uid, ())
    shown(qtbot, panel)
    controls: list[Any] = [w for w in panel.findChildren(QAbstractButton) if w.isVisible()]
    controls += [*panel.strip.plots.values(), panel.strip.picture, panel.time.slider]
    assert len(controls) > 12
    for control in controls:
        assert control.accessibleName(), control
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus or not control.isEnabled(), control.accessibleName()
    panel.legend.entries[0].setFocus()
    seen = []
    for _ in range(40):
        focus = panel.focusWidget()
        assert focus is not None
        seen.append(focus.accessibleName())
        panel.focusNextChild()
    assert seen.index("Show delta rule") < seen.index("Learning") < seen.index("Recall") < seen.index("Calibration")
    assert seen.index("Memory state") < seen.index("Step that is shown") < seen.index("Follow the newest step")


def test_names_with_ampersands_and_brackets_are_shown_as_they_are(panel_of: PanelOf, study: Study, qtbot: QtBot) -> None:
    study.opened._conn.execute("UPDATE cell SET label = 'a & b <i>' WHERE label = 'attention'")
    study.whole(of_cell(study, "delta rule")[0])
    study.whole(of_cell(study, "a & b <i>")[0])
    panel = panel_of()
    panel.follow(study.uid, ())
    shown(qtbot, panel)
    plot = panel.strip.plots["recall"]
    plot.setFocus()
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    assert "a & b <i>" in plot._words.accessibleName()
    assert "a && b <i>" in panel.strip.panels["picture"].second.text()


def test_light_and_dark(panel_of: PanelOf, study: Study, qtbot: QtBot) -> None:
    study.whole(study.runs[0])
    panel = panel_of()
    panel.follow(study.uid, ())
    shown(qtbot, panel)
    light = panel.grab().toImage().pixelColor(4, panel.height() - 4)
    theme.set_theme("dark")
    dark = panel.grab().toImage().pixelColor(4, panel.height() - 4)
    theme.set_theme("light")
    assert light.lightness() > 240
    assert dark.lightness() < 60


def test_menus_say_what_they_do(panel_of: PanelOf, study: Study, qtbot: QtBot) -> None:
    study.whole(study.runs[0])
    panel = panel_of()
    panel.follow(study.uid, ())
    shown(qtbot, panel)
    menu = panel.strip.panels["recall"].menu_button.menu()
    assert isinstance(menu, QMenu)
    texts = [action.text() for action in menu.actions() if isinstance(action, QAction) and action.text()]
    assert texts[:4] == ["Logarithmic x axis", "Logarithmic y axis", "Show all of it again", "Heat map over training"]
    assert texts[4:9] == ["Show this panel alone", "Move and resize", "Close this panel", "Copy as image", "Copy data"]
    assert panel.strip.panels["recall"].log_axes == (True, False), "loads that double stand evenly on a log axis"


def test_neither_torch_nor_the_plots_are_imported_with_the_panel() -> None:
    code = "import sys, memstudio.desktop.live.panel; sys.exit(', '.join(m for m in ('torch', 'pyqtgraph') if m in sys.modules) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
