"""`memstudio bench [NAME ...] [--json]`: the ratios of the speed table, each measured in one run."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Sequence

#: name -> what it measures
BENCHES = {
    "start": "the window's first paint against importing torch",
    "overhead": "a training run with library against the same loop by hand",
    "points": "points written and read back against raw SQLite",
    "runs": "10,000 runs listed, sorted, filtered and grouped beside raw SQLite",
    "live": "frames of a live plot with eight curves of 100,000 points",
}


def main(arguments: Sequence[str]) -> int:
    """Runs the named benches (all without a name) and prints their ratios; exit 2 for an unknown name."""
    as_json = "--json" in arguments
    names = [word for word in arguments if not word.startswith("-")]
    if "--help" in arguments or "-h" in arguments:
        print(f"Usage: memstudio bench [{'|'.join(BENCHES)}] [--json]\n")
        print("\n".join(f"  {name:<10} {about}" for name, about in BENCHES.items()))
        return 0
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"There is no bench {unknown[0]}; there are {', '.join(BENCHES)}.", file=sys.stderr)
        return 2
    found = {}
    for name in names or list(BENCHES):
        found[name] = importlib.import_module(f"memstudio.bench.{name}").main(as_json)
    if as_json:
        print(json.dumps(found))
    return 0
