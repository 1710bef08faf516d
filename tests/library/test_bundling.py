"""Bundles: what is sent arrives whole; what was made to do harm, or was damaged on the way, is refused and leaves nothing behind."""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memstudio import library
from memstudio.experiment.parameters import Refusal
from memstudio.library import Library, unpacking
from tests.library.filled import finished, study
from tests.library.small import document, planned
from tests.library.test_merging import contents, hold_trials, sound, whole


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Library]:
    with library.open(tmp_path / "empty") as opened:
        yield opened


def test_no_library_is_replaced_by_a_bundle(lib: Library) -> None:
    done = study(lib)
    with pytest.raises(Refusal, match="is a library, which a bundle would replace"):
        lib.bundle(done.study, lib.path)
    assert len(lib.runs()) == len(done.runs)


def test_files_that_are_not_there_any_more_are_counted(lib: Library, tmp_path: Path) -> None:
    done = study(lib)
    whole_one = lib.bundle(done.study, tmp_path / "whole.memlib")
    next(path for path in (lib.folder / "artifacts").rglob("*") if path.is_file()).unlink()
    made = lib.bundle(done.study, tmp_path / "less.memlib")
    assert (whole_one.missing, made.missing, made.files) == (0, 1, whole_one.files - 1)
    assert lib.bundle(done.study, tmp_path / "light.memlib", with_artifacts=False).missing == 0


def test_a_study_arrives_whole_in_an_empty_library(lib: Library, empty: Library, tmp_path: Path) -> None:
    done = study(lib)
    lib.submit(document(), [planned()])
    lib.mark(done.runs[2], add_tags=["paper"], note="look", star=True)
    (lib.folder / "logs").mkdir()
    (lib.folder / "logs" / f"{done.runs[0]}.txt").write_text("what was said")
    before = contents(lib.folder / "artifacts")
    file = tmp_path / "heads.memlib"
    told: list[tuple[int, int]] = []
    made = lib.bundle(done.study or "", file, progress=lambda n, of, what: told.append((n, of)))
    assert (made.path, made.runs, made.studies, made.files, made.bytes) == (file, 8, 1, 9, file.stat().st_size)
    assert told
    assert all(0 <= n <= of for n, of in told)
    assert contents(lib.folder / "artifacts") == before
    assert [one for one in tmp_path.iterdir() if one.name.startswith(".bundling")] == []
    merged = empty.merge(file)
    assert (merged.runs, merged.studies, merged.files, merged.missing) == (8, 1, 9, 0)
    for uid in done.runs:
        assert whole(empty, uid) == whole(lib, uid)
    assert empty.study(done.study or "") == lib.study(done.study or "")
    assert empty.log_file(done.runs[0]).read_text() == "what was said"
    assert empty.merge(file).already == 8
    sound(empty)


def test_opened_as_a_library_it_says_what_it_is(lib: Library, tmp_path: Path) -> None:
    done = study(lib, seeds=1, heads=(1,))
    made = lib.bundle(done.study or "", tmp_path / "x.memlib")
    with pytest.raises(Refusal, match="memstudio merge"):
        library.open(made.path)


def test_single_runs_come_with_their_cells_only(lib: Library, empty: Library, tmp_path: Path) -> None:
    done = study(lib)
    lib.bundle([done.runs[0][:10], done.runs[1]], tmp_path / "two.memlib")
    empty.merge(tmp_path / "two.memlib")
    assert [cell.label for cell in empty.study(done.study or "").cells] == ["attention, heads 1"]
    assert {row.uid for row in empty.runs()} == set(done.runs[:2])
    sound(empty)


def test_without_files(lib: Library, empty: Library, tmp_path: Path) -> None:
    done = study(lib)
    made = lib.bundle(done.study or "", tmp_path / "light.memlib", with_artifacts=False)
    assert made.files == 0
    merged = empty.merge(made.path)
    assert (merged.runs, merged.missing) == (8, 0)
    assert empty.measures(done.runs[3]) == lib.measures(done.runs[3])
    assert empty.artifacts(done.runs[3]) == []


def test_a_run_that_goes_on_is_sent_as_it_is_and_arrives_stopped(lib: Library, empty: Library, tmp_path: Path) -> None:
    (uid,) = lib.submit(document(), [planned()]).runs
    finished(lib, uid, {"loss": 1.0}, {"checkpoint-last": b"w"}, state="running")
    lib.bundle(uid, tmp_path / "going.memlib")
    assert lib.run(uid).state == "running"
    empty.merge(tmp_path / "going.memlib")
    assert empty.run(uid).state == "stopped"
    empty.requeue(uid)


def test_trials_and_the_trash(lib: Library, empty: Library, tmp_path: Path) -> None:
    done, trials = study(lib), study(lib, heads=(2,), seeds=1)
    hold_trials(lib, done.study, trials.study)
    lib.trash(done.runs[0])
    assert lib.bundle(done.study or "", tmp_path / "x.memlib").runs == 7 + 2
    empty.merge(tmp_path / "x.memlib")
    assert [one.uid for one in empty.studies(trials_of=done.study)] == [trials.study]
    lib.trash(done.study or "")
    with pytest.raises(Refusal, match="nothing to bundle"):
        lib.bundle(done.study or "", tmp_path / "y.memlib")
    assert not (tmp_path / "y.memlib").exists()


def test_the_same_runs_make_the_same_list(lib: Library, tmp_path: Path) -> None:
    done = study(lib)
    says = []
    for name in ("a", "b"):
        lib.bundle(done.study or "", tmp_path / name)
        with zipfile.ZipFile(tmp_path / name) as archive:
            assert archive.testzip() is None
            says.append(json.loads(archive.read("manifest.json")))
    for one in says:
        assert one["format"] == "memstudio-bundle"
        assert one["runs"] == list(done.runs)
        assert one["studies"] == [done.study]
    artifacts = [[f for f in one["files"] if f["name"].startswith("artifacts/")] for one in says]
    assert artifacts[0] == artifacts[1]
    assert len(artifacts[0]) == 9


def test_a_damaged_file_is_not_sent(lib: Library, tmp_path: Path) -> None:
    done = study(lib)
    lib.artifacts(done.runs[0])[0].path.write_bytes(b"something else")
    (tmp_path / "x.memlib").write_bytes(b"what was there")
    with pytest.raises(Refusal, match="is damaged"):
        lib.bundle(done.study or "", tmp_path / "x.memlib")
    assert (tmp_path / "x.memlib").read_bytes() == b"what was there"
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_a_lost_file_is_left_out(lib: Library, empty: Library, tmp_path: Path) -> None:
    done = study(lib)
    lib.artifacts(done.runs[0])[0].path.unlink()
    assert lib.bundle(done.study or "", tmp_path / "x.memlib").files == 8
    assert empty.merge(tmp_path / "x.memlib").missing == 0
    assert [one.name for one in empty.artifacts(done.runs[0])] == ["targets"]


def test_a_place_that_cannot_be_written_and_names_nobody_knows(lib: Library, tmp_path: Path) -> None:
    done = study(lib)
    with pytest.raises(Refusal, match="cannot be written"):
        lib.bundle(done.study or "", tmp_path / "nowhere" / "x.memlib")
    with pytest.raises(Refusal, match="There is no run"):
        lib.bundle("zz", tmp_path / "x.memlib")


def test_from_a_library_that_can_only_be_read(lib: Library, empty: Library, tmp_path: Path) -> None:
    done = study(lib)
    with library.open(lib.folder, readonly=True) as shelf:
        shelf.bundle(done.study or "", tmp_path / "x.memlib")
    assert empty.merge(tmp_path / "x.memlib").runs == 8


# ---------------------------------------------------------------------------------------------- what was made to do harm

Change = Callable[[dict[str, bytes], dict[str, Any]], None]


def packed(file: Path) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The files of a bundle, and what its list says."""
    with zipfile.ZipFile(file) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if name != "manifest.json"}
        return files, json.loads(archive.read("manifest.json"))


def pack(file: Path, files: dict[str, bytes], says: Any, how: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(file, "w", how) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        archive.writestr("manifest.json", says if isinstance(says, str | bytes) else json.dumps(says))


def line(name: str, data: bytes) -> dict[str, Any]:
    return {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}


def escapes(name: str) -> Change:
    def change(files: dict[str, bytes], says: dict[str, Any]) -> None:
        files[name] = b"pwned"
        says["files"].append(line(name, b"pwned"))

    return change


def other_content(files: dict[str, bytes], says: dict[str, Any]) -> None:
    name = next(name for name in files if name.startswith("artifacts/"))
    files[name] = bytes(len(files[name]))


def other_name(files: dict[str, bytes], says: dict[str, Any]) -> None:
    """The list says the right hash of a content under the name of another."""
    name = next(name for name in files if name.startswith("artifacts/"))
    files[name] = b"else"
    says["files"] = [one if one["name"] != name else line(name, b"else") for one in says["files"]]


def bomb(files: dict[str, bytes], says: dict[str, Any]) -> None:
    data = bytes(64 << 20)
    sha = hashlib.sha256(data).hexdigest()
    name = f"artifacts/{sha[:2]}/{sha[2:]}"
    files[name] = data
    says["files"].append(line(name, data))


def drop(name: str) -> Change:
    def change(files: dict[str, bytes], says: dict[str, Any]) -> None:
        del files[name]

    return change


def says_else(**values: Any) -> Change:
    def change(files: dict[str, bytes], says: dict[str, Any]) -> None:
        says.update(values)

    return change


def no_database(files: dict[str, bytes], says: dict[str, Any]) -> None:
    del files["library.db"]
    says["files"] = [one for one in says["files"] if one["name"] != "library.db"]


def foreign_database(files: dict[str, bytes], says: dict[str, Any]) -> None:
    files["library.db"] = b"SQLite format 3\x00" + bytes(4080)
    says["files"] = [one if one["name"] != "library.db" else line("library.db", files["library.db"]) for one in says["files"]]


def shorter(files: dict[str, bytes], says: dict[str, Any]) -> None:
    for one in says["files"]:
        one["size"] -= 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (escapes("../escaped.txt"), "which no bundle does"),
        (escapes("/tmp/escaped.txt"), "which no bundle does"),
        (escapes("artifacts/../../escaped.txt"), "which no bundle does"),
        (escapes("artifacts\\..\\escaped"), "which no bundle does"),
        (escapes("C:escaped.txt"), "which no bundle does"),
        (escapes("logs/../escaped.txt"), "which no bundle does"),
        (escapes("logs/"), "which no bundle does"),
        (escapes("library.db-wal"), "which no bundle does"),
        (escapes("artifacts/ab/" + "c" * 62 + "\n"), "which no bundle does"),
        (other_content, "is not what its list says"),
        (other_name, "another name than its content has"),
        (bomb, "would grow more than 200-fold"),
        (drop("library.db"), "are not the same"),
        (no_database, "are not the same"),
        (foreign_database, "library"),
        (shorter, "not of the size its list says"),
        (says_else(files=[]), "are not the same"),
        (says_else(files=[3]), "names one that no bundle has"),
        (says_else(files={"a": 1}), "names one that no bundle has"),
        (says_else(files=[{"name": "library.db", "sha256": "x", "size": 1}]), "names one that no bundle has"),
        (says_else(files=[{"name": "library.db", "sha256": "0" * 64, "size": True}]), "a size that none has"),
        (says_else(files=[{"name": "library.db", "sha256": "0" * 64, "size": -1}]), "a size that none has"),
        (says_else(format="zip"), "does not say that it is one"),
        (says_else(version=2), "newer MemStudio"),
    ],
)
def test_a_bundle_that_is_none_is_refused_and_leaves_nothing(
    lib: Library, empty: Library, tmp_path: Path, change: Change, said: str
) -> None:
    done = study(lib, seeds=1, heads=(1,))
    file = tmp_path / "deep" / "down" / "x.memlib"
    file.parent.mkdir(parents=True)
    lib.bundle(done.study or "", file)
    files, says = packed(file)
    change(files, says)
    pack(file, files, says)
    empty.trash([])  # so that everything of opening is written before
    before = contents(tmp_path)
    with pytest.raises(Refusal, match=said) as caught:
        empty.merge(file)
    assert "\n" not in str(caught.value)
    assert {name: sha for name, sha in contents(tmp_path).items() if "library.db" not in name} == {
        name: sha for name, sha in before.items() if "library.db" not in name
    }
    assert empty.runs() == []
    sound(empty)


def test_links_doubles_and_odd_packing(lib: Library, empty: Library, tmp_path: Path) -> None:
    done = study(lib, seeds=1, heads=(1,))
    file = tmp_path / "x.memlib"
    lib.bundle(done.study or "", file)
    files, says = packed(file)
    name = next(one for one in files if one.startswith("artifacts/"))
    link = zipfile.ZipInfo(name)
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(file, "w") as archive:
        for one, data in files.items():
            archive.writestr(link if one == name else one, data)
        archive.writestr("manifest.json", json.dumps(says))
    with pytest.raises(Refusal, match="is no plain file"):
        empty.merge(file)
    with zipfile.ZipFile(file, "w") as archive:
        for one, data in files.items():
            archive.writestr(one, data)
        archive.writestr("manifest.json", json.dumps(says))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr(name, b"again")
    with pytest.raises(Refusal, match="is in it twice"):
        empty.merge(file)
    pack(file, files, says, zipfile.ZIP_BZIP2)
    with pytest.raises(Refusal, match="packed in a way"):
        empty.merge(file)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("library.db", files["library.db"])
    with pytest.raises(Refusal, match="no list of its files"):
        empty.merge(file)
    pack(file, files, "[" * 100_000)
    with pytest.raises(Refusal, match="list of files cannot be read"):
        empty.merge(file)
    assert empty.runs() == []


def test_files_that_overlap_are_refused(lib: Library, empty: Library, tmp_path: Path) -> None:
    """The better bomb: many entries that share their packed bytes."""
    blocks = [os.urandom(1 << 16) for _ in range(2)]
    shas = [hashlib.sha256(block).hexdigest() for block in blocks]
    buffer = io.BytesIO()
    names = [f"artifacts/{sha[:2]}/{sha[2:]}" for sha in shas]
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("library.db", b"x")
        for name, block in zip(names, blocks, strict=True):
            archive.writestr(name, block)
        files = [line("library.db", b"x"), *(line(name, block) for name, block in zip(names, blocks, strict=True))]
        archive.writestr("manifest.json", json.dumps({"format": "memstudio-bundle", "version": 1, "files": files}))
    data = bytearray(buffer.getvalue())
    # the last entry's place in the directory becomes that of the first block
    places = [i for i in range(len(data)) if data[i : i + 4] == b"PK\x01\x02"]
    data[places[2] + 42 : places[2] + 46] = struct.pack("<I", int.from_bytes(data[places[1] + 42 : places[1] + 46], "little"))
    (tmp_path / "x.memlib").write_bytes(data)
    with pytest.raises(Refusal):
        empty.merge(tmp_path / "x.memlib")
    assert empty.runs() == []


def test_no_room_is_said_before_anything_is_written(lib: Library, empty: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = study(lib, seeds=1, heads=(1,))
    lib.bundle(done.study or "", tmp_path / "x.memlib")

    class Full:
        free = 10

    monkeypatch.setattr(unpacking.shutil, "disk_usage", lambda place: Full)
    with pytest.raises(Refusal, match="make room"):
        empty.merge(tmp_path / "x.memlib")
    assert empty.runs() == []
    sound(empty)


@pytest.fixture(scope="module")
def one_bundle(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    place = tmp_path_factory.mktemp("sent")
    with library.open(place / "library") as lib:
        lib.bundle(study(lib, seeds=1, heads=(1,)).study or "", place / "x.memlib")
    return (place / "x.memlib").read_bytes()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_damage_on_the_way_is_noticed(one_bundle: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Bytes changed, cut off or put in: refused in a sentence, or what arrives is what was sent."""
    damaged = bytearray(one_bundle)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        match data.draw(st.sampled_from(["change", "cut", "insert"])):
            case "change":
                damaged[at] = data.draw(st.integers(0, 255))
            case "cut":
                del damaged[at : at + data.draw(st.integers(1, 1000))]
            case "insert":
                damaged[at:at] = data.draw(st.binary(min_size=1, max_size=20))
        if not damaged:
            damaged = bytearray(b"P")
    place = tmp_path_factory.mktemp("damaged")
    (place / "x.memlib").write_bytes(damaged)
    with library.open(place / "library") as lib:
        sentence = ""
        try:
            merged = lib.merge(place / "x.memlib")
        except Refusal as refusal:
            sentence = str(refusal)
        assert "\n" not in sentence
        if sentence:
            assert lib.runs() == []
        else:
            assert (merged.runs, merged.files) == (2, 3)
        sound(lib)
