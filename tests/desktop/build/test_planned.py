from __future__ import annotations

import json
from pathlib import Path

import pytest

from memstudio import library
from memstudio.components.catalogue import catalogue
from memstudio.desktop.build.planned import about, device_text, pace, plan_text, seconds, steps_of, work
from memstudio.experiment.files import parse
from tests.desktop import filled
from tests.documents import recall


def test_steps_are_those_of_everything_that_trains() -> None:
    document = parse(json.dumps(recall(steps=700)), "small")
    assert steps_of(document, catalogue()) == 700


def test_time_follows_from_steps_runs_and_workers() -> None:
    document = parse(json.dumps(recall(steps=100)), "small")
    assert seconds(document, catalogue(), 1, 0.05) == pytest.approx(5.0)
    assert seconds(document, catalogue(), 4, 0.05, workers=2) == pytest.approx(10.0)
    assert work(document, catalogue()) == 100


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (None, ""),
        (2, "about 5 s"),
        (31, "about 30 s"),
        (180, "about 3 min"),
        (3600, "about 60 min"),
        (9000, "about 2.5 h"),
        (360000, "about 100 h"),
    ],
)
def test_durations_are_rounded(duration: float | None, words: str) -> None:
    assert about(duration) == words


def test_the_words_of_a_plan() -> None:
    assert plan_text(9, 180, "CPU") == "9 runs · about 3 min · CPU"
    assert plan_text(1, None, "GPU") == "1 run · GPU"
    assert device_text("cpu") == "CPU"
    assert device_text("cuda") == "GPU"


def test_earlier_runs_of_the_same_title_give_the_pace(tmp_path: Path) -> None:
    with library.open(tmp_path / "library") as opened:
        assert pace(opened, filled.study().title) is None
        filled.fill(tmp_path / "library")
        found = pace(opened, filled.study().title)
        assert found is not None
        assert 0 < found.seconds < 3600
        assert found.runs == 6
        assert pace(opened, "Another title") is None
