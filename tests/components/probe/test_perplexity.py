"""The perplexity probe against its reference, and on what tasks may give."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from memstudio.components import get
from memstudio.components.probe.perplexity.reference import perplexity as by_hand
from memstudio.components.runtime import Measured
from memstudio.experiment.kinds import Inputs, Targets


def probe(**values: Any) -> Any:
    return get("probe.perplexity")(**values).build()


def test_it_is_that_by_hand(answers: Any, given: Any) -> None:
    outcome = replace(answers(n=40), item=np.repeat([0, 1, 2], [20, 5, 15]))
    seen = probe().measure(given([outcome], chance=0.2), full=True)
    mean, product, by_place = by_hand(outcome.probabilities.tolist(), outcome.targets.tolist(), outcome.item.tolist())
    assert seen.values == {"bits_per_token": pytest.approx(mean, rel=1e-6), "perplexity": pytest.approx(product, rel=1e-6)}
    (curve,) = seen.curves
    assert curve.name == "bits_per_token_by_position"
    assert curve.rows == ("bits per token", "chance")
    assert curve.axes[0].name == "token of the item"
    assert curve.axes[0].values == tuple(by_place) == (1, 2, 4, 8, 16)
    assert curve.values[0] == pytest.approx(list(by_place.values()), rel=1e-6)
    assert curve.values[1] == pytest.approx(np.log2(5))


def test_parts_stand_by_themselves_and_longer_ones_in_the_curve_only(answers: Any, given: Any) -> None:
    parts = [answers({"length": 8}, n=8), answers({"length": 16}, n=16), answers({"length": 64}, main=False, n=64)]
    noisy = answers({"corruption": "noise", "severity": 1}, main=False)
    seen = probe().measure(given([*parts, noisy]), full=False)
    bits = {part.labels["length"]: by_hand(part.probabilities.tolist(), part.targets.tolist(), part.item.tolist())[0] for part in parts}
    assert seen.values["bits_per_token"] == pytest.approx((8 * bits[8] + 16 * bits[16]) / 24)
    assert {f"bits_per_token[length={n}]": seen.values[f"bits_per_token[length={n}]"] for n in bits} == {
        f"bits_per_token[length={n}]": pytest.approx(value) for n, value in bits.items()
    }
    curve = next(curve for curve in seen.curves if curve.name == "bits_per_token_by_length")
    assert curve.axes[0].values == (8, 16, 64)
    assert curve.axes[0].unit == "tokens"
    assert curve.values[0] == pytest.approx(list(bits.values()))
    assert "bits_per_token_by_severity" not in [one.name for one in seen.curves]
    assert seen.values["perplexity[corruption=noise,severity=1]"] > 1


def test_nothing_to_foretell_is_no_trouble(answers: Any, given: Any) -> None:
    assert probe().measure(given([answers(n=0)]), full=True) == Measured({})
    one_each = replace(answers(n=6), item=np.arange(6))
    assert not probe().measure(given([one_each]), full=True).curves, "no item has a second token"
    only = probe().measure(given([answers({"length": 4}, main=False)]), full=True)
    assert set(only.values) == {"bits_per_token[length=4]", "perplexity[length=4]"}


def test_it_is_refused_where_there_is_nothing_to_foretell() -> None:
    entry = get("probe.perplexity")()
    assert entry.refusal(Inputs({}, Targets("token", 5, per_position=True))) is None
    assert "once an item" in entry.refusal(Inputs({}, Targets("digit", 10, per_position=False)))
    assert "classes" in entry.refusal(Inputs({}, Targets("pattern", 10, per_position=False, numbers=True)))


def test_bits_a_character_compare_words_with_characters(answers: Any, given: Any) -> None:
    parts = [answers({"length": n}, n=n, marks={"characters": np.arange(1, n + 1)}) for n in (6, 10)]
    seen = probe().measure(given(parts), full=True)
    costs = [-np.log2(part.probabilities[np.arange(len(part.targets)), part.targets]) for part in parts]
    assert seen.values["bits_per_character"] == pytest.approx(sum(cost.sum() for cost in costs) / (21 + 55), rel=1e-6)
    assert seen.values["bits_per_character[length=6]"] == pytest.approx(costs[0].sum() / 21, rel=1e-6)
    assert "bits_per_character" not in probe().measure(given([*parts, answers({"length": 3})]), full=True).values
