"""What the window asks: shapes of a document's built program, a sample of its task, a recall, the devices there are."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from memstudio.components.catalogue import look_again
from memstudio.components.runtime import Associative, Batch
from memstudio.experiment.files import parse
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.stages import Stage, stages
from memstudio.measures.patterns import overlaps
from memstudio.training import checkpoints, devices
from memstudio.training.devices import Place
from memstudio.training.graph import ValueGraph
from memstudio.training.program import Builder

#: items a shape is looked at with, and classes a recall names for each target
ITEMS = 2
#: pictures that are shown together
PICTURES = 10
BEST = 5

#: of a step whose time is asked: steps that only warm, how many are timed at least and at most, and for how long
WARMING = 3
LEAST_STEPS = 8
MOST_STEPS = 200
TIMED_SECONDS = 1.0

#: answers are made on the CPU, so that they never wait for a GPU that trains
HERE = Place(torch.device("cpu"), "cpu", torch.float32)


def answer(question: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to {"ask": "shapes" | "sample" | "recall" | "step_time", "document": {...}, ...} or {"ask": "devices"}. Raises Refusal."""
    ask = question.get("ask")
    if ask == "devices":
        return {"devices": devices.names(), "missing": devices.missing()}
    if not isinstance(ask, str) or ask not in ASKED:
        raise Refusal(f"The inspector can be asked for {', '.join(ASKED)} or devices, not {ask!r}.")
    document = parse(json.dumps(question.get("document")), "The document")
    return ASKED[ask](Builder(document, look_again(), HERE), question)


def shapes(builder: Builder, question: Mapping[str, Any]) -> dict[str, Any]:
    """Of each value node what the built module gives for one item, and what it holds.

    {"nodes": {id: {"shape": [time, width], "text": "64 × 32", "parameters": n, "state_bytes": n}}}
    """
    found: dict[str, Any] = {}
    for stage in stages(builder.document, builder.catalogue):
        graph = builder.graph(stage, builder.program.draws, shared=True).eval()
        batch = builder.stream(stage.stream).batch(0, ITEMS, builder.program.draws)
        with torch.no_grad():
            values = graph.values(batch.inputs)
        for node, value in values.items():
            shape = list(value.shape[1:])
            cost = builder.inferred.cost.get(node)
            found[node] = {
                "shape": shape,
                "text": " × ".join(str(n) for n in shape),
                "parameters": sum(p.numel() for p in graph.module_of(node).parameters() if p.requires_grad),
                "state_bytes": cost.state_bytes if cost else 0,
            }
    return {"nodes": found}


def sample(builder: Builder, question: Mapping[str, Any]) -> dict[str, Any]:
    """A sample of the task `node` (of the only one, where none is named), as its stream shows it.

    split ("test" or "validation"), part and item (counted from 0, the last one where there are not so many): that item and, of
    pictures, those that follow it. Where items can be looked at one by one the answer says so: {"kind": ..., "items": [...],
    "split": "test", "part": 0, "item": 0, "parts": [{"labels": {"load": 4}, "items": 128}]}.
    """
    stream = builder.stream(_task(builder, question))
    whole = stream.sample()
    split = question.get("split", "test")
    if split not in ("test", "validation"):
        raise Refusal(f"There are test and validation items to look at, no {split!r} ones.")
    parts = [part for experience in range(stream.experiences) for part in stream.parts(split, experience)]
    tasks = [experience + 1 for experience in range(stream.experiences) for _ in stream.parts(split, experience)]
    told = [dict(part.labels) or ({"task": task} if stream.experiences > 1 else {}) for part, task in zip(parts, tasks, strict=True)]
    sizes = [{"labels": labels, "items": len(part.batch)} for labels, part in zip(told, parts, strict=True)]
    if not parts or not len(parts[0].batch) or stream.item(split, 0, 0) is None:
        return whole
    part = min(max(0, int(question.get("part", 0))), len(parts) - 1)
    first = min(max(0, int(question.get("item", 0))), len(parts[part].batch) - 1)
    browsed = {**whole, "split": split, "part": part, "item": first, "parts": sizes}
    if "item" not in question and whole.get("kind") == "images":
        return {**browsed, "overview": True}  # pictures are first seen together
    number = PICTURES if whole.get("kind") == "images" else 1
    items = [stream.item(split, part, index) for index in range(first, min(first + number, len(parts[part].batch)))]
    return {**browsed, "items": items, "overview": False}


def recall(builder: Builder, question: Mapping[str, Any]) -> dict[str, Any]:
    """What a model recalls of a test item, or of a cue of one's own.

    item: index in the first test part (default 0); part: which part; cue: inputs instead of those of the item;
    weights: path of a model file that a run has written (else the untrained model answers). Answers with the inputs, the
    targets (null where nothing is asked), and for each target the most probable classes with their probabilities. A model that ends
    in an associative memory answers with the trajectory from the cue, its energies, what was recalled and the overlap with the pattern.
    """
    stage = _stage(builder)
    graph = builder.graph(stage, builder.program.draws, shared=True).eval()
    if question.get("weights") is not None:
        _load_member(graph, Path(str(question["weights"])), int(question.get("member", 0)))
    batch = _item(builder, stage, question)
    if isinstance(graph.readout, Associative):
        return {**_recalled(graph, graph.readout, batch), "trained": question.get("weights") is not None}
    with torch.no_grad():
        scores = graph(batch.inputs)
        probabilities = graph.readout.probabilities(scores, batch.allowed)[0]
    top = probabilities.reshape(-1, probabilities.shape[-1]).topk(min(BEST, probabilities.shape[-1]), dim=-1)
    targets = batch.targets[0].reshape(-1).tolist()
    counts = [True] * len(targets) if batch.mask is None else batch.mask[0].reshape(-1).tolist()
    return {
        "inputs": batch.inputs[0].tolist(),
        "targets": [target if counted else None for target, counted in zip(targets, counts, strict=True)],
        "answers": top.indices.tolist(),
        "probabilities": [[round(p, 6) for p in row] for row in top.values.tolist()],
        "trained": question.get("weights") is not None,
    }


def step_time(builder: Builder, question: Mapping[str, Any]) -> dict[str, Any]:
    """Seconds a training step of the first stage takes, on the device and with the threads that the document asks for.

    {"seconds": median, "steps": how many were timed}
    """
    run = builder.document.run
    with devices.settings_kept():
        place = devices.choose(run)
        devices.prepare(run, place)
        program = Builder(builder.document, builder.catalogue, place).build()
        stage = program.stages[0]
        stage.learner.begin(stage.model, stage.stream, place.device)
        times: list[float] = []
        began = time.perf_counter()
        for index in range(min(stage.steps, MOST_STEPS)):
            program.seed("step", stage.name, index)
            started = time.perf_counter()
            stage.learner.step(index)
            if place.device.type == "cuda":
                torch.cuda.synchronize(place.device)
            times.append(time.perf_counter() - started)
            if len(times) >= LEAST_STEPS and time.perf_counter() - began > TIMED_SECONDS:
                break
    # the first ones fill caches
    timed = sorted(times[WARMING:] or times)
    return {"seconds": timed[len(timed) // 2], "steps": len(timed)}


def _recalled(graph: ValueGraph, memory: Associative, batch: Batch) -> dict[str, Any]:
    """The way of one cue through the memory at the end of a graph."""
    with torch.no_grad():
        _, after = graph.stream(batch.inputs)
        trajectory = after[graph.output[0]]
        energies = [float(memory.energy(state)) for state in trajectory]
    return {
        "inputs": batch.inputs[0].tolist(),
        "targets": batch.targets[0].tolist(),
        "recalled": trajectory[-1, 0].tolist(),
        "trajectory": trajectory[:, 0].tolist(),
        "energy": energies,
        "overlap": float(overlaps(trajectory[-1].numpy(), batch.targets.numpy())[0]),
        "stored": memory.stored,
    }


ASKED: Mapping[str, Callable[[Builder, Mapping[str, Any]], dict[str, Any]]] = {
    "shapes": shapes,
    "sample": sample,
    "recall": recall,
    "step_time": step_time,
}


def _task(builder: Builder, question: Mapping[str, Any]) -> str:
    named = question.get("node")
    if isinstance(named, str) and named:
        configured = builder.inferred.configured.get(named)
        if configured is None or configured.entry.component.family != "task" or named not in builder.inferred.inputs:
            raise Refusal(f"{named} is no task that can be built yet; mend what the problems say of it.")
        return named
    return _stage(builder).stream


def _stage(builder: Builder) -> Stage:
    found = stages(builder.document, builder.catalogue)
    if not found:
        raise Refusal("Nothing here learns yet: add a learner and give it a model.")
    return found[-1]


def _item(builder: Builder, stage: Stage, question: Mapping[str, Any]) -> Batch:
    stream = builder.stream(stage.stream)
    parts = [part for experience in range(stream.experiences) for part in stream.parts("test", experience)]
    part = int(question.get("part", 0))
    if not 0 <= part < len(parts):
        raise Refusal(f"There is no test part {part}; there are {len(parts)}, counted from 0.")
    whole = parts[part].batch
    item = int(question.get("item", 0))
    if not 0 <= item < len(whole):
        raise Refusal(f"There is no test item {item}; this part has {len(whole):,}, counted from 0.")
    batch = whole.pick(torch.tensor([item]))
    cue = question.get("cue")
    if cue is None:
        return batch
    inputs = torch.as_tensor(cue, dtype=batch.inputs.dtype).reshape(1, *batch.inputs.shape[1:])
    return replace(batch, inputs=inputs)


def _load_member(graph: ValueGraph, file: Path, member: int) -> None:
    """Puts the weights of one member of a model file into a graph."""
    state, _ = checkpoints.unpack(file.read_bytes())
    mine = graph.state_dict()
    try:
        weights = {name: state["model"][name] for name in mine}
    except KeyError as error:
        raise Refusal(f"{file.name} holds the weights of another model: it lacks {error.args[0]}.") from error
    picked = {name: w[member] if w.dim() == mine[name].dim() + 1 else w for name, w in weights.items()}
    graph.load_state_dict(picked)
