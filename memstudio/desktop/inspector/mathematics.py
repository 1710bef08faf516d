"""An equation of a declaration (one line of Unicode) as pieces on, above and below the line, as rich text and as LaTeX. No widget here."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

#: raised and lowered characters -> the character on the line
_LOW = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", "0123456789+−=()aehijklmnoprstuvxβγρφχ", strict=True))
_HIGH = dict(
    zip(
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀ′″",
        "0123456789+−=()abcdefghijklmnoprstuvwxyzT′″",
        strict=True,
    )
)
#: what two sides stand on; the first outside brackets parts them
_BOUNDS = "≤≥≠∈<"
RELATIONS = frozenset("=←~∝≈≤≥≠→∈")
_BINARY = frozenset("+−·×/⊙⊗⊛∪∩")
_OPEN, _SHUT = "([{⟨⌊", ")]}⟩⌋"
#: a left side longer than this stands on a line of its own
_LONGEST_LEFT = 8
#: brackets with no more characters than this are not broken
_KEPT = 14


def _greek(letter: str) -> str:
    """`alpha` of α, `Delta` of Δ, by the names that Unicode gives them."""
    *_, size, _, name = unicodedata.name(letter).split(" ")
    name = {"lamda": "lambda"}.get(name.lower(), name.lower())
    return name.capitalize() if size == "CAPITAL" else f"var{name}" if letter in "εφ" else name


_LATEX = {
    **{letter: _greek(letter) for letter in "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ"},
    **{"←": "leftarrow", "→": "rightarrow", "∇": "nabla", "∈": "in", "∅": "emptyset", "∝": "propto", "∩": "cap", "∪": "cup"},
    **{"≈": "approx", "≠": "neq", "≤": "leq", "≥": "geq", "⊗": "otimes", "⊙": "odot", "⊛": "circledast", "⋯": "cdots", "…": "ldots"},
    **{"·": "cdot", "×": "times", "‖": "|", "⟨": "langle", "⟩": "rangle", "⌊": "lfloor", "⌋": "rfloor", "ℓ": "ell", "~": "sim"},
    **{"∞": "infty", "∂": "partial", "±": "pm", "∫": "int", "{": "{", "}": "}", "%": "%", "#": "#", "_": "_", "&": "&"},
}
_LATEX_SUMS = {"Σ": "sum", "Π": "prod"}
_LATEX_WORDS = frozenset(["exp", "ln", "log", "sin", "cos", "tanh", "max", "min", "arg", "det", "dim"])
_LATEX_FRACTIONS = {"½": "1/2", "¼": "1/4", "⅔": "2/3", "⅓": "1/3", "¾": "3/4"}
_LATEX_MARKS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar"}


@dataclass(frozen=True)
class Piece:
    """Characters that stand together. level: 0 on the line, 1 above, -1 below; kind: letter (of a quantity), word, number, gap or sign."""

    text: str
    level: int
    kind: str


def pieces(text: str) -> list[Piece]:
    """`kₜᵀ`: k on the line, t below, T above; `W_k` and `x_{ij}` are read as what is lowered."""
    found: list[Piece] = []
    for characters, level in _levels(text):
        for part in _parts(characters):
            # two letters below are two indices, more are a word
            single = list(part) if level == -1 and len(part) == 2 and _kind(part) == "word" else [part]
            found += [Piece(one, level, _kind(one)) for one in single]
    return found


_MARKED = re.compile(r"([_^])(?:\{([^}]*)\}|(?<=\^)\(((?:[^()]|\([^()]*\))*)\)|([⊗⊙]?[^\W_]+|⌊[^⌋]*⌋))")


def _levels(text: str) -> Iterator[tuple[str, int]]:
    """Runs of characters at one level."""
    run, at, place = "", 0, 0
    while place < len(text):
        marked = _MARKED.match(text, place)
        if marked is not None and place > 0:
            if run:
                yield run, at
            # what was lowered in its letters already (`W_kᵢ`) is lowered with the rest
            group = next(number for number in (2, 3, 4) if marked[number] is not None)
            whole = marked[group].rstrip("".join(_HIGH))
            yield "".join(_LOW.get(one, one) for one in whole), -1 if marked[1] == "_" else 1
            run, at, place = "", 0, marked.start(group) + len(whole) + (group < 4)
            continue
        one = text[place]
        level = -1 if one in _LOW else 1 if one in _HIGH else 0
        if at == -1 and level == 0 and _stays_low(text, place, run):
            level = -1
        if level != at:
            if run:
                yield run, at
            run, at = "", level
        run += _LOW.get(one, one) if level == -1 else _HIGH.get(one, one) if level == 1 else one
        place += 1
    if run:
        yield run, at


def _stays_low(text: str, place: int, run: str) -> bool:
    """Whether a character on the line belongs to what is lowered before it: `ₜ,ᵢ` and the bounds of a sum, `ⱼ≤M`."""
    one, after = text[place], text[place + 1 : place + 2]
    if one == ",":
        return after in _LOW and bool(after)
    return (one in _BOUNDS and after.strip() != "") or (one.isalnum() and run[-1:] in _BOUNDS)


_PART = re.compile(r"\s+|\d[\d.,]*\d|\d|[^\W\d_][\u0300-\u036f]+|[\u0370-\u03ff]|[^\W\d_\u0370-\u03ff]+|.[\u0300-\u036f]*", re.DOTALL)


def _parts(characters: str) -> list[str]:
    return _PART.findall(characters)


def _kind(part: str) -> str:
    if part.isspace():
        return "gap"
    bare = "".join(one for one in unicodedata.normalize("NFD", part) if not unicodedata.combining(one))
    if bare[:1].isdigit():
        return "number"
    if bare.isalpha() and part not in _LATEX_SUMS:
        return "letter" if len(bare) == 1 else "word"
    return "sign"


# ---------------------------------------------------------------------------------------------- lines


@dataclass(frozen=True)
class Line:
    """One statement of an equation: what stands left of its relation, the relation, and what stands right. Without one all stands right."""

    left: str
    relation: str
    right: str


def lines(text: str) -> list[Line]:
    """The statements of an equation: parted where two spaces follow a comma or semicolon outside brackets."""
    return [_line(part) for part in _statements(text)]


def _statements(text: str) -> list[str]:
    found, begin = [], 0
    for place, depth in _depths(text):
        if depth <= 0 and text[place] in ",;" and text[place + 1 : place + 3] == "  ":
            found.append(text[begin:place].strip())
            begin = place + 1
    return [one for one in (*found, text[begin:].strip()) if one]


def _depths(text: str) -> Iterator[tuple[int, int]]:
    depth = 0
    for place, one in enumerate(text):
        depth += (one in _OPEN) - (one in _SHUT)
        yield place, depth


def _line(text: str) -> Line:
    for place, depth in _depths(text):
        if depth == 0 and text[place] in RELATIONS and text[place - 1 : place] == " " and text[place + 1 : place + 2] == " ":
            left, right = text[:place].strip(), text[place + 1 :].strip()
            drawn = sum(len(piece.text) if piece.level == 0 else 0.7 * len(piece.text) for piece in pieces(left))
            return Line(left, text[place], right) if drawn <= _LONGEST_LEFT else Line("", "", text)
    return Line("", "", text)


# ---------------------------------------------------------------------------------------------- rich text


def rich(text: str) -> str:
    """An equation as the rich text that Qt draws: sides aligned at their relation, gaps that hold together but at good places to break."""
    made, rows = "", ""
    for line in lines(text):
        if line.relation:
            left, relation = inline(line.left, held=True), html.escape(line.relation)
            rows += f'<tr><td align="right">{left}</td><td>&nbsp;{relation}&nbsp;</td><td>{inline(line.right)}</td></tr>'
        elif rows:
            # another case of what stands above it
            rows += f"<tr><td></td><td></td><td>{inline(line.right)}</td></tr>"
        else:
            made, rows = f"{made}{_table(rows)}<div>{inline(line.right)}</div>", ""
    return made + _table(rows)


def _table(rows: str) -> str:
    return f'<table cellspacing="0" cellpadding="1">{rows}</table>' if rows else ""


def inline(text: str, held: bool = False) -> str:
    """A part of an equation as rich text; held: nowhere to break."""
    all_, made = pieces(text), ""
    kept = _kept(all_)
    for place, piece in enumerate(all_):
        if place and not held and not kept[place] and all_[place - 1].text == "(" and not kept[place - 1]:
            made += "\u200b"  # where all else fails, a long bracket is broken behind its opening
        made += _drawn(piece) if piece.kind != "gap" else " " if not held and not kept[place] and _may_break(all_, place) else "&nbsp;"
    return made


def _kept(all_: list[Piece]) -> list[bool]:
    """Whether each piece stands in brackets that are short enough to stay on one line."""
    kept, opened = [False] * len(all_), list[int]()
    for place, piece in enumerate(all_):
        if piece.text in _OPEN and piece.level == 0:
            opened.append(place)
        elif piece.text in _SHUT and piece.level == 0 and opened:
            begin = opened.pop()
            if sum(len(one.text) for one in all_[begin:place]) <= _KEPT:
                kept[begin : place + 1] = [True] * (place + 1 - begin)
    return kept


def _may_break(all_: list[Piece], place: int) -> bool:
    """Before a sign between two terms, after a comma, between words; not behind a sign."""
    before = all_[place - 1] if place else None
    after = all_[place + 1] if place + 1 < len(all_) else None
    if before is None or after is None:
        return False
    if before.text in ",;:…│":
        return True
    if after.text in _BINARY or after.text in RELATIONS:
        return True
    if before.text in _BINARY or before.text in RELATIONS:
        return False
    return before.kind == "word" or after.kind == "word" or before.text in _SHUT or after.text in _OPEN


def _drawn(piece: Piece) -> str:
    text = html.escape(piece.text, quote=False)
    if piece.kind == "letter" and (piece.text, piece.level) != ("T", 1):
        text = f"<i>{text}</i>"
    # a word joiner: what is raised or lowered is never parted from what it stands at
    return {1: f"\u2060<sup>{text}</sup>", -1: f"\u2060<sub>{text}</sub>", 0: text}[piece.level]


# ---------------------------------------------------------------------------------------------- LaTeX


def latex(text: str) -> str:
    """The same for a paper: `S_{t} = \\alpha_{t} S_{t-1}`; words upright, sums as sums."""
    made, all_ = "", pieces(text)
    place = 0
    while place < len(all_):
        level, run = all_[place].level, []
        while place < len(all_) and all_[place].level == level:
            run.append(all_[place])
            place += 1
        inside = "".join(map(_latex_of, run)).strip() if level else "".join(map(_latex_of, run))
        if level == 1 and inside == "T":
            inside = "\\top"
        if level == 1 and set(inside) == {"'"}:
            made = f"{made.rstrip()}{inside}"
        elif level:
            made = f"{made.rstrip()}{'_' if level < 0 else '^'}{{{inside}}}"
        else:
            made += inside
    made = re.sub(r"√\s*(\\?[A-Za-z0-9]+|\([^()]*\))", lambda found: f"\\sqrt{{{found[1].strip('()')}}}", made)
    return re.sub(r" {2,}", " ", made.replace("√", r"\sqrt{}")).replace(" ,", ",").strip()


def _latex_of(piece: Piece) -> str:
    text = piece.text
    if piece.kind == "gap":
        return r" \quad " if len(text) > 1 else " "
    decomposed = unicodedata.normalize("NFD", text)
    if len(decomposed) == 2 and decomposed[1] in _LATEX_MARKS:
        return f"\\{_LATEX_MARKS[decomposed[1]]}{{{_latex_of(Piece(decomposed[0], 0, 'letter'))}}}".replace(" }", "}")
    if piece.kind == "word":
        return f"\\{text} " if text in _LATEX_WORDS else f"\\mathrm{{{text}}}"
    if text in _LATEX_FRACTIONS:
        top, bottom = _LATEX_FRACTIONS[text].split("/")
        return f"\\tfrac{{{top}}}{{{bottom}}}"
    if text in _LATEX_SUMS:
        return f"\\{_LATEX_SUMS[text]} "
    if text in _LATEX:
        name = _LATEX[text]
        return f"\\{name} " if name.isalpha() else f"\\{name}"
    return {"−": "-", "′": "'", "″": "''", "│": "|"}.get(text, text)
