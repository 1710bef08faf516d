"""One frame: where memories of different papers are the same map, they give the same numbers; where they only look alike, they do not."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from memstudio.components import get
from memstudio.components.catalogue import catalogue
from memstudio.components.sequence.cell import Readable
from memstudio.components.sequence.gated_deltanet.ops import gated_delta_rule
from memstudio.components.sequence.linear_attention.ops import linear_attention
from memstudio.components.sequence.local_linear_attention.ops import local_regression
from memstudio.components.sequence.regression.ops import least_squares

HEADS, KEY = 2, 3


def entries(time: int = 11, values: int = KEY) -> dict[str, Tensor]:
    """Queries and keys of length 1, values, strengths β and log decays of one sequence, in float64."""
    draw = partial(torch.randn, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    q, k = (torch.nn.functional.normalize(draw(1, time, HEADS, KEY), dim=-1) for _ in range(2))
    v, beta, decay = draw(1, time, HEADS, values), draw(1, time, HEADS).sigmoid(), -0.3 * draw(1, time, HEADS).exp()
    return {"q": q, "k": k, "v": v, "beta": beta, "decay": decay}


def cell(name: str, **values: Any) -> Readable:
    """A memory of HEADS heads, in float64."""
    own = {p.name for p in get(name).component.parameters}
    sizes = {"heads": HEADS, **{width: KEY for width in ("key_width", "value_width", "head_width") if width in own}}
    module = get(name)(**{**sizes, **values}).build(width=6).double()
    assert isinstance(module, Readable)
    return module


def answers(memory: Readable, query: Tensor, *offered: Tensor) -> Tensor:
    """What a memory answers to the same queries and entries, whatever its maps are."""
    return memory.remember(query, offered, None, None)[0]


def stepped(given: dict[str, Tensor], decay_first: bool) -> Tensor:
    """One step of gradient descent on ½ ‖v − M k‖² a position, by automatic differentiation; M fades before or after the error is taken."""
    matrix, found = torch.zeros(HEADS, KEY, KEY, dtype=torch.float64), []
    for t in range(given["k"].shape[1]):
        k, v, beta, alpha = (given[name][0, t] for name in ("k", "v", "beta", "decay"))
        alpha = alpha.exp()[:, None, None]

        def loss(m: Tensor, key: Tensor = k, value: Tensor = v) -> Tensor:
            return (value - (m @ key[..., None])[..., 0]).square().sum() / 2

        at = alpha * matrix if decay_first else matrix
        matrix = alpha * matrix - beta[:, None, None] * torch.func.grad(loss)(at)
        found.append((matrix @ given["q"][0, t][..., None])[..., 0])
    return torch.stack(found)[None]


def test_the_delta_rule_is_one_gradient_step_of_the_linear_regressor() -> None:
    given = entries()
    no_decay = {**given, "decay": 0 * given["decay"]}
    expected = stepped(no_decay, decay_first=True)
    q, k, v, beta, zero = no_decay.values()
    torch.testing.assert_close(answers(cell("sequence.deltanet"), q, k, v, zero, beta), expected)
    torch.testing.assert_close(answers(cell("sequence.regression", solver="gradient"), q, k, v, beta), expected)


def test_the_gated_delta_rule_fades_first_and_takes_its_error_after_that() -> None:
    given = entries()
    expected = stepped(given, decay_first=True)
    q, k, v, beta, decay = given.values()
    torch.testing.assert_close(answers(cell("sequence.gated_deltanet"), q, k, v, decay, beta), expected)
    torch.testing.assert_close(answers(cell("sequence.regression", solver="gradient", weights="gated"), q, k, v, beta, decay), expected)
    assert not torch.allclose(expected, stepped(given, decay_first=False), atol=1e-3), "where the decay acts makes a difference"


def test_titans_takes_its_error_first_which_is_the_gated_delta_rule_of_other_strengths_and_values() -> None:
    """αS − β(Sk − v)kᵀ = αS(I − (β/α) kkᵀ) + (β/α)(αv)kᵀ; the explanation says so."""
    given = entries()
    q, k, v, beta, decay = given.values()
    alpha = decay.exp()
    expected = stepped(given, decay_first=False)
    torch.testing.assert_close(gated_delta_rule(q, k, alpha[..., None] * v, decay, beta / alpha)[0], expected)
    explanation = catalogue().entry("sequence.regression").component.explanation
    assert "αS(I − βkkᵀ) + βvkᵀ" in explanation
    assert "αS − β(Sk − v)kᵀ" in explanation
    memory = cell("sequence.test_time_memory", depth=1, skip=False, objective="l2", retention="decay", momentum=False, chunk=1)
    torch.testing.assert_close(answers(memory, q, k, v, beta, decay), expected)


def test_titans_with_one_matrix_and_neither_momentum_nor_forgetting_is_the_delta_rule() -> None:
    q, k, v, beta, decay = entries().values()
    memory = cell("sequence.test_time_memory", depth=1, skip=False, objective="l2", retention="none", momentum=False, chunk=1)
    torch.testing.assert_close(answers(memory, q, k, v, beta, 0 * decay), answers(cell("sequence.deltanet"), q, k, v, 0 * decay, beta))


@pytest.mark.parametrize("fading", [False, True])
def test_the_hebbian_sum_is_linear_attention(fading: bool) -> None:
    """Of plain keys, values times β; so is a step along the dot product of Titans' memory."""
    q, k, v, beta, decay = entries().values()
    weighted = beta[..., None] * v
    linear = cell("sequence.linear_attention", features="identity", normaliser=False, decay="head" if fading else "none")
    hebbian = cell("sequence.regression", solver="hebbian", weights="gated" if fading else "none")
    more = (decay,) if fading else ()
    expected = answers(linear, q, k, weighted, *more)
    torch.testing.assert_close(answers(hebbian, q, k, v, beta, *more), expected)
    memory = cell(
        "sequence.test_time_memory",
        depth=1,
        skip=False,
        objective="dot",
        retention="decay" if fading else "none",
        momentum=False,
        chunk=1,
    )
    torch.testing.assert_close(answers(memory, q, k, v, beta, decay if fading else 0 * decay), expected)


def test_the_hebbian_sum_is_least_squares_of_orthogonal_keys() -> None:
    """Each key once: every answer is 1 / (1 + λ) of the sum's. With keys that resemble each other it is not (Wang et al. 2025)."""
    k = torch.eye(KEY, dtype=torch.float64)[None, :, None].expand(1, KEY, HEADS, KEY)
    _, alike, v, beta, _ = entries(KEY).values()
    ones, ridge = torch.ones_like(beta), torch.full((1, 1, HEADS, KEY), 0.5, dtype=torch.float64)
    torch.testing.assert_close(1.5 * least_squares(k, k, v, ridge, ones)[0], linear_attention(k, k, v)[0])
    assert not torch.allclose(1.5 * least_squares(alike, alike, v, ridge, ones)[0], linear_attention(alike, alike, v)[0], atol=1e-2)


def test_local_linear_attention_lies_between_softmax_attention_and_ridge_regression() -> None:
    """Without slope it is the attention component; with weights all alike, the regression component over (1, k), its ridge times t."""
    q, k, v, beta, _ = entries(values=KEY).values()
    flat = cell("sequence.local_linear_attention", slope=False)
    torch.testing.assert_close(answers(flat, q, k, v), answers(cell("sequence.attention", rotary=False), q, k, v))
    time, ridge = k.shape[1], 0.2
    seen = torch.ones(1, time, dtype=torch.bool)
    local = local_regression(q[:, -1:], k, v, seen, 1e12, ridge)
    one = torch.ones_like(k[..., :1])
    columns = torch.cat([one, k], -1)
    pulls = torch.tensor([1e-9, *[ridge * time] * KEY], dtype=torch.float64).expand(1, 1, HEADS, KEY + 1)
    exact, _ = least_squares(torch.cat([one, q], -1), columns, v, pulls, torch.ones_like(beta))
    torch.testing.assert_close(local[:, 0], exact[:, -1], rtol=1e-5, atol=1e-6)


def test_a_gradient_step_of_strength_one_replaces_and_a_hebbian_one_piles_up() -> None:
    """The same key twice: the delta rule and least squares of the last example alone give its last value, the sum both."""
    given = entries(2)
    k = given["k"][:, :1].expand(1, 2, HEADS, KEY)
    v, ones = given["v"], torch.ones_like(given["beta"])
    torch.testing.assert_close(answers(cell("sequence.deltanet"), k, k, v, 0 * ones, ones)[:, 1], v[:, 1])
    torch.testing.assert_close(answers(cell("sequence.regression", solver="hebbian"), k, k, v, ones)[:, 1], v.sum(1))
    ridge = torch.full((1, 1, HEADS, KEY), 1e-9, dtype=torch.float64)
    forgotten = torch.tensor([0.0, -60.0], dtype=torch.float64)[:, None].expand(1, 2, HEADS)
    torch.testing.assert_close(least_squares(k, k, v, ridge, ones, forgotten)[0][:, 1], v[:, 1])
    torch.testing.assert_close(least_squares(k, k, v, ridge, ones)[0][:, 1], v.mean(1))
