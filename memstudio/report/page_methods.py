"""The part of a report that says how it was done: methods in words, what differs, every value, equations."""

from __future__ import annotations

from memstudio.experiment.document import Document
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.wording import join
from memstudio.library.comparison import Comparison
from memstudio.library.experiments import value_words
from memstudio.report import methods
from memstudio.report.asked import Asked
from memstudio.report.equations import set_equation
from memstudio.report.markup import Safe, el, joined, table


def how_it_was_done(document: Document, known: Catalogue, asked: Asked) -> Safe:
    """Methods in words, a table of what differs between the groups, and every value."""
    said = [
        joined(
            el("h3", one.heading),
            el("p", one.text) if one.text else None,
            el("ul", *(el("li", item) for item in one.items)) if one.items else None,
        )
        for one in methods.paragraphs(document, known)
    ]
    several = asked.study is None and len(asked.comparison.groups) > 1
    first = "These runs are of several documents; what follows is that of the first, and what differs stands below." if several else None
    return joined(
        el("h2", "Methods"),
        el("p", first, class_="dim") if first else None,
        *said,
        _differs(asked.comparison) if len(asked.comparison.groups) > 1 else None,
        el("details", el("summary", "Every value, defaults included"), *(_values(one) for one in methods.all_values(document, known))),
    )


def _differs(comparison: Comparison) -> Safe:
    heads = ("What differs", *comparison.labels)
    rows = [(one.address, *(value_words(value, one.address) for value in one.values)) for one in comparison.differs.values]
    if not rows:
        return joined()
    if len(comparison.labels) > 8:
        rows = [(one.address, one.words) for one in comparison.differs.values]
        heads = ("What differs", "Its values")
    return table(heads, rows, right=False)


def _values(node: methods.NodeValues) -> Safe:
    rows = [(title, words, "given" if given else "default") for title, words, given in node.values]
    head = el("h3", node.title, " ", el("code", f"{node.id}: {node.component}"))
    return joined(head, table(("Value", "", ""), rows, right=False) if rows else el("p", "Nothing to set.", class_="dim small"))


def equations(document: Document, known: Catalogue) -> Safe | None:
    """The equations of every component that is used; None where none has any."""
    found = [
        joined(
            el("h3", one.entry.title, " ", el("span", f"({join(one.where)})", class_="dim small")),
            el("dl", *(el("div", el("dt", line.title), el("dd", set_equation(line.text))) for line in one.equations), class_="equations"),
        )
        for one in methods.used(document, known)
        if one.equations
    ]
    return joined(el("h2", "Equations"), *found) if found else None
