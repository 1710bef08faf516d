"""Runs in groups of what they have in common, with the mean of their measures and its 95 % interval."""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from memstudio.library.names import TABLES, Value, find_name, read_column
from memstudio.measures.intervals import mean_interval


@dataclass(frozen=True)
class Average:
    """A measure over the runs of a group: mean, 95 % Student t interval (None where n is 1) and standard deviation (None likewise)."""

    n: int
    mean: float
    low: float | None
    high: float | None
    deviation: float | None


@dataclass(frozen=True)
class GroupRow:
    """Runs that say the same. labels: what they say, one for each name grouped by, None where they say nothing; n: how many runs."""

    labels: tuple[Value, ...]
    n: int
    uids: tuple[str, ...]
    measures: Mapping[str, Average]


def grouped(
    conn: sqlite3.Connection, by: Sequence[str], measures: Sequence[str], condition: tuple[str, list[Any]], sort: str | None = None
) -> list[GroupRow]:
    """The groups that runs fall into, in the order of their labels or by `sort`: one of `by`, or a measure's mean, "-" for descending.

    Of a measure only finished runs count, and of runs of the very same document (so of the same seeds) the newest.
    Raises Refusal where a name is unknown.
    """
    sql, values = condition
    listed = f"SELECT r.id, r.uid, r.state, r.document FROM {TABLES} WHERE {sql} ORDER BY r.queued, r.id DESC"
    rows = conn.execute(listed, values).fetchall()
    ids = [row[0] for row in rows]
    labels = [read_column(conn, find_name(conn, name), ids) for name in by]
    found: dict[tuple[Value, ...], list[tuple[int, str, str, str]]] = {}
    for row in rows:
        found.setdefault(tuple(_plain(one.get(row[0])) for one in labels), []).append(row)
    says = {name: read_column(conn, find_name(conn, name), ids) for name in dict.fromkeys(measures)}
    groups = [GroupRow(label, len(own), tuple(row[1] for row in own), _averages(own, says)) for label, own in found.items()]
    return _in_order(groups, by, sort)


def _plain(value: Value) -> Value:
    return None if value == "" or (isinstance(value, float) and math.isnan(value)) else value


def _averages(rows: Sequence[tuple[int, str, str, str]], says: Mapping[str, Mapping[int, Value]]) -> dict[str, Average]:
    # later rows are newer: of each document its newest finished run stays
    counted = {document: run for run, _, state, document in rows if state == "finished"}.values()
    found = {}
    for name, values in says.items():
        numbers = [float(value) for run in counted if isinstance(value := values.get(run), int | float)]
        finite = [number for number in numbers if math.isfinite(number)]
        if finite:
            found[name] = _average(finite)
    return found


def _average(numbers: Sequence[float]) -> Average:
    over = mean_interval(numbers)
    n = len(numbers)
    deviation = math.sqrt(math.fsum((number - over.mean) ** 2 for number in numbers) / (n - 1)) if n > 1 else None
    return Average(n, over.mean, over.low, over.high, deviation)


def _in_order(groups: list[GroupRow], by: Sequence[str], sort: str | None) -> list[GroupRow]:
    groups.sort(key=lambda group: tuple(map(_rank, group.labels)))
    if sort is None:
        return groups
    name, descending = sort.lstrip("+-").strip(), sort.startswith("-")
    if name in by:
        place = list(by).index(name)
        groups.sort(key=lambda group: _rank(group.labels[place]), reverse=descending)
        return sorted(groups, key=lambda group: group.labels[place] is None)  # those without a value last, either way
    with_it = [group for group in groups if name in group.measures]
    with_it.sort(key=lambda group: group.measures[name].mean, reverse=descending)
    return [*with_it, *(group for group in groups if name not in group.measures)]


def _rank(value: Value) -> tuple[int, list[tuple[float, str]]]:
    """Numbers by size, words in alphabetical order with the numbers in them by size (`heads 4` before `heads 16`), nothing last."""
    if value is None:
        return 2, []
    if isinstance(value, bool | int | float):
        return 0, [(float(value), "")]
    return 1, [(float(part), "") if part.isdecimal() else (math.inf, part.lower()) for part in re.split(r"(\d+)", value) if part]
