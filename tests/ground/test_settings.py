"""Settings survive, and a damaged file is set aside, not lost."""

from __future__ import annotations

from pathlib import Path

from memstudio.ground.log import log_to, stop_log, tail
from memstudio.ground.paths import library_folder, resources, settings_file
from memstudio.ground.settings import Settings


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
