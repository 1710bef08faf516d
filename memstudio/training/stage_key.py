"""The key of a stage: by all that decides what a run has computed when it ends, an equal one is found again."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from typing import Any

import torch

import memstudio
from memstudio.experiment.entries import Configured
from memstudio.ground.machine import machine_id
from memstudio.training.environment import versions
from memstudio.training.program import Program, StageProgram

#: raised when anything changes in how a stage is carried out
SCHEME = 1
#: packages whose version decides what a stage computes
DECIDE = ("torch", "numpy", "scikit-learn")


def stage_key(program: Program, stage: StageProgram) -> str:
    """sha256 of all that decides what a run has computed, measured and kept by the end of a stage.

    Everything from the task to the stage and its probes (with versions and defaults), seeds, data, package versions, machine,
    device, threads, precision: two runs with the same key are the same bit for bit up to there, times apart.
    """
    text = json.dumps(_decides(program, stage), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _decides(program: Program, stage: StageProgram) -> dict[str, Any]:
    reached = program.stages[: program.stages.index(stage) + 1]
    chain = [one.stage for one in reached]
    tasks = {one.stream for one in chain}
    nodes = tasks.union(*((*one.value_nodes, *one.ensembles, one.node, *one.probes) for one in chain))
    run, place = program.document.run, program.place
    return {
        "scheme": SCHEME,
        "memstudio": memstudio.__version__,
        "packages": {name: version for name, version in versions().items() if name in DECIDE},
        "machine": [machine_id(), platform.machine(), torch.backends.cpu.get_cpu_capability(), torch.version.cuda],
        "computed": [place.name, run.precision, run.threads, run.deterministic],
        "seeds": [program.draws.seed, program.draws.data_seed],
        "keep": run.keep,
        "data": {program.uid(task): program.data[program.uid(task)] for task in sorted(tasks)},
        "stages": [[one.node, one.stream, one.scores, one.ensembles, one.after, one.probes] for one in chain],
        "nodes": {node: [program.uid(node), _plain(program.inferred.configured[node])] for node in sorted(nodes)},
        "wires": sorted([wire.start, wire.end] for wire in program.document.wires if {wire.start_node, wire.end_node} <= nodes),
    }


def _plain(value: Any) -> Any:
    """A value of a component as JSON; a component inside it with its version and all its values."""
    if isinstance(value, Configured):
        return [value.entry.component.id, value.entry.version, _plain(value.values)]
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def about_end(program: Program, stage: StageProgram) -> dict[str, Any]:
    """What the checkpoint at the end of a stage says of itself, so that later runs find it."""
    return {"key": stage_key(program, stage), "last": stage is program.stages[-1]}
