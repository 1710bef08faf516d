"""Memories: tokens a second and peak memory of every sequence memory, beside full attention and beside its own step-by-step form."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from memstudio.components.catalogue import catalogue
from memstudio.experiment.entries import Entry
from memstudio.experiment.parameters import Refusal
from memstudio.ground.launch import environment

LENGTHS = (256, 1024, 4096)
#: sequences at once, features of a position, members of the member axis
BATCH, WIDTH, MEMBERS = 4, 64, 4
#: the machine is shared, so a time is the least of so many rounds, in which what is compared takes turns
ROUNDS = 3
#: seconds a row may take: longer passes are skipped, and said
LIMIT = 10.0
#: seconds after which a memory is given up
PATIENCE = 600.0
#: batch, positions, heads, width of a head
DELTA = (8, 512, 4, 64)
TO_REACH = 0.5
DELTA_RULE = "sequence.gated_deltanet"

_MEASURE = "import sys\nfrom memstudio.bench.memories_measured import main\nmain(sys.argv[1])\n"
#: one thread, as runs have it (facts: two threads are slower beside anything else)
_THREADS = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def main(json: bool = False, only: str | None = None) -> dict[str, Any]:
    """Measures the row of the table and every memory (or only one, by id or title) and returns them; prints them unless as JSON.

    Every component and preset of the family is measured with its default values, bare, width 64, 4 sequences at once, on one thread, in
    a process of its own: passes forward and forward with backward, the least of 3 rounds, in turn with attention; peak memory is how
    far the resident memory of a forked process rises (getrusage). Raises Refusal for a name that does not exist.
    """
    entries = chosen(only)
    found: dict[str, Any] = {"bench": "memories", "settings": settings(), "rows": [], "memories": []}
    if any(entry.id == DELTA_RULE for entry in entries):
        found["rows"].append(_delta())
        if not json:
            print(_said(found["rows"][0]), flush=True)
    if not json:
        print(_heading(), flush=True)
    for entry in entries:
        one = {"title": entry.title, **_measured(entry.id)}
        found["memories"].append(one)
        if not json:
            print("\n".join(lines(one)), flush=True)
    return found


def chosen(only: str | None) -> list[Entry]:
    """The memories to measure. Raises Refusal where there is none of that name."""
    entries = [entry for entry in catalogue().of_family("sequence") if entry.component.alone]
    if only is None:
        return entries
    named = [entry for entry in entries if only.lower() in (entry.id, entry.id.split(".")[-1], entry.title.lower())]
    if not named:
        raise Refusal(f"There is no memory {only!r}; the sequence memories are {', '.join(entry.id.split('.')[-1] for entry in entries)}.")
    return named


def settings() -> dict[str, Any]:
    """What is measured, as `memories_measured.Plan` takes it."""
    sizes = {"lengths": LENGTHS, "batch": BATCH, "width": WIDTH, "rounds": ROUNDS, "limit": LIMIT, "members": MEMBERS, "delta": DELTA}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in sizes.items()}


def _measured(id: str) -> dict[str, Any]:
    """Everything about one memory, or why there is nothing."""
    answer = _process(id)
    return {"id": id, "failed": answer} if isinstance(answer, str) else answer


def _delta() -> dict[str, Any]:
    """The row of the table of speeds."""
    batch, length, heads, width = DELTA
    what = f"gated delta rule, batch {batch}, {length} positions, {heads} heads of {width}, forward and backward"
    answer = _process("")
    if isinstance(answer, str):
        raise RuntimeError(f"The bench's process failed: {answer}")
    return {"what": what, **answer, "unit": "ms", "to_reach": f"at most {TO_REACH:g}"}


def _process(id: str) -> dict[str, Any] | str:
    """What a measuring process found, or the end of what it complained of."""
    asked = json.dumps({"id": id, "plan": settings()})
    words = [sys.executable, "-c", _MEASURE, asked]
    try:
        done = subprocess.run(words, capture_output=True, text=True, env=environment(_THREADS), timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return f"given up after {PATIENCE:g} s"
    if done.returncode:
        return (done.stderr.strip() or f"its process ended with {done.returncode}").splitlines()[-1][:300]
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _said(row: dict[str, Any]) -> str:
    return f"{row['what']}: {row['ours']:,.1f} against {row['against']:,.1f} ms step by step, ratio {row['ratio']:.3g} ({row['to_reach']})"


def _heading() -> str:
    return (
        f"\n{BATCH} sequences at once, width {WIDTH}, one thread, least of {ROUNDS} rounds; × is time over that of full attention\n"
        f"{'memory':<34}{'T':>6}{'forward tok/s':>16}{'×':>8}{'peak MB':>9}{'training tok/s':>16}{'×':>8}{'peak MB':>9}"
    )


def lines(one: dict[str, Any]) -> Iterator[str]:
    """One memory as lines of the table: a line a length, then growth, its step-by-step form and its members."""
    if "failed" in one:
        yield f"{one['title']:<34}{one['failed']}"
        return
    for index, row in enumerate(one["lengths"]):
        cells = "".join(_cell(row[mode]) for mode in ("forward", "training"))
        yield f"{one['title'] if index == 0 else '':<34}{row['time']:>6}{cells}"
    for row in one["lengths"]:
        for mode in ("forward", "training"):
            if "skipped" in row[mode]:
                yield f"{'':<34}{row['time']:>6}  {mode} skipped: {row[mode]['skipped']}"
    grown = ", ".join(f"{mode} {'–' if power is None else f'T^{power:.2f}'}" for mode, power in one["growth"].items())
    steps = one["stepwise"]
    fed = ", ".join(f"{mode} {_times(steps[mode])}" for mode in ("forward", "training"))
    yield f"{'':<36}grows as {grown}; position by position, T {steps['time']}: {fed}"
    yield f"{'':<36}{_membership(one['members'])}"


def _cell(row: dict[str, Any]) -> str:
    if "skipped" in row:
        return f"{'skipped':>16}{'':>17}"
    megabytes = "–" if row["peak_bytes"] is None else f"{row['peak_bytes'] / 1e6:,.0f}"
    return f"{row['tokens_per_second']:>16,.0f}{row['against_attention']:>8.2f}{megabytes:>9}"


def _times(row: dict[str, Any]) -> str:
    return "skipped" if "skipped" in row else f"{row['ratio']:.1f} × the time"


def _membership(found: dict[str, Any]) -> str:
    """What the member axis costs, and what an ensemble does with it."""
    if "skipped" in found:
        return f"{found['members']} members: computed {found['ensemble']}; at once not measured: {found['skipped']}"
    return f"{found['members']} members at once: {found['ratio']:.2f} × one after another; an ensemble computes them {found['ensemble']}"
