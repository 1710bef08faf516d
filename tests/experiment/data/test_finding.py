"""Files found again: beside the experiment, where they were, as copies in the library; and what is said when they are not."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from memstudio.components.catalogue import catalogue
from memstudio.experiment import edits
from memstudio.experiment.checking import check
from memstudio.experiment.data import finding
from memstudio.experiment.data.adding import COMPONENTS, add_task, only_task
from memstudio.experiment.data.file_problems import CHOOSE, LOOK, filled
from memstudio.experiment.data.looking import chosen, look
from memstudio.experiment.data.plans import SAMPLES, sample_value
from memstudio.experiment.data.suggesting import KINDS, suggest
from memstudio.experiment.document import Document
from memstudio.experiment.files import parse, to_text
from memstudio.experiment.gallery import gallery
from memstudio.experiment.problems import Problem
from memstudio.ground.paths import resources

KNOWN = catalogue()


@pytest.fixture(autouse=True)
def places(tmp_path: Path) -> Iterator[finding.Places]:
    before = (finding.places.document, finding.places.library)
    finding.places.document, finding.places.library = None, tmp_path / "library"
    yield finding.places
    finding.places.document, finding.places.library = before


def own(folder: Path, name: str = "plants.csv") -> Path:
    folder.mkdir(exist_ok=True)
    return Path(shutil.copy(resources() / "samples" / name, folder / name))


def document(file: Path) -> Document:
    return add_task(Document(title="Own"), "rows", {"file": chosen(str(file))}, KNOWN)


def of_files(made: Document) -> list[Problem]:
    return [problem for problem in check(made, KNOWN) if problem.parameter == "file"]


def test_a_file_is_found_where_it_was_and_says_nothing(tmp_path: Path) -> None:
    assert of_files(document(own(tmp_path / "a"))) == []


def test_beside_the_experiment_comes_first_then_its_own_place_then_the_copy(tmp_path: Path, places: finding.Places) -> None:
    file = own(tmp_path / "a")
    made = document(file)
    value = made.nodes[0].values["file"]
    copy = finding.keep(file, value["sha256"])
    assert copy.parent == tmp_path / "library" / "data"
    beside = own(tmp_path / "b")
    places.document = beside.parent
    assert finding.find(value) == beside
    assert finding.settled(made).nodes[0].values["file"]["path"] == str(beside)
    beside.unlink()
    assert finding.find(value) == file
    file.unlink()
    assert finding.find(value) == copy
    assert finding.settled(made).nodes[0].values["file"]["path"] == str(copy)
    assert of_files(made) == []
    copy.unlink()
    assert "There is no file" in of_files(made)[0].reason
    assert finding.settled(made) is made


def test_a_relative_path_is_one_from_the_experiment(tmp_path: Path, places: finding.Places) -> None:
    file = own(tmp_path / "a")
    places.document = tmp_path
    assert finding.find({"path": "a/plants.csv", "sha256": chosen(str(file))["sha256"]}) == file


def test_a_gone_file_is_said_with_the_mend_to_choose_it(tmp_path: Path) -> None:
    file = own(tmp_path / "a")
    made = document(file)
    file.unlink()
    (problem,) = of_files(made)
    assert problem.severity == "error"
    assert (problem.node, [mend.asks for mend in problem.mends]) == (made.nodes[0].id, [CHOOSE])


def test_a_changed_file_is_said_and_taken_as_it_is_now(tmp_path: Path) -> None:
    file = own(tmp_path / "a")
    made = document(file)
    file.write_text(file.read_text() + "4.0,2.0,0.3,20,wet,north,oak\n")
    (problem,) = of_files(made)
    assert "plants.csv is not the file this experiment was made with" in problem.reason
    assert [mend.asks for mend in problem.mends] == [LOOK, CHOOSE]
    mended = problem.mends[0].edit(made)
    assert of_files(mended) == []
    assert mended.nodes[0].values["file"]["seen"]["rows"] == 241


def test_another_file_of_that_name_beside_the_experiment_does_not_hide_the_right_one(tmp_path: Path, places: finding.Places) -> None:
    file = own(tmp_path / "a")
    made = document(file)
    places.document = tmp_path
    (tmp_path / "plants.csv").write_text("other\n1\n")
    assert finding.find(made.nodes[0].values["file"]) == file


def test_a_copy_is_of_the_content_that_was_looked_over(tmp_path: Path) -> None:
    file = own(tmp_path / "a")
    with pytest.raises(Exception, match="changed while it was copied"):
        finding.keep(file, "0" * 64)
    assert not any((tmp_path / "library" / "data").iterdir())


def test_a_path_written_by_hand_is_looked_over(tmp_path: Path) -> None:
    file = own(tmp_path / "a")
    base = add_task(Document(), "rows", {}, KNOWN)
    base = edits.set_value(base, f"{base.nodes[0].id}.file", {"path": str(file)}, KNOWN)
    assert [mend.asks for problem in of_files(base) for mend in problem.mends] == [LOOK]
    assert filled(base, KNOWN).nodes[0].values["file"] == chosen(str(file))


def test_samples_are_what_their_list_says() -> None:
    for name in set(SAMPLES.values()):
        assert look(resources() / "samples" / name).value == sample_value(name)


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_task_of_a_gallery_study_gives_way_to_own_data_in_one_edit(kind: str) -> None:
    """Wires are led on, encoders for other data go, new ones come; what comes out is checked like any document."""
    for item in gallery()[:4]:
        before = item.document
        task = only_task(before, KNOWN)
        if task is None or kind == "rows":
            continue
        file = sample_value(SAMPLES[kind])
        values = {"file": file}
        made = add_task(before, kind, values, KNOWN)
        new = only_task(made, KNOWN)
        assert new is not None
        assert made.node(new).component == COMPONENTS[kind]
        assert parse(to_text(made), "again") == made
        wired = [wire for wire in made.wires if wire.start_node == new]
        if any(wire.start_node == task for wire in before.wires):
            assert wired, f"{item.id} lost its data"
        assert not [
            p for p in check(made, KNOWN) if p.port is not None and p.node is not None and "gives" in p.reason and "needs" in p.reason
        ]


def test_series_are_widened_before_a_memory() -> None:
    made = add_task(Document(), "series", {}, KNOWN)
    made, mem = edits.add_node(made, "sequence.gru", KNOWN)
    made = edits.connect(made, f"{made.nodes[0].id}.sequence", f"{mem}.sequence", KNOWN)
    found = add_task(made, "series", {}, KNOWN)
    assert [node.component for node in found.nodes] == ["sequence.gru", "task.own_series", "encoder.mlp"]
    assert found.nodes[2].values == {"norm": False, "residual": False, "width": 64}


def test_suggestions_say_why() -> None:
    for name, kind, target in (("plants.csv", "rows", "plant"), ("digits.npz", "images", "labels"), ("walks.csv", "sequences", "label")):
        file = sample_value(name)
        found = suggest(file, look(Path(file["path"])).seen)
        assert (found.kind, found.values["target"]) == (kind, target)
        assert target in found.reasons["target"]
        assert all(reason.endswith(".") for reason in found.reasons.values())
