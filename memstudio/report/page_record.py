"""The part of a report that is its record: every seed, what is not shown, where it ran, how to run it again, sources."""

from __future__ import annotations

import base64
import math
import re
import shlex
from collections.abc import Sequence

from memstudio.experiment.document import Document
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.files import to_text
from memstudio.experiment.wording import counted
from memstudio.library.comparison import Comparison
from memstudio.library.library import Library
from memstudio.report import methods, tables
from memstudio.report.asked import Asked
from memstudio.report.citations import bibtex, unique
from memstudio.report.markup import Safe, el, exact, joined, table
from memstudio.report.sheet import plain
from memstudio.report.verdict import Verdict
from memstudio.report.words import measure_title

#: groups that stand beside each other as columns of a table at most
MOST_COLUMNS = 8


def by_seed(comparison: Comparison, measures: Sequence[str]) -> Safe:
    """The values of the main measures, a row a seed and a column a group; of many groups the other way round."""
    found = []
    for name in measures:
        values = comparison.of(name)
        seeds = sorted({seed for of_group in values for seed in of_group})
        same = all(seed == data for seed, data in seeds)
        said = [f"{seed:,}" if same else f"{seed:,}, data {data:,}" for seed, data in seeds]
        cells = [[_number(of_group.get(seed)) for of_group in values] for seed in seeds]
        if len(comparison.labels) <= MOST_COLUMNS:
            rows = [(seed, *row) for seed, row in zip(said, cells, strict=True)]
            found.append(table(("Seed", *comparison.labels), rows, measure_title(name)))
        else:
            rows = [(label, *column) for label, column in zip(comparison.labels, zip(*cells, strict=True), strict=True)]
            found.append(table(("Group", *(f"seed {seed}" for seed in said)), rows, measure_title(name)))
    return joined(el("h2", "Every seed"), el("details", el("summary", "Values of the main measures, seed by seed"), *found))


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "not finite"
    text = f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:,.6g}"
    return text.replace("-", "\N{MINUS SIGN}")


def not_shown(comparison: Comparison, verdict: Verdict | None, measures: Sequence[str]) -> Safe:
    """What a reader might take for shown and is not."""
    said: list[str] = []
    if verdict is not None:
        said += [f"Not held: {one.statement.says}" for one in verdict.judged if not one.holds]
        said += [verdict.why] if verdict.why else []
    name = comparison.headline
    for label, one in zip(comparison.labels, comparison.differences(name) if name else (), strict=False):
        if one is not None and not one.told_apart:
            said.append(f"In {measure_title(name).lower()} the seeds do not tell {label} from {comparison.labels[comparison.baseline]}.")
    said += [*comparison.notes, *(f"{denial[:1].upper()}{denial[1:]}." for denial in comparison.differs.denials)]
    rest = [one for one in comparison.measures if one not in measures]
    said += _failures(comparison)
    return joined(
        el("h2", "What is not shown here"),
        el("ul", *(el("li", one) for one in dict.fromkeys(said))) if said else el("p", "Nothing that these runs leave open was found."),
        el(
            "details",
            el("summary", f"{counted(len(rest), 'more measure')} in the library"),
            table(("Measure", *comparison.labels), _more(comparison, rest))
            if len(comparison.labels) <= MOST_COLUMNS
            else el("p", ", ".join(rest), class_="small"),
        )
        if rest
        else None,
    )


def _failures(comparison: Comparison) -> list[str]:
    return [
        f"{one.label}, seed {row.seed:,}: {row.state}{f' ({plain(row.failure, 160)})' if row.failure else ''}."
        for one in comparison.groups
        for row in one.runs
        if row.state in ("failed", "lost", "stopped")
    ]


def _more(comparison: Comparison, names: Sequence[str]) -> list[tuple[str, ...]]:
    return [(name, *map(tables.interval_words, comparison.intervals(name))) for name in names]


# ---------------------------------------------------------------------------------------------- where, and again


#: what facts about components begin with
_COMPONENT = "component "


def where_it_ran(library: Library, comparison: Comparison) -> Safe:
    """Code, versions, device and machine; hashes of the data; every run with the hash of its document."""
    every = comparison.differs.facts
    components = [(one.name.removeprefix(_COMPONENT), one.words) for one in every if one.name.startswith(_COMPONENT)]
    facts = [(one.name, one.words) for one in every if not one.name.startswith(_COMPONENT)]
    hashes: dict[tuple[int, str], None] = {}
    for one in comparison.groups:
        for row in one.finished:
            for sha in library.data(row.uid).values():
                hashes[(row.data_seed, sha)] = None
    data = [(f"{seed:,}", sha) for seed, sha in sorted(hashes)]
    runs = [
        (label, f"{row.seed:,}", row.state, row.uid, row.document)
        for label, one in zip(comparison.labels, comparison.groups, strict=True)
        for row in one.runs
    ]
    return joined(
        el("h2", "Where it ran"),
        table(("", "In the runs that count"), facts, right=False) if facts else el("p", "Where these runs ran is not known.", class_="dim"),
        el("details", el("summary", "Versions of components"), table(("Component", "Version"), components, right=False))
        if components
        else None,
        el("details", el("summary", "Hashes of the data"), table(("Seed of the data", "SHA-256"), data, right=False)) if data else None,
        el(
            "details",
            el("summary", "Runs"),
            table(("Group", "Seed", "State", "Run", "SHA-256 of its document"), runs, right=False),
        ),
    )


def to_run_again(asked: Asked) -> Safe:
    """What to type, and the document itself, to be saved from the page."""
    text = to_text(asked.document)
    name = _file_name(asked.comparison.title or asked.document.title)
    encoded = base64.b64encode(text.encode("utf-8")).decode("ascii")
    run = asked.document.run
    words = ["memstudio", "run", name, "--seed", str(run.seed), "--replicates", str(run.replicates)]
    return joined(
        el("h2", "To run it again"),
        el(
            "p",
            "Save the document below as ",
            el("code", name),
            " (",
            el("a", "save it", href=f"data:application/json;base64,{encoded}", download=name),
            ") and type:",
            class_="onscreen",
        ),
        el("pre", f"memstudio check {shlex.quote(name)}\n{shlex.join(words)}\nmemstudio compare STUDY", class_="wrapped"),
        el(
            "p",
            "STUDY is what the last line of the run says. On the same device, with as many threads and the versions above, the numbers "
            "are the same bit for bit.",
            class_="dim small",
        ),
        el("details", el("summary", "The document"), el("pre", exact(text), id="document"), class_="onscreen"),
    )


def _file_name(title: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", plain(title).lower()).strip("-")[:60].strip("-")
    return f"{words or 'experiment'}.memx"


def citations(document: Document, known: Catalogue) -> Safe:
    """The sources of every component, and all of them as BibTeX."""
    sources = [source for one in methods.used(document, known) for source in one.sources]
    listed = [
        f"{one.authors} ({one.year}). {one.title}{_stop(one.title)}{f' {one.where}.' if one.where else ''}"
        for one in unique(sources, document.cites)
    ]
    return joined(
        el("h2", "Sources"),
        el("ul", *(el("li", one) for one in listed), class_="small") if listed else None,
        el("details", el("summary", "BibTeX"), el("pre", bibtex(sources, document.cites), id="bibtex")),
    )


def _stop(title: str) -> str:
    return "" if title.endswith((".", "?", "!")) else "."
