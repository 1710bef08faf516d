"""Reading and writing documents: `*.memx`, JSON in UTF-8, stable order, nothing lost."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from memstudio.experiment import malformed
from memstudio.experiment.document import FORMAT, Document, Sparse
from memstudio.experiment.migrations import to_current_format
from memstudio.experiment.parameters import Refusal
from memstudio.ground.files import write_atomically

ENDING = ".memx"
#: A document is text by hand and by mouse; 500 nodes take about 200 kB. What is larger is another kind of file.
LARGEST = 16 * 2**20
#: Nested components go a few levels deep; what is deeper would only exhaust the stack of whoever reads it.
DEEPEST = 64


class NoFile(Refusal):
    """There is no such file (what was typed is wrong, not what the file says)."""


def read(path: str | Path) -> Document:
    """The document in a file. Raises NoFile or Refusal: the file, the place in it, what is wrong, what to do."""
    path = Path(path)
    try:
        if path.is_dir():
            raise NoFile(f"{path} is a folder; name a {ENDING} file in it.")
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise NoFile(f"There is no file {path}; check the path.") from None
    except OSError as error:
        raise Refusal(f"{path} cannot be read ({error.strerror or error}); check that you may open it.") from error
    if len(raw) > LARGEST:
        raise Refusal(f"{path.name} is larger than {LARGEST // 2**20} MB, so it is no MemStudio document; choose a {ENDING} file.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refusal(f"{path.name} is not UTF-8 text (byte {error.start + 1:,}); save it as UTF-8, or choose a {ENDING} file.") from None
    return parse(text, path.name)


def parse(text: str, name: str = "The document") -> Document:
    """The document of a text; `name` is what refusals call it. Older formats are brought up to date.

    A node without uid gets one made of its id, so that the same text always draws the same numbers.
    Raises Refusal, one sentence.
    """
    data = to_current_format(_json(text, name), name)
    if isinstance(data.get("nodes"), list):
        data["nodes"] = [_with_uid(node) for node in data["nodes"]]
    try:
        document = Document.model_validate(data)
    except ValidationError as error:
        raise Refusal(f"{name}: {malformed.sentence(error, data)}") from None
    _refuse_same_ids(document, name)
    return document


def to_text(document: Document) -> str:
    """The document as it is written: known keys in their order, then unknown ones as they came; 2 spaces; a final newline.

    What is empty (no text, no entries, null) by default is left out. Raises Refusal where a value cannot be written as JSON.
    """
    try:
        text = _lines(_plain(document), "") + "\n"
        text.encode("utf-8")
    except (ValueError, TypeError, RecursionError) as error:
        raise Refusal(f"{document.title!r} cannot be written: {error}; reset the value that is no plain JSON.") from None
    return text


def write(document: Document, path: str | Path) -> None:
    """Writes a file in one go; what was there is kept as `NAME.memx.backup`. Raises Refusal; then the old file stands."""
    path = Path(path)
    text = to_text(document)
    try:
        write_atomically(path, text, backup=True)
    except OSError as error:
        raise Refusal(f"{path} cannot be written ({error.strerror or error}); save it in another place.") from error


def fingerprint(document: Document) -> str:
    """sha256 of the document's text: the same for the same document on every machine."""
    return hashlib.sha256(to_text(document).encode("utf-8")).hexdigest()


def uid_of(id: str) -> str:
    """The uid a node gets that was written without one: decided by its id alone."""
    return hashlib.sha256(f"memstudio/{id}".encode()).hexdigest()[:12]


# ---------------------------------------------------------------------------------------------- reading


def _json(text: str, name: str) -> dict[str, Any]:
    try:
        data = json.loads(text, object_pairs_hook=_once, parse_constant=_finite, parse_float=_finite)
    except json.JSONDecodeError as error:
        what = error.msg[:1].lower() + error.msg[1:]
        raise Refusal(
            f"{name} is not JSON: {what} at line {error.lineno:,}, column {error.colno:,}; mend it there, or open its backup."
        ) from None
    except RecursionError:
        raise Refusal(f"{name} is nested too deep to be a document; at most {DEEPEST} levels are read.") from None
    except Refusal as error:
        raise Refusal(f"{name} {error}") from None
    except ValueError:
        raise Refusal(f"{name} has a number of thousands of digits; write a shorter one.") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        found = f"its format is {malformed.short(data['format'])}" if isinstance(data, dict) and "format" in data else 'it lacks "format"'
        raise Refusal(f'{name} is no MemStudio document ({found} where "{FORMAT}" is needed); choose a {ENDING} file.')
    _refuse_odd(data, name)
    return data


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in found if keys.count(key) > 1)
        raise Refusal(f"has the key {malformed.short(twice)} twice in one object; remove one of the two.")
    return found


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise Refusal(f"has the number {text[:20]}, which is not finite; write a finite one.")
    return value


def _refuse_odd(data: Any, name: str) -> None:
    """Refuses what JSON allows and a document does not: too deep, and halves of characters (lone surrogates)."""
    waiting: list[tuple[Any, tuple[str | int, ...]]] = [(data, ())]
    while waiting:
        value, steps = waiting.pop()
        if len(steps) > DEEPEST:
            raise Refusal(f"{name} is nested too deep to be a document; at most {DEEPEST} levels are read.")
        if not all(_whole(text) for text in (value if isinstance(value, dict) else [value])):
            where = malformed.place(steps, data).encode("ascii", "backslashreplace").decode()
            raise Refusal(f"{name}: {where} has half a character (a lone surrogate); remove it.")
        children: Iterator[tuple[Any, Any]] = iter(())
        if isinstance(value, dict):
            children = iter(value.items())
        elif isinstance(value, list):
            children = enumerate(value)
        waiting.extend((child, (*steps, step)) for step, child in children)


def _whole(text: Any) -> bool:
    try:
        return not isinstance(text, str) or bool(text.encode("utf-8") or True)
    except UnicodeEncodeError:
        return False


def _with_uid(node: Any) -> Any:
    if isinstance(node, dict) and isinstance(node.get("id"), str) and not node.get("uid"):
        return {**node, "uid": uid_of(node["id"])}
    return node


def _refuse_same_ids(document: Document, name: str) -> None:
    seen: dict[str, int] = {}
    for index, node in enumerate(document.nodes):
        if node.id in seen:
            raise Refusal(f"{name}: nodes[{seen[node.id]}] and nodes[{index}] have the same id {node.id}; rename one and its wires.")
        seen[node.id] = index


# ---------------------------------------------------------------------------------------------- writing

#: Keys whose whole numbers are written without a point: places on the canvas, `[0, 0]`.
_PIXELS = ("place", "size")
#: Keys that are left out at their default although it is not empty: they came after documents had been written without them.
_LATER = ("packed",)


def plain(model: BaseModel) -> dict[str, Any]:
    """A document, or a part of one, as the object of its file."""
    found = _plain(model)
    assert isinstance(found, dict)
    return found


def _plain(value: Any) -> Any:
    """Models as objects: fields in their order under the names of the file, then unknown keys; empty ones left out."""
    if isinstance(value, BaseModel):
        found: dict[str, Any] = {}
        for name, field in type(value).model_fields.items():
            item = getattr(value, name)
            silent = name in _LATER or item in (None, "", [], {}) or (isinstance(value, Sparse) and name not in value.model_fields_set)
            if silent and not field.is_required() and item == field.get_default(call_default_factory=True):
                continue
            found[field.serialization_alias or field.alias or name] = [_pixel(n) for n in item] if name in _PIXELS else _plain(item)
        return found | {key: _plain(item) for key, item in (value.__pydantic_extra__ or {}).items()}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _pixel(number: float) -> float | int:
    return int(number) if number == int(number) and abs(number) < 1e15 else number


def _lines(value: Any, indent: str) -> str:
    """JSON with 2 spaces; lists of plain values, and objects of one or two (a wire), stay on one line while it is short."""
    if not isinstance(value, dict | list) or not value:
        return _scalar(value)
    inner = indent + "  "
    if isinstance(value, list):
        short = not any(isinstance(item, dict | list) for item in value)
        parts, brackets = [_lines(item, inner) for item in value], "[]"
    else:
        short = len(value) <= 2 and not any(isinstance(item, dict | list) for item in value.values())
        parts, brackets = [f"{_scalar(str(key))}: {_lines(item, inner)}" for key, item in value.items()], "{}"
    line = f"{brackets[0]}{', '.join(parts)}{brackets[1]}" if short else ""
    if line and len(line) <= 100:
        return line
    return f"{brackets[0]}\n{inner}" + f",\n{inner}".join(parts) + f"\n{indent}{brackets[1]}"


def _scalar(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
