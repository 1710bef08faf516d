"""The README's section "Add a memory", followed in a temporary home; then the same folder broken in every way that came to mind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.cli.commands import main
from memstudio.components import catalogue as room
from memstudio.components.addons import AddOn
from memstudio.desktop.inspector.node_page import NodePage
from memstudio.desktop.palette.palette import Palette
from memstudio.desktop.session import Session
from memstudio.experiment.document import Document, Node
from memstudio.ground.launch import command
from tests.addons import COMPONENT, NAME, fresh, put, readme, with_readme  # noqa: F401 - fixtures
from tests.documents import recall, written

ROOT = Path(__file__).resolve().parent.parent.parent
Files = dict[str, str]


def with_it(tmp_path: Path) -> Path:
    """A small experiment in which the README's memory stands."""
    document = recall(steps=4)
    document["nodes"][2] |= {"component": COMPONENT, "values": {"units": 8}}
    return written(tmp_path, document)


def test_the_readme_has_a_whole_add_on() -> None:
    assert set(readme()) == {"declare.py", "ops.py", "layers.py", "reference.py"}


@pytest.mark.usefixtures("with_readme")
def test_it_is_listed_explained_and_checked_in_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["addons", "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert (one["name"], one["from"], one["state"], one["reason"], one["components"]) == (NAME, "own", "on", None, [COMPONENT])
    assert main(["components", "--family", "sequence", "--json"]) == 0
    described = {one["id"]: one for one in json.loads(capsys.readouterr().out)}[COMPONENT]
    assert described["addon"] == NAME
    assert [parameter["name"] for parameter in described["parameters"]][:2] == ["units", "span"]
    assert main(["explain", COMPONENT]) == 0
    said = capsys.readouterr().out
    for words in ("Leaky averages", "λ = exp(−1 / τ)", "Mozer 1992", "units = 64", f"From the add-on {NAME}."):
        assert words in said
    assert main(["check", str(with_it(tmp_path))]) == 0


@pytest.mark.usefixtures("with_readme")
def test_it_stands_on_the_palette_with_a_form(qtbot: QtBot) -> None:
    known = room.look_again()
    palette = Palette(known)
    qtbot.addWidget(palette)
    assert COMPONENT in [entry.id for entry in palette.shown]
    for words in ("leaky", "mozer", "moving average", "exp(−1 / τ)"):
        palette.field.setText(words)
        assert COMPONENT in [entry.id for entry in palette.shown[:3]], words
    node = Node(id="mem1", component=COMPONENT)
    session = Session(known, Document(nodes=[node]))
    page = NodePage(session, node, None)
    qtbot.addWidget(page)
    said = " ".join(label.text() for label in page.findChildren(QLabel))
    assert "Units" in said
    assert "Longest span" in said
    session.close()


@pytest.mark.timeout(300)
def test_it_runs_from_the_terminal_and_the_run_knows_what_it_was(with_readme: Path, tmp_path: Path) -> None:  # noqa: F811
    words = command("run", with_it(tmp_path), "--json", "--library", tmp_path / "library")
    done = subprocess.run(words, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["state"] == "finished"
    assert 0 <= found["measures"]["recall"] <= 1
    room.look_again()
    (one,) = room.addons()
    with library.open(tmp_path / "library") as opened:
        environment = opened.environment(found["run"])
    assert environment["components"][COMPONENT] == f"1+{one.content[:12]}"
    assert environment["addons"] == {NAME: {"version": None, "content": one.content}}
    # nothing else was touched: the folder holds what was written into it
    files = {file.name for file in (with_readme / "components" / NAME).iterdir()}
    assert files == set(readme())


@pytest.mark.timeout(600)
def test_the_contract_is_held_over_it(with_readme: Path, tmp_path: Path) -> None:  # noqa: F811
    env = {"MEMSTUDIO_TEST_HOME": str(with_readme)}
    words = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-p", "no:cacheprovider", "tests/contract", "-k", NAME]
    done = subprocess.run(words, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    passed = (
        int(done.stdout.strip().splitlines()[-1].split(" passed")[0].split()[-1]) if " passed" in done.stdout else done.stdout.count(".")
    )
    assert passed >= 40, done.stdout[-2000:]


# ---------------------------------------------------------------------------------------------- broken


def changed(name: str, old: str, new: str) -> Callable[[Files], Files]:
    """One text of a file replaced by another."""

    def change(files: Files) -> Files:
        assert old in files[name], old
        return files | {name: files[name].replace(old, new, 1)}

    return change


def begins(code: str) -> Callable[[Files], Files]:
    """A line before declare.py."""
    return lambda files: files | {"declare.py": f"{code}\n{files['declare.py']}"}


def without(name: str) -> Callable[[Files], Files]:
    """A file left out."""
    return lambda files: {other: code for other, code in files.items() if other != name}


#: the README's folder, broken: what is done to it, and words of the sentence that says so
BROKEN: Mapping[str, tuple[Callable[[Files], Files], str]] = {
    "no_declaration": (without("declare.py"), "There is no declare.py"),
    "no_python": (begins("class"), "declare.py, line 1, is no Python"),
    "raises": (begins("1 / 0"), "ZeroDivisionError (declare.py, line 1)"),
    "imports_torch": (begins("import torch"), "declare.py imports torch"),
    "imports_torch_if_it_can": (begins("try:\n    import torch\nexcept ImportError:\n    pass"), "declare.py imports torch"),
    "imports_qt": (begins("from PySide6 import QtCore"), "declare.py imports PySide6"),
    "imports_its_layers": (begins("from .layers import LeakyAverages"), "declare.py imports torch"),
    "imports_what_is_missing": (begins("import surely_not_there"), "needs surely_not_there (declare.py, line 1)"),
    "imports_without_the_dot": (begins("import ops"), "write `from .ops import ...`"),
    "prints": (begins("print('hello')"), "declare.py prints ('hello')"),
    "prints_beneath_python": (begins("import os; os.write(1, b'{}\\n' * 9); raise SystemExit"), "ends the program"),
    "exits": (begins("import sys; sys.exit(3)"), "ends the program"),
    "leaves": (begins("import os; os._exit(0)"), "ended the process it was read in (code 0)"),
    "kills_itself": (begins("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"), "(SIGKILL)"),
    "dies_in_c": (begins("import ctypes; ctypes.string_at(0)"), "(SIGSEGV)"),
    "hangs": (begins("import time; time.sleep(60)"), "had not been read after 5 s"),
    "hangs_in_c": (begins("import re; re.match('(a+)+$', 'a' * 60 + 'b')"), "had not been read after 5 s"),
    "takes_all_memory": (begins("held = bytearray(1 << 40)"), "GB of memory (declare.py, line 1)"),
    "fills_memory": (begins("held = []\nwhile True:\n    held.append(bytearray(1 << 26))"), "GB of memory (declare.py, line"),
    "recurses": (begins("def f(): f()\nf()"), "RecursionError"),
    "interrupts": (begins("raise KeyboardInterrupt"), "KeyboardInterrupt"),
    "declares_nothing": (changed("declare.py", "COMPONENTS = (", "OTHERS = ("), "does not say COMPONENTS"),
    "declares_text": (lambda files: files | {"declare.py": "COMPONENTS = ('sequence.x',)\n"}, "Component objects only, not a str"),
    "declares_an_empty_tuple": (lambda files: files | {"declare.py": "COMPONENTS = ()\n"}, "it has nothing"),
    "our_id": (changed("declare.py", COMPONENT, "sequence.attention"), "sequence.attention is taken by a component of the program"),
    "unknown_family": (changed("declare.py", COMPONENT, "sequences.leaky"), "did you mean sequence?"),
    "id_in_capitals": (changed("declare.py", COMPONENT, "sequence.Leaky"), "small letters"),
    "id_is_a_number": (changed("declare.py", f'"{COMPONENT}"', "3"), "not 3"),
    "no_summary": (changed("declare.py", "summary=", "synonyms_=None, summary="), "synonyms_"),
    "default_out_of_range": (changed("declare.py", "default=64", "default=0"), "a default cannot be used"),
    "tiny_is_wrong": (changed("declare.py", '"units": 4', '"unit": 4'), "did you mean units?"),
    "empty_range": (changed("declare.py", "low=1", "low=5000"), "the range of units is empty"),
    "parameter_of_the_family": (changed("declare.py", 'name="units"', 'name="repeat"'), "two parameters repeat"),
    "parameter_is_text": (changed("declare.py", "parameters=(", "parameters=('units',"), "str is no parameter"),
    "cost_raises": (changed("declare.py", "width, units = width_of(inputs)", "width, units = 1 / 0"), "its cost cannot be worked out"),
    "cost_hangs": (changed("declare.py", "    width, units", "    while True: pass\n    width, units"), "had not been read after 5 s"),
    "cost_is_a_fraction": (changed("declare.py", "state_bytes=units", "state_bytes=0.5 * units"), "whole numbers"),
    "no_implementation": (changed("declare.py", '".layers:LeakyAverages"', '""'), "implementation must name code"),
    "implementation_file_missing": (without("layers.py"), "names layers.py, which is not in the add-on's folder"),
    "implementation_name_missing": (
        changed("layers.py", "class LeakyAverages", "class Other"),
        "LeakyAverages, which layers.py does not define",
    ),
    "implementation_without_a_dot": (changed("declare.py", '".layers:', '"layers:'), "write '.layers:LeakyAverages'"),
    "reference_missing": (without("reference.py"), "names reference.py"),
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, AddOn]:
    """The list of a home in which every broken folder lies, and a sound one among them."""
    home = tmp_path_factory.mktemp("broken")
    for name, (change, _) in BROKEN.items():
        put(home / "components" / name, change(readme()))
    put(home / "components" / NAME, readme())
    done = subprocess.run(
        command("addons", "--json"), env={**os.environ, "MEMSTUDIO_HOME": str(home)}, capture_output=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stderr
    return {one["name"]: AddOn("", "own", "", "", one["state"], one["reason"] or "") for one in json.loads(done.stdout)}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_folder_is_refused_with_one_sentence(broken: dict[str, AddOn], name: str) -> None:
    one = broken[name]
    assert one.state == "refused"
    assert BROKEN[name][1] in one.reason
    assert one.reason.endswith(".")
    assert "\n" not in one.reason
    assert len(one.reason) < 400


def test_a_sound_one_among_them_is_used(broken: dict[str, AddOn]) -> None:
    assert broken[NAME].state == "on"
    assert len(broken) == len(BROKEN) + 1
