"""The Compare page on a library whose numbers are written by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from memstudio import library
from memstudio.desktop import app, theme
from memstudio.desktop.compare.page import ComparePage
from memstudio.desktop.reader import Reader
from memstudio.library import Library, RunWriter
from tests.desktop.opened import open_window
from tests.library.compared import MEMORY, WIDTH, at, diagram, factorial, line, matrix, recalls, study

__all__ = ["open_window"]

TITLE = "Who remembers under load"


def work(writer: RunWriter, cell: str, seed: int) -> None:
    """What a run leaves: its loss over steps, a curve, a reliability diagram, an accuracy matrix."""
    place = {"attention": 0.2, "delta rule": 0.1}.get(cell, 0.0)
    for step in range(0, 100, 5):
        writer.points(step, {"loss[split=train]": 3 * math.exp(-step / 40) + place + 0.1 * seed, "gradient_norm": 1.0 + seed})
    writer.curve(100, line((0.9 - place, 0.5 - place - 0.02 * seed)))
    writer.curve(100, diagram([20, 30], [0.3, 0.8], [0.2 + place, 0.7 + place]))
    writer.curve(100, matrix([[0.9, math.nan], [0.5 - place, 0.95]]))


def fill(opened: Library) -> dict[str, str]:
    """Studies by what they are good for."""
    measured = {
        "attention": [{"recall": r, "ece": 0.05 + 0.01 * i, "state_bytes": 1024.0} for i, r in enumerate((0.80, 0.82, 0.84))],
        "delta rule": [{"recall": r, "ece": 0.09 + 0.02 * i, "state_bytes": 512.0} for i, r in enumerate((0.90, 0.90, 0.96))],
        "out of hand": [None, None, None],
    }
    long = "a memory whose name is so long that no two of them fit beside each other on any screen, number"
    return {
        "three": study(opened, measured, title=TITLE, work=work).study or "",
        "one seed": study(opened, {"a": recalls(0.5), "b": recalls(0.6)}, title="One seed").study or "",
        "many": study(opened, {f"{long} {i}": recalls(0.1 * i, 0.1 * i + 0.02) for i in range(9)}, title="Nine groups").study or "",
        "none": study(opened, {"a": [None], "b": [None]}, title="None finished").study or "",
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def studies(folder: Path) -> dict[str, str]:
    with library.open(folder) as opened:
        return fill(opened)


Opener = Callable[[], ComparePage]


@pytest.fixture
def open_page(qtbot: QtBot, folder: Path) -> Iterator[Opener]:
    """Opens the page on the library's folder; closes it and its reader at the end."""
    app.application()
    theme.set_theme("light")
    made: list[tuple[ComparePage, Reader]] = []

    def open_() -> ComparePage:
        reader = Reader(folder, poll=0.01)
        page = ComparePage(reader)
        page.resize(1200, 800)
        made.append((page, reader))
        reader.start()
        page.show()
        return page

    yield open_
    for page, reader in made:
        page.close_page()
        reader.close()
        delete(page)
        reader.deleteLater()
    theme.set_theme("light")


@pytest.fixture
def page(qtbot: QtBot, open_page: Opener, studies: dict[str, str]) -> ComparePage:
    """The page that compares three cells of three seeds, the last of which failed."""
    made = open_page()
    made.show_study(studies["three"])
    qtbot.waitUntil(lambda: made.seen is not None and made.stack.currentIndex() == 1, timeout=20_000)
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow, timeout=5_000)
    return made


def varied(cases: Mapping[str, str], seed: int) -> dict[str, float] | None:
    """What the study of two axes measures: width 4 of the delta rule lacks a seed."""
    if cases["memory"] == "delta rule" and cases["key width"] == "key width 4" and seed == 2:
        return None
    width = 0.1 * int(cases["key width"].rpartition(" ")[2])
    return {"recall": width + 0.2 * (cases["memory"] == "attention") + 0.01 * seed, "ece": 0.1 + 0.01 * seed}


def on_the_way(writer: RunWriter, cell: str, seed: int) -> None:
    """Curves at steps that differ with the seed."""
    for step in (10, 50 + seed, 90):
        writer.curve(step, at(step, line((0.01 * step, 0.005 * step))))


@pytest.fixture
def two_axes(folder: Path) -> str:
    """A study of two memories and three widths, three seeds each."""
    with library.open(folder) as opened:
        return factorial(opened, [MEMORY, WIDTH], varied, title="Two axes", work=on_the_way).study or ""


@pytest.fixture
def figure_page(qtbot: QtBot, open_page: Opener, two_axes: str) -> ComparePage:
    """The page that compares the study of two axes."""
    made = open_page()
    made.show_study(two_axes)
    qtbot.waitUntil(lambda: made.seen is not None and made.stack.currentIndex() == 1, timeout=20_000)
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow, timeout=5_000)
    return made
