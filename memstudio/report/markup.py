"""HTML made so that nothing can be forgotten: every text is escaped as it becomes a child, only elements are not."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

#: what turns the letters after it round: in a label it would turn our words round with it
_TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
#: signs that HTML cannot hold, however they are written
_NEVER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
_VOID = frozenset({"meta", "br", "hr", "link", "img", "col"})


class Safe(str):
    """A piece of HTML that was made here."""


def escaped(text: object) -> Safe:
    """A text as HTML says it, without signs that turn letters round; those that HTML cannot hold become the sign for what is missing."""
    return text if isinstance(text, Safe) else exact(_TURNS.sub("", str(text)))


def exact(text: str) -> Safe:
    """The same with every sign that HTML can hold, for what is to be copied out of a page."""
    return Safe(html.escape(_NEVER.sub("\ufffd", text), quote=True))


def joined(*children: object) -> Safe:
    """Pieces one after the other, texts escaped; None is nothing."""
    return Safe("".join(escaped(child) for child in children if child is not None))


def el(name: str, /, *children: object, **attributes: object) -> Safe:
    """An element. attributes: a low line at the end is dropped (`class_`), others become hyphens; None leaves one out."""
    said = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        written = key.rstrip("_").replace("_", "-")
        said.append(f" {written}" if value is True else f' {written}="{escaped(str(value))}"')
    inside = joined(*children)
    return Safe(f"<{name}{''.join(said)}>") if name in _VOID else Safe(f"<{name}{''.join(said)}>{inside}</{name}>")


def table(heads: Sequence[object], rows: Sequence[Sequence[object]], caption: object = None, right: bool = True) -> Safe:
    """A table that scrolls sideways in itself where it is wider than the page; columns of numbers stand to the right."""
    from memstudio.report.tables import numbers

    aligned = ["r" if right and numbers([str(row[i]) for row in rows]) else None for i in range(len(heads))]
    head = el("tr", *(el("th", one, scope="col", class_=place) for one, place in zip(heads, aligned, strict=True)))
    body = [
        el(
            "tr",
            *(
                el("th", cell, scope="row") if i == 0 else el("td", cell, class_=place)
                for i, (cell, place) in enumerate(zip(row, aligned, strict=True))
            ),
        )
        for row in rows
    ]
    return el(
        "div",
        el("table", el("caption", caption) if caption else None, el("thead", head), el("tbody", *body)),
        class_="wide",
        tabindex="0",
        role="region",
        aria_label=caption or "table",
    )
