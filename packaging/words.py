"""The words of the window, for those who translate it: `python packaging/words.py` writes them as a Qt translation file (.ts).

It reads the source: constant strings that are given to what puts words on the window. Sentences that are put together from parts
(f-strings) are listed apart with --open: they reach the window as they are until they are split.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
CONTEXT = "MemStudio"
#: what translates the words it is given: name -> places and names of its arguments that are words
THROUGH: dict[str, tuple[tuple[int, ...], tuple[str, ...]]] = {
    "tr": ((0,), ()),
    "label": ((0,), ("text",)),
    "button": ((0, 3, 4), ("text", "tip", "name")),
    "search_field": ((0,), ("words",)),
    "Elided": ((0,), ("text",)),
    "say": ((0,), ("text",)),
    "Row": ((1, 3, 5), ("name", "tip", "menu")),
    "Key": ((0, 2), ("name", "tip")),
}
#: what shows words as they are: those must go through tr() before
DIRECT = (
    "setText",
    "setToolTip",
    "setPlaceholderText",
    "setAccessibleName",
    "setAccessibleDescription",
    "setTitle",
    "addAction",
    "addMenu",
)
_PARTS = (ast.JoinedStr, ast.BinOp)


@dataclass(frozen=True)
class Found:
    """Words in the source. how: through (translated), direct (not yet), parts (put together)."""

    text: str
    file: str
    line: int
    how: str


def called(node: ast.Call) -> str:
    """The last name of what is called."""
    if isinstance(node.func, ast.Name):
        return node.func.id
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def in_file(file: Path) -> Iterator[Found]:
    """The words in one file."""
    name = str(file.relative_to(ROOT))
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        who = called(node)
        if who in THROUGH:
            places, names = THROUGH[who]
            given = [node.args[at] for at in places if at < len(node.args)] + [k.value for k in node.keywords if k.arg in names]
            how = "through"
        elif who in DIRECT:
            given, how = node.args[:1], "direct"
        else:
            continue
        for one in given:
            for text in constants(one):
                yield Found(text, name, one.lineno, how)
            if isinstance(one, _PARTS):
                yield Found(ast.unparse(one), name, one.lineno, "parts")


def constants(node: ast.expr) -> Iterator[str]:
    """Constant words, also those of a choice (`"a" if there else "b"`)."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and any(letter.isalpha() for letter in node.value):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from constants(node.body)
        yield from constants(node.orelse)


def found() -> list[Found]:
    """All words of the window, file by file."""
    return [one for file in sorted((ROOT / "memstudio" / "desktop").rglob("*.py")) for one in in_file(file)]


def as_ts(words: list[Found]) -> str:
    """A translation file with nothing translated yet."""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        "<!DOCTYPE TS>",
        '<TS version="2.1" sourcelanguage="en">',
        f"<context><name>{CONTEXT}</name>",
    ]
    places: dict[str, list[Found]] = {}
    for one in words:
        places.setdefault(one.text, []).append(one)
    for text, at in places.items():
        where = "".join(f'<location filename="{one.file}" line="{one.line}"/>' for one in at)
        lines.append(f'<message>{where}<source>{escape(text)}</source><translation type="unfinished"/></message>')
    return "\n".join([*lines, "</context>", "</TS>", ""])


def main() -> int:
    """Writes the file, or lists what cannot be translated yet."""
    asked = argparse.ArgumentParser(description="Writes the words of the window as a Qt translation file.")
    asked.add_argument("--open", action="store_true", help="list what does not go through tr() yet instead")
    asked.add_argument("--out", type=Path, help="the file (else it is printed)")
    given = asked.parse_args()
    words = found()
    if given.open:
        for one in words:
            if one.how != "through":
                print(f"{one.file}:{one.line}: {one.how}: {one.text}")
        return 0
    text = as_ts([one for one in words if one.how == "through"])
    if given.out is None:
        sys.stdout.write(text)
    else:
        given.out.write_text(text, encoding="utf-8")
    for how in ("through", "direct", "parts"):
        print(f"{how}: {len({one.text for one in words if one.how == how}):,}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
