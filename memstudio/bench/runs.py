"""Runs: how quickly 10,000 of them are listed, sorted, filtered, grouped and completed, beside raw SQLite on one flat table."""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count, product
from pathlib import Path
from typing import Any

from memstudio import library
from memstudio.experiment.document import Axis, Case, Document, Node
from memstudio.experiment.document import Run as HowRun
from memstudio.experiment.files import to_text
from memstudio.library import Library
from memstudio.library.axes import axis_rows
from memstudio.library.connection import transaction
from memstudio.library.documents import keep_document, keep_environment, parameter_row, parameters
from memstudio.library.searching import reindex

RUNS = 10_000
#: Each study is 4 memories x 5 loads x 5 seeds.
MEMORIES = ("attention", "linear attention", "gated delta rule", "mixture of memories")
LOADS = (4, 8, 16, 32, 64)
SEEDS = 5
#: What a run of the gallery's first study measures at its end, and what every learner records on the way.
AT_THE_END = ("accuracy", "recall", "ece", "nll", "brier", *(f"recall[load={n}]" for n in LOADS), "parameters", "state_bytes")
ON_THE_WAY = ("loss[split=train]", "learning_rate", "gradient_norm", "update_ratio", "seconds_per_step", "probe_share")
#: What the page of runs shows of each.
SHOWN = ("accuracy", "recall", "ece")
FILTER = 'memory = "gated delta rule" and recall > 0.9 and seed in (0, 1, 2)'
PAGE = 100
#: The machine is shared, so a time is the least of so many.
ROUNDS = 7
TO_REACH = {"all": 100.0, "page": 5.0, "filtered": 10.0}


def main(json: bool = False, runs: int = RUNS) -> dict[str, Any]:
    """Measures the rows of the table in milliseconds (the least of some rounds, both sides in turn) and returns them; prints them too."""
    with tempfile.TemporaryDirectory(prefix="memstudio-bench-") as place, library.open(Path(place)) as opened:
        fill(opened, runs)
        with contextlib.closing(flat(opened, Path(place) / "flat.db")) as conn:
            rows = [_row(opened, conn, *asked) for asked in _questions(runs)]
    found = {"bench": "runs", "runs": runs, "rows": rows}
    if not json:
        for row in rows:
            figures = f"{row['ours']:,.2f} ms against {row['against']:,.2f} ms"
            print(f"{row['what']}: {figures}, ratio {row['ratio']:.3g} ({row['to_reach']})")
    return found


Question = tuple[str, Callable[[Library], object], str, str]


def _questions(runs: int) -> Iterator[Question]:
    """(what, asked of us, asked of the flat table, what to reach)."""

    def every(opened: Library) -> object:
        rows = opened.runs()
        assert len(rows) == runs
        return opened.measures_of([row.uid for row in rows], SHOWN)

    def page(opened: Library) -> object:
        return opened.runs(sort="-recall", limit=PAGE)

    def filtered(opened: Library) -> object:
        return opened.runs(where=FILTER, limit=PAGE)

    shown = ", ".join(SHOWN)
    flat_filter = "memory = 'gated delta rule' AND recall > 0.9 AND seed IN (0, 1, 2)"
    yield f"all {runs:,} runs with last values", every, f"SELECT * FROM run{_ORDER}", _at_most("all")
    yield f"a page of {PAGE} sorted by a measure", page, f"SELECT * FROM run ORDER BY recall DESC LIMIT {PAGE}", _at_most("page")
    yield f"a page of {PAGE} filtered", filtered, f"SELECT * FROM run WHERE {flat_filter}{_ORDER} LIMIT {PAGE}", _at_most("filtered")
    others: tuple[tuple[str, Callable[[Library], object], str], ...] = (
        ("how many a filter finds", lambda opened: opened.count(where=FILTER), f"SELECT count(*) FROM run WHERE {flat_filter}"),
        (
            "every measure of every run",
            lambda opened: opened.measures_of([row.uid for row in opened.runs()]),
            f"SELECT * FROM run{_ORDER}",
        ),
        (
            "a page sorted by a field",
            lambda opened: opened.runs(sort="title", limit=PAGE),
            f"SELECT * FROM run ORDER BY title LIMIT {PAGE}",
        ),
        (
            "a page sorted by a parameter",
            lambda opened: opened.runs(sort="-mem1.heads", limit=PAGE),
            f"SELECT * FROM run ORDER BY heads DESC LIMIT {PAGE}",
        ),
        (
            "a page filtered and sorted",
            lambda opened: opened.runs(where=FILTER, sort="-recall", limit=PAGE),
            f"SELECT * FROM run WHERE {flat_filter} ORDER BY recall DESC LIMIT {PAGE}",
        ),
        (
            "a page with its measures",
            lambda opened: opened.measures_of([row.uid for row in opened.runs(limit=PAGE)]),
            f"SELECT * FROM run{_ORDER} LIMIT {PAGE}",
        ),
        (
            "groups by two axes, three measures",
            lambda opened: opened.grouped(("memory", "load"), SHOWN),
            f"SELECT memory, load, {', '.join(f'avg({name})' for name in SHOWN)} FROM run GROUP BY memory, load",
        ),
        ("columns", lambda opened: opened.columns(), f"SELECT min({SHOWN[0]}), max({SHOWN[0]}) FROM run"),
        ("completion of a name", lambda opened: opened.complete("rec"), "SELECT DISTINCT memory FROM run"),
        ("completion of a value", lambda opened: opened.complete('memory = "g'), "SELECT DISTINCT memory FROM run"),
        ("words found", lambda opened: opened.search("gated delta", PAGE), f"SELECT * FROM run WHERE title LIKE '%gated%' LIMIT {PAGE}"),
        (
            "a page with an axis, a parameter and a version",
            lambda opened: opened.values([row.uid for row in opened.runs(limit=PAGE)], ("memory", "mem1.heads", "environment.torch")),
            f"SELECT memory, heads, {shown} FROM run LIMIT {PAGE}",
        ),
    )
    for what, ours, theirs in others:
        yield what, ours, theirs, "no promise"


_ORDER = " ORDER BY queued DESC, id"


def _at_most(what: str) -> str:
    return f"at most {TO_REACH[what]:g} ms"


def _row(
    opened: Library, conn: sqlite3.Connection, what: str, ours: Callable[[Library], object], theirs: str, to_reach: str
) -> dict[str, Any]:
    mine, plain = [], []
    for _ in range(ROUNDS):
        mine.append(_milliseconds(lambda: ours(opened)))
        plain.append(_milliseconds(lambda: conn.execute(theirs).fetchall()))
    return {"what": what, "ours": min(mine), "against": min(plain), "unit": "ms", "ratio": min(mine) / min(plain), "to_reach": to_reach}


def _milliseconds(what: Callable[[], object]) -> float:
    begun = time.perf_counter()
    what()
    return 1e3 * (time.perf_counter() - begun)


# ---------------------------------------------------------------------------------------------- a library to measure


def fill(opened: Library, runs: int = RUNS) -> None:
    """Fills a library with finished runs of studies: documents, parameters, axes, 18 series each, some tags and notes."""
    conn = opened._conn
    with transaction(conn):
        filling = Filling(conn, runs, [_environment(conn, n) for n in range(20)])
        for i, name in enumerate(_metrics(), 1):
            conn.execute("INSERT INTO metric(id, name) VALUES (?, ?)", (i, name))
        for study in range(1, -(-runs // (len(MEMORIES) * len(LOADS) * SEEDS)) + 1):
            _study(filling, study)
        reindex(conn, list(range(1, runs + 1)))
    conn.execute("ANALYZE")


def _metrics() -> list[str]:
    return list(dict.fromkeys(name.partition("[")[0] for name in (*AT_THE_END, *ON_THE_WAY)))


def _environment(conn: sqlite3.Connection, n: int) -> str:
    says = {"python": f"3.{11 + n % 4}.{n}", "packages": {"torch": f"2.{11 + n % 3}.0"}, "git": {"commit": f"{n:040x}", "dirty": False}}
    return keep_environment(conn, says)


def _document(memory: str, load: int, heads: int, seed: int, study: int) -> Document:
    values: dict[str, tuple[str, dict[str, Any]]] = {
        "task": ("task.associative_recall", {"loads": [load], "vocabulary": 64, "length": 128 + study, "gap": 1.2}),
        "embed": ("encoder.token_embedding", {"width": 64, "positions": True}),
        "mem1": ("sequence." + memory.replace(" ", "_"), {"heads": heads, "key_width": 16, "value_width": 16, "gate": True}),
        "classify": ("readout.classifier", {"pooling": "auto"}),
        "learn": ("learner.gradient_descent", {"steps": 1500, "batch": 32, "rate": 0.003, "clip": 1.0}),
    }
    nodes = [Node(id=id, uid=f"{i:012x}", component=component, values=own) for i, (id, (component, own)) in enumerate(values.items())]
    return Document(title="Who remembers under load", nodes=nodes, run=HowRun(seed=seed))


@dataclass
class Filling:
    """What is made and drawn on the way: ids, environments, and how many runs are wanted."""

    conn: sqlite3.Connection
    most: int
    environments: list[str]
    draw: random.Random = field(default_factory=lambda: random.Random(0))
    runs: Iterator[int] = field(default_factory=lambda: count(1))
    series: Iterator[int] = field(default_factory=lambda: count(1))


def _study(filling: Filling, study: int) -> None:
    conn = filling.conn
    axes = [
        Axis(name="memory", cases=[Case(label=label) for label in MEMORIES]),
        Axis(name="load", cases=[Case(label=str(load)) for load in LOADS]),
    ]
    whole = _document("attention", 4, 2, 0, study).model_copy(update={"run": HowRun(vary=axes, replicates=SEEDS)})
    title, begun = f"Study {study} of recall", 1.7e9 + 1e5 * study
    sha = keep_document(conn, to_text(whole))
    conn.execute("INSERT INTO study(id, uid, title, document, created) VALUES (?, ?, ?, ?, ?)", (study, f"{study:012x}", title, sha, begun))
    for position, (memory, load) in enumerate(product(MEMORIES, LOADS)):
        cell = (study - 1) * len(MEMORIES) * len(LOADS) + position + 1
        sets = json.dumps({"mem1.component": memory, "task.loads": [load]})
        conn.execute("INSERT INTO cell VALUES (?, ?, ?, ?, ?)", (cell, study, f"{memory}, {load}", sets, position))
        for seed in range(SEEDS):
            run = next(filling.runs)
            if run > filling.most:
                return
            document = _document(memory, load, filling.draw.choice((1, 2, 4, 8)), seed, study)
            _run(filling, run, (title, cell, seed, begun), document)
            cases = axis_rows({"memory": memory, "load": str(load)})
            values = [(run, key, *parameter_row(value)) for key, value in parameters(document).items()] + [(run, *case) for case in cases]
            conn.executemany("INSERT INTO param(run, key, text, num) VALUES (?, ?, ?, ?)", values)
            _measure(filling, run)


def _run(filling: Filling, run: int, of: tuple[str, int, int, float], document: Document) -> None:
    conn, draw = filling.conn, filling.draw
    title, cell, seed, begun = of
    started = begun + 60 * draw.random()
    conn.execute(
        "INSERT INTO run(id, uid, title, cell, document, seed, data_seed, replicate, state, epoch, attempts, machine, queued, started,"
        " ended, heartbeat, stage, step, steps, device, threads, environment, note) VALUES"
        " (?, ?, ?, ?, ?, ?, ?, ?, 'finished', 1, 1, ?, ?, ?, ?, ?, 'learn', 1500, 1500, 'cpu', 1, ?, ?)",
        (
            *(run, f"{draw.getrandbits(48):012x}", title, cell, keep_document(conn, to_text(document)), seed, seed, seed, "this machine"),
            *(begun, started, started + 40, started + 40, draw.choice(filling.environments), "the gate helped" if run % 50 == 0 else ""),
        ),
    )
    if run % 10 == 0:
        conn.execute("INSERT INTO tag(run, tag) VALUES (?, ?)", (run, draw.choice(("paper", "odd", "again"))))


def _measure(filling: Filling, run: int) -> None:
    metric = {name: i for i, name in enumerate(_metrics(), 1)}
    rows, tails = [], []
    for name in (*AT_THE_END, *ON_THE_WAY):
        base, _, context = name.partition("[")
        last, n = filling.draw.random(), 1 if name in AT_THE_END else 50
        id = next(filling.series)
        rows.append((id, run, metric[base], context.rstrip("]"), n, 1500 - n + 1, 1500, last, last, 1500, last, 1500, 0))
        tails.append((id, 1500 - n + 1, n, 1, bytes(8 * n)))
    filling.conn.executemany(f"INSERT INTO series VALUES ({', '.join('?' * 13)})", rows)
    filling.conn.executemany("INSERT INTO tail(series, step0, n, dstep, v) VALUES (?, ?, ?, ?, ?)", tails)


def flat(opened: Library, file: Path) -> sqlite3.Connection:
    """The same runs in one table with a column for everything asked here, as one would write it by hand for these questions alone."""
    conn = sqlite3.connect(file)
    measures = ", ".join(f'"{name}" REAL' for name in (*AT_THE_END, *ON_THE_WAY))
    conn.execute(f"CREATE TABLE run(id INTEGER PRIMARY KEY, uid, title, study, cell, state, seed, queued, memory, load, heads, {measures})")
    rows = opened.runs()
    values = opened.values([row.uid for row in rows], ("memory", "load", "mem1.heads"))
    measured = opened.measures_of([row.uid for row in rows])
    names = (*AT_THE_END, *ON_THE_WAY)
    conn.executemany(
        f"INSERT INTO run VALUES ({', '.join('?' * (11 + len(names)))})",
        [
            (
                *(i, row.uid, row.title, row.study, row.cell, row.state, row.seed, row.queued),
                *values[row.uid].values(),
                *(measured[row.uid][name] for name in names),
            )
            for i, row in enumerate(rows)
        ],
    )
    for column in ("queued", "recall", "title", "heads", "memory, load"):
        conn.execute(f"CREATE INDEX run_{column.replace(', ', '_')} ON run({column})")
    conn.execute("ANALYZE")
    conn.commit()
    return conn
