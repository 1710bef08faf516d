"""Add-ons: found, asked about, read apart, joined; nothing of them runs before the user's yes to the files as they are."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memstudio.components import addons_found, addons_judged
from memstudio.components import catalogue as room
from memstudio.components.addons import AddOn
from memstudio.components.addons_agreed import SETTING
from memstudio.components.addons_imported import IMPORTER
from memstudio.experiment.parameters import Refusal
from memstudio.ground.settings import Settings
from tests.addons import fresh, put, small  # noqa: F401 - fixtures

pytestmark = pytest.mark.usefixtures("fresh")


def listed() -> dict[str, AddOn]:
    """The list as it is now, by name."""
    room.look_again()
    return {one.name: one for one in room.addons()}


def marking(mark: Path, name: str = "small") -> dict[str, str]:
    """An add-on that leaves a mark as soon as any of it runs."""
    files = small(name)
    return files | {"declare.py": f"open({str(mark)!r}, 'a').write('x')\n{files['declare.py']}"}


def test_nothing_there_is_nothing_listed() -> None:
    assert listed() == {}
    assert list(room.look_again()) == list(room.ours())


def test_the_own_folder_is_always_found_in_both_shapes(own_home: Path) -> None:
    put(own_home / "components" / "small", small())
    put(own_home / "components" / "sequence" / "other", small("other"))
    found = listed()
    assert {name: (one.state, one.source, one.components) for name, one in found.items()} == {
        "small": ("on", "own", ("sequence.small",)),
        "other": ("on", "own", ("sequence.other",)),
    }
    assert "sequence.small" in room.catalogue()
    assert "sequence.small" not in room.ours()
    entry = room.get("sequence.small")
    assert entry.version == f"1+{found['small'].content[:12]}"
    assert entry.origin is not None
    assert entry.origin.content == found["small"].content


def test_safe_leaves_all_out_and_runs_nothing(own_home: Path, tmp_path: Path) -> None:
    put(own_home / "components" / "small", marking(tmp_path / "mark"))
    room.be_safe()
    assert listed()["small"].state == "off"
    assert "--safe" in listed()["small"].reason
    assert list(room.catalogue()) == list(room.ours())
    assert not (tmp_path / "mark").exists()
    assert os.environ["MEMSTUDIO_SAFE"], "children are safe too"


def test_a_folder_is_used_after_a_yes_and_asked_about_when_it_changes(tmp_path: Path) -> None:
    folder = put(tmp_path / "theirs" / "small", small())
    assert listed() == {}
    room.allow(folder)
    assert listed()["small"].state == "on"
    assert Settings().get(SETTING)[0]["place"] == str(folder)

    put(folder, marking(tmp_path / "mark"))
    changed = listed()["small"]
    assert changed.state == "asked"
    assert "changed" in changed.reason
    assert "sequence.small" not in room.catalogue()
    assert not (tmp_path / "mark").exists(), "changed code ran without a yes"

    room.allow("small")
    assert listed()["small"].state == "on"
    assert (tmp_path / "mark").exists()


def test_a_yes_to_a_folder_of_add_ons_is_none_to_one_that_comes_later(tmp_path: Path) -> None:
    put(tmp_path / "theirs" / "one", small("one"))
    room.allow(tmp_path / "theirs")
    put(tmp_path / "theirs" / "two", marking(tmp_path / "mark", "two"))
    found = listed()
    assert (found["one"].state, found["two"].state) == ("on", "asked")
    assert not (tmp_path / "mark").exists()
    room.allow(str(tmp_path / "theirs"))
    assert {one.state for one in listed().values()} == {"on"}


def test_no_is_kept_and_forgetting_forgets(tmp_path: Path) -> None:
    folder = put(tmp_path / "small", small())
    room.allow(folder)
    room.decline("small")
    assert listed()["small"].state == "off"
    assert "sequence.small" not in room.catalogue()
    room.forget("small")
    assert listed() == {}
    with pytest.raises(Refusal, match="no add-on small"):
        room.forget("small")


def test_a_consented_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    folder = put(tmp_path / "small", small())
    room.allow(folder)
    folder.rename(tmp_path / "elsewhere")
    gone = listed()["small"]
    assert gone.state in ("refused", "asked")
    assert "small" not in [entry.id for entry in room.catalogue()]
    assert room.forget(str(folder)) == str(folder)
    assert listed() == {}


@pytest.mark.parametrize("there", [False, True])
def test_a_folder_without_add_ons_is_refused(tmp_path: Path, there: bool) -> None:
    folder = tmp_path / "empty"
    if there:
        folder.mkdir()
    with pytest.raises(Refusal, match=r"declare\.py" if there else "no such folder"):
        room.allow(folder)
    assert not Settings().get(SETTING)


def test_own_add_ons_are_neither_declined_nor_forgotten(own_home: Path) -> None:
    put(own_home / "components" / "small", small())
    for say in (room.decline, room.forget, room.allow):
        with pytest.raises(Refusal, match="always used"):
            say("small")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package of version 1.2 whose entry point names the add-on in `memories`; its import leaves a mark."""
    site = tmp_path / "site"
    about = put(site / "theirs-1.2.dist-info", {"METADATA": "Metadata-Version: 2.1\nName: theirs\nVersion: 1.2\n"})
    put(about, {"entry_points.txt": "[memstudio.components]\nleaky = theirs.memories\n"})
    put(site / "theirs", {"__init__.py": f"open({str(tmp_path / 'mark')!r}, 'a').write('x')\n"})
    put(site / "theirs" / "memories", small())
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", str(site))
    addons_found._points.cache_clear()
    return tmp_path


def test_an_installed_package_is_asked_about_without_being_imported(package: Path) -> None:
    (one,) = listed().values()
    assert (one.source, one.state, one.version, one.place) == ("installed", "asked", "1.2", "installed:theirs/leaky")
    assert one.components == ()
    assert not (package / "mark").exists()
    assert "theirs" not in sys.modules
    absent = room.catalogue().would_bring("sequence.small")
    assert absent is not None, "its declaration is looked through as text"
    assert absent.state == "asked"

    room.allow("leaky")
    (one,) = listed().values()
    assert (one.state, one.components) == ("on", ("sequence.small",))
    assert one.where == "installed package theirs 1.2"

    room.decline(one.place)
    assert [one.state for one in listed().values()] == ["off"]


def test_an_entry_point_to_nowhere_is_refused_once_allowed(package: Path) -> None:
    put(package / "site" / "theirs-1.2.dist-info", {"entry_points.txt": "[memstudio.components]\nleaky = theirs.nowhere\n"})
    addons_found._points.cache_clear()
    (one,) = listed().values()
    assert one.state == "asked"
    room.allow(one.place)
    (one,) = listed().values()
    assert one.state == "refused"
    assert "theirs.nowhere" in one.reason


def test_two_of_one_id_are_one_and_a_refusal(own_home: Path, tmp_path: Path) -> None:
    put(own_home / "components" / "mine", small())
    room.allow(put(tmp_path / "theirs", small()))
    found = listed()
    assert found["mine"].state == "on"
    assert found["theirs"].state == "refused"
    assert found["theirs"].reason == "The id sequence.small is taken by the add-on mine; remove one of the two, or give it another id."
    assert [unread.place for unread in room.catalogue().unread] == ["theirs"]


def test_a_verdict_is_remembered_by_content(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = put(own_home / "components" / "small", small())
    assert listed()["small"].state == "on"
    asked: list[str] = []
    verdict = addons_judged.ask

    def counted(found: addons_found.Found) -> addons_judged.Verdict:
        asked.append(found.name)
        return verdict(found)

    monkeypatch.setattr(addons_judged, "ask", counted)
    monkeypatch.setattr(room, "_joined", None)
    assert listed()["small"].state == "on"
    assert asked == []
    put(folder, {"more.py": "x = 1\n"})
    assert listed()["small"].state == "on"
    assert asked == ["small"]


def test_a_refusal_is_believed_until_it_is_asked_for_anew(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(own_home / "components" / "small", {"declare.py": "raise ValueError('not today')\n"})
    assert "ValueError (declare.py, line 1): not today" in listed()["small"].reason
    monkeypatch.setattr(addons_judged, "ask", lambda found: addons_judged.Verdict(refused="Another reason."))
    monkeypatch.setattr(room, "_joined", None)
    assert "not today" in listed()["small"].reason
    room.look_again(anew=True)
    assert room.addons()[0].reason == "Another reason."


def test_what_was_missing_may_be_there_the_next_time(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(own_home / "components" / "small", small(declare="import surely_not_installed\n"))
    assert "surely_not_installed" in listed()["small"].reason
    monkeypatch.setattr(room, "_joined", None)
    monkeypatch.setattr(addons_judged, "ask", lambda found: addons_judged.Verdict(refused="Asked again."))
    assert listed()["small"].reason == "Asked again."


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"for": 3}', '{"for": "x", "verdicts": 3}', "\x00"])
def test_damaged_verdicts_are_asked_for_again(own_home: Path, damage: str) -> None:
    put(own_home / "components" / "small", small())
    (own_home / "addons-read.json").write_text(damage, encoding="utf-8")
    assert listed()["small"].state == "on"
    assert json.loads((own_home / "addons-read.json").read_text(encoding="utf-8"))["verdicts"]


@pytest.mark.parametrize("damage", [3, "yes", [3], [{"place": 3}], [{"place": "x", "contents": 3}], {"x": 1}])
def test_damaged_answers_are_none(tmp_path: Path, damage: object) -> None:
    Settings().set(SETTING, damage)
    assert listed() == {}
    room.allow(put(tmp_path / "small", small()))
    assert listed()["small"].state == "on"


def test_a_file_that_changes_after_it_was_read_is_not_run(own_home: Path) -> None:
    folder = put(own_home / "components" / "swapped", small("swapped"))
    listed()
    entry = room.get("sequence.swapped")
    (folder / "layers.py").write_text("raise SystemExit('should not run')\n", encoding="utf-8")
    with pytest.raises(ImportError, match="has changed since it was read"):
        entry().build(width=4)
    # looked at again, the new file is the add-on
    assert listed()["swapped"].state == "refused"


def test_a_changed_add_on_is_another_module(own_home: Path) -> None:
    folder = put(own_home / "components" / "small", small())
    listed()
    before = type(room.get("sequence.small")().build(width=4))
    put(folder, {"layers.py": small()["layers.py"] + "\nMORE = 1\n"})
    listed()
    after = type(room.get("sequence.small")().build(width=4))
    assert before is not after
    assert before.__module__ != after.__module__
    assert not list(folder.rglob("*.pyc")), "compiled files would be run without being looked at"


def test_compiled_files_are_never_taken(own_home: Path) -> None:
    folder = put(own_home / "components" / "small", small())
    cache = put(folder / "__pycache__", {})
    (cache / f"layers.{sys.implementation.cache_tag}.pyc").write_bytes(b"rubbish")
    listed()
    assert room.get("sequence.small")().build(width=4) is not None


def test_only_listed_files_can_be_imported(own_home: Path) -> None:
    put(own_home / "components" / "small", small())
    listed()
    key = addons_found.own(room.ours().families)[0].key
    assert IMPORTER.find_spec(f"memstudio_addons.{key}.layers") is not None
    for name in (f"memstudio_addons.{key}.other", "memstudio_addons.unknown", "memstudio_addons.unknown.layers", "other"):
        assert IMPORTER.find_spec(name) is None


def test_too_much_in_a_folder_is_refused(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(own_home / "components" / "small", small())
    monkeypatch.setattr(addons_found, "MOST_FILES", 1)
    assert "holds more than" in listed()["small"].reason


def test_a_yes_that_cannot_be_kept_holds_for_this_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMSTUDIO_HOME", "/proc/nowhere")
    room.allow(put(tmp_path / "small", small()))
    assert listed()["small"].state == "on"
    assert str(tmp_path / "small") in os.environ["MEMSTUDIO_ADDONS"], "the processes it starts are told"


def test_a_declaration_may_ask_for_our_catalogue(own_home: Path) -> None:
    """It gets ours, in the process that reads it first as well as here; neither reads add-ons all over again."""
    asks = "from memstudio.components import get\nassert get('sequence.attention').title\n"
    put(own_home / "components" / "asks", small("asks") | {"declare.py": asks + small("asks")["declare.py"]})
    put(own_home / "components" / "other", small("other"))
    assert {name: one.state for name, one in listed().items()} == {"asks": "on", "other": "on"}
    assert {"sequence.asks", "sequence.other"} <= {entry.id for entry in room.catalogue()}


def test_reading_can_be_given_up(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(own_home / "components" / "small", small())

    def leaves(found: addons_found.Found) -> addons_judged.Verdict:
        room.give_up()
        return addons_judged.UNREAD

    with monkeypatch.context() as patched:
        patched.setattr(addons_judged, "ask", leaves)
        assert "sequence.small" not in room.look_again()
    assert room._joined is None, "what was not read to its end is no answer"
    assert listed()["small"].state == "on"


@given(
    st.dictionaries(st.text(st.characters(categories=("Ll", "Nd")), min_size=1, max_size=6), st.text(max_size=6), min_size=1, max_size=5),
    st.data(),
)
def test_the_content_differs_as_soon_as_a_file_does(files: dict[str, str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(files)))
    content = addons_found.content_of(files)
    assert content == addons_found.content_of(dict(reversed(files.items())))
    assert content != addons_found.content_of(files | {name: files[name] + "x"})
    assert content != addons_found.content_of({other: sha for other, sha in files.items() if other != name})
    assert content != addons_found.content_of(files | {name + "x": files[name]})
