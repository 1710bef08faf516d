"""Add-ons in the terminal: the list, answers, --addons and --safe everywhere, help and components, the doctor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from memstudio.cli.commands import main
from memstudio.components import catalogue as room
from tests.addons import fresh, put, small  # noqa: F401 - fixtures

pytestmark = pytest.mark.usefixtures("fresh")


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Types words as a process of its own would get them: what was read of add-ons before is not known."""

    def typed(*words: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(room, "_joined", None)
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err.strip()

    return typed


def states(out: str) -> dict[str, str]:
    return {one["name"]: one["state"] for one in json.loads(out)}


def test_none(say: Any, own_home: Path) -> None:
    code, out, _ = say("addons")
    assert code == 0
    assert "There are no add-ons." in out
    assert str(own_home / "components") in out
    assert say("addons", "--json") == (0, "[]\n", "")


def test_addons_on_any_verb_is_a_yes_that_is_kept(say: Any, tmp_path: Path) -> None:
    folder = put(tmp_path / "theirs", small())
    for words in (["explain", "sequence.small", "--addons", folder], ["--addons", folder, "explain", "sequence.small"]):
        code, out, _ = say(*words)
        assert code == 0
        assert "From the add-on theirs." in out
    assert say("explain", "sequence.small")[0] == 0
    assert say("--safe", "explain", "sequence.small")[0] == 2


def test_safe_is_said_of_each(say: Any, own_home: Path) -> None:
    put(own_home / "components" / "small", small())
    code, out, _ = say("addons", "--safe", "--json")
    assert code == 0
    (one,) = json.loads(out)
    assert one["state"] == "off"
    assert "--safe" in one["reason"]


@pytest.mark.parametrize("order", [0, 1])
def test_safe_and_addons_exclude_each_other(say: Any, tmp_path: Path, order: int) -> None:
    folder = put(tmp_path / "theirs", small())
    words: list[list[str | Path]] = [["--safe"], ["--addons", folder]]
    code, out, err = say("components", *words[order], *words[1 - order])
    assert (code, out) == (2, "")
    assert "leave one of the two out" in err


def test_a_folder_without_add_ons_is_what_was_typed(say: Any, tmp_path: Path) -> None:
    code, out, err = say("components", "--addons", tmp_path)
    assert (code, out) == (2, "")
    assert "declare.py" in err
    assert "\n" not in err
    assert say("components", "--addons", tmp_path / "nowhere")[0] == 2


def test_answers(say: Any, tmp_path: Path) -> None:
    folder = put(tmp_path / "theirs", small())
    assert states(say("addons", "allow", folder, "--json")[1]) == {"theirs": "on"}
    (folder / "more.py").write_text("", encoding="utf-8")
    assert states(say("addons", "--json")[1]) == {"theirs": "asked"}
    assert states(say("addons", "allow", "theirs", "--json")[1]) == {"theirs": "on"}
    assert states(say("addons", "decline", "theirs", "--json")[1]) == {"theirs": "off"}
    assert states(say("addons", "forget", folder, "--json")[1]) == {}
    for verb in ("allow", "decline", "forget"):
        code, out, err = say("addons", verb, "theris")
        assert (code, out) == (2, "")
        assert "There is no add-on theris" in err


def test_a_refused_one_is_listed_with_its_reason_and_hinders_nothing(say: Any, own_home: Path) -> None:
    put(own_home / "components" / "broken", small(declare="print('hello')\n"))
    code, out, _ = say("addons")
    assert code == 0
    assert "broken (refused): declare.py does not say COMPONENTS" in out
    assert say("components", "--json")[0] == 0
    code, out, _ = say("doctor", "--json")
    assert code == 1
    found = json.loads(out)
    assert found["addons"] == ["broken refused"]
    assert any("The add-on broken cannot be used" in problem for problem in found["problems"])


def test_again_asks_anew(say: Any, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from memstudio.components import addons_judged

    put(own_home / "components" / "broken", {"declare.py": "raise ValueError\n"})
    say("addons")
    monkeypatch.setattr(addons_judged, "ask", lambda found: addons_judged.Verdict(refused="Another reason."))
    assert "Another reason." not in say("addons")[1]
    assert "Another reason." in say("addons", "--again")[1]
