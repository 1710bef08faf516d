"""Settings survive, and a damaged file is set aside, not lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from memstudio.ground.log import log_to, stop_log, tail
from memstudio.ground.paths import library_folder, resources, settings_file
from memstudio.ground.settings import VERSION, Settings, migrated


def test_a_setting_is_there_next_time(tmp_path: Path) -> None:
    Settings(tmp_path / "s.json").set("theme", "dark")
    assert Settings(tmp_path / "s.json").get("theme") == "dark"
    assert Settings(tmp_path / "s.json").get("other", 3) == 3


def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    file.write_text("{not json")
    settings = Settings(file)
    assert settings.get("theme") is None
    settings.set("theme", "light")
    assert (tmp_path / "s.json.damaged").read_text() == "{not json"


def test_everything_lies_under_the_home_that_was_set(own_home: Path) -> None:
    assert library_folder() == own_home
    assert settings_file().parent == own_home
    assert (resources() / "gallery").is_dir()


def test_the_tail_of_a_log(tmp_path: Path) -> None:
    import logging

    handler = log_to(tmp_path / "logs" / "run.txt")
    for number in range(100):
        logging.getLogger("memstudio.test").info("line %d", number)
    stop_log(handler)
    assert tail(tmp_path / "logs" / "run.txt", 2)[-1].endswith("line 99")
    assert len(tail(tmp_path / "logs" / "run.txt", 5)) == 5
    assert tail(tmp_path / "none.txt") == []


def test_what_another_process_has_kept_meanwhile_stays(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    here, there = Settings(file), Settings(file)
    there.set("addons", ["theirs"])
    here.set("theme", "dark")
    assert (Settings(file).get("addons"), Settings(file).get("theme")) == (["theirs"], "dark")
    assert here.get("addons") == ["theirs"]


GOLDEN = sorted((Path(__file__).parent / "golden").glob("settings-*.json"))


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_settings_of_every_version_are_read_as_those_of_today(file: Path) -> None:
    assert GOLDEN[-1].stem == f"settings-{VERSION}"
    assert migrated(json.loads(file.read_text())) == json.loads(GOLDEN[-1].read_text())


def test_a_migrated_file_keeps_what_is_not_known(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    file.write_text(GOLDEN[0].read_text())
    Settings(file).set("theme", "light")
    kept = json.loads(file.read_text())
    assert kept == json.loads(GOLDEN[-1].read_text()) | {"theme": "light"}


def test_settings_of_a_newer_program_stay_what_they_are(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    file.write_text('{"version": 99, "new": 1}')
    Settings(file).set("theme", "light")
    assert json.loads(file.read_text()) == {"version": 99, "new": 1, "theme": "light"}


@pytest.mark.parametrize("text", ["{not json", "[1, 2]", "null", '{"a": ' * 3000, "\x00\x01", ""])
def test_what_is_damaged_is_said_in_a_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "s.json"
    file.write_text(text)
    settings = Settings(file)
    assert "s.json.damaged" in settings.notice
    assert settings.get("theme", "x") == "x"
    assert not Settings(file).notice
