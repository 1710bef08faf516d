"""How numbers, times and states are said: one way for the whole window."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from PySide6.QtCore import QCoreApplication

#: all words of the window are of this one context in a translation file (packaging/words.py writes what there is to translate)
CONTEXT = "MemStudio"

#: state of a run -> (what a person reads, kind of chip)
STATES: dict[str, tuple[str, str]] = {
    "queued": ("queued", "chip"),
    "starting": ("starting", "chip-accent"),
    "running": ("running", "chip-accent"),
    "paused": ("paused", "chip-careful"),
    "finished": ("finished", "chip-good"),
    "stopped": ("stopped", "chip"),
    "failed": ("failed", "chip-bad"),
    "lost": ("lost", "chip-bad"),
}

#: verdict of a gallery study -> (what a person reads, kind of chip)
VERDICTS: dict[str, tuple[str, str]] = {
    "shown": ("claim shown", "chip-good"),
    "partly": ("partly shown", "chip-careful"),
    "not_shown": ("not shown", "chip-bad"),
    "not_run": ("not run here yet", "chip"),
}


def tr(text: str) -> str:
    """The words in the window's language; as they are where no translation has them.

    labels.py, the table of actions and the message line call it themselves: call it for words that reach a widget another way.
    """
    return QCoreApplication.translate(CONTEXT, text) if text else text


def duration(seconds: float | None) -> str:
    """`8 s`, `3 min 40 s`, `2 h 5 min`, `3 d 4 h`; nothing for what is not known."""
    if seconds is None or not math.isfinite(seconds):
        return ""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    if whole < 86400:
        hours, rest = divmod(whole // 60, 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, rest = divmod(whole // 3600, 24)
    return f"{days} d {rest} h" if rest else f"{days} d"


def ago(seconds: float) -> str:
    """How long ago, as a glance needs it: `now`, `40 s ago`, `3 min ago`, `2 h ago`, `4 d ago`."""
    if seconds < 5:
        return "now"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size):,} {unit} ago"
    return f"{int(seconds)} s ago"


def number(value: float | int | None) -> str:
    """A number as tables show it: whole ones with thousands separators, others with four figures."""
    if value is None:
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        return "not finite"
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}".replace("-", "\N{MINUS SIGN}")
    size = abs(value)
    text = f"{value:.2e}" if size < 1e-4 or size >= 1e7 else f"{value:,.1f}" if size >= 1000 else f"{value:.4g}"
    return text.replace("-", "\N{MINUS SIGN}")


def count(n: int, one: str, many: str | None = None) -> str:
    """`1 run`, `1,204 runs`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def size(bytes_: float) -> str:
    """`812 bytes`, `8.2 kB`, `1.4 GB` (powers of 1,000)."""
    amount = float(bytes_)
    if amount < 1000:
        return count(int(amount), "byte")
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 1000:
            return f"{amount:.3g} {unit}"
    return f"{amount / 1000:,.3g} TB"


def products(flops: float) -> str:
    """What matrix products take: 640 FLOP, 7.13 MFLOP."""
    for unit, factor in (("GFLOP", 1e9), ("MFLOP", 1e6), ("kFLOP", 1e3)):
        if flops >= factor:
            return f"{flops / factor:,.0f} {unit}" if flops >= 1e12 else f"{flops / factor:.3g} {unit}"
    return f"{flops} FLOP"


def moment(seconds: float | None, now: float | None = None) -> str:
    """When something was, in the words of today: `14:05`, `yesterday 14:05`, `12 Nov`, `12 Nov 2025`."""
    if seconds is None:
        return ""
    when = datetime.fromtimestamp(seconds)
    today = datetime.now() if now is None else datetime.fromtimestamp(now)
    clock = f"{when:%H:%M}"
    if when.date() == today.date():
        return clock
    if when.date() == (today - timedelta(days=1)).date():
        return f"yesterday {clock}"
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[when.month - 1]
    return f"{when.day} {month} {clock}" if when.year == today.year else f"{when.day} {month} {when.year}"
