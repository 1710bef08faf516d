"""Own data from the command line: a path written by hand, a changed file, a run whose library copy outlives the file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from memstudio import library
from memstudio.cli.commands import main
from memstudio.experiment.data import finding
from memstudio.ground.paths import resources
from tests.cli.test_running import typed


@pytest.fixture(autouse=True)
def places() -> Iterator[None]:
    before = (finding.places.document, finding.places.library)
    yield
    finding.places.document, finding.places.library = before


def experiment(folder: Path) -> Path:
    """An experiment that names the table beside it, as a person writes it."""
    shutil.copy(resources() / "samples" / "plants.csv", folder / "plants.csv")
    nodes = [
        {"id": "task", "component": "task.own_rows", "values": {"file": {"path": "plants.csv"}, "target": "plant"}},
        {"id": "readout", "component": "readout.classifier"},
        {
            "id": "learner",
            "component": "learner.gradient_descent",
            "values": {"steps": 150, "batch": 16, "rate": 0.03, "validate_every": 50},
        },
    ]
    wires = [{"from": "task.features", "to": "readout.input"}, {"from": "readout.scores", "to": "learner.model"}]
    document = {"format": "memstudio", "version": 1, "title": "Plants", "nodes": nodes, "wires": wires}
    file = folder / "plants.memx"
    file.write_text(json.dumps(document))
    return file


def checked(file: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    main(["check", str(file), "--json"])
    return [problem["reason"] for problem in json.loads(capsys.readouterr().out)]


def test_a_run_learns_own_data_and_keeps_path_and_hash(tmp_path: Path) -> None:
    file = experiment(tmp_path)
    done = typed("run", file, "--json", "--seed", "1", "--library", tmp_path / "library")
    assert done.returncode == 0, done.stderr
    first = json.loads(done.stdout)
    assert first["measures"]["accuracy"] > 0.7
    kept = library.open(tmp_path / "library")
    try:
        node = next(node for node in kept.document(first["run"]).nodes if node.id == "task")
    finally:
        kept.close()
    assert node.values["file"]["path"] == str(tmp_path / "plants.csv")
    assert node.values["file"]["sha256"] == finding.hash_of(tmp_path / "plants.csv")


def test_a_changed_and_a_missing_file_are_said_at_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, table = experiment(tmp_path), tmp_path / "plants.csv"
    assert checked(file, capsys) == []
    document = json.loads(file.read_text())
    document["nodes"][0]["values"]["file"] = {**_looked(table), "path": "plants.csv"}
    file.write_text(json.dumps(document))
    assert checked(file, capsys) == []
    kept = finding.Places(library=tmp_path / "library").kept
    table.write_text(table.read_text() + "1,1,1,1,wet,north,alder\n")
    assert any("plants.csv is not the file this experiment was made with" in reason for reason in checked(file, capsys))
    table.unlink()
    assert any("There is no file plants.csv" in reason for reason in checked(file, capsys))
    kept.mkdir(parents=True)
    sha = document["nodes"][0]["values"]["file"]["sha256"]
    shutil.copy(resources() / "samples" / "plants.csv", kept / f"{sha}.csv")
    main(["check", str(file), "--json", "--library", str(tmp_path / "library")])
    assert json.loads(capsys.readouterr().out) == []


def _looked(table: Path) -> dict[str, object]:
    from memstudio.experiment.data.looking import chosen

    return chosen(str(table))


def test_another_file_can_be_set_where_it_is_typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from memstudio.cli.asked import document_of, with_settings

    file = experiment(tmp_path)
    other = tmp_path / "other.csv"
    other.write_text("x,plant\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(30)))
    made = with_settings(document_of(str(file)), [f'task.file={{"path": "{other}"}}'])
    assert made.nodes[0].values["file"]["seen"]["rows"] == 30
