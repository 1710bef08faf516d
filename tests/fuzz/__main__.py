"""`python -m tests.fuzz NUMBER [TARGET] [--seed N]`: the long form, with the longest time and the memory of each target."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

import psutil

from tests.fuzz.targets import TARGETS

#: seconds one input may take, and megabytes the process may grow by over a target
LONGEST, MOST = 10.0, 500.0


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("number", type=int)
    words.add_argument("targets", nargs="*", choices=[*TARGETS, []])
    words.add_argument("--seed", default="long")
    asked = words.parse_args()
    found = 0
    for name in asked.targets or TARGETS:
        with tempfile.TemporaryDirectory() as folder:
            found += fed(name, asked.number, asked.seed, Path(folder))
    return 1 if found else 0


def fed(name: str, number: int, seed: str, folder: Path) -> int:
    """Feeds a target with so many inputs and says what was found; how many findings."""
    trial = TARGETS[name](folder)
    process = psutil.Process()
    before, longest, found = process.memory_info().rss, 0.0, 0
    for i in range(number):
        started = time.monotonic()
        try:
            trial(random.Random(f"{name}/{seed}/{i}"))
        except Exception:
            found += 1
            if found <= 20:
                print(f"--- {name}, input {i}", flush=True)
                traceback.print_exc(limit=-6, file=sys.stdout)
        took = time.monotonic() - started
        longest = max(longest, took)
        if took > LONGEST:
            found += 1
            print(f"--- {name}, input {i} took {took:.1f} s", flush=True)
    grown = (process.memory_info().rss - before) / 1e6
    if grown > MOST:
        found += 1
        print(f"--- {name} grew by {grown:,.0f} MB")
    print(f"{name}: {number:,} inputs, {found} findings, longest {longest:.2f} s, memory {grown:+.0f} MB", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
