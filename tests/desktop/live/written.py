"""What a worker would write into a library, made up: series, curves, pictures that can be known again in a panel."""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np

from memstudio.components.catalogue import catalogue
from memstudio.experiment.files import parse
from memstudio.experiment.studies import plan
from memstudio.ground.machine import this_process
from memstudio.library import Library, RunRow, RunWriter
from memstudio.library.rows import CurveAt, CurveAxis
from tests import documents

STEPS = 400
EVERY = 20
LOADS = (2.0, 4.0, 8.0)
DISTANCES = (0.0, 1.0, 2.0, 4.0, 8.0)
MIDDLES = tuple((i + 0.5) / 10 for i in range(10))
PICTURE = "state[node=mem1,picture=head 1]"


def loss(seed: int, step: int) -> float:
    """The training loss that a run has at a step."""
    return 3.0 / (1 + step / 50) + 0.1 * seed


def recall(seed: int, step: int, load: float) -> float:
    """The recall that a run has at a step."""
    return min(1.0, (step / STEPS) / (1 + load / 16) + 0.01 * seed)


def curves(seed: int, step: int) -> list[CurveAt]:
    """The curves of a step. The first two bins of the diagram hold nothing, the third three answers."""
    by_load = np.array([[recall(seed, step, load) for load in LOADS], [0.1] * len(LOADS)])
    by_distance = np.array([[0.9 - 0.1 * i for i in range(len(DISTANCES))], [0.1] * len(DISTANCES)])
    count = np.array([0, 0, 3, 20, 30, 40, 50, 60, 70, 80], dtype=float)
    middle = np.array(MIDDLES)
    diagram = np.stack([count, middle, np.where(count > 0, middle - 0.1, middle)])
    state = np.outer(np.linspace(-1, 1, 6), np.ones(4)) * (1 + step / STEPS)
    sides = (CurveAxis("row", tuple(map(float, range(6)))), CurveAxis("column", tuple(map(float, range(4)))))
    return [
        CurveAt("recall_by_load", step, by_load, (CurveAxis("load", LOADS),), "line", ("recall", "chance")),
        CurveAt("recall_by_distance", step, by_distance, (CurveAxis("distance", DISTANCES, "positions"),), "line", ("recall", "chance")),
        CurveAt("reliability", step, diagram, (CurveAxis("confidence", MIDDLES),), "reliability", ("count", "confidence", "accuracy")),
        CurveAt("accuracy_by_severity", step, np.array([0.9, 0.7, 0.5]), (CurveAxis("severity", (0.0, 1.0, 2.0)),)),
        CurveAt(PICTURE, step, state, sides, "picture"),
    ]


LENGTHS = (64.0, 128.0, 256.0)
DEPTHS = (0.0, 50.0, 100.0)
PAIRS = (2.0, 4.0, 8.0)
CRITERIA = ("recalled95", "error_free")
SNR = "retrieval_snr_db_by_pairs[keys=items,node=mem1]"
TOUCHED = "state[node=mem1,picture=touched by each read]"
TABLE = "recall_by_depth_and_length"


def more_curves(seed: int, step: int) -> list[CurveAt]:
    """Curves with rows to hold against, points that were not trained, names for points; a table; a picture with named axes."""
    done = step / STEPS
    table = np.array([[done / (1 + i + j) for j in range(len(LENGTHS))] for i in range(len(DEPTHS))])
    by_length = np.array([[done, done / 2, done / 4], [0.1] * 3, [done, np.nan, np.nan]])
    measured = np.array([9.0, 6.0, 3.0]) - 3 * (1 - done) + seed
    touched = np.eye(8) * done
    at = tuple(map(float, range(8)))
    return [
        CurveAt(TABLE, step, table, (CurveAxis("depth", DEPTHS, "%"), CurveAxis("length", LENGTHS, "tokens")), "matrix"),
        CurveAt("recall_by_length", step, by_length, (CurveAxis("length", LENGTHS, "tokens"),), "line", ("recall", "chance", "trained")),
        CurveAt(
            SNR,
            step,
            np.stack([measured, [10, 7, 4], [8, 5, 2]]),
            (CurveAxis("pairs stored", PAIRS),),
            "line",
            ("measured", "theory", "these keys"),
        ),
        CurveAt(
            "capacity", step, np.array([[8 * done, 4 * done], [9, 7]]), (CurveAxis("criterion", CRITERIA),), "line", ("measured", "theory")
        ),
        CurveAt(
            "recall_by_noise",
            step,
            np.array([[done, done / 2], [0.9, 0.7]]),
            (CurveAxis("noise", (0.0, 0.2)),),
            "line",
            ("recall", "overlap"),
        ),
        CurveAt(TOUCHED, step, touched, (CurveAxis("read at position", at), CurveAxis("value stored at position", at)), "picture"),
    ]


TASKS = 4
TASK_STEPS = STEPS // TASKS


def accuracy_of_task(seed: int, step: int, task: int) -> float:
    """The accuracy that a run has on a task (counted from 1) at a step: it rises while the task is learned, and falls from then on."""
    learned = min(1.0, max(0.0, step - (task - 1) * TASK_STEPS) / TASK_STEPS)
    forgotten = max(0.0, step - task * TASK_STEPS) / STEPS
    return 0.9 * learned - 0.5 * forgotten - 0.01 * seed


def matrix(seed: int, step: int) -> CurveAt:
    """The accuracy matrix at the end of a task: a row for each task that has ended, NaN below."""
    numbers = tuple(float(task) for task in range(1, TASKS + 1))
    values = np.full((TASKS, TASKS), np.nan)
    for after in range(step // TASK_STEPS):
        values[after] = [accuracy_of_task(seed, (after + 1) * TASK_STEPS, task) for task in range(1, TASKS + 1)]
    return CurveAt("accuracy_matrix", step, values, (CurveAxis("after task", numbers), CurveAxis("task", numbers)), "matrix")


class Study:
    """A submitted study and the writers of its runs that are still open."""

    def __init__(self, opened: Library, uid: str | None, runs: tuple[str, ...]) -> None:
        self.opened, self.uid, self.runs = opened, uid, runs
        self._writers: dict[str, RunWriter] = {}

    def rows(self) -> list[RunRow]:
        """The runs as they are now."""
        return [self.opened.run(run) for run in self.runs]

    def begin(self, run: str) -> RunWriter:
        """Takes a run as a worker does."""
        lease = self.opened.claim(this_process(), runs=[run])
        assert lease is not None
        writer = self._writers[run] = RunWriter(self.opened.folder, lease)
        writer.start(STEPS, "cpu", 1, {})
        return writer

    def write(self, run: str, steps: Iterable[int], with_curves: bool = True) -> None:
        """Writes these steps of a begun run."""
        writer, seed = self._writers[run], self.opened.run(run).seed
        last = 0
        for step in steps:
            values = {"gradient_norm": 1.0, "learning_rate": 0.003, "seconds_per_step": 0.02, "probe_share": 0.5}
            if step:
                writer.points(step, {"loss[split=train]": loss(seed, step), **values})
            if with_curves and step % EVERY == 0:
                writer.points(step, {"nll": loss(seed, step) + 0.2, "state_norm[node=mem1]": 1.0 + step, "effective_rank[node=mem1]": 2.0})
                for curve in curves(seed, step):
                    writer.curve(step, curve)
            last = step
        writer.progress("learn", last)
        writer.flush()

    def write_tasks(self, run: str, steps: Iterable[int]) -> None:
        """Writes what a run that learns task after task measures at these steps."""
        writer, seed, last = self._writers[run], self.opened.run(run).seed, 0
        for step in steps:
            met = min(step // TASK_STEPS + 1, TASKS)
            if step % 5 == 0:
                of_tasks = {f"accuracy[task={task}]": accuracy_of_task(seed, step, task) for task in range(1, met + 1)}
                average = sum(of_tasks.values()) / met
                writer.points(step, {**of_tasks, "average_accuracy": average, "accuracy[split=validation,task=1]": 0.5})
            if step and step % TASK_STEPS == 0:
                if step < STEPS:
                    writer.event("boundary", "A task ends.", step, data={"stage": "learn", "task": step // TASK_STEPS + 1})
                writer.points(step, {f"accuracy[task={task}]": accuracy_of_task(seed, step, task) for task in range(met + 1, TASKS + 1)})
                writer.curve(step, matrix(seed, step))
            last = step
        writer.progress("learn", last)
        writer.flush()

    def write_more(self, run: str, steps: Iterable[int]) -> None:
        """Writes further curves and series of a begun run at these steps."""
        writer, seed = self._writers[run], self.opened.run(run).seed
        for step in steps:
            writer.points(step, {"perplexity": 9.0 - step / 100, "capacity[criterion=recalled95]": step / 50, "recall[load=4]": 0.5})
            for curve in more_curves(seed, step):
                writer.curve(step, curve)
        writer.flush()

    def end(self, run: str, state: str = "finished", failure: str | None = None, node: str | None = None) -> None:
        """Ends a begun run."""
        writer = self._writers.pop(run)
        writer.finish(state, failure, node)
        writer.close()

    def whole(self, run: str) -> None:
        """A run from its beginning to its end."""
        self.begin(run)
        self.write(run, range(STEPS + 1))
        self.end(run)

    def close(self) -> None:
        """Closes what is open, as a worker that is killed would not."""
        for writer in self._writers.values():
            writer.close()


def submit(opened: Library, replicates: int = 3, cells: int = 2) -> Study:
    """Queues the small study of two memories."""
    document = documents.study(steps=STEPS, replicates=replicates)
    if cells == 1:
        document["run"].pop("vary")
    read = parse(json.dumps(document), "The study")
    submitted = opened.submit(read, plan(read, catalogue()))
    return Study(opened, submitted.study, submitted.runs)


def of_cell(study: Study, cell: str) -> list[str]:
    """The runs of a cell, seed after seed."""
    return [row.uid for row in study.rows() if row.cell == cell]
