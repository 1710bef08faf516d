"""Differences in words: `gated delta rule recalls 0.08 more than delta rule, 95 % interval 0.05 to 0.11, 5 seeds`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from memstudio.experiment.wording import counted
from memstudio.library.against import LEVEL, Difference, Test
from memstudio.measures.names import split_name

_MINUS = "\N{MINUS SIGN}"
#: measures that have a verb of their own: what a group does to be above and below the baseline; {} is the amount
_VERBS = {
    "recall": ("recalls {} more than", "recalls {} less than"),
    "forgetting": ("forgets {} more than", "forgets {} less than"),
    "parameters": ("has {} more parameters than", "has {} fewer parameters than"),
    "state_bytes": ("has {} bytes more of state than", "has {} bytes less of state than"),
    "buffer_bytes": ("has {} bytes more of buffer than", "has {} bytes less of buffer than"),
    "seconds_per_step": ("takes {} s longer for a step than", "takes {} s less for a step than"),
}
#: what things cost; a difference in them is said beside what was gained
_COSTS = {"state_bytes": ("state", "less"), "parameters": ("parameters", "fewer")}
_SHORT = {
    "ece": "ECE",
    "nll": "NLL",
    "snr": "SNR",
    "aurc": "AURC",
    "min_acc": "min-ACC",
    "wc_acc": "WC-ACC",
    "auroc_ood": "AUROC (OOD)",
    "mce": "MCE",
    "auroc_errors": "AUROC of confidence",
    "excess_aurc": "excess AURC",
}
#: a ratio of costs nearer to 1 than this is the same cost
_ALIKE = 1.02


@dataclass(frozen=True)
class Sentence:
    """Words in pieces, some of which matter most: (text, whether it does)."""

    pieces: tuple[tuple[str, bool], ...]

    @property
    def text(self) -> str:
        """The whole sentence."""
        return "".join(text for text, _ in self.pieces)


def measure_words(name: str) -> str:
    """`recall, load 16`, `ECE`, `loss, validation`, `accuracy, task 2`; the name itself where it is no measure's."""
    try:
        bare, labels = split_name(name)
    except ValueError:
        return name
    return ", ".join([_bare_words(bare), *(_label_words(key, value) for key, value in labels.items())])


def _label_words(key: str, value: str) -> str:
    if key == "split":
        return {"train": "training"}.get(value, value)
    if key == "combination":
        return f"of averaged {value}"
    return value if key in ("node", "corruption", "criterion", "binning", "picture") else f"{key.replace('_', ' ')} {value}"


def amount(value: float, half: float | None = None) -> str:
    """A number with as many places as its interval's half width deserves: `0.08`, `1,204`; two figures where there is no interval."""
    if not math.isfinite(value):
        return "not finite"
    # what scatters less than numbers are exact does not scatter
    if half is not None and half < 1e-13 * abs(value):
        half = None
    scale = half if half is not None and half > 0 and math.isfinite(half) else abs(value) / 10
    places = 0 if scale == 0 else max(0, -math.floor(math.log10(scale)) + (1 if _leading(scale) < 2 else 0))
    if half is None and value.is_integer():
        places = 0
    text = f"{value:,.{min(places, 12)}f}"
    if float(text.replace(",", "")) == 0 and value != 0 and half is None:
        text = f"{value:.2g}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text.replace("-", _MINUS)


def _leading(value: float) -> float:
    return value / 10.0 ** math.floor(math.log10(value))


def p_words(p: float) -> str:
    """`p = 0.013`, `p < 0.001`."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def difference_sentence(
    name: str, label: str, baseline: str, found: Difference, costs: Mapping[str, tuple[float, float]] = {}, test: Test = "t"
) -> Sentence:
    """What a group does differently from the baseline in a measure, how surely, and at what cost.

    costs: measure -> (the group's, the baseline's) for `state_bytes` and `parameters`; test: the one that is spoken of.
    """
    interval = found.interval
    bare, where = _place(name)
    size = amount(abs(interval.mean), None if found.exact else interval.half_width)
    # what rounds to 0 is no "0.00 more"
    none = float(size.replace(",", "")) == 0 if math.isfinite(interval.mean) else False
    if none:
        exactly = interval.mean == 0 and (found.exact or interval.low is None)
        alike = " has the same " if exactly else " has about the same "
        pieces = [(where, False), (label, True), (alike, False), (_bare_words(bare), True), (f" as {baseline}", False)]
    else:
        before, after = _verb(bare, interval.mean > 0).split("{}")
        more, rest = _parted(after)
        pieces = [(where, False), (label, True), (f" {before}", False), (f"{size}{more}", True), (f"{rest} {baseline}", False)]
    return Sentence((*pieces, (f"{_cost_words(name, costs)}{_sureness(found, none, test)}.", False)))


def _parted(after: str) -> tuple[str, str]:
    """` more than` as what belongs to the amount, ` more`, and the rest."""
    words = after.split(" ")
    return f" {words[1]}", "".join(f" {word}" for word in words[2:])


def _place(name: str) -> tuple[str, str]:
    """The bare measure, and where it was measured as a sentence begins: `At load 16 `, `On task 2 `."""
    try:
        bare, labels = split_name(name)
    except ValueError:
        return name, ""
    if not labels:
        return bare, ""
    first, *others = labels
    preposition = "On" if first in ("task", "split", "node") else "After" if first == "stage" else "With" if first == "corruption" else "At"
    words = ", ".join(_label_words(key, labels[key]) for key in (first, *others))
    return bare, f"{preposition} {words} "


def _bare_words(bare: str) -> str:
    return _SHORT.get(bare) or bare.replace("_", " ")


def _verb(bare: str, above: bool) -> str:
    if bare in _VERBS:
        return _VERBS[bare][0 if above else 1]
    words = _bare_words(bare)
    article = "an" if words[:1].lower() in "aeio" or bare in ("nll", "snr", "mce") else "a"
    return f"has {article} {words} {{}} {'higher' if above else 'lower'} than"


def _seeds(found: Difference) -> str:
    n = found.interval.n
    if found.paired:
        bad = f" ({found.not_finite:,} more left out, not finite)" if found.not_finite else ""
        alone = f" ({found.left_out:,} more without a partner)" if found.left_out and not bad else ""
        return f", {counted(n, 'seed')}{bad}{alone}"
    return f", {counted(n, 'run')} or more on each side, no seed in common" if n > 1 else ", no seed in common"


def _sureness(found: Difference, none: bool, test: Test) -> str:
    if found.exact:
        return ", whatever the seed"
    interval = found.interval
    if found.even:
        seeds = f"in each of {_seeds(found).removeprefix(', ')}"
        return f", {seeds}" if none else f", by the same {seeds}, so neither an interval nor a t test"
    if interval.low is None or interval.high is None:
        return f"{_seeds(found)}, so no interval"
    low, high = (interval.low, interval.high) if interval.mean >= 0 else (-interval.high, -interval.low)
    half = interval.half_width
    words = f", 95 % interval {'of the difference ' if none else ''}{amount(low, half)} to {amount(high, half)}{_seeds(found)}"
    p = found.corrected(test)
    if p is not None:
        named = "exact permutation test" if test == "permutation" else f"{'paired' if found.paired else 'Welch'} t test"
        words += f", {named} {p_words(p)}{_holm(found, test)}"
    return words if found.told_apart or none else f"{words}: the seeds do not tell them apart"


def _holm(found: Difference, test: Test) -> str:
    """` after Holm`, with what it corrects for where that is more than the groups one sees, and the p before where that changes much."""
    if found.compared < 2:
        return ""
    made, p = found.t if test == "t" else found.permutation, found.corrected(test)
    changed = made is not None and made.p is not None and p is not None and made.p < LEVEL <= p
    before = f" ({p_words(made.p).removeprefix('p = ')} before)" if changed and made is not None and made.p is not None else ""
    return f" after Holm{f' over {found.family}' if found.measures > 1 else ''}{before}"


def _cost_words(name: str, costs: Mapping[str, tuple[float, float]]) -> str:
    """`, with 4.2 times the state`, ` with the same state`; only the first cost that is known, and not for costs themselves."""
    bare = name.partition("[")[0]
    if bare in _COSTS or bare in ("buffer_bytes", "seconds_per_step"):
        return ""
    for cost, (words, less) in _COSTS.items():
        mine, theirs = costs.get(cost, (0.0, 0.0))
        if mine > 0 and theirs > 0 and math.isfinite(mine) and math.isfinite(theirs):
            ratio = mine / theirs
            if 1 / _ALIKE <= ratio <= _ALIKE:
                return f" with the same {words}"
            return f", with {_times(ratio)} times the {words}" if ratio > 1 else f", with {_times(1 / ratio)} times {less} {words}"
    return ""


def _times(ratio: float) -> str:
    return f"{ratio:.2g}" if ratio < 100 else f"{ratio:,.0f}"
