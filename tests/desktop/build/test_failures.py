"""While runs go: how far they are in the top bar, failures named at their node, edits that hurt no run."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.desktop import load
from memstudio.desktop.build.page import BuildPage
from memstudio.desktop.build.top_bar import going_text
from memstudio.desktop.going import Going
from memstudio.desktop.load import Load
from memstudio.desktop.session import Message
from memstudio.experiment import edits
from tests.desktop import filled
from tests.desktop.queue.test_seen import looked


def started(page: BuildPage, qtbot: QtBot) -> str:
    with qtbot.waitSignal(page.started, timeout=20_000) as begun:
        page.run()
    return str(begun.args[0].runs[0])


def test_a_failure_marks_its_node_and_the_line_leads_there(page: BuildPage, qtbot: QtBot, folder: Path) -> None:
    said: list[Message] = []
    page.session.message.connect(said.append)
    uid = started(page, qtbot)
    with library.open(folder) as opened:
        filled.work(opened, uid, done=300, end="failed", failure=filled.REASON)
    qtbot.waitUntil(lambda: any("failed at learn" in message.text for message in said), timeout=10_000)
    message = next(message for message in said if message.level == "bad")
    assert filled.REASON in message.text
    assert message.action is not None
    assert message.other is not None
    qtbot.waitUntil(lambda: bool(page.session.facts.of_node("learn")))
    assert filled.REASON in page.session.facts.of_node("learn")[0].reason
    assert page.bar.run.isEnabled()
    message.action[1]()
    assert page.session.selected == ("learn",)
    assert page.failures is not None
    with qtbot.waitSignal(page.failures.run_asked) as asked:
        message.other[1]()
    assert asked.args == [uid]
    page.session.edit("Set", lambda d: edits.set_value(d, "learn.steps", 3, page.session.catalogue))
    qtbot.waitUntil(lambda: page.session.settled)
    assert not page.session.facts.of_node("learn"), "the mark stays on a node that was changed"


def test_deleting_a_node_while_its_run_goes_hurts_no_run_and_is_said_once(page: BuildPage, qtbot: QtBot, folder: Path) -> None:
    said: list[Message] = []
    page.session.message.connect(said.append)
    before = page.session.document
    uid = started(page, qtbot)
    page.session.edit("Delete", lambda d: edits.remove(d, ["learn"]))
    page.session.edit("Delete", lambda d: edits.remove(d, ["mem1"]))
    assert sum("as it was when Run was pressed" in message.text for message in said) == 1
    with library.open(folder) as opened:
        assert [node.id for node in opened.document(uid).nodes] == [node.id for node in before.nodes]
        filled.work(opened, uid, done=300, end="failed", failure=filled.REASON)
    qtbot.waitUntil(lambda: any("no longer here" in message.text for message in said), timeout=10_000)


def test_the_bar_says_how_far_it_is_and_what_it_takes(page: BuildPage) -> None:
    taken = Load(2, 1_400_000_000, (), ("cpu",))
    one = Going("A study", "s", "", 38, 90, 0.5, 220.0, False, load=taken)
    page.show_going([one])
    assert page.bar.plan.whole == "38 of 90 runs · 3 min 40 s left · CPU, 2 workers, 1.4 GB"
    page.show_going([])
    assert page.bar.plan.whole.startswith("1 run")
    other = Going("Another", None, "r", 0, 1, 0.1, None, True)
    assert going_text([one, other]) == "53 runs in 2 experiments · 3 min 40 s left at least · CPU, 2 workers, 1.4 GB"


class _Nvml:
    """What nvidia-ml-py gives us, with a GPU of 80 GB."""

    used, total = 3_100_000_000, 80_000_000_000

    def nvmlInit(self) -> None: ...

    def nvmlDeviceGetCount(self) -> int:
        return 1

    def nvmlDeviceGetHandleByIndex(self, place: int) -> int:
        return place

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> _Nvml:
        return self


def test_memory_of_workers_and_of_gpus(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with library.open(folder) as opened:
        uid = filled.submit(opened, filled.single("One")).runs[0]
        filled.work(opened, uid, done=500, end=None)
        row = opened.run(uid)
    found = load.load_of([row])
    assert found.workers == 1
    assert found.memory > 10_000_000
    assert found.text.startswith("CPU, ")
    assert load.load_of([row._replace(machine="another")]).text == ""
    assert load.load_of([row._replace(pid=2**22 + 5)]).text == ""
    assert looked(folder).load.text.startswith("CPU, ")
    monkeypatch.setattr(load.importlib, "import_module", lambda name: _Nvml())
    monkeypatch.setattr(load, "_asked", False)
    found = load.load_of([row._replace(device="cuda:0")])
    assert found.text.startswith("GPU 0, 3.1 GB of 80 GB, ")
    monkeypatch.setattr(_Nvml, "nvmlDeviceGetCount", lambda self: 1 / 0)
    assert load.load_of([row._replace(device="cuda:0")]).text.startswith("GPU 0, ")
    monkeypatch.setattr(load, "_nvml", None)
