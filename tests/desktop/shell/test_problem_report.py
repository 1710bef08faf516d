"""A report of a problem: what helps is in it, what is secret is not, a person sees it all before it is saved."""

from __future__ import annotations

import getpass
import json
import platform
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.desktop import problem_report
from memstudio.desktop.problem_report import Doctor, Private, collected, facts_of, private, without_secrets
from memstudio.experiment import edits, files
from tests.desktop import filled
from tests.desktop.opened import Opener
from tests.documents import recall


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Somebody with a home, a name, a machine and secrets."""
    home = tmp_path / "people" / "ada.lovelace"
    home.mkdir(parents=True)
    monkeypatch.setattr(Path, "home", lambda: home)
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    monkeypatch.setattr(platform, "node", lambda: "engine-room.example.org")
    monkeypatch.setenv("HF_TOKEN", "hf_abcdefgh12345")
    monkeypatch.setenv("USER", "ada")
    return home


def test_nothing_secret_is_in_a_report(person: Path, tmp_path: Path) -> None:
    folder = person / "secret project" / "library"
    (folder / "logs").mkdir(parents=True)
    data = person / "patients" / "trial 7.csv"
    (folder / "logs" / "window.txt").write_text(
        f"INFO opened {data}\n"
        f'  File "{person}/venv/lib/python3.11/site-packages/memstudio/desktop/app.py", line 3, in main\n'
        "ERROR [Errno 13] Permission denied: '/mnt/lab-share/unpublished/weights.npz' on ENGINE-ROOM by Ada\n"
        "token hf_abcdefgh12345, mail ada@example.org, file:///srv/private/notes.txt, C:\\Users\\ada\\Documents\\x.csv\n"
        "File '/mnt/lab share/unpublished work/w x.npz' is gone\n"
        "see https://github.com/some/page and a/b of engine-room.example.org\n"
    )
    document = edits.set_about(files.parse(json.dumps(recall())), f"With {data} and /opt/lab/private/a.npz.")
    text = collected(
        folder, document, {"runs": {"failed": 1}}, [], lambda: f'{{"library": "{folder}"}}', ["bad: gone"], tmp_path / "p" / "x.memx"
    )
    for secret in (
        "ada",
        "lovelace",
        "secret project",
        "patients",
        "lab-share",
        "unpublished",
        "private",
        "hf_abc",
        "engine-room",
        "example.org",
    ):
        assert secret not in text.lower(), f"{secret} is in the report: {text}"
    for kept in ("app.py", "trial 7.csv", "weights.npz", "notes.txt", "x.csv", "https://github.com/some/page", "a/b", "Errno 13", "line 3"):
        assert kept in text, f"{kept} is not in the report: {text}"
    assert "bad: gone" in text
    assert '"mem1"' in text


def test_this_machine_is_not_in_a_report_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_API_KEY", "key with spaces 123")
    told = private()
    assert "key with spaces 123" in told.secrets
    text = without_secrets(f"{Path.home()}/x {platform.node()} {getpass.getuser()} key with spaces 123", told)
    for secret in (str(Path.home()), platform.node(), "key with spaces"):
        assert len(secret) < 2 or secret not in text


def test_a_document_stays_a_document_where_it_has_no_secrets() -> None:
    text = files.to_text(files.parse(json.dumps(recall())))
    assert without_secrets(text, Private((), (), ())) == text


def test_facts_of_a_library_are_numbers(tmp_path: Path) -> None:
    filled.fill(tmp_path / "library")
    with library.open(tmp_path / "library") as opened:
        facts = facts_of(opened)
    assert facts["runs"]["finished"] == 6
    assert facts["runs"]["failed"] == 1
    assert facts["studies"] == 1
    assert filled.LONG not in json.dumps(facts)


def test_the_whole_of_it_is_shown_edited_and_saved(
    qtbot: QtBot, open_window: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(tmp_path / "library")
    monkeypatch.setattr(Doctor, "__call__", lambda self: '{"memstudio": "0.1"}')
    window.new()
    window.actions_["help.report"].trigger()
    panel = window.panels.report
    assert panel.isVisible()
    qtbot.waitUntil(panel.save_button.isEnabled, timeout=10_000)
    shown = panel.text.toPlainText()
    for title in ("Installation", "Library", "Log of the window", "Open experiment"):
        assert f"== {title}" in shown
    assert str(tmp_path) not in shown
    panel.text.setFocus()
    panel.text.selectAll()
    QTest.keyClicks(panel.text, "Only this.")
    dialog = panel.choose()
    assert isinstance(dialog, QFileDialog)
    dialog.close()
    panel.save(tmp_path / "told.txt")
    qtbot.waitUntil(lambda: not panel.isVisible())
    assert (tmp_path / "told.txt").read_text() == "Only this."
    assert window.messages.said is not None
    assert "Nothing was sent" in window.messages.said.text
    window.actions_["help.report"].trigger()
    QTest.keyClick(panel.close_button, Qt.Key.Key_Escape)
    assert not panel.isVisible()


def test_a_report_that_cannot_be_written_is_one_sentence(
    qtbot: QtBot, open_window: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(tmp_path / "library")
    monkeypatch.setattr(Doctor, "__call__", lambda self: "x")
    panel = window.panels.report
    panel.open_report()
    qtbot.waitUntil(panel.save_button.isEnabled, timeout=10_000)
    panel.save(tmp_path / "no" / "folder" / "told.txt")
    qtbot.waitUntil(lambda: window.messages.said is not None and window.messages.said.level == "bad")
    assert panel.isVisible()


def test_closing_the_window_ends_the_look_at_the_installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ended: list[bool] = []

    class Process:
        def poll(self) -> None:
            return None

        def kill(self) -> None:
            ended.append(True)

        def communicate(self, timeout: float) -> tuple[bytes, bytes]:
            return b"", b""

    monkeypatch.setattr(problem_report.launch, "start", lambda *words, **how: Process())
    doctor = Doctor(tmp_path)
    assert doctor() == "It could not be looked at."
    doctor.stop()
    assert ended == [True]
    assert doctor() == ""
