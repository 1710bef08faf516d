from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.desktop.runs.page import RunsPage
from memstudio.desktop.runs.table_text import KINDS, latex
from memstudio.desktop.window import Window
from memstudio.library import Library
from tests.desktop import filled
from tests.desktop.opened import Opener


def drop(window: Window, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    window.dropEvent(
        QDropEvent(QPointF(200, 200), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    )


def test_a_study_is_bundled_and_opens_in_an_empty_library(
    qtbot: QtBot, page: RunsPage, uids: list[str], open_window: Opener, tmp_path: Path
) -> None:
    study = page.model.rows_of([uids[0]])[0].study
    assert study is not None
    file = tmp_path / "study.memlib"
    with qtbot.waitSignal(page.said, timeout=20_000) as said:
        page.carrying.bundle([study], file, True)
    assert said.args[0].startswith(f"15 runs written to {file}")
    assert not page.foot.bar.isVisible()
    other = open_window(tmp_path / "other")
    drop(other, file)
    qtbot.waitUntil(lambda: other.page_name == "runs" and other.runs.model.rowCount() == 15, timeout=20_000)
    said_there = other.messages.said
    assert said_there is not None
    assert "came in from study.memlib" in said_there.text
    with library.open(tmp_path / "other") as opened, library.open(tmp_path / "library") as here:
        assert opened.run(uids[0]).note == "the reference of all others"
        assert opened.measures(uids[0]) == here.measures(uids[0])


def test_another_library_is_merged_once(qtbot: QtBot, page: RunsPage, uids: list[str], tmp_path: Path) -> None:
    filled.fill(tmp_path / "elsewhere")
    for words in ("came in from elsewhere", "Nothing new came in from elsewhere"):
        with qtbot.waitSignal(page.said, timeout=20_000) as said:
            page.merge(tmp_path / "elsewhere")
        assert words in said.args[0]
    qtbot.waitUntil(lambda: page.model.rowCount() == 2 * len(uids), timeout=10_000)


def test_what_cannot_be_merged_is_said(qtbot: QtBot, page: RunsPage, uids: list[str], tmp_path: Path) -> None:
    (tmp_path / "bad.memlib").write_bytes(b"something else")
    with qtbot.waitSignal(page.said, timeout=20_000) as said:
        page.merge(tmp_path / "bad.memlib")
    assert said.args[1] == "bad"
    assert "bad.memlib" in said.args[0]
    assert page.model.rowCount() == len(uids)


def test_merging_shows_how_far_it_is_and_can_be_stopped(
    qtbot: QtBot, page: RunsPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def merge(self: Library, path: Path, progress: Callable[[int, int, str], None]) -> None:
        for done in range(1000):
            progress(done, 1000, "Copying files")
            time.sleep(0.01)

    monkeypatch.setattr(Library, "merge", merge)
    page.merge(tmp_path / "large")
    qtbot.waitUntil(lambda: page.foot.bar.value() > 3 and page.foot.words.whole == "Copying files", timeout=5000)
    with qtbot.waitSignal(page.said, timeout=5000) as said:
        page.foot.stop_button.click()
    assert said.args == ["It was stopped; nothing was changed.", "info", None]
    assert not page.foot.bar.isVisible()
    assert not page.carrying.busy


def test_what_is_neither_is_said(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"")
    drop(window, tmp_path / "picture.png")
    qtbot.waitUntil(lambda: window.messages.said is not None and "picture.png is no experiment" in window.messages.said.text)


def test_the_size_of_the_library_is_shown(qtbot: QtBot, page: RunsPage) -> None:
    qtbot.waitUntil(lambda: page.foot.holds.text().startswith("Library "), timeout=10_000)
    assert "database: " in page.foot.holds.toolTip()


def test_the_table_is_saved_with_full_figures(qtbot: QtBot, page: RunsPage, uids: list[str], tmp_path: Path) -> None:
    page.choosers.choose_columns(["star", "title", "cell", "seed", "recall", "mem1.component", "queued", "left"])
    with qtbot.waitSignal(page.said) as said:
        page.commands._saving.save("csv", None, tmp_path / "runs.csv")
    assert said.args[0] == f"{len(uids)} runs saved as runs.csv."
    rows = list(csv.DictReader(io.StringIO((tmp_path / "runs.csv").read_text())))
    assert [row["run"] for row in rows] == page.model.listed
    assert list(rows[0]) == ["run", "starred", "title", "cell", "seed", "recall", "mem1.component", "queued"]
    first = next(row for row in rows if row["run"] == uids[0])
    assert float(first["recall"]) == 0.72
    assert first["mem1.component"].startswith("sequence.")
    assert first["queued"].count(":") == 2


@pytest.mark.parametrize("kind", list(KINDS))
def test_selected_runs_and_groups_are_saved(qtbot: QtBot, page: RunsPage, uids: list[str], tmp_path: Path, kind: str) -> None:
    with qtbot.waitSignal(page.said) as said:
        page.commands._saving.save(kind, uids[:2], tmp_path / f"two.{kind}")
    assert said.args[0] == f"2 runs saved as two.{kind}."
    page.choosers.group(("cell",))
    qtbot.waitUntil(lambda: page.model.by == ("cell",), timeout=5000)
    with qtbot.waitSignal(page.said) as said:
        page.commands._saving.save(kind, None, tmp_path / f"groups.{kind}")
    text = (tmp_path / f"groups.{kind}").read_text()
    assert said.args[0] == f"{len(page.model.groups)} groups saved as groups.{kind}."
    assert "0.72" in text
    assert {"csv": "recall.low", "md": "| ---: |", "tex": r"\begin{tabular}"}[kind] in text


def test_a_folder_that_cannot_be_written_is_said(qtbot: QtBot, page: RunsPage, tmp_path: Path) -> None:
    with qtbot.waitSignal(page.said) as said:
        page.commands._saving.save("csv", None, tmp_path / "no" / "such" / "runs.csv")
    assert said.args[1] == "bad"
    assert "choose another folder" in said.args[0]


def test_latex_escapes_what_it_would_read_otherwise() -> None:
    assert latex(r"a_b & 50 % of $x$ {y} \z ±") == r"a\_b \& 50 \% of \$x\$ \{y\} \textbackslash{}z $\pm$"
