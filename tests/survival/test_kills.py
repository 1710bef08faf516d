"""SIGKILL at random moments, a short form; `python -m tests.survival 200` is the long one."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from tests.survival.forks import Forks
from tests.survival.scenes import SCENES, Scenes

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here")

#: times each scene is played in the suite
TIMES = {"worker": 4, "export": 2, "migration": 8, "edits": 4}


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenes]:
    with Forks() as forks:
        made = Scenes(tmp_path_factory.mktemp("survival"), forks)
        yield made
        made.close()


@pytest.mark.parametrize("scene", SCENES)
def test_nothing_is_lost(scene: str, scenes: Scenes) -> None:
    for number in range(TIMES[scene]):
        getattr(scenes, scene)(random.Random(f"{scene}/{number}"))
