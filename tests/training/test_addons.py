"""Add-ons in the processes that compute: what one does there is its node's fault, and a warm worker sees what has changed."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from memstudio.components import catalogue as room
from memstudio.experiment.document import Document
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.studies import plan
from memstudio.library import Library, RunRow
from memstudio.library import open as open_library
from memstudio.training import asked
from memstudio.training.train import train, warm
from tests.addons import LAYERS, fresh, put, small  # noqa: F401 - fixtures
from tests.training.tiny import recall_document

pytestmark = pytest.mark.usefixtures("fresh")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library") as opened:
        yield opened


def using(name: str) -> Document:
    """A small experiment whose memory is the add-on's."""
    return recall_document(steps=2, memory=f"sequence.{name}", memory_values={})


def queued(library: Library, document: Document) -> str:
    return library.submit(document, plan(document, room.look_again())).runs[0]


def ended(library: Library, name: str, home: Path, **files: str) -> RunRow:
    """The run of an add-on with these files, at its end."""
    put(home / "components" / name, small(name, **files))
    run = queued(library, using(name))
    train(library, run)
    return library.run(run)


def test_a_sound_one_runs_and_is_recorded(library: Library, own_home: Path) -> None:
    row = ended(library, "sound", own_home)
    assert row.state == "finished"
    (one,) = room.addons()
    environment = library.environment(row.uid)
    assert environment["components"]["sequence.sound"] == f"1+{one.content[:12]}"
    assert environment["addons"]["sound"] == {"version": None, "content": one.content}
    assert environment["components"]["encoder.token_embedding"] == 1


def test_one_inside_another_is_recorded_too(library: Library, own_home: Path) -> None:
    from memstudio.training.devices import choose
    from memstudio.training.environment import environment
    from memstudio.training.program import build

    document = recall_document(memory="sequence.mixture_of_memories", memory_values={})
    found = environment(build(document, room.look_again(), choose(document.run)))
    assert {"sequence.mixture_of_memories", "sequence.gated_deltanet"} <= set(found["components"])
    assert "addons" not in found


@pytest.mark.parametrize(
    ("name", "layers", "says"),
    [
        ("at_import", "raise ValueError('when imported')\n", "when imported"),
        ("at_import_exits", "import sys\nsys.exit(3)\n\nclass Small: pass\n", "SystemExit"),
        ("when_built", LAYERS.replace("super().__init__()", "raise ValueError('when built')"), "when built"),
        ("when_built_exits", LAYERS.replace("super().__init__()", "raise SystemExit(4)"), "SystemExit"),
        ("builds_no_module", "def Small(*, width, units):\n    return 3\n", "callable"),
        ("with_other_keywords", LAYERS.replace("units", "others"), "units"),
        ("when_asked", LAYERS.replace("return x,", "raise ValueError('when asked')\n        return x,"), "when asked"),
        ("when_asked_exits", LAYERS.replace("return x,", "raise SystemExit(5)\n        return x,"), "SystemExit"),
        ("gives_another_shape", LAYERS.replace("return x,", "return x[..., :-1],"), ""),
        ("gives_no_number", LAYERS.replace("return x,", "return x * float('nan'),"), ""),
    ],
)
def test_what_it_does_is_its_nodes_fault(library: Library, own_home: Path, name: str, layers: str, says: str) -> None:
    layers = layers if "Small" in layers else layers + "\nclass Small: pass\n"
    row = ended(library, name, own_home, layers=layers)
    assert row.state == "failed"
    assert row.failure
    assert says in row.failure
    assert row.failure.endswith(".")
    assert row.failed_node == ("mem1" if name != "gives_another_shape" else row.failed_node)
    assert row.failed_node is not None


@pytest.mark.parametrize("where", ["super().__init__()", "return x,"])
def test_one_that_hangs_is_written_off_and_blamed(library: Library, own_home: Path, where: str) -> None:
    # not at once: a first run of a process takes its time before the add-on's turn comes
    warm()
    name = "hangs_built" if "init" in where else "hangs_asked"
    waits = "import memstudio_waits\n" + LAYERS.replace(where, f"memstudio_waits.wait()\n        {where}")
    put(own_home / "components" / name, small(name, layers=waits))
    go_on = threading.Event()
    import sys
    from types import SimpleNamespace

    sys.modules["memstudio_waits"] = SimpleNamespace(wait=lambda: go_on.wait(60))  # type: ignore[assignment]
    try:
        run = queued(library, using(name))
        assert train(library, run, hanging_seconds=1.5, hung=go_on.set) == "superseded"
    finally:
        del sys.modules["memstudio_waits"]
    row = library.run(run)
    assert row.state == "failed"
    assert row.failed_node == "mem1"
    assert "had not ended after" in (row.failure or "")


def test_a_run_whose_add_on_is_gone_says_so(library: Library, own_home: Path) -> None:
    folder = put(own_home / "components" / "leaves", small("leaves"))
    run = queued(library, using("leaves"))
    shutil.rmtree(folder)
    train(library, run)
    row = library.run(run)
    assert row.state == "failed"
    assert row.failed_node == "mem1"
    assert "sequence.leaves" in (row.failure or "")


def test_a_warm_process_sees_what_has_changed_and_none_spoils_it(library: Library, own_home: Path) -> None:
    put(own_home / "components" / "spoils", small("spoils", layers="raise SystemExit\n\nclass Small: pass\n"))
    warm()
    assert ended(library, "comes_later", own_home).state == "finished"
    put(own_home / "components" / "spoils", small("spoils"))
    assert ended(library, "spoils", own_home).state == "finished"


def test_safe_goes_for_those_who_compute(library: Library, own_home: Path) -> None:
    put(own_home / "components" / "left_out", small("left_out"))
    run = queued(library, using("left_out"))
    room.be_safe()
    train(library, run)
    assert library.run(run).state == "failed"


def test_a_worker_runs_nothing_that_the_user_has_not_said_yes_to(library: Library, tmp_path: Path) -> None:
    folder = put(tmp_path / "theirs", small("theirs"))
    room.allow(folder)
    run = queued(library, using("theirs"))
    mark = f"open({str(tmp_path / 'mark')!r}, 'a').write('x')\n"
    put(folder, {name: mark + code for name, code in small("theirs").items()})
    train(library, run)
    row = library.run(run)
    assert (row.state, row.failed_node) == ("failed", "mem1")
    assert not (tmp_path / "mark").exists()
    room.allow(folder)
    library.requeue(run)
    train(library, run)
    assert library.run(run).state == "finished"
    assert (tmp_path / "mark").exists()


def test_the_inspector_knows_them_and_lives_through_them(own_home: Path) -> None:
    put(own_home / "components" / "shown", small("shown"))

    def shapes(name: str) -> object:
        return asked.answer({"ask": "shapes", "document": using(name).model_dump(mode="json", by_alias=True)})

    assert json.dumps(shapes("shown"))
    with pytest.raises(Refusal):
        shapes("comes")
    put(own_home / "components" / "comes", small("comes"))
    assert json.dumps(shapes("comes"))


def test_another_content_is_another_stage(library: Library, own_home: Path) -> None:
    """A stage is not reused from a run of the add-on as it was before."""
    from memstudio.training.devices import choose
    from memstudio.training.program import build
    from memstudio.training.stage_key import stage_key

    def key() -> str:
        document = using("edited")
        program = build(document, room.look_again(), choose(document.run))
        return stage_key(program, program.stages[0])

    folder = put(own_home / "components" / "edited", small("edited"))
    before = key()
    assert key() == before
    put(folder, {"layers.py": LAYERS.replace("return x,", "return 2 * x,")})
    assert key() != before
