"""The table as text for other programs: CSV with full figures, Markdown and LaTeX as it is shown."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from memstudio.desktop.runs.columns import Column, Value
from memstudio.desktop.runs.grouped import group_text, group_words
from memstudio.desktop.runs.questions import rows

if TYPE_CHECKING:
    from memstudio.library import Library
    from memstudio.library.grouping import GroupRow

#: ending -> what a person calls it
KINDS = {"csv": "CSV", "md": "Markdown", "tex": "LaTeX"}
_TIMES = ("queued", "started", "ended")
_LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "−": "$-$", "±": r"$\pm$", "…": r"\ldots{}"} | {
    sign: f"\\{sign}" for sign in "&%$#_{}"
}
#: runs asked for at once
TOGETHER = 500


def runs_table(library: Library, columns: Sequence[Column], uids: Sequence[str], kind: str) -> str:
    """These runs in this order. kind: csv, md or tex."""
    if kind == "csv":
        return _runs_csv(library, columns, uids)
    shown = [column for column in columns if column.kind != "star"]
    names = [column.id for column in shown if column.asks]
    body: list[list[str]] = []
    for some in _together(uids):
        found = rows(library, some, names)
        body += [[c.say(found.rows[uid], found.values.get(uid, {})) for c in shown] for uid in some if uid in found.rows]
    return _written(kind, [column.title for column in shown], body, [column.kind == "number" for column in shown])


def groups_table(by: Sequence[str], columns: Sequence[Column], groups: Sequence[GroupRow], kind: str) -> str:
    """The groups: labels, number of runs, each measure with its 95 % interval. kind: csv, md or tex."""
    measures = [column for column in columns if column.asks and any(column.id in group.measures for group in groups)]
    if kind == "csv":
        head = [*by, "runs", *(f"{c.id}{part}" for c in measures for part in ("", ".low", ".high", ".n"))]
        return _csv(head, ([*group.labels, group.n, *_averages(group, measures)] for group in groups))
    body = [[group_words(group, by), f"{group.n:,}", *(group_text(group, c, by) for c in measures)] for group in groups]
    return _written(kind, ["Group", "Runs", *(c.title for c in measures)], body, [False, *(True for _ in range(len(measures) + 1))])


def _averages(group: GroupRow, measures: Sequence[Column]) -> Iterable[Value]:
    for column in measures:
        average = group.measures.get(column.id)
        yield from (average.mean, average.low, average.high, average.n) if average is not None else (None, None, None, 0)


def _runs_csv(library: Library, columns: Sequence[Column], uids: Sequence[str]) -> str:
    names = ["run", *(c.sort or c.id for c in columns if (c.sort or c.asks) and c.id != "run")]

    def body() -> Iterable[Sequence[Value]]:
        for some in _together(uids):
            values: Mapping[str, Mapping[str, Value]] = library.values(some, names)
            for uid in some:
                yield [uid, *(_raw(name, values.get(uid, {}).get(name)) for name in names[1:])]

    return _csv(names, body())


def _raw(name: str, value: Value) -> Value:
    if name in _TIMES and isinstance(value, int | float):
        return datetime.fromtimestamp(value).isoformat(timespec="seconds")
    return value


def _together(uids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (uids[at : at + TOGETHER] for at in range(0, len(uids), TOGETHER))


def _csv(head: Sequence[str], body: Iterable[Sequence[Value]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(["" if value is None or (isinstance(value, float) and math.isnan(value)) else value for value in row] for row in body)
    return out.getvalue()


def _written(kind: str, head: Sequence[str], body: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    write: Callable[..., str] = _latex if kind == "tex" else _markdown
    return write(head, body, right)


def _markdown(head: Sequence[str], body: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    def line(cells: Iterable[str]) -> str:
        return f"| {' | '.join(' '.join(cell.replace('|', chr(92) + '|').split()) for cell in cells)} |"

    return "\n".join([line(head), line("---:" if one else "---" for one in right), *map(line, body)]) + "\n"


def _latex(head: Sequence[str], body: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    def line(cells: Iterable[str]) -> str:
        return f"  {' & '.join(latex(cell) for cell in cells)} \\\\"

    columns = "".join("r" if one else "l" for one in right)
    lines = [f"\\begin{{tabular}}{{{columns}}}", "  \\hline", line(head), "  \\hline", *map(line, body), "  \\hline", "\\end{tabular}"]
    return "\n".join(lines) + "\n"


def latex(text: str) -> str:
    """Text with what LaTeX reads otherwise escaped."""
    return "".join(_LATEX.get(sign, sign) for sign in " ".join(text.split()))
