"""The inspector process as the window talks to it: a small stand-in that speaks the same lines, and the real one once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from memstudio.desktop.inspector.asking import Inspecting
from memstudio.desktop.inspector.inspector import Inspector
from memstudio.desktop.inspector.node_page import NodePage
from memstudio.experiment.document import Document
from memstudio.ground import launch
from tests.desktop.conftest import SessionOf
from tests.documents import recall

ECHO = """
import json, sys
for line in sys.stdin:
    q = json.loads(line)
    if q["document"]["title"] == "die":
        sys.exit(3)
    if q["document"]["title"] == "noise":
        print("not json", flush=True)
    answer = {"refused": "It cannot."} if q["document"]["title"] == "refuse" else {"answer": {"node": q["node"], "ask": q["ask"]}}
    print(json.dumps({"id": q["id"], **answer}), flush=True)
"""


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """Starts a small script in the inspector's place; the process ids it was started with."""
    script, started = tmp_path / "stand_in.py", []
    script.write_text(ECHO, encoding="utf-8")

    def start(part: str, *args: str, **pipes: Any) -> subprocess.Popen[bytes]:
        assert part == "inspector"
        process = subprocess.Popen([sys.executable, str(script)], **pipes)
        started.append(process.pid)
        return process

    monkeypatch.setattr(launch, "start", start)
    return started


@pytest.fixture
def inspecting(qtbot: QtBot) -> Iterator[Inspecting]:
    made = Inspecting()
    yield made
    made.close()


Ask = Callable[[str], list[Any]]


@pytest.fixture
def ask(inspecting: Inspecting) -> Ask:
    def ask_(title: str) -> list[Any]:
        told: list[Any] = []
        inspecting.ask("sample", Document(title=title), "task", told.append, told.append)
        return told

    return ask_


def test_nothing_is_started_before_a_question(stand_in: list[int], inspecting: Inspecting) -> None:
    assert stand_in == []


def test_a_question_is_answered(stand_in: list[int], ask: Ask, qtbot: QtBot) -> None:
    told = ask("x")
    qtbot.waitUntil(lambda: bool(told))
    assert told == [{"node": "task", "ask": "sample"}]
    again = ask("y")
    qtbot.waitUntil(lambda: bool(again))
    assert len(stand_in) == 1


def test_a_refusal_is_a_sentence(stand_in: list[int], ask: Ask, qtbot: QtBot) -> None:
    told = ask("refuse")
    qtbot.waitUntil(lambda: bool(told))
    assert told == ["It cannot."]


def test_a_dead_process_is_started_again(stand_in: list[int], ask: Ask, inspecting: Inspecting, qtbot: QtBot) -> None:
    ask("die")
    qtbot.waitUntil(lambda: inspecting._process is not None and inspecting._process.poll() is not None)
    told = ask("x")
    qtbot.waitUntil(lambda: bool(told))
    assert len(stand_in) == 2


def test_noise_on_the_line_does_no_harm(stand_in: list[int], ask: Ask, qtbot: QtBot) -> None:
    told = ask("noise")
    qtbot.waitUntil(lambda: bool(told))
    assert told[0]["node"] == "task"


def test_a_task_shows_a_sample_made_by_the_real_inspector(session_of: SessionOf, inspecting: Inspecting, qtbot: QtBot) -> None:
    session = session_of(recall())
    inspector = Inspector(session, inspecting)
    qtbot.addWidget(inspector)
    inspector.show()
    session.select(["task"])
    page = inspector.page
    assert isinstance(page, NodePage)
    assert page.sample is not None
    assert page.sample.working.isVisibleTo(page)
    sample = page.sample
    qtbot.waitUntil(sample.working.isHidden, timeout=60_000)
    assert "load 1" in sample.caption.text()
    first = sample.cells.accessibleName()
    sample.on.click()
    qtbot.waitUntil(lambda: sample.cells.accessibleName() != first, timeout=20_000)
    assert sample.which.text().startswith("2 of ")
