"""Window: the longest time each of a person's journeys holds it, with a library of a thousand runs and a study that really ran."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memstudio.experiment.parameters import Refusal
from memstudio.ground.launch import environment

if TYPE_CHECKING:
    from memstudio.bench.journeys import Journey
    from memstudio.experiment.document import Document

#: milliseconds: what nobody notices
GOAL = 50.0
RUNS = 1000
#: the gallery study that is trained for the live panels, and how it is made short
STUDY = "two-layers-make-an-induction-head"
SHORT = ("--set", "learn.steps=40", "--set", "learn.warm_up=5", "--set", "recall.every=5", "--set", "state.every=10", "--replicates", "2")
NODES = 500
CHAIN = ("task.associative_recall", "encoder.token_embedding", *["sequence.gated_deltanet"] * 7, "readout.classifier")


def main(as_json: bool = False) -> dict[str, Any]:
    """Drives the window through every journey and returns the longest pause of each (milliseconds); prints them unless asked for JSON."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="memstudio-bench-", ignore_cleanup_errors=True) as place:
        os.environ["MEMSTUDIO_HOME"] = place
        study = _filled(Path(place))
        rows = list(_rows(Path(place), study))
    found = {"bench": "window", "rows": rows}
    if not as_json:
        for row in rows:
            verdict = "" if row["ours"] <= GOAL else "  over the goal"
            print(
                f"{row['what']:<34} {row['ours']:6.1f} ms, own work {row['work']:6.1f} ms at “{row['at']}” of {row['acts']} acts{verdict}"
            )
        print(f"Goal: {GOAL:.0f} ms.")
    return found


def _filled(folder: Path) -> str:
    """A thousand runs, and a study beside them that really runs now; the study's id."""
    from memstudio import library
    from memstudio.bench.runs import fill

    with library.open(folder) as opened:
        fill(opened, RUNS)
    command = [sys.executable, "-m", "memstudio", "run", STUDY, *SHORT, "--json", "--library", str(folder)]
    ran = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    if ran.returncode:
        raise Refusal(f"The study {STUDY} did not run: {ran.stderr[-400:]}")
    return str(json.loads(ran.stdout.splitlines()[-1])["study"])


def _rows(folder: Path, study: str) -> Iterator[dict[str, Any]]:
    from memstudio.bench import journeys
    from memstudio.bench.pauses import Act, Pauses
    from memstudio.desktop.app import first_paint

    window = first_paint(folder)
    pauses = Pauses()
    walks: dict[str, Journey] = {
        "every page": journeys.pages,
        "every study of the gallery": journeys.open_studies,
        "building from the palette": journeys.build,
        "selecting each component": journeys.select,
        "dragging": journeys.drag,
        "editing, undo, redo": journeys.edit,
        "light and dark": journeys.themes,
        "commands and keyboard help": journeys.commands,
        f"a table of {RUNS:,} runs": journeys.runs,
        "live panels of a study": journeys.live(study),
        "comparing a study": journeys.compare(study),
        f"a document of {NODES} components": journeys.large(_large(), folder),
    }
    try:
        pauses.of([Act("start", lambda: None, lambda: bool(window.gallery))])
        read = list[bool]()
        window.warm()
        window.background.do(lambda: True, read.append)
        pauses.of([Act("read ahead", lambda: None, lambda: bool(read))])
        for what, walk in walks.items():
            pause = pauses.of(walk(window))
            yield {
                "what": what,
                "ours": round(pause.longest, 1),
                "work": round(pause.work, 1),
                "at": pause.at,
                "acts": pause.acts,
                "to_reach": GOAL,
            }
    finally:
        window.close()


def _large() -> Document:
    """Chains of memories behind tasks, as many components as asked for, with wires along each chain."""
    from memstudio.components.catalogue import catalogue
    from memstudio.experiment.document import Document, Node, Wire

    known = catalogue()
    nodes, wires = list[Node](), list[Wire]()
    for chain in range(NODES // 10):
        before = ""
        for place in range(10):
            component = ("task.associative_recall", "encoder.token_embedding", *["sequence.gated_deltanet"] * 7, "readout.classifier")[
                place
            ]
            id = f"n{chain}_{place}"
            version = known.entry(component).component.version
            nodes.append(Node(id=id, component=component, version=version, place=(place * 240.0, chain * 140.0)))
            if before:
                wires.append(Wire(**{"from": before, "to": f"{id}.{'tokens' if place == 1 else 'input' if place == 9 else 'sequence'}"}))
            before = f"{id}.{'tokens' if place == 0 else 'sequence'}"
    return Document(title="Five hundred", nodes=tuple(nodes), wires=tuple(wires))
