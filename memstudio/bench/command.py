"""`memstudio bench [NAME ...] [--json]`: the ratios of the speed table, each measured in one run."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Sequence

from memstudio.experiment.parameters import Refusal

#: name -> what it measures
BENCHES = {
    "start": "the window's first paint against importing torch",
    "overhead": "a training run with library against the same loop by hand",
    "points": "points written and read back against raw SQLite",
    "runs": "10,000 runs listed, sorted, filtered and grouped beside raw SQLite",
    "live": "frames of a live plot with eight curves of 100,000 points",
    "window": "the longest time each of a person's journeys holds the window",
    "canvas": "frames of a canvas with 500 nodes, and the longest pause while it is opened",
    "memories": "speed, peak memory and growth of every sequence memory, beside attention and step by step",
}
#: runs only when it is named: it takes longer than all others together
LONG = {"memories"}


def main(arguments: Sequence[str]) -> int:
    """Runs the named benches (without a name all but the long ones) and prints their ratios; exit 2 for an unknown name."""
    as_json = "--json" in arguments
    if "--help" in arguments or "-h" in arguments:
        print(f"Usage: memstudio bench [{'|'.join(BENCHES)}] [--json]\n       memstudio bench memories [--only NAME] [--json]\n")
        print("\n".join(f"  {name:<10} {about}" for name, about in BENCHES.items()))
        return 0
    words = list(arguments)
    only = None
    if "--only" in words:
        place = words.index("--only")
        only = words[place + 1] if place + 1 < len(words) else ""
        del words[place : place + 2]
    names = [word for word in words if not word.startswith("-")]
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"There is no bench {unknown[0]}; there are {', '.join(BENCHES)}.", file=sys.stderr)
        return 2
    if only is not None and names != ["memories"]:
        print("--only chooses one memory of `bench memories`; give it with that bench alone.", file=sys.stderr)
        return 2
    found = {}
    for name in names or [name for name in BENCHES if name not in LONG]:
        bench = importlib.import_module(f"memstudio.bench.{name}")
        try:
            found[name] = bench.main(as_json, only=only) if name == "memories" else bench.main(as_json)
        except Refusal as refusal:
            print(refusal, file=sys.stderr)
            return 2
    if as_json:
        print(json.dumps(found))
    return 0
