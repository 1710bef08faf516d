"""`memstudio sweep`: what is typed becomes axes, the study is run, and the document can be kept."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from memstudio import library
from memstudio.cli.commands import main
from memstudio.cli.options import Typed
from memstudio.cli.sweeping import axis_of, tuned_axis_of, with_axis, with_match
from memstudio.experiment.document import Axis, Case, Document, Range, Run, Tuned
from memstudio.experiment.files import read
from memstudio.ground import launch
from tests.documents import recall, written
from tests.experiment.small import CATALOGUE, document


def axis(typed: str, given: Document | None = None) -> Axis:
    return axis_of(typed, given or document(), CATALOGUE)


def test_values_of_an_axis() -> None:
    assert axis("mem1.heads=1,2,4") == Axis(name="heads", set="mem1.heads", values=[1, 2, 4])
    assert axis("how many=mem1.heads=1, 2") == Axis(name="how many", set="mem1.heads", values=[1, 2])
    assert axis("mem1.rate=lin:0..1:3").values == [0.0, 0.5, 1.0]
    assert axis("learn.steps=log:10..1000:3").values == [10, 100, 1000]
    assert axis("mem1.rate=0.1..0.2:2").values == [0.1, 0.2]
    assert axis("task.loads=[4,8],[16]").values == [[4, 8], [16]]
    assert axis('mem1.label="a,b",c').values == ["a,b", "c"]
    assert axis("mem1.norm=true,false").values == [True, False]


def test_components_are_cases_with_labels() -> None:
    assert axis("mem1.component=sequence.plain,ours=sequence.gated") == Axis(
        name="memory",
        cases=[
            Case(label="Plain memory", set={"mem1.component": "sequence.plain"}),
            Case(label="ours", set={"mem1.component": "sequence.gated"}),
        ],
    )
    assert axis("mem1.heads=few=1,many=8").cases == [Case(label="few", set={"mem1.heads": 1}), Case(label="many", set={"mem1.heads": 8})]


def test_an_axis_takes_the_place_of_one_that_sets_the_same() -> None:
    given = document(run=Run(vary=[axis("mem1.heads=1,2"), axis("learn.steps=5,6")]))
    assert with_axis(given, axis("many=mem1.heads=4,8")).run.vary == [axis("learn.steps=5,6"), axis("many=mem1.heads=4,8")]


def test_a_value_of_a_component_that_only_some_cell_has() -> None:
    given = with_axis(document(), axis("mem1.component=sequence.plain,sequence.gated"))
    assert axis("mem1.key_width=4,8", given).set == "mem1.key_width"


def test_tuned_axes_keep_their_range() -> None:
    tuned = Tuned(method="random", trials=5)
    made = tuned_axis_of("learn.steps=log:10..1000", document(), CATALOGUE, tuned)
    assert made == Axis(name="steps", set="learn.steps", range=Range(low=10, high=1000, log=True), tuned=tuned)
    assert tuned_axis_of("mem1.heads=1,2", document(), CATALOGUE, tuned).values == [1, 2]


def test_matched_to_the_first_case_or_to_the_one_that_is_named() -> None:
    given = with_axis(document(), axis("mem1.component=sequence.plain,ours=sequence.gated"))
    match = with_match(given, "parameters:mem1.key_width").run.vary[0].match
    assert match is not None
    assert (match.what, match.width, match.to) == ("parameters", "mem1.key_width", "Plain memory")
    named = with_match(given, "state_bytes:mem1.heads:ours").run.vary[0].match
    assert named is not None
    assert (named.what, named.to) == ("state_bytes", "ours")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("mem1.heads", "is not NODE.PARAM=VALUES"),
        ("mem1.heads=", "is not NODE.PARAM=VALUES"),
        ("heads=1,2", "is not NODE.PARAM=VALUES"),
        ("mem1.haeds=1,2", "did you mean heads"),
        ("mem9.heads=1,2", "there is no node 'mem9'"),
        ("mem1.rate=log:0..1", "above 0 where it is logarithmic"),
        ("mem1.rate=1..0:4", "from a smaller number to a larger one"),
        ("mem1.rate=a..b", "from one number to another"),
        ("mem1.rate=0..1:1", "2 to 1,000 points"),
        ("mem1.heads=,", "names no value"),
    ],
)
def test_what_is_typed_wrong_is_said(typed: str, sentence: str) -> None:
    with pytest.raises(Typed, match=sentence):
        axis(typed)


def test_a_match_that_is_typed_wrong_is_said() -> None:
    given = with_axis(document(), axis("mem1.heads=1,2"))
    with pytest.raises(Typed, match=r"is not WHAT:NODE\.PARAM"):
        with_match(given, "weights:mem1.heads")
    with pytest.raises(Typed, match=r"there is no node .mem9.; there are .*mem1"):
        with_match(given, "parameters:mem9.heads")
    with pytest.raises(Typed, match="no case is called 'x'; there are 'heads 1', 'heads 2'"):
        with_match(given, "parameters:embed.width:x")
    with pytest.raises(Typed, match="add --vary"):
        with_match(document(), "parameters:embed.width")


def said(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = launch.command(str(words[0]), *words[1:])
    return subprocess.run(command, capture_output=True, text=True, env=launch.environment(), timeout=110, check=False)


def test_a_sweep_is_matched_tuned_run_and_kept(tmp_path: Path) -> None:
    file, kept = written(tmp_path, recall()), tmp_path / "kept.memx"
    words = ["--vary", "mem1.component=sequence.attention,ours=sequence.gated_deltanet", "--match", "parameters:mem1.key_width"]
    words += ["--tune", "learn.rate=log:1e-3..1e-1:2", "--replicates", "2", "--save", str(kept)]
    done = said("sweep", file, *words, "--json", "--workers", "1")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    first, second = found["cells"]
    assert (first["cell"], len(first["runs"])) == ("Attention", 2)
    assert second["cell"].startswith("ours (key width ")
    assert second["set"]["learn.rate"] in (0.001, 0.1)
    has, wants = (cell["measures"]["parameters"]["mean"] for cell in (second, first))
    assert abs(has / wants - 1) <= 0.1
    assert f"{int(has):,} parameters" in done.stderr
    assert found["run"] == first["runs"][0]
    with library.open() as lib:
        assert len(lib.trials(found["study"])) == 4
        assert lib.study_document(found["study"]) == read(kept)
    # what was kept runs as it is
    again = said("run", kept, "--json", "--cell", "Attention")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["cells"][0]["measures"]["loss"] == first["measures"]["loss"]


def test_a_dry_run_says_what_would_be_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(written(tmp_path, recall()))
    assert (
        main(["sweep", file, "--vary", "mem1.heads=1,2", "--tune", "learn.rate=0.1,0.2", "--replicates", "3", "--dry-run", "--json"]) == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert [cell["cell"] for cell in found["cells"]] == ["heads 1", "heads 2"]
    assert (found["replicates"], found["runs"], found["trials"]) == (3, 6, 4)
    assert main(["sweep", file, "--vary", "mem1.heads=1,2", "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2 heads × 1 seed: 2 runs"
    with library.open() as lib:
        assert lib.studies() == []


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["--tune", "learn.rate=0.1,0.2", "--by", "accuracy"], 2, "a choice may not see test"),
        (["--vary", "mem1.heads=0,1"], 1, "Heads must be a whole number"),
        (["--vary", "mem1.heads=1,2", "--match", "parameters:learn.steps"], 1, "do not depend on learn.steps"),
        (["--vary", "mem1.nothing=1"], 2, "has no parameter 'nothing'"),
    ],
)
def test_sweeps_that_cannot_be(words: list[str], code: int, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", str(written(tmp_path, recall())), *words]) == code
    assert sentence in capsys.readouterr().err


def test_seeds_of_a_cell_in_one_pass(tmp_path: Path) -> None:
    file, folder = str(written(tmp_path, recall())), tmp_path / "library"
    words = ("--set", "run.packed=true", "--set", "learn.steps=3", "--replicates", "2", "--json", "--library", str(folder))
    done = said("sweep", file, "--vary", "learn.rate=0.01,0.001", *words)
    assert done.returncode == 0, done.stderr
    cells = json.loads(done.stdout)["cells"]
    assert [cell["measures"]["loss"]["n"] for cell in cells] == [2, 2]
    with library.open(folder) as opened:
        rows = [opened.run(run) for cell in cells for run in cell["runs"]]
        assert all(row.packed and row.state == "finished" for row in rows)
        assert {opened.environment(row.uid)["packed"] for row in rows} == {2}
