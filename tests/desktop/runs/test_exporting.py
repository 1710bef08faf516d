"""Export from the Runs page: the form, the exporter behind it, and what the details show afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.desktop.runs import exporting
from memstudio.desktop.runs.exporting import ExportForm, compared, export_pairs, title_of
from memstudio.desktop.runs.page import RunsPage
from memstudio.library import EventRow
from tests.desktop import filled
from tests.desktop.opened import Opener

#: stands for the exporter: writes down how it was asked, and says what is in a file
STAND_IN = """
import json, pathlib, sys
folder = pathlib.Path(sys.argv[1])
asked = sys.argv[2:]
with open(folder / "asked", "a") as file:
    file.write(json.dumps(asked) + "\\n")
run = asked[asked.index("--run") + 1]
if "--choices" in asked:
    print(json.dumps({"choices": {"last": 1000, "best": 620, "task-2": 400, "learn": 1000}, "run": run}))
else:
    print(json.dumps({"says": "Rebuilding the model of step 1,000"}), flush=True)
    while (folder / "wait").exists():
        pass
    print((folder / "answer").read_text())
"""


@pytest.fixture
def uids(tmp_path: Path) -> list[str]:
    return filled.fill(tmp_path / "library")


@pytest.fixture
def page(qtbot: QtBot, uids: list[str], open_window: Opener, tmp_path: Path) -> RunsPage:
    window = open_window(tmp_path / "library")
    window.show_page("runs")
    qtbot.waitUntil(lambda: window.runs.model.rowCount() == len(uids) and window.runs.details.details is not None, timeout=10_000)
    choose(qtbot, window.runs, uids[0])
    return window.runs


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an exporter that only says what it is told to."""

    def start(part: str, *words: Any, stdout: Any, stderr: Any) -> subprocess.Popen[bytes]:
        assert part == "exporter"
        return subprocess.Popen([sys.executable, "-c", STAND_IN, str(tmp_path), *map(str, words)], stdout=stdout, stderr=stderr)

    monkeypatch.setattr(exporting.launch, "start", start)
    return tmp_path


def choose(qtbot: QtBot, page: RunsPage, uid: str) -> None:
    row = page.model.row_of(uid)
    assert row is not None
    page.table.selectRow(row)
    qtbot.waitUntil(lambda: page.details.details is not None and page.details.details.row.uid == uid, timeout=5000)


def opened(qtbot: QtBot, page: RunsPage) -> ExportForm:
    """The form, opened by its button, with every choice in it."""
    page.details.export_button.click()
    form = page.export_form
    assert form.isVisible()
    qtbot.waitUntil(lambda: form.which.count() == 4, timeout=10_000)
    return form


def answer(folder: Path, **said: Any) -> None:
    (folder / "answer").write_text(json.dumps(said))


def asked(folder: Path) -> list[str]:
    return json.loads((folder / "asked").read_text().splitlines()[-1])


def test_a_press_shows_a_form_with_what_the_run_keeps(qtbot: QtBot, page: RunsPage, stand_in: Path, uids: list[str]) -> None:
    assert not page.export_form.isVisible()
    form = opened(qtbot, page)
    assert [form.which.itemText(i) for i in range(4)] == [
        "Newest, step 1,000",
        "Best on validation, step 620",
        "After task 2, step 400",
        "End of learn, step 1,000",
    ]
    assert Path(form.path.text()).name.startswith("who-remembers-under-load")
    assert Path(form.path.text()).name.endswith(uids[0][:6])
    assert QApplication.activeModalWidget() is None
    qtbot.keyClick(form.path, Qt.Key.Key_Escape)
    assert not form.isVisible()


def test_it_exports_what_was_chosen_and_says_what_came_of_it(qtbot: QtBot, page: RunsPage, stand_in: Path, uids: list[str]) -> None:
    form = opened(qtbot, page)
    out = stand_in / "models" / "mine"
    answer(stand_in, exported={"out": str(out), "difference": 0.0, "items": 96})
    form.which.setCurrentIndex(1)
    form.path.setText(str(out))
    qtbot.keyClick(form.path, Qt.Key.Key_Return)
    assert not form.go_button.isEnabled()
    qtbot.waitUntil(form.go_button.isEnabled, timeout=10_000)
    library_there = str(stand_in / "library")
    assert asked(stand_in) == ["--library", library_there, "--run", uids[0], "--out", str(out), "--which", "best"]
    assert form.line.text() == f"Exported to {out}. Read back in a fresh process, it gave the same scores on 96 test items, bit for bit."
    assert form.line.property("kind") == "small"
    # the next one goes beside it
    choose(qtbot, page, uids[1])
    assert not form.isVisible()
    assert Path(opened(qtbot, page).path.text()).parent == stand_in / "models"


def test_a_refusal_stands_in_the_form(qtbot: QtBot, page: RunsPage, stand_in: Path) -> None:
    form = opened(qtbot, page)
    answer(stand_in, refused="You may not write there; name a folder where you may.", code=1)
    form.go_button.click()
    qtbot.waitUntil(lambda: form.line.property("kind") == "error", timeout=10_000)
    assert form.line.text() == "You may not write there; name a folder where you may."
    assert not form.replace_button.isVisible()
    form.path.clear()
    form.go_button.click()
    assert form.line.text() == "Name a folder to write the model to."


def test_an_older_export_is_replaced_only_when_that_is_asked_for(qtbot: QtBot, page: RunsPage, stand_in: Path) -> None:
    form = opened(qtbot, page)
    answer(stand_in, refused="It holds an exported model already; replace it with --force.", code=2, replaceable=True)
    form.go_button.click()
    qtbot.waitUntil(form.replace_button.isVisible, timeout=10_000)
    assert "--force" not in form.line.text()
    answer(stand_in, exported={"out": form.path.text(), "difference": 1e-7, "items": 1})
    form.replace_button.click()
    qtbot.waitUntil(lambda: form.line.text().startswith("Exported to"), timeout=10_000)
    assert asked(stand_in)[-1] == "--force"
    assert not form.replace_button.isVisible()
    assert form.line.text().endswith("its scores on 1 test item differed by at most 1.00e\N{MINUS SIGN}07.")


def test_what_comes_of_it_while_another_run_is_shown_is_said_below(qtbot: QtBot, page: RunsPage, stand_in: Path, uids: list[str]) -> None:
    form = opened(qtbot, page)
    answer(stand_in, exported={"out": "there", "difference": 0.0, "items": 2})
    (stand_in / "wait").touch()
    form.go_button.click()
    qtbot.waitUntil(lambda: form.line.text().startswith("Rebuilding"), timeout=10_000)
    choose(qtbot, page, uids[1])
    with qtbot.waitSignal(page.said, timeout=10_000) as said:
        (stand_in / "wait").unlink()
    assert said.args == [
        "Exported to there. Read back in a fresh process, it gave the same scores on 2 test items, bit for bit.",
        "info",
        None,
    ]


def test_closing_the_window_ends_an_export(qtbot: QtBot, page: RunsPage, stand_in: Path) -> None:
    form = opened(qtbot, page)
    (stand_in / "wait").touch()
    form.go_button.click()
    qtbot.waitUntil(lambda: form.line.text().startswith("Rebuilding"), timeout=10_000)
    process = page._exporter._process
    assert process is not None
    page.window().close()
    assert process.poll() is not None


def test_the_real_exporter_refuses_a_run_without_a_checkpoint(qtbot: QtBot, page: RunsPage, tmp_path: Path) -> None:
    page.details.export_button.click()
    form = page.export_form
    form.path.setText(str(tmp_path / "out"))
    form.go_button.click()
    qtbot.waitUntil(lambda: "no checkpoint" in form.line.text(), timeout=30_000)
    assert not (tmp_path / "out").exists()


def test_exports_stand_in_the_details(qtbot: QtBot, page: RunsPage, tmp_path: Path, uids: list[str]) -> None:
    assert not page.details.exports.isVisible()
    data = json.dumps({"out": "models/a", "step": 1000, "difference": 0.0})
    with library.open(tmp_path / "library") as opened_there:
        sql = "INSERT INTO event(run, t, level, kind, text, data) SELECT id, 1, 'info', 'exported', 'x', ? FROM run WHERE uid = ?"
        opened_there._conn.execute(sql, (data, uids[0]))
    qtbot.waitUntil(lambda: bool(page.details.exports.pairs), timeout=5000)
    ((where, what),) = page.details.exports.pairs
    assert where == "models/a"
    assert what.startswith("step 1,000, difference 0, ")


def test_what_is_said() -> None:
    assert [title_of(which) for which in ("last", "best", "task-3", "learn")] == [
        "Newest",
        "Best on validation",
        "After task 3",
        "End of learn",
    ]
    assert compared({"difference": 0.25, "items": 1200}).endswith("its scores on 1,200 test items differed by at most 0.25.")
    events = [EventRow(n, 0.0, None, "info", "exported", "", {"out": str(n), "step": n, "difference": 0.0}) for n in (1, 2)]
    assert [where for where, _ in export_pairs(events)] == ["2", "1"]


def test_several_models_are_exported_one_after_the_other(qtbot: QtBot, page: RunsPage, stand_in: Path, uids: list[str]) -> None:
    answer(stand_in, exported={"out": "there", "difference": 0.0, "items": 2})
    page.table.choose(uids[:3])
    with qtbot.waitSignal(page.said, timeout=20_000) as said:
        page.exporting.export(page.chosen(), stand_in / "models")
        assert page.foot.words.isVisible()
    assert said.args == [f"3 models exported to {stand_in / 'models'}.", "info", None]
    asked = [json.loads(line) for line in (stand_in / "asked").read_text().splitlines()]
    assert [words[words.index("--run") + 1] for words in asked if "--out" in words] == uids[:3]
    assert not page.foot.words.isVisible()


def test_models_that_cannot_be_exported_are_said(qtbot: QtBot, page: RunsPage, stand_in: Path, uids: list[str]) -> None:
    answer(stand_in, refused="The run kept no model.")
    page.table.choose(uids[:2])
    with qtbot.waitSignal(page.said, timeout=20_000) as said:
        page.exporting.export(page.chosen(), stand_in)
    assert said.args[:2] == [f"0 models exported to {stand_in}. 2 could not be: The run kept no model.", "bad"]
