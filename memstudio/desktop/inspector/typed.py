"""What people type into a field, read as the value a parameter takes, and a value written as people type it. No widget here."""

from __future__ import annotations

import re
from typing import Any

from memstudio.experiment import axis_edits
from memstudio.experiment.document import Range
from memstudio.experiment.parameters import Flag, Parameter, Real, Refusal, Whole, WholeList

_GAPS = re.compile(r"[\s,;]+")
_WHOLE = re.compile(r"^[+-]?\d+$")
#: `1 .. 8`, `0.1 .. 0.5, 5`, `log 1e-4 .. 1e-2, 5`; two dots or more, or one character for them
_SPREAD = re.compile(r"^(log\b)?\s*(\S+?)\s*(?:\.\.+|\u2026)\s*([^\s,;]+)(?:\s*[,;]?\s*(\S+))?$", re.IGNORECASE)
#: 1e-08 and 1e+06 read better as 1e-8 and 1e6
_EXPONENT = re.compile(r"e([+-])0*(\d+)")
#: values that a spread may come to; more in one axis are a slip of the hand
_MOST = 200


def read_number(parameter: Whole | Real, text: str) -> int | float:
    """The number in a text: `16`, `1,000`, `1e-3`, `0,5` where a comma can only be a decimal point. Raises Refusal."""
    plain = text.strip().replace("\N{MINUS SIGN}", "-").replace("\N{NARROW NO-BREAK SPACE}", "")
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", plain):
        plain = plain.replace(",", "")
    elif plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    try:
        number = int(plain) if _WHOLE.match(plain) else float(plain)
    except ValueError:
        wanted = "a whole number" if isinstance(parameter, Whole) else "a number"
        said = f"{text.strip()!r:.40} is none" if text.strip() else "the field is empty"
        raise Refusal(f"{parameter.title} must be {wanted}, {parameter.range_text}; {said}.") from None
    checked: int | float = parameter.check(number)
    return checked


def number_text(value: Any) -> str:
    """A number as it stands in a field: 16, 0.001, 3e-5; without separators, so that it can be edited."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    return _EXPONENT.sub(lambda found: f"e{found[1].replace('+', '')}{found[2]}", f"{value:.10g}")


def read_whole_list(parameter: WholeList, text: str) -> tuple[int, ...]:
    """The numbers of `4 8, 16`. Raises Refusal."""
    words = [word for word in _GAPS.split(text.strip()) if word]
    numbers: list[Any] = [int(word) if _WHOLE.match(word) else word for word in words]
    for number in numbers:
        if not isinstance(number, int):
            raise Refusal(f"{parameter.title} must be whole numbers with spaces between them; {number!r:.30} is none.")
    return parameter.check(numbers)


def whole_list_text(value: Any) -> str:
    """Numbers with spaces between them."""
    return " ".join(str(item) for item in value) if isinstance(value, list | tuple) else str(value)


def read_one(parameter: Parameter, text: str) -> Any:
    """One value of a parameter that is typed. Raises Refusal."""
    if isinstance(parameter, WholeList):
        return list(read_whole_list(parameter, text))
    return read_number(parameter, text) if isinstance(parameter, Whole | Real) else parameter.check(text.strip())


def one_text(parameter: Parameter, value: Any) -> str:
    """One value as `read_one` reads it."""
    return whole_list_text(value) if isinstance(parameter, WholeList) else number_text(value)


def read_values(parameter: Parameter, text: str) -> list[Any]:
    """The different values of an axis: `1 2 4 8`, `log 1e-4 .. 1e-2, 5`; of lists `4 8; 16 32`; of texts one a line. Raises Refusal."""
    values: list[Any]
    if isinstance(parameter, Whole | Real):
        spread = read_range(parameter, text)
        words = [word for word in _GAPS.split(text.strip()) if word]
        values = [*axis_edits.spread(spread, isinstance(parameter, Whole))] if spread else [read_number(parameter, word) for word in words]
    elif isinstance(parameter, WholeList):
        values = [list(read_whole_list(parameter, part)) for part in text.split(";") if part.strip()]
    elif isinstance(parameter, Flag):
        raise Refusal(f"{parameter.title} is on or off; there is nothing to type.")
    else:
        values = [parameter.check(line.strip()) for line in text.splitlines() if line.strip()]
    different = [value for place, value in enumerate(values) if value not in values[:place]]
    if len(different) < 2:
        raise Refusal(f"Give at least two different values of {parameter.title.lower()}.")
    return different


def read_range(parameter: Whole | Real, text: str) -> Range | None:
    """What `1 .. 8` (whole numbers, one by one), `0.1 .. 0.5, 5` (evenly) or `log 1e-4 .. 1e-2, 5` (by equal factors) ask for.

    None where the text is no range. Raises Refusal.
    """
    found = _SPREAD.match(text.strip())
    if found is None:
        return None
    low, high = read_number(parameter, found[2]), read_number(parameter, found[3])
    if low >= high:
        raise Refusal(f"A range of {parameter.title.lower()} goes up; {number_text(high)} is not above {number_text(low)}.")
    if found[1] is not None and low <= 0:
        raise Refusal(f"A logarithmic range of {parameter.title.lower()} begins above 0; {number_text(low)} is not.")
    return Range(low=low, high=high, log=found[1] is not None, points=_how_many(parameter, low, high, found[4]))


def _how_many(parameter: Whole | Real, low: float, high: float, typed: str | None) -> int:
    if typed is None:
        if not isinstance(parameter, Whole):
            raise Refusal(f"Say how many values of {parameter.title.lower()} to take, as in {number_text(low)} .. {number_text(high)}, 5.")
        number = round(high - low) + 1
    elif _WHOLE.match(typed):
        number = int(typed)
    else:
        raise Refusal(f"After the comma stands how many values to take; {typed!r:.30} is no whole number.")
    if not 2 <= number <= _MOST:
        raise Refusal(f"A range is taken at 2 to {_MOST} values, not {number:,}.")
    return number


def values_hint(parameter: Whole | Real | WholeList) -> str:
    """How values are typed, and which are allowed."""
    if isinstance(parameter, WholeList):
        return f"Lists with ; between them, such as 2 4; 2 4 8\nEach from {parameter.low:,} to {parameter.high:,}"
    if isinstance(parameter, Whole):
        return f"Such as 1, 2, 4 or 1 .. 8, 3 or log 1 .. 64, 4\nFrom {parameter.low:,} to {parameter.high:,}"
    return f"Such as 1, 2, 4 or log 1e-4 .. 1e-2, 5\nFrom {number_text(parameter.low)} to {number_text(parameter.high)}"


def range_text(wanted: Range) -> str:
    """A range as `read_range` reads it: `log 0.0001 .. 0.01, 5`."""
    return f"{'log ' if wanted.log else ''}{number_text(wanted.low)} .. {number_text(wanted.high)}, {wanted.points}"


def range_words(parameter: Parameter) -> str:
    """The range as it is said aloud: `From 4 to 65,536 tokens.`; nothing where there is none."""
    of = f" {parameter.unit}" if parameter.unit else ""
    if isinstance(parameter, Whole):
        return f"From {parameter.low:,} to {parameter.high:,}{of}."
    if isinstance(parameter, Real):
        return f"From {number_text(parameter.low)} to {number_text(parameter.high)}{of}."
    if isinstance(parameter, WholeList):
        return f"Up to {parameter.longest} different numbers, each from {parameter.low:,} to {parameter.high:,}{of}."
    return ""


def values_text(parameter: Parameter, values: list[Any]) -> str:
    """Values of an axis as `read_values` reads them."""
    if isinstance(parameter, WholeList):
        return "; ".join(whole_list_text(value) for value in values)
    if isinstance(parameter, Whole | Real):
        return ", ".join(number_text(value) for value in values)
    return "\n".join(str(value) for value in values)


def suggested(parameter: Parameter, value: Any) -> list[Any]:
    """A few values around the present one, to start an axis from: halved and doubled within the range."""
    if isinstance(parameter, Whole):
        near = {max(parameter.low, value // 2), value, min(parameter.high, max(value * 2, value + 1))}
        return sorted(near)
    if isinstance(parameter, Real):
        factor = 10.0 if parameter.log else 2.0
        near_real = {max(parameter.low, value / factor), value, min(parameter.high, value * factor)}
        return sorted(near_real)
    return [value]
