"""Add-ons in the window: they join what is open, Home asks about them, Settings lists them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from memstudio.components import addons_judged
from memstudio.components import catalogue as room
from memstudio.components.addons import AddOn
from memstudio.components.addons_found import Found
from memstudio.desktop.addons_section import AddOnsSection
from memstudio.desktop.home.addons_line import AddOnsLine
from memstudio.desktop.window import Window
from memstudio.experiment.document import Document, Node
from tests.addons import fresh, put, small  # noqa: F401 - fixtures
from tests.desktop.opened import Opener, open_window  # noqa: F401 - fixtures

pytestmark = pytest.mark.usefixtures("fresh")
PATIENCE = 20_000


def row(state: str, source: str = "installed", reason: str = "A reason.") -> AddOn:
    on = state == "on"
    titles = ("Small",) if on else ()
    return AddOn("small", source, "installed:theirs/small", "/somewhere/small", state, "" if on else reason, (), titles)


@pytest.fixture
def opened(open_window: Opener, tmp_path: Path) -> Window:  # noqa: F811
    return open_window(tmp_path / "library")


def known(window: Window, component: str) -> bool:
    return component in window.session.catalogue


def test_they_join_the_open_document(
    open_window: Opener,  # noqa: F811
    tmp_path: Path,
    own_home: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The window is there with our own components; a placeholder becomes the add-on's component when that has been read."""
    put(own_home / "components" / "small", small())
    read = addons_judged.ask
    held: list[Found] = []

    def later(found: Found) -> addons_judged.Verdict:
        held.append(found)
        gate.acquire()
        return read(found)

    gate = threading.Semaphore(0)
    monkeypatch.setattr(addons_judged, "ask", later)
    window = open_window(tmp_path / "library")
    window.show_document(Document(nodes=[Node(id="mem1", component="sequence.small")]))
    window.show_page("build")
    window.session.select(["mem1"])
    qtbot.waitUntil(lambda: bool(held) and window.session.settled, timeout=PATIENCE)
    assert not known(window, "sequence.small")
    card = window.build.canvas.view.items_of.nodes["mem1"].card
    assert card.title != "Small"
    assert any("sequence.small" in problem.reason for problem in window.session.facts.problems)

    gate.release()
    qtbot.waitUntil(lambda: known(window, "sequence.small"), timeout=PATIENCE)
    assert window.build.canvas.view.items_of.nodes["mem1"].card.title == "Small"
    assert "sequence.small" in [entry.id for entry in window.build.palette_.shown]
    qtbot.waitUntil(lambda: not any("sequence.small" in p.reason for p in window.session.facts.problems), timeout=PATIENCE)
    assert not window.home.addons.isVisibleTo(window.home)


def test_a_window_that_closes_does_not_wait_for_one_that_hangs(open_window: Opener, tmp_path: Path, own_home: Path, qtbot: QtBot) -> None:  # noqa: F811
    put(own_home / "components" / "hangs", small(declare="import time\ntime.sleep(60)\n"))
    window = open_window(tmp_path / "library")
    qtbot.waitUntil(lambda: bool(addons_judged._going.processes), timeout=PATIENCE)
    (process,) = addons_judged._going.processes
    window.close()
    assert process.poll() is not None
    assert room._joined is None


def test_home_asks_and_the_answer_is_kept(open_window: Opener, tmp_path: Path, qtbot: QtBot) -> None:  # noqa: F811
    folder = put(tmp_path / "theirs" / "small", small())
    room.allow(folder)
    put(folder, {"more.py": ""})
    window = open_window(tmp_path / "library")
    line = window.home.addons
    qtbot.waitUntil(lambda: line.isVisibleTo(window.home), timeout=PATIENCE)
    assert "changed" in line.text.whole
    assert "can do what you can do" in line.text.whole
    assert not known(window, "sequence.small")
    qtbot.mouseClick(line.yes, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: known(window, "sequence.small"), timeout=PATIENCE)
    qtbot.waitUntil(lambda: not line.isVisibleTo(window.home), timeout=PATIENCE)


def test_settings_list_them_and_take_answers(open_window: Opener, tmp_path: Path, own_home: Path, qtbot: QtBot) -> None:  # noqa: F811
    put(own_home / "components" / "mine", small("mine"))
    put(own_home / "components" / "broken", small(declare="1 / 0\n"))
    window = open_window(tmp_path / "library")
    window.show_page("settings")
    section = window.stack.settings.addons
    qtbot.waitUntil(lambda: len(section.rows) == 2, timeout=PATIENCE)
    shown = {one.addon.name: one for one in section.rows}
    assert "ZeroDivisionError" in shown["broken"].said.text()
    assert shown["mine"].said.text() == "Small"
    assert shown["mine"].buttons == []

    section.allow_folder.emit(str(put(tmp_path / "theirs", small("theirs"))))
    qtbot.waitUntil(lambda: known(window, "sequence.theirs"), timeout=PATIENCE)
    (theirs,) = [one for one in section.rows if one.addon.name == "theirs"]
    assert [button.text() for button in theirs.buttons] == ["Forget"]
    qtbot.mouseClick(theirs.buttons[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not known(window, "sequence.theirs"), timeout=PATIENCE)


def test_a_folder_without_add_ons_is_said_in_the_message_line(opened: Window, tmp_path: Path, qtbot: QtBot) -> None:
    opened.addons.allow_folder(str(tmp_path))
    qtbot.waitUntil(lambda: opened.messages.said is not None, timeout=PATIENCE)
    assert opened.messages.said is not None
    assert "declare.py" in opened.messages.said.text


@pytest.mark.parametrize(
    ("states", "says", "asks"),
    [
        ([], "", False),
        (["on", "off"], "", False),
        (["asked"], "The add-on small asks to be used.", True),
        (["asked", "asked"], "One more asks.", True),
        (["asked", "asked", "asked"], "2 more ask.", True),
        (["refused"], "The add-on small cannot be used. A reason.", False),
        (["refused", "refused"], "2 add-ons cannot be used: small, small.", False),
        (["refused", "asked"], "asks to be used", True),
    ],
)
def test_the_line_says_what_is_to_be_said(qtbot: QtBot, states: list[str], says: str, asks: bool) -> None:
    line = AddOnsLine()
    qtbot.addWidget(line)
    line.show_addons([row(state) for state in states])
    assert line.isHidden() == (not says)
    assert says in line.text.whole
    assert line.yes.isHidden() != asks
    if asks:
        answered: list[tuple[str, str]] = []
        line.allow.connect(lambda place: answered.append(("yes", place)))
        line.decline.connect(lambda place: answered.append(("no", place)))
        line.yes.click()
        line.no.click()
        assert answered == [("yes", "installed:theirs/small"), ("no", "installed:theirs/small")]


@pytest.mark.parametrize(
    ("one", "answers"),
    [
        (row("on", source="own"), []),
        (row("refused", source="own"), []),
        (row("on"), ["Leave it out"]),
        (row("asked"), ["Use it", "Leave it out"]),
        (row("off"), ["Use it"]),
        (row("off", reason="The program was started with --safe."), []),
        (row("on", source="folder"), ["Forget"]),
        (row("asked", source="folder"), ["Use it", "Forget"]),
        (row("refused", source="folder"), ["Forget"]),
    ],
)
def test_each_row_offers_what_can_be_said_of_it(qtbot: QtBot, one: AddOn, answers: list[str]) -> None:
    section = AddOnsSection(Path("/nowhere"))
    qtbot.addWidget(section)
    section.show_addons([one])
    assert [button.text() for button in section.rows[0].buttons] == answers
    assert all(one.name in button.accessibleName() for button in section.rows[0].buttons)
    assert one.name in section.rows[0].accessibleName()
    section.show_addons([])
    assert section.rows == []
    assert not section.nothing.isHidden()


def test_a_folder_is_chosen_with_the_systems_dialog(qtbot: QtBot, tmp_path: Path) -> None:
    section = AddOnsSection(tmp_path)
    qtbot.addWidget(section)
    section.show()
    section._choose()
    dialog = section.window().findChild(QFileDialog)
    assert dialog is not None
    with qtbot.waitSignal(section.allow_folder) as chosen:
        dialog.fileSelected.emit(str(tmp_path))
    assert chosen.args == [str(tmp_path)]
    dialog.close()
