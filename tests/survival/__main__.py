"""`python -m tests.survival KILLS [SCENE ...] [--seed N]`: kills at random moments until there were so many, and what they found."""

from __future__ import annotations

import argparse
import collections
import random
import sys
import tempfile
import traceback
from pathlib import Path

from tests.survival.forks import Forks
from tests.survival.scenes import SCENES, Scenes


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("kills", type=int)
    words.add_argument("scenes", nargs="*")
    words.add_argument("--seed", default="long")
    asked = words.parse_args()
    played: collections.Counter[str] = collections.Counter()
    found = 0
    with tempfile.TemporaryDirectory() as folder, Forks() as forks:
        scenes = Scenes(Path(folder), forks)
        number = 0
        while scenes.kills < asked.kills:
            scene = (asked.scenes or SCENES)[number % len(asked.scenes or SCENES)]
            try:
                getattr(scenes, scene)(random.Random(f"{scene}/{asked.seed}/{number}"))
            except Exception:
                found += 1
                print(f"--- {scene}, {number}", flush=True)
                traceback.print_exc(limit=-6, file=sys.stdout)
            played[scene] += 1
            number += 1
        scenes.close()
        print(f"{scenes.kills} kills in {dict(played)}: {found} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
