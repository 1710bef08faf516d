"""One run from claim to end: a plain function of (library, run), used by workers, tests and the bench."""

from __future__ import annotations

import importlib
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import torch
from torch import Tensor

from memstudio.components.catalogue import look_again, ours
from memstudio.experiment.entries import load_object
from memstudio.experiment.parameters import Refusal
from memstudio.ground.log import log_to, stop_log
from memstudio.ground.machine import this_process
from memstudio.library import Lease, Library, RunWriter, Superseded, artifacts
from memstudio.library.connection import sentence
from memstudio.training import checkpoints, devices
from memstudio.training.environment import environment, memory
from memstudio.training.failures import ENDS, Failure, describe
from memstudio.training.loop import CHECKPOINT_SECONDS, HOLD_SECONDS, Loop
from memstudio.training.orders import Orders, never
from memstudio.training.pack import PACK, WRITTEN, Pack, Seeds, build_pack
from memstudio.training.pack_loop import PackLoop, seeds_of
from memstudio.training.pack_writer import PackWriter, leases_of, writers_of
from memstudio.training.program import Program, build
from memstudio.training.pulse import HANGING, Pulse
from memstudio.training.reuse import taken_up

logger = logging.getLogger(__name__)

#: checkpoints by name, the newest first: a damaged one is passed over for the next
RESUMABLE = "checkpoint"


def train(library: Library, run: str, **options: Any) -> str:
    """Claims a queued run and carries it out in this process; returns the state it ends in.

    options: as `carry_out` takes them. Raises Refusal when the run is not queued.
    """
    row = library.run(run)
    lease = library.claim(this_process(), runs=[row.uid])
    if lease is None:
        raise Refusal(f"Run {row.uid} is {row.state}, not queued; resume it first.")
    return carry_out(library, lease, **options)


def carry_out(
    library: Library,
    lease: Lease,
    *,
    ending: Callable[[], bool] = never,
    hung: Callable[[], None] = lambda: None,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    hold_seconds: float = HOLD_SECONDS,
    hanging_seconds: float = HANGING,
) -> str:
    """Carries out a claimed run (with its pack, where it has one) and returns the state it ends in ("superseded" when another took it).

    ending: says when the system wants the process to end; hung: called after a hanging run was written off.
    """
    handlers = [log_to(library.log_file(one.run_uid)) for one in leases_of(lease)]
    logger.info("run %s begins (epoch %d)", " and ".join(one.run_uid for one in leases_of(lease)), lease.epoch)
    try:
        with devices.settings_kept(), _writer(library, lease) as writer:
            try:
                return _carried_out(library, lease, writer, ending, hung, (checkpoint_seconds, hold_seconds, hanging_seconds))
            except Superseded as reason:
                if isinstance(writer, PackWriter):
                    writer.let_go(reason)
                raise
            except ENDS as error:
                return _failed(library, writer, lease, error)
    except Superseded as reason:
        logger.info("run %s is left: %s", lease.run_uid, reason)
        return "superseded"
    except sqlite3.Error:
        # the last words are written or lost; what still waited could not be
        logger.exception("the writer of run %s could not be closed", lease.run_uid)
        return "failed"
    finally:
        for handler in handlers:
            stop_log(handler)


def _writer(library: Library, lease: Lease) -> RunWriter | PackWriter:
    """What writes a run, or all runs of a pack."""
    return PackWriter(library.path, lease) if lease.document.run.packed else RunWriter(library.path, lease)


def _carried_out(
    library: Library,
    lease: Lease,
    writer: RunWriter | PackWriter,
    ending: Callable[[], bool],
    hung: Callable[[], None],
    seconds: tuple[float, float, float],
) -> str:
    """The run from building to its end. seconds: between checkpoints, to hold a paused run, until a step counts as hanging."""

    def write_off(failure: Failure) -> None:
        # from the watch's thread, with a writer of its own: the run's writer may be what hangs
        try:
            with _writer(library, lease) as last:
                last.finish("failed", failure=failure.sentence, failed_node=failure.node)
        except Superseded:
            logger.info("run %s was already taken by another process", lease.run_uid)
        finally:
            hung()

    orders = Orders(writer, ending)
    with Pulse(writer.heartbeat, write_off, limit=seconds[2]) as pulse:
        pulse.at("Preparing the run", None)

        def make_loop(program: Program | Pack) -> Loop:
            often = {"checkpoint_seconds": seconds[0], "hold_seconds": seconds[1]}
            if isinstance(program, Pack) and isinstance(writer, PackWriter):
                return PackLoop(program, writer, orders, pulse, **often)
            return Loop(program if isinstance(program, Program) else program.whole, writer, orders, pulse, **often)

        loop = _prepared(lease, writer, pulse, make_loop, library)
        end = loop.run()
        pulse.at("Ending the run", None)
        writer.finish(end)
    logger.info("run %s: %s", lease.run_uid, end)
    return end


def _prepared(
    lease: Lease, writer: RunWriter | PackWriter, pulse: Pulse, make_loop: Callable[[Program | Pack], Loop], library: Library
) -> Loop:
    """The loop of a run, standing where its last checkpoint left it (at the beginning of a fresh one)."""
    run = lease.document.run
    # a warm worker lives longer than the answers to add-ons, and than their files
    pulse.at("Reading the add-ons", None)
    known = look_again()
    place = devices.choose(run)
    devices.prepare(run, place)

    def fresh(seeds: Sequence[Seeds] = ()) -> Loop:
        pulse.at("Building the program", None)
        read = partial(_weights_in, library)
        if isinstance(writer, PackWriter):
            return make_loop(build_pack(lease.document, seeds or [seeds_of(one) for one in writer.writers], known, place, read))
        return make_loop(build(lease.document, known, place, read))

    def begun() -> Loop:
        # a pack has one stage, and what precedes the last is all that could be taken up
        return taken_up(library, lease.run_uid, writer, fresh) if run.reuse and isinstance(writer, RunWriter) else fresh()

    loop = _resumed(library, lease, writer, fresh, begun) if lease.resume else begun()
    program = loop.program
    shared = {"packed": program.stages[0].model.members} if run.packed else {}
    for own, one in zip(loop.programs, writers_of(writer), strict=True):
        kept = {**environment(own), **shared}
        one.start(steps=own.steps, device=place.name, threads=run.threads, environment=kept, data=own.data)
    if place.reason:
        writer.event("device", place.reason)
    logger.info("device %s, %d steps, memory %s", place.name, program.steps, memory(place))
    return loop


def _weights_in(library: Library, sha256: str) -> Mapping[str, Tensor]:
    """The weights of a model that a run of this library has kept. Raises Refusal where it is missing, damaged, or no model."""
    if not artifacts.place_of(library.folder, sha256).exists():
        raise Refusal(f"This library holds no model {sha256[:12]}; choose one that one of its runs has kept.")
    state, _ = checkpoints.unpack(library.read_artifact(sha256))
    if not isinstance(state.get("model"), Mapping):
        raise Refusal(f"The artifact {sha256[:12]} is no model; choose one of kind model, as `memstudio show RUN --json` lists it.")
    weights: Mapping[str, Tensor] = state["model"]
    return weights


def _resumed(library: Library, lease: Lease, writer: RunWriter | PackWriter, fresh: Callable[..., Loop], begun: Callable[[], Loop]) -> Loop:
    """The loop at the newest checkpoint that can be read; what was measured after it is removed.

    fresh: makes a loop (of a pack with these seeds); begun: the same, standing where a run begins that has no checkpoint that can be
    read. Any run's checkpoint will do for its pack: before it was written, all they had measured was.
    """
    runs = leases_of(lease)
    found = {one.sha256: one for run in runs for one in library.artifacts(run.run_uid) if one.kind == RESUMABLE and one.step is not None}
    for artifact in sorted(found.values(), key=lambda one: (one.step or 0, one.created), reverse=True):
        loop = None if lease.document.run.packed else fresh()
        try:
            state, about = checkpoints.unpack(library.read_artifact(artifact.sha256))
            loop = loop or fresh(_seeds_in(about, runs))
            loop.load(state)
            at, stage = int(about["step"]), str(about["stage"])
        except (Refusal, LookupError, ValueError, TypeError, AttributeError, RuntimeError) as error:
            logger.exception("checkpoint %s of step %s cannot be used", artifact.name, artifact.step)
            writer.event("checkpoint", f"The checkpoint of step {artifact.step:,} cannot be used: {error}", level="warning")
            continue
        writer.rewind(at, stage)
        _say_what_differs(writer, about.get("computed", {}), loop.about(at)["computed"])
        return loop
    # nothing was kept: whatever was measured will be measured again
    writer.rewind(-1)
    return begun()


def _seeds_in(about: Mapping[str, Any], runs: Sequence[Lease]) -> list[Seeds]:
    """The seeds whose weights a checkpoint of a pack holds, among them those of all these runs. Raises Refusal."""
    written = {(int(seed), int(data_seed)) for seed, data_seed in about[WRITTEN]}
    if not {(one.seed, one.data_seed) for one in runs} <= written:
        raise Refusal("it is not of all the runs that are trained together now.")
    return [(int(seed), int(data_seed)) for seed, data_seed in about[PACK]]


def _say_what_differs(writer: RunWriter | PackWriter, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Says so where a run goes on in another place than it began, since it may then differ from an uninterrupted one."""
    differs = [f"{name} {before[name]} before, {value} now" for name, value in now.items() if name in before and before[name] != value]
    if differs:
        text = f"The run goes on under other conditions ({'; '.join(differs)}); its numbers may differ slightly."
        writer.event("resumed", text, level="warning")


def _failed(library: Library, writer: RunWriter | PackWriter, lease: Lease, error: Exception | SystemExit) -> str:
    failure = describe(error)
    if isinstance(error, sqlite3.Error) and failure.kind == "error":
        failure = Failure("library", sentence(error, library.path))
    logger.error("run %s failed: %s", lease.run_uid, failure.sentence, exc_info=error)
    try:
        writer.finish("failed", failure=failure.sentence, failed_node=failure.node)
    except Superseded:
        return "superseded"
    except Exception:
        logger.exception("the failure could not be written")
    return "failed"


def is_spoiled() -> bool:
    """Whether this process had better carry out no further run after a failed one: an error on a GPU stays with its process."""
    return torch.cuda.is_available() and bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]


def warm() -> None:
    """Imports what a run needs besides torch itself, so that a warm worker's first step comes at once.

    Implementations of add-ons are left for the run that uses them: what they do then is that run's failure, not the worker's.
    """
    look_again()
    for entry in ours():
        load_object(entry.component.implementation)
        if entry.family.around:
            load_object(entry.family.around)
    # the first optimiser of a process imports torch's compiler, which takes over a second
    torch.optim.AdamW([torch.zeros(1, requires_grad=True)])
    with suppress(ImportError):
        importlib.import_module("sklearn.datasets")  # the digits come with it, and it is slow to import
