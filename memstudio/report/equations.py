"""Equations as declarations write them (Unicode), set for a page: what follows _ and ^ lowered and raised."""

from __future__ import annotations

import re

from memstudio.report.markup import Safe, el, joined

#: a letter, a closing bracket or a sum sign, then what is raised or lowered: one sign or word, or what stands in brackets
_SCRIPT = re.compile(r"(?<=[^\s_^(\[{])([_^])(\{[^{}]*\}|\([^()]*\)|⌊[^⌋]*⌋|[^\W_]+(?:,[^\W_]+)*)")
#: words with a low line in them are names of things, not indices
_WORD = re.compile(r"[A-Za-z]{2,}_[A-Za-z]{2,}")


def set_equation(text: str) -> Safe:
    """`W_k xₜ` as W with a lowered k; everything is escaped."""
    parts: list[str | Safe] = []
    at = 0
    for name in [*_WORD.finditer(text), None]:
        end = name.start() if name is not None else len(text)
        parts += _scripts(text[at:end])
        if name is not None:
            parts.append(name.group(0))
            at = name.end()
    return joined(*parts)


def _scripts(text: str) -> list[str | Safe]:
    parts: list[str | Safe] = []
    at = 0
    for found in _SCRIPT.finditer(text):
        parts.append(text[at : found.start()])
        sign, inside = found.groups()
        # brackets only hold together what is raised
        parts.append(el("sub" if sign == "_" else "sup", inside[1:-1] if inside[0] in "{(" else inside))
        at = found.end()
    return [*parts, text[at:]]
