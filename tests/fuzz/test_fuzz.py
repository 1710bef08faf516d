"""Spoiled input of every kind is answered with one sentence. A short form; `python -m tests.fuzz 10000` is the long one."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from memstudio.training.devices import settings_kept
from tests.fuzz.targets import TARGETS

#: inputs a target in the suite
SHORT = {"documents": 120, "exported-models": 25, "library-files": 60, "library-values": 60, "bundles": 40}
USUALLY = 200


@pytest.mark.parametrize("target", list(TARGETS))
def test_spoiled_input_is_answered_in_a_sentence(target: str, tmp_path: Path) -> None:
    seed = os.environ.get("MEMSTUDIO_FUZZ_SEED", "0")
    with settings_kept():
        trial = TARGETS[target](tmp_path)
        for number in range(SHORT.get(target, USUALLY)):
            trial(random.Random(f"{target}/{seed}/{number}"))
